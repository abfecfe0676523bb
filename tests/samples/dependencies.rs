//! What `sdtp` of a fragment says of its samples (MS-SSTR 2.2.4.3; ISO/IEC 14496-12:2022 8.6.4).

use boxlock::boxes::fragment::SampleFlags;

use crate::support;

use super::Looked;

#[test]
fn samples_of_smooth_streaming_say_what_they_depend_on() {
    let Some(file) = support::corpus_file("smooth/azure-sdk__small.ismv") else { return };
    let mut looked = Looked::open(&file).unwrap();
    let page = looked.ask(|samples, _| samples.page(1, 0, 3)).unwrap();
    // By hand: the first bytes of the first sdtp are 26 02 02, and trun says something of the first sample alone.
    let said: Vec<u32> = page.rows.iter().map(|row| row.flags.0).collect();
    assert_eq!(said, [0x0200_0000, 0x0020_0000, 0x0020_0000]);
}

#[test]
fn flags_that_say_something_stay() {
    assert_eq!(SampleFlags(0x0101_0000).with_dependency(Some(0x26)), SampleFlags(0x0101_0000));
    assert_eq!(SampleFlags(0x0001_0000).with_dependency(Some(0x26)), SampleFlags(0x0261_0000));
    assert_eq!(SampleFlags(7).with_dependency(None), SampleFlags(7));
}
