//! The bytes of every box that protection adds, and where it puts them, spelled out by hand from the specifications
//! (PIFF 1.1 5.3; ISO/IEC 23001-7:2023 7, 8; ISO/IEC 14496-12:2022 8.7.8, 8.7.9, 8.8.12).

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use sha2::Digest;
use support::drive::{self, protect, request};
use support::raw::{self, RawBox, be64};
use support::synth::{self, Kind, boxed, unhex};

const KID: &str = "10000000 1000 1000 1000 100000000001";
const UUID_TENC: &str = "00000030 75756964 8974dbce7be74c5184f97148f9882554 00000000 000001 08";
const TENC: &str = "00000020 74656e63 00000000 0000 01 08";
const UUID_SENC: &str = "75756964 a2394f525a9b4f14a2446c427c648df4";

fn protected(file: &[u8], profile: &str, iv_start: &str) -> Vec<u8> {
    let mut request = request(profile);
    request.iv_start = Some(iv_start.to_owned());
    protect(file, &request).unwrap()
}

fn top<'a>(file: &'a [u8], name: &str) -> RawBox<'a> {
    raw::boxes(file, 0).into_iter().find(|b| b.name == name).unwrap_or_else(|| panic!("{name}"))
}

fn names(boxes: &[RawBox<'_>]) -> Vec<String> {
    boxes.iter().map(|b| b.name.clone()).collect()
}

fn text(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

fn same(found: &[u8], expected: &str) {
    assert_eq!(text(found), text(&unhex(expected)));
}

fn av_file() -> Vec<u8> {
    let mut file = synth::small();
    file.tracks = vec![Kind::Sound, Kind::Video, Kind::Text];
    file.bytes()
}

fn sample_entry<'a>(file: &'a [u8], track: usize) -> RawBox<'a> {
    let traks: Vec<RawBox<'a>> =
        top(file, "moov").children().into_iter().filter(|b| b.name == "trak").collect();
    let stsd = traks[track].at("mdia/minf/stbl/stsd");
    stsd.children_after(8).remove(0)
}

#[test]
fn sample_entries_are_renamed_and_get_their_sinf_last() {
    let file = av_file();
    for (profile, schm, schi) in [
        ("piff", "70696666 00010001", format!("00000038 73636869 {UUID_TENC} {KID}")),
        ("hybrid", "63656e63 00010000", format!("00000058 73636869 {TENC} {KID} {UUID_TENC} {KID}")),
    ] {
        let out = protected(&file, profile, "0000000000000001");
        for (track, fields, was, is) in [(0, 28, "mp4a", "enca"), (1, 78, "avc1", "encv")] {
            let (old, new) = (sample_entry(&file, track), sample_entry(&out, track));
            assert_eq!((old.name.as_str(), new.name.as_str()), (was, is));
            // All that was there stays, then comes sinf.
            assert!(new.body().starts_with(old.body()));
            let children = new.children_after(fields);
            let sinf = children.last().unwrap();
            assert_eq!(children.len(), old.children_after(fields).len() + 1);
            let schm = format!("00000014 7363686d 00000000 {schm}");
            let body = format!("0000000c 66726d61 {} {schm} {schi}", text(was.as_bytes()));
            assert_eq!(text(sinf.bytes), text(&boxed(b"sinf", &unhex(&body))), "{profile}");
        }
        assert_eq!(
            sample_entry(&file, 2),
            RawBox { start: sample_entry(&file, 2).start, ..sample_entry(&out, 2) }
        );
    }
}

