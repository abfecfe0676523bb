//! Groups of samples that a compact box tells (ISO/IEC 14496-12:2022 8.9.5), in a file of another hand's.

use crate::support;

use super::Looked;

const FILE: &str = "malformed-avif-mp4parse/mp4parse__sine-3s-xhe-aac-44khz-mono.mp4";

#[test]
fn a_pattern_of_other_hands_is_repeated_over_its_samples() {
    let Some(corpus) = support::corpus() else { return };
    let file = std::fs::read(corpus.join(FILE)).unwrap();
    let mut looked = Looked::open(&file).unwrap();
    let page = looked.ask(|samples, _| samples.page(1, 0, 200)).unwrap();
    assert_eq!(page.rows.len(), 130);
    let grouped = page.rows.iter().filter(|row| !row.groups.is_empty());
    let grouped: Vec<(u64, String, u32)> =
        grouped.map(|row| (row.number, row.groups[0].0.text(), row.groups[0].1)).collect();
    // By hand: 84 half bytes from byte 1277 on, of which number 42 is 1, and 130 samples.
    assert_eq!(grouped, [(43, "prol".to_owned(), 1), (127, "prol".to_owned(), 1)]);
}
