//! Rules that are broken in more ways than one, each in a way other than that of its first file.

use super::build::{
    SAMPLE, append, boxed, copy, find, front, hide, plain, protected, remove, rename, set, splice,
};
use super::findings;
use crate::support::ffmpeg;

/// The rules that are broken, and where.
fn broken(file: &[u8]) -> Vec<(&'static str, String)> {
    findings(file).findings.iter().map(|found| (found.rule, found.path.clone().unwrap_or_default())).collect()
}

fn has(file: &[u8], rule: &str) -> bool {
    broken(file).iter().any(|(id, _)| *id == rule)
}

const STBL: &str = "moov/trak/mdia/minf/stbl";

#[test]
fn a_file_of_media_alone_has_no_movie_header() {
    let media = [copy(SAMPLE, "ftyp"), boxed(b"free", &[]), copy(SAMPLE, "mdat")].concat();
    assert!(has(&media, "no-moov"));
    assert!(has(&boxed(b"free", &[&[0; 16]]), "no-moov"));
    // Items need none, nor does an index by itself.
    let items = [copy(SAMPLE, "ftyp"), boxed(b"meta", &[&[0; 4]]), copy(SAMPLE, "mdat")].concat();
    assert!(!has(&items, "no-moov"));
    assert!(!has(&front(SAMPLE.to_vec()), "no-moov"));
}

#[test]
fn a_sample_table_says_where_its_samples_stand_and_how_long_they_last() {
    assert!(!has(&plain(), "missing-box"));
    for name in ["stts", "stsc", "stco"] {
        let mut file = plain();
        hide(&mut file, &format!("{STBL}/{name}"));
        assert!(has(&file, "missing-box"), "{name}");
    }
    let mut none = plain();
    set(&mut none, &format!("{STBL}/stsc"), 12, &[0; 4]);
    assert!(has(&none, "chunks-too-few"));
    let mut back = plain();
    let run = [1_u32, 1, 1].map(u32::to_be_bytes).concat();
    append(&mut back, &format!("{STBL}/stsc"), &run);
    set(&mut back, &format!("{STBL}/stsc"), 4, &[0, 0, 0, 2]);
    assert!(has(&back, "chunk-runs"));
}

#[test]
fn sizes_of_few_bits_reach_beyond_the_end_too() {
    let compact = |size: u8| {
        let mut file = plain();
        let stsz = find(&file, &format!("{STBL}/stsz"));
        let fields = [&[0; 4][..], &[0, 0, 0, 8], &[0, 0, 0, 2], &[20, size]].concat();
        splice(&mut file, &format!("{STBL}/stsz"), stsz.body..stsz.end, &fields);
        rename(&mut file, &format!("{STBL}/stsz"), b"stz2");
        let at = u32::try_from(find(&file, "mdat").body).unwrap();
        set(&mut file, &format!("{STBL}/stco"), 8, &at.to_be_bytes());
        file
    };
    assert!(!has(&compact(20), "samples-beyond-end"));
    assert!(has(&compact(255), "samples-beyond-end"));
}

#[test]
fn a_codec_has_its_configuration() {
    let entry = format!("{STBL}/stsd/avc1");
    let sound = front(SAMPLE.to_vec());
    assert!(!has(&sound, "missing-box"));
    let mut none = sound.clone();
    hide(&mut none, &format!("{entry}/avcC"));
    assert!(broken(&none).iter().any(|(id, path)| *id == "missing-box" && path.ends_with("avc1")));
    let mut other = sound.clone();
    rename(&mut other, &entry, b"hvc1");
    assert!(has(&other, "missing-box"));
    // Samples of 'avc3' may have their parameter sets themselves, those of 'avc1' have not.
    for (kind, wrong) in [(b"avc1", true), (b"avc3", false)] {
        let mut empty = sound.clone();
        let found = find(&empty, &format!("{entry}/avcC"));
        let record = [&empty[found.body..found.body + 5], &[0xe0, 0]].concat();
        splice(&mut empty, &format!("{entry}/avcC"), found.body..found.end, &record);
        rename(&mut empty, &entry, kind);
        assert_eq!(has(&empty, "damaged-entry"), wrong, "{kind:?}");
    }
}