/// The PlayReady object is V3 of the fact sheet: header 4.0, checksum, this address.
#[test]
fn system_headers_stand_directly_behind_mvhd() {
    let mut asked = request("piff");
    asked.la_url = "https://test.playready.microsoft.com/service/rightsmanager.asmx".to_owned();
    let file = av_file();
    let moov_children = names(&top(&file, "moov").children());
    for (profile, added) in [("piff", vec![raw::PIFF_PSSH]), ("hybrid", vec!["pssh", raw::PIFF_PSSH, "pssh"])]
    {
        asked.profile = Some(profile.to_owned());
        let out = protect(&file, &asked).unwrap();
        let moov = top(&out, "moov");
        let mut children = moov.children();
        assert!(children.pop_if(|last| last.name == raw::RECORD).is_some());
        let expected: Vec<String> = [
            &moov_children[..1],
            &added.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(),
            &moov_children[1..],
        ]
        .concat();
        assert_eq!(names(&children), expected);
        for child in &children[1..=added.len()] {
            match child.name.as_str() {
                raw::PIFF_PSSH => {
                    assert_eq!(child.bytes.len(), 0x2d6);
                    same(
                        &child.bytes[..48],
                        "000002d6 75756964 d08a4f1810f34a82b6c832d8aba183d3 00000000 9a04f07998404286ab92e65be0885f95 000002a6",
                    );
                }
                _ if child.version() == 0 => {
                    assert_eq!(child.bytes.len(), 0x2c6);
                    same(
                        &child.bytes[..32],
                        "000002c6 70737368 00000000 9a04f07998404286ab92e65be0885f95 000002a6",
                    );
                }
                _ => {
                    same(
                        child.bytes,
                        &format!(
                            "00000034 70737368 01000000 1077efecc0b24d02ace33c1e52e2fb4b 00000001 {KID} 00000000"
                        ),
                    );
                    continue;
                }
            }
            let object = &child.bytes[child.bytes.len() - 0x2a6..];
            let hash = sha2::Sha256::digest(object);
            assert_eq!(text(&hash), "6be0dcb772143014c17c105395b6789ab4c2e4c296465da5b29484c555e2ac11");
        }
    }
}

#[test]
fn file_types_say_what_the_file_is() {
    let mut file = synth::small();
    let brands = |file: &synth::File, profile| {
        let out = protected(&file.bytes(), profile, "0000000000000001");
        let boxes = raw::boxes(&out, 0);
        assert_eq!(boxes.iter().filter(|b| b.name == "ftyp").count(), 1);
        String::from_utf8(boxes[0].body().to_vec()).unwrap()
    };
    assert_eq!(brands(&file, "piff"), "isml\0\0\0\u{1}iso6piffiso2");
    assert_eq!(brands(&file, "hybrid"), "iso6\0\0\0\0iso6piffisommp41");
    file.brand = None;
    assert_eq!(brands(&file, "piff"), "isml\0\0\0\u{1}piffiso2");
    assert_eq!(brands(&file, "hybrid"), "iso6\0\0\0\0iso6isommp41piff");
    // Among the compatible brands "isml" goes as well, others stay.
    file.brand = Some(*b"piff");
    let mut bytes = file.bytes();
    bytes[16..20].copy_from_slice(b"isml");
    let of = |profile| {
        let out = protected(&bytes, profile, "0000000000000001");
        String::from_utf8(raw::boxes(&out, 0)[0].body().to_vec()).unwrap()
    };
    assert_eq!(of("hybrid"), "iso6\0\0\0\0piffiso6isommp41");
    assert_eq!(of("piff"), "piff\0\0\0\u{1}ismlpiffiso2");
}

/// CMAF has one track, no PIFF, and of the schemes `cenc` and `cbcs`.
#[test]
fn brands_of_cmaf_stay_where_they_are_true() {
    let mut file = synth::small();
    file.brand = Some(*b"cmfc");
    let mut bytes = file.bytes();
    bytes[16..20].copy_from_slice(b"cfhd");
    let of = |bytes: &[u8], scheme: &str, form: &str| {
        let out = protect(bytes, &drive::request_in(scheme, form)).unwrap();
        String::from_utf8(raw::boxes(&out, 0)[0].body().to_vec()).unwrap()
    };
    assert_eq!(of(&bytes, "cenc", "plain"), "iso6\0\0\0\0cfhdiso6isommp41");
    assert_eq!(of(&bytes, "cbcs", "plain"), "iso6\0\0\0\0cfhdiso6isommp41");
    assert_eq!(of(&bytes, "cens", "plain"), "iso6\0\0\0\0iso6isommp41");
    assert_eq!(of(&bytes, "cbc1", "hybrid"), "iso6\0\0\0\0piffiso6isommp41");
    assert_eq!(of(&bytes, "cenc", "piff"), "iso6\0\0\0\0piffiso2");
    file.tracks.push(file.tracks[0]);
    let mut bytes = file.bytes();
    bytes[16..20].copy_from_slice(b"cfhd");
    assert_eq!(of(&bytes, "cenc", "plain"), "iso6\0\0\0\0iso6isommp41");
}

