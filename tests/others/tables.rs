//! Each box and each sample against what mp4box.js has of them: type, place and size; place, size, times and whether it is a
//! sync sample.

use std::collections::BTreeSet;

use boxlock::boxes::tree::path_segment;
use boxlock::boxes::{BoxHeader, BoxId, Tree};
use boxlock::bytes::Reader;
use boxlock::inspect::{self, BoxNode};
use serde_json::Value;

use super::mp4box;
use crate::samples::Looked;
use crate::support::{corpus, corpus_files};

/// Type, start and size of a box.
type Place = (String, u64, u64);

/// Place, size, decode and composition time, duration, and whether it is a sync sample.
type Sample = (u64, u64, i64, i64, i64, bool);

/// Tracks whose samples mp4box.js has otherwise, and why ours are right.
const SAMPLES: [(&str, &str); 17] = [
    ("codem-isoboxer__240fps_go_pro_hero_4.mp4 0", LAST),
    ("mp4ff__ed_hevc.mp4 1", LAST),
    ("shaka-packager__bear-iamf-base-opus.mp4 1", LAST),
    ("azure-sdk__multibitratefiles__interview1_384p_H264_184Kbps_AAC.mp4 2", LAST),
    ("mp4ff__cbcs.mp4 1", RUNS),
    ("mp4ff__cbcs.mp4 2", RUNS),
    ("mp4ff__cbcsdec.mp4 1", RUNS),
    ("mp4ff__cbcsdec.mp4 2", RUNS),
    ("mp4ff__main_1.mp4 1", RUNS),
    ("mp4ff__main_1.mp4 2", RUNS),
    ("shaka-packager__BigBuckBunny_10s.ismv 2", SMOOTH),
    ("synth_bento4__bbb10s_piffcbc.ismv 2", SMOOTH),
    ("synth_bento4__bbb10s_piffctr.ismv 2", SMOOTH),
    ("synth_ffmpeg__ff_a_6s.isma 1", SMOOTH),
    ("synth_ffmpeg__ff_av_10s.ismv 2", SMOOTH),
    ("synth_bento4__small_piffctr.ismv 1", OFFSETS),
    ("azure-sdk__small.ismv 1", OFFSETS),
];

const LAST: &str = "it reckons how long the last sample lasts from the header of the track, not from 'stts'";
const RUNS: &str = "a second run of a fragment it has right behind the first, whatever place 'trun' says; FFprobe has these samples \
                    where ours does";
const SMOOTH: &str = "it does not know the time that 'tfxd' gives";
const OFFSETS: &str = "composition offsets below 0 in a 'trun' of version 0 become 4 294 967 296 more; FFprobe reads them as ours does";

fn add(tree: &Tree<'_>, node: &BoxNode, all: &mut BTreeSet<Place>) {
    all.insert((node.kind.clone(), node.start, node.size));
    for child in inspect::children_at(tree, &node.path, 0, usize::MAX).unwrap_or_default() {
        add(tree, &child, all);
    }
}

/// All boxes of a file, as the inspector has them.
fn boxes(bytes: &[u8]) -> BTreeSet<Place> {
    let mut all = BTreeSet::new();
    let mut seen: Vec<BoxId> = Vec::new();
    let mut at = 0;
    while let Ok(header) =
        BoxHeader::read(&mut Reader::new(&bytes[at..], at as u64), (bytes.len() - at) as u64)
    {
        let end = (at + usize::try_from(header.size).unwrap()).min(bytes.len());
        let segment = path_segment(header.id, seen.iter().filter(|one| **one == header.id).count());
        seen.push(header.id);
        match Tree::parse(&bytes[at..end], at as u64) {
            Ok(tree) if !header.id.is(b"mdat") => {
                let top = segment.split_once('[').map_or(&*segment, |(name, _)| name);
                add(&tree, &inspect::view_at(&tree, top).unwrap(), &mut all);
            }
            _ => {
                all.insert((header.id.four_cc().text().to_string(), at as u64, header.size));
            }
        }
        at = end;
        if at == bytes.len() {
            break;
        }
    }
    all
}

/// The samples of each track, as the inspector has them.
fn samples(looked: &mut Looked<'_>, track: u32) -> Option<Vec<Sample>> {
    let (rows, _) = looked.rows(track).ok()?;
    let sample = |row: &boxlock::samples::Row| {
        let size = u64::from(row.size);
        (row.start, size, row.decode, row.composition, i64::from(row.duration), !row.flags.is_non_sync())
    };
    Some(rows.iter().map(sample).collect())
}

fn sample(row: &Value) -> Sample {
    let number = |at: usize| row[at].as_i64().unwrap_or(-1);
    let place = |at: usize| u64::try_from(number(at)).unwrap_or(u64::MAX);
    (place(0), place(1), number(2), number(3), number(4), number(5) == 1)
}

#[test]
fn every_box_and_sample_of_the_corpus_is_where_mp4box_says() {
    let Some(root) = corpus() else { return };
    if !mp4box::present() {
        return;
    }
    let files = corpus_files();
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let said = mp4box::answers(&root, &names);
    let (mut wrong, mut seen, mut boxes_compared, mut samples_compared) = (Vec::new(), 0, 0, 0);
    for (name, bytes) in &files {
        let Some(said) = said.get(name) else { continue };
        let ours = boxes(bytes);
        let theirs: Vec<Place> = said["boxes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let number = |at: usize| one[at].as_u64().unwrap_or(u64::MAX);
                (one[0].as_str().unwrap_or_default().to_owned(), number(1), number(2))
            })
            .collect();
        let missing: Vec<&Place> = theirs.iter().filter(|one| !ours.contains(*one)).collect();
        boxes_compared += theirs.len() - missing.len();
        if let Some(first) = missing.first() {
            wrong.push(format!("{name}: {} boxes are not ours, as {first:?}", missing.len()));
        }
        let Some(mut looked) = Looked::open(bytes) else { continue };
        for track in said["tracks"].as_array().unwrap() {
            let id = u32::try_from(track["id"].as_u64().unwrap()).unwrap();
            let theirs: Vec<Sample> = track["rows"].as_array().unwrap().iter().map(sample).collect();
            let ours = samples(&mut looked, id).unwrap_or_default();
            let differing = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count();
            if differing == 0 && ours.len() == theirs.len() {
                samples_compared += ours.len();
                continue;
            }
            let place = format!("{name} {id}");
            let first = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            if SAMPLES.iter().any(|(named, _)| place.ends_with(named)) {
                seen += 1;
            } else {
                let (all, known) = (ours.len(), theirs.len());
                wrong.push(format!("{place}: {differing} of {all} and {known} samples differ, as {first:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} that nothing explains:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, SAMPLES.len(), "what is listed differs, each once");
    println!("{boxes_compared} boxes and {samples_compared} samples are where mp4box.js says");
    assert!(boxes_compared > 5000 && samples_compared > 10_000, "{boxes_compared} {samples_compared}");
}