#[test]
fn a_fragment_has_its_header_and_one_place_of_ivs_or_one_for_each_run() {
    let mut bare = SAMPLE.to_vec();
    remove(&mut bare, "mfra");
    assert!(!has(&bare, "missing-box"));
    hide(&mut bare, "moof[1]/mfhd");
    assert!(broken(&bare).contains(&("missing-box", "moof[1]".to_owned())));
    let mut twice = protected("cenc", "plain");
    assert!(!has(&twice, "bad-saio"));
    let saio = find(&twice, "moof/traf/saio");
    let place = twice[saio.end - 4..saio.end].to_vec();
    append(&mut twice, "moof/traf/saio", &place);
    let count = saio.end - saio.body - 8;
    set(&mut twice, "moof/traf/saio", count, &[0, 0, 0, 2]);
    assert!(has(&twice, "bad-saio"), "{:?}", broken(&twice));
}

#[test]
fn what_ends_too_early_is_of_its_own_fragment() {
    let mut file = protected("cenc", "plain");
    // Lists that end with the last IV, of samples that are said to have longer ones.
    let tenc = find(&file, "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/tenc");
    assert_eq!(file[tenc.body + 7], 8);
    file[tenc.body + 7] = 16;
    let paths: Vec<String> = broken(&file)
        .into_iter()
        .filter(|(id, path)| *id == "unreadable-box" && path.ends_with("traf/senc"))
        .map(|(_, path)| path)
        .collect();
    let mut different = paths.clone();
    different.dedup();
    assert!(paths.len() > 2 && paths == different, "{paths:?}");
}

#[test]
fn times_of_presentation_are_no_gaps() {
    if !ffmpeg::present() {
        return;
    }
    let arguments = ["-bf", "3", "-g", "25", "-x264-params", "open-gop=1", "-f", "ismv"];
    let file = ffmpeg::make(6, true, false, &arguments);
    assert!(!has(&file, "time-gap") && !has(&file, "time-back"), "{:?}", broken(&file));
}

#[test]
fn flags_are_held_against_pictures_of_either_codec_in_tables_and_in_protected_fragments() {
    let sync = |file: &[u8]| (has(file, "sync-flag"), has(file, "sync-untold"));
    if ffmpeg::present() {
        for encoder in [
            "libx264 -x264-params keyint=5:bframes=2:open-gop=0",
            "libx265 -x265-params log-level=none:keyint=5:bframes=2:open-gop=0 -tag:v hvc1",
        ] {
            let source = format!("-f lavfi -i testsrc2=size=192x108:rate=25:duration=1 -c:v {encoder}");
            let clean = ffmpeg::make_by(".mp4", &source);
            assert_eq!(sync(&clean), (false, false), "{encoder}");
            let mut all = clean.clone();
            hide(&mut all, &format!("{STBL}/stss"));
            assert_eq!(sync(&all), (true, false), "{encoder}: without a list all are said to be");
            // The list of one alone, and the room of the others behind it.
            let mut first = clean;
            set(&mut first, &format!("{STBL}/stss"), 4, &[0, 0, 0, 1]);
            assert_eq!(sync(&first), (false, true), "{encoder}");
        }
        let open = "-f lavfi -i testsrc2=size=192x108:rate=25:duration=1 -c:v libx265 -x265-params \
                    log-level=none:keyint=5:bframes=2:open-gop=1 -tag:v hvc1";
        assert_eq!(sync(&ffmpeg::make_by(".mp4", open)), (false, false), "pictures of clean random access");
    }
    // Where slice headers are encrypted too, as PIFF has it, nothing can be told of other pictures than IDR.
    for (scheme, form, is_told) in
        [("cenc", "hybrid", true), ("cenc", "piff", false), ("cbcs", "plain", true)]
    {
        let mut file = protected(scheme, form);
        assert_eq!(sync(&file), (false, false), "{scheme} {form}");
        set(&mut file, "moof/traf/tfhd", 8, &[2, 0, 0, 0]);
        assert_eq!(sync(&file), (is_told, false), "{scheme} {form}");
        let mut untold = protected(scheme, form);
        set(&mut untold, "moof/traf/trun", 12, &[1, 1, 0, 0]);
        assert_eq!(sync(&untold), (false, true), "{scheme} {form}");
    }
}