/// QuickTime writers may put free space first.
#[test]
fn a_file_type_behind_free_space_is_replaced_where_it_stands() {
    let free = boxed(b"free", b"first");
    let file = [free.clone(), synth::small().bytes()].concat();
    // Its index points 13 bytes short of the moofs, as the file moved; that is not what this is about.
    let out = protected(&file[..file.len() - 79], "piff", "0000000000000001");
    assert_eq!(names(&raw::boxes(&out, 0))[..3], ["free", "ftyp", "moov"]);
    assert!(out.starts_with(&free));
    assert_eq!(raw::boxes(&out, 0).iter().filter(|b| b.name == "ftyp").count(), 1);
}

#[test]
fn sound_fragments_in_piff_form() {
    let file = synth::small().bytes();
    let out = protected(&file, "piff", "fffffffffffffffe");
    let moofs: Vec<RawBox<'_>> = raw::boxes(&out, 0).into_iter().filter(|b| b.name == "moof").collect();
    let old: Vec<RawBox<'_>> = raw::boxes(&file, 0).into_iter().filter(|b| b.name == "moof").collect();
    // +1 a sample through the wrap, on into the next fragment.
    let ivs = [
        "fffffffffffffffe ffffffffffffffff 0000000000000000",
        "0000000000000001 0000000000000002 0000000000000003",
    ];
    for ((new, old), ivs) in moofs.iter().zip(&old).zip(ivs) {
        let traf = new.at("traf");
        assert_eq!(names(&traf.children()), ["tfhd", "trun", raw::PIFF_SENC]);
        same(traf.children()[2].bytes, &format!("00000038 {UUID_SENC} 00000000 00000003 {ivs}"));
        // tfhd is untouched, trun but for its data offset: the moof grew by 56 bytes.
        assert_eq!(traf.at("tfhd").bytes, old.at("traf/tfhd").bytes);
        let (new_run, old_run) = (traf.at("trun").bytes, old.at("traf/trun").bytes);
        assert_eq!(raw::be32(new_run, 16), raw::be32(old_run, 16) + 56);
        assert_eq!(raw::be32(new_run, 16) as usize, new.bytes.len() + 8);
        assert_eq!((&new_run[..16], &new_run[20..]), (&old_run[..16], &old_run[20..]));
    }
}

#[test]
fn sound_fragments_in_hybrid_form() {
    let mut file = synth::small();
    file.fragments[0].trafs[0].tfxd = Some(7000);
    let file = file.bytes();
    let out = protected(&file, "hybrid", "00000000000000fe");
    let moof = top(&out, "moof");
    let traf = moof.at("traf");
    let children = traf.children();
    assert_eq!(names(&children), ["tfhd", "tfdt", "trun", raw::TFXD, "saiz", "saio", "senc", raw::PIFF_SENC]);
    let ivs = "00000000000000fe 00000000000000ff 0000000000000100";
    same(children[0].bytes, "00000014 74666864 00020020 00000001 01010000");
    same(children[1].bytes, "00000014 74666474 01000000 0000000000001b58");
    same(children[4].bytes, "00000011 7361697a 00000000 08 00000003");
    // The first IV stands 16 bytes into senc.
    let first_iv = u32::try_from(children[6].start + 16 - moof.start).unwrap();
    same(children[5].bytes, &format!("00000014 7361696f 00000000 00000001 {first_iv:08x}"));
    same(children[6].bytes, &format!("00000028 73656e63 00000000 00000003 {ivs}"));
    same(children[7].bytes, &format!("00000038 {UUID_SENC} 00000000 00000003 {ivs}"));
    assert_eq!(be64(&out, moof.start + first_iv as usize), 0xfe);
}

