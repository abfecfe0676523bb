//! A track over time: its stretches are its samples, and what other boxes say of their times is held against them.

use boxlock::samples::timeline::{TableTimeline, Timeline};

use crate::lint::build;
use crate::support::{self, drive, ffmpeg, raw};

use super::Looked;

const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");

fn timeline(looked: &mut Looked<'_>, track: u32) -> Timeline {
    let mut state = TableTimeline::default();
    looked.ask(|samples, _| samples.timeline(track, &mut state)).unwrap()
}

#[test]
fn stretches_have_all_samples_and_their_bytes() {
    let mut files: Vec<(String, Vec<u8>)> = support::corpus_files();
    files.retain(|(_, file)| file.len() < 1 << 20);
    files.push(("the sample".to_owned(), SAMPLE.to_vec()));
    if ffmpeg::present() {
        files.push(("plain".to_owned(), ffmpeg::make(3, true, true, &["-bf", "2"])));
    }
    let mut compared = 0;
    for (name, file) in &files {
        let Some(mut looked) = Looked::open(file) else { continue };
        for track in looked.tracks() {
            let Ok((rows, problems)) = looked.rows(track) else { continue };
            if !problems.is_empty() || rows.len() as u64 != looked.samples.count(track) {
                continue;
            }
            let found = timeline(&mut looked, track);
            let mut next = 0;
            for stretch in &found.stretches {
                assert_eq!(stretch.first, next, "{name}: track {track}");
                let own = &rows[next as usize..(next + stretch.samples) as usize];
                let bytes: u64 = own.iter().map(|row| u64::from(row.size)).sum();
                let ticks: u64 = own.iter().map(|row| u64::from(row.duration)).sum();
                assert_eq!((stretch.bytes, stretch.duration), (bytes, ticks), "{name}: track {track}");
                assert_eq!(
                    (stretch.start, stretch.sync),
                    (own[0].decode, !own[0].flags.is_non_sync()),
                    "{name}"
                );
                next += stretch.samples;
            }
            assert_eq!(next, rows.len() as u64, "{name}: track {track}");
            compared += found.stretches.len();
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn a_table_that_claims_more_than_there_is_comes_to_an_end() {
    if !ffmpeg::present() {
        return;
    }
    let mut file = ffmpeg::make(1, false, true, &[]);
    let stbl = "moov/trak/mdia/minf/stbl";
    build::set(&mut file, &format!("{stbl}/stsz"), 4, &[[0, 0, 0, 1], [0xff; 4]].concat());
    build::set(&mut file, &format!("{stbl}/stts"), 8, &[0xff; 4]);
    build::set(&mut file, &format!("{stbl}/stsc"), 12, &[0xff; 4]);
    let mut looked = Looked::open(&file).unwrap();
    let mut steps = 0;
    let mut state = TableTimeline::default();
    let found = looked.ask(|samples, _| {
        steps += 1;
        samples.timeline(1, &mut state)
    });
    let told: u64 = found.unwrap().stretches.iter().map(|stretch| stretch.samples).sum();
    assert!(steps < 20 && (1 << 20..1 << 22).contains(&told), "{steps} steps, {told} samples");
}

#[test]
fn a_fragment_that_is_moved_is_a_gap_and_drifts_from_then_on() {
    let file = drive::protect(SAMPLE, &drive::request("hybrid")).unwrap();
    let mut looked = Looked::open(&file).unwrap();
    let track = looked.tracks()[0];
    let before = timeline(&mut looked, track);
    assert!(before.stretches.len() > 3);
    assert!(before.stretches.iter().all(|one| one.gap == 0 && one.drift == 0 && one.tfra == Some(0)));

    // The decode time of the third fragment, which says it in 'tfdt' of version 1.
    let mut moved = file.clone();
    let moofs: Vec<_> = raw::boxes(&file, 0).into_iter().filter(|one| one.name == "moof").collect();
    let wanted = before.stretches[2].fragment.unwrap();
    let traf = moofs[wanted]
        .children()
        .into_iter()
        .find(|traf| traf.name == "traf" && raw::be32(traf.at("tfhd").body(), 4) == track);
    let tfdt = traf.unwrap().at("tfdt");
    let at = tfdt.end() - 8;
    let time = raw::be64(&file, at) + 1234;
    moved[at..at + 8].copy_from_slice(&time.to_be_bytes());
    let mut looked = Looked::open(&moved).unwrap();
    let after = timeline(&mut looked, track).stretches;
    let gaps: Vec<i64> = after.iter().map(|one| one.gap).collect();
    assert_eq!(gaps[..4], [0, 0, 1234, -1234]);
    let drifts: Vec<i64> = after.iter().map(|one| one.drift).collect();
    assert_eq!(drifts[..4], [0, 0, 1234, 0]);
    assert_eq!(after[2].tfra, Some(-1234));
}

#[test]
fn a_segment_index_that_is_made_says_the_times_of_the_fragments() {
    let mut request = drive::request("hybrid");
    request.segment_index = true;
    let file = drive::protect(SAMPLE, &request).unwrap();
    let mut looked = Looked::open(&file).unwrap();
    let said: Vec<i64> = looked
        .tracks()
        .into_iter()
        .flat_map(|track| timeline(&mut looked, track).stretches)
        .filter_map(|one| one.sidx)
        .collect();
    assert!(said.len() > 3 && said.iter().all(|far| *far == 0), "{said:?}");
}