/// An access unit of an access unit delimiter, an IDR slice with 40 bytes of data, and one with 50.
fn picture() -> Vec<u8> {
    let mut sample = unhex("00000002 09f0");
    for (len, fill) in [(40_usize, 0x11), (50, 0x22)] {
        sample.extend(u32::try_from(synth::IDR.len() + len).unwrap().to_be_bytes());
        sample.extend(synth::IDR);
        sample.extend(vec![fill; len]);
    }
    sample
}

#[test]
fn pictures_get_subsamples_by_the_rule_of_the_profile() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Video];
    file.fragments.truncate(1);
    file.access = None;
    let only_delimiter = unhex("00000002 09f0");
    file.fragments[0].trafs[0].runs = vec![vec![picture(), only_delimiter, picture()]];
    let bytes = file.bytes();
    // Microsoft's rule: of every NAL unit length and header byte are clear.
    let entry = "0003 0005 00000001 0005 0000002b 0005 00000035";
    let one = "0001 0005 00000001";
    let samples = format!("0000000000000007 {entry} 0000000000000008 {one} 0000000000000009 {entry}");
    let out = protected(&bytes, "piff", "0000000000000007");
    let senc = top(&out, "moof").at("traf").child(raw::PIFF_SENC).unwrap();
    same(senc.body(), &format!("00000002 00000003 {samples}"));
    // CMAF: whole blocks of slice data, behind 4 bytes of slice header; what is left over joins the next clear run.
    // 6 + 4 + 4 clear, 32 protected, 8 over; 8 + 4 + 4 clear, 48 protected, 2 over.
    let entry = "0003 000e 00000020 0010 00000030 0002 00000000";
    let one = "0001 0006 00000000";
    let samples = format!("0000000000000007 {entry} 0000000000000008 {one} 0000000000000009 {entry}");
    let out = protected(&bytes, "hybrid", "0000000000000007");
    let traf = top(&out, "moof").at("traf");
    same(traf.at("senc").body(), &format!("00000002 00000003 {samples}"));
    same(traf.child(raw::PIFF_SENC).unwrap().body(), &format!("00000002 00000003 {samples}"));
    // 8 bytes of IV, 2 of count, 6 an entry.
    same(traf.at("saiz").body(), "00000000 00 00000003 1c 10 1c");
    raw::check_pointers(&out);
}

#[test]
fn equal_sizes_of_sample_information_are_said_once() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Video];
    file.fragments[0].trafs[0].runs = vec![vec![picture(), picture()]];
    file.fragments.truncate(1);
    file.access = None;
    let out = protected(&file.bytes(), "hybrid", "0000000000000007");
    same(top(&out, "moof").at("traf/saiz").body(), "00000000 1c 00000002");
}

/// IVs count over all samples in file order, those of tracks that stay clear too.
#[test]
fn ivs_count_over_all_tracks_in_file_order() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Sound, Kind::Text, Kind::Sound];
    let traf = |track| synth::Traf { track, ..synth::small().fragments[0].trafs[0].clone() };
    file.fragments[0].trafs = vec![traf(0), traf(1), traf(2)];
    file.fragments[1].trafs = vec![traf(2), traf(0)];
    for profile in ["piff", "hybrid"] {
        let out = protected(&file.bytes(), profile, "0000000000000010");
        let mut firsts = Vec::new();
        for moof in raw::boxes(&out, 0).iter().filter(|b| b.name == "moof") {
            for traf in moof.children().iter().filter(|b| b.name == "traf") {
                firsts.push(traf.child(raw::PIFF_SENC).map(|senc| be64(senc.body(), 8)));
            }
        }
        // Three samples in each traf.
        assert_eq!(firsts, [Some(0x10), None, Some(0x16), Some(0x19), Some(0x1c)]);
    }
}

#[test]
fn hybrid_fragments_say_their_times() {
    let mut file = synth::small();
    // Audio priming: FFmpeg writes a negative time; a tfdt cannot.
    file.fragments[0].trafs[0].tfxd = Some(-500);
    file.fragments[1].trafs[0].tfxd = None;
    let times = |file: &synth::File| {
        let out = protected(&file.bytes(), "hybrid", "0000000000000001");
        let moofs = raw::boxes(&out, 0).into_iter().filter(|b| b.name == "moof").collect::<Vec<_>>();
        moofs.iter().map(|moof| be64(moof.at("traf/tfdt").body(), 4)).collect::<Vec<_>>()
    };
    // All times of the track move up by as much; three samples of 20 ticks each in the first fragment.
    assert_eq!(times(&file), [0, 60]);
    // The running sum of durations goes before the tfra, whose times are those of presentation.
    file.fragments[0].trafs[0].tfxd = Some(300);
    assert_eq!(times(&file), [300, 360]);
    // With nothing else, the first time of the tfra.
    file.fragments[0].trafs[0].tfxd = None;
    assert_eq!(times(&file), [0, 60]);
    // A tfdt that is there stays.
    file.fragments[1].trafs[0].tfdt = Some(5);
    assert_eq!(times(&file), [0, 5]);
}

#[test]
fn negative_composition_offsets_get_the_version_that_says_so() {
    let mut file = synth::small();
    file.fragments[0].trafs[0].run_flags = 0x900;
    for (profile, version) in [("piff", 0), ("hybrid", 1)] {
        let out = protected(&file.bytes(), profile, "0000000000000001");
        let trun = top(&out, "moof").at("traf/trun");
        assert_eq!(trun.version(), version, "{profile}");
        let plain = drive::samples(&file.bytes());
        assert_eq!(plain[&1].len(), 6);
    }
}

/// `saiz` counts in eight bits: 40 subsamples and no more, with 8-byte IVs.
#[test]
fn sample_information_never_outgrows_its_byte() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Video];
    file.fragments.truncate(1);
    file.access = None;
    let slice = [&unhex("00000024")[..], &synth::IDR, &[0x11; 32]].concat();
    file.fragments[0].trafs[0].runs = vec![vec![slice.repeat(60), slice.repeat(40), slice.repeat(41)]];
    let error = protect(&file.bytes(), &request("hybrid")).unwrap_err();
    assert_eq!((error.code(), error.field()), ("too-many-subsamples", Some("form")));
    assert!(error.message().starts_with("Track 1 at 0:00:00.000: "), "{error}");
    // PIFF has no such byte: all 60.
    let out = protected(&file.bytes(), "piff", "0000000000000007");
    let senc = top(&out, "moof").at("traf").child(raw::PIFF_SENC).unwrap();
    assert_eq!(senc.body()[16..18], [0, 60]);
    file.fragments[0].trafs[0].runs[0][0].truncate(40 * slice.len());
    file.fragments[0].trafs[0].runs[0].truncate(2);
    let out = protected(&file.bytes(), "hybrid", "0000000000000007");
    // Each has 40: 8 + 2 + 40 * 6 = 250.
    same(top(&out, "moof").at("traf/saiz").body(), "00000000 fa 00000002");
    let own = drive::decrypted_samples(&out, |_, _| Some(boxlock::bytes::ContentKey(drive::key()))).unwrap();
    assert_eq!(own, file.samples());
}

/// A picture parameter set inside a fragment must not change what a later fragment's slice headers mean: with it the
/// header of this slice ends one byte later, and a whole block would stay clear.
#[test]
fn parameter_sets_of_one_fragment_do_not_reach_the_next() {
    let mut file = synth::small();
    file.tracks = vec![Kind::Video];
    file.access = None;
    let slice = [&unhex("00000014 658884b880")[..], &[0x11; 15]].concat();
    let with_set = [&unhex("00000004 68ce3980")[..], &slice].concat();
    file.fragments[0].trafs[0].runs = vec![vec![with_set]];
    file.fragments[1].trafs[0].runs = vec![vec![slice]];
    let out = protected(&file.bytes(), "hybrid", "0000000000000007");
    let moofs: Vec<RawBox<'_>> = raw::boxes(&out, 0).into_iter().filter(|b| b.name == "moof").collect();
    same(moofs[0].at("traf/senc").body(), "00000002 00000001 0000000000000007 0001 0020 00000000");
    same(moofs[1].at("traf/senc").body(), "00000002 00000001 0000000000000008 0001 0008 00000010");
}

/// An index may begin with a later segment: what grows before that moves it.
#[test]
fn the_first_offset_of_a_segment_index_moves() {
    let mut file = synth::small();
    file.global_index = Some(1);
    let mut bytes = file.bytes();
    let sidx = top(&bytes, "sidx");
    let (start, sizes) = (sidx.start, [raw::be32(sidx.bytes, 40), raw::be32(sidx.bytes, 52)]);
    let put = |bytes: &mut Vec<u8>, at: usize, value: u32| {
        bytes[start + at..start + at + 4].copy_from_slice(&value.to_be_bytes());
    };
    // The first offset is 8 bytes at 28; the second segment comes first, and then none.
    put(&mut bytes, 32, sizes[0]);
    put(&mut bytes, 40, sizes[1]);
    put(&mut bytes, 52, 0);
    raw::check_pointers(&bytes);
    for profile in ["piff", "hybrid"] {
        let out = protected(&bytes, profile, "0000000000000007");
        raw::check_pointers(&out);
        assert_eq!(top(&out, "sidx").bytes.len(), sidx_len(&bytes));
    }
}

fn sidx_len(file: &[u8]) -> usize {
    top(file, "sidx").bytes.len()
}

/// Offsets beyond 4 GiB need the 64-bit form; the `mfro` says the size that comes of it.
#[test]
fn an_index_grows_to_64_bits_when_the_file_does() {
    let mut file = synth::small();
    file.access = Some(synth::Access { version: 0, widths: [0, 1, 2], mfro: true });
    let bytes = file.bytes();
    let mfra = top(&bytes, "mfra");
    let tree = boxlock::boxes::Tree::parse(mfra.bytes, mfra.start as u64).unwrap();
    let mut moved = boxlock::output::Moved::new(std::rc::Rc::default(), std::rc::Rc::default());
    moved.push(0, 1 << 33);
    let out = moved.random_access(&tree).unwrap();
    let mfra = raw::boxes(&out, 0).remove(0);
    let tfra = mfra.at("tfra");
    assert_eq!(tfra.version(), 1);
    let first = raw::boxes(&bytes, 0).iter().find(|b| b.name == "moof").unwrap().start as u64;
    assert_eq!((be64(tfra.body(), 16), be64(tfra.body(), 24)), (0, first + (1 << 33)));
    same(&tfra.body()[32..38], "01 0001 000001");
    assert_eq!(raw::be32(mfra.at("mfro").body(), 4) as usize, out.len());
}

#[test]
fn fragments_are_expected_where_the_index_says_before_the_first_box_is_read() {
    let file = std::fs::read("www/samples/sample.ismv").unwrap();
    let mut session = boxlock::session::Session::new(file.len() as u64).unwrap();
    let mut expected = Vec::new();
    while let Some(need) = session.needs() {
        if need.start == 0 {
            expected = session.expected();
        }
        session.feed(need.start, &file[need.start as usize..(need.start + need.len) as usize]).unwrap();
    }
    expected.sort_unstable();
    let starts: Vec<u64> = session.index().unwrap().fragments.iter().map(|fragment| fragment.start).collect();
    assert_eq!(expected, starts);
    assert_eq!(starts.len(), 10);
}
