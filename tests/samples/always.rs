//! What holds for every file, damaged ones too.

use boxlock::protect::SourceKeys;
use boxlock::samples::timeline::TableTimeline;

use crate::support;
use crate::support::dice::Dice;

use super::Looked;

/// Asks everything of a file; returns how many answers there were.
fn ask_all(file: &[u8]) -> usize {
    let Some(mut looked) = Looked::open(file) else { return 0 };
    let keys = SourceKeys::default();
    let mut answers = 0;
    for track in looked.tracks().into_iter().take(8) {
        let total = looked.samples.count(track);
        for from in [0, 1, total / 2, total.saturating_sub(1), total, u64::MAX] {
            answers += usize::from(looked.ask(|samples, _| samples.page(track, from, 50)).is_ok());
            let opened = looked.ask(|samples, _| samples.open(track, from, &keys));
            if let Ok(Some(opened)) = opened {
                let mut end = 0;
                for unit in &opened.units {
                    assert!(unit.start >= end && unit.start + unit.len <= opened.row.size as usize);
                    end = unit.start + unit.len;
                }
                answers += 1;
            }
        }
        for ticks in [i64::MIN, -1, 0, 1 << 20, i64::MAX] {
            answers += usize::from(looked.ask(|samples, _| samples.at_time(track, ticks)).is_ok());
        }
        let state = &mut TableTimeline::default();
        if let Ok(timeline) = looked.ask(|samples, _| samples.timeline(track, state)) {
            let sum: u64 = timeline.stretches.iter().map(|one| one.samples).sum();
            assert!(sum <= total, "{sum} of {total}");
            answers += 1;
        }
    }
    let len = file.len() as u64;
    for offset in [0, 1, len / 3, len / 2, len.saturating_sub(1), len, u64::MAX] {
        answers += usize::from(looked.ask(|samples, _| samples.at(offset)).is_ok());
    }
    answers
}

#[test]
fn no_file_of_the_corpus_stops_it() {
    let mut answers = 0;
    let files = support::corpus_files();
    for (_, file) in files.iter().filter(|(_, file)| file.len() < 4 << 20) {
        answers += ask_all(file);
    }
    assert!(files.is_empty() || answers > 1000);
}

#[test]
fn no_damage_stops_it() {
    let sample = include_bytes!("../../www/samples/sample.ismv").to_vec();
    let protected = support::drive::protect(&sample, &support::drive::request("hybrid")).unwrap();
    let mut originals = vec![protected];
    if support::ffmpeg::present() {
        originals.push(support::ffmpeg::make(1, true, true, &["-bf", "2"]));
        originals.push(support::ffmpeg::make(1, true, true, &["-movflags", "frag_keyframe"]));
    }
    let mut dice = Dice(7);
    let mut answers = 0;
    for original in &originals {
        for _ in 0..60 {
            let mut file = original.clone();
            for _ in 0..=dice.roll(4) {
                // Headers stand in front, and behind the first fragments.
                let at = dice.roll(file.len().min(6000));
                file[at] = dice.roll(256) as u8;
            }
            if dice.roll(5) == 0 {
                let len = dice.roll(file.len());
                file.truncate(len);
            }
            answers += ask_all(&file);
        }
    }
    assert!(answers > 500, "{answers}");
}

#[test]
fn rows_come_alike_whatever_page_they_are_on() {
    for (name, file) in support::corpus_files() {
        if file.len() > 1 << 20 {
            continue;
        }
        let Some(mut looked) = Looked::open(&file) else { continue };
        for track in looked.tracks() {
            let Ok((rows, _)) = looked.rows(track) else { continue };
            for (number, row) in (0..).zip(&rows).step_by(7) {
                assert_eq!(row.number, number + 1, "{name}: track {track}");
                let mut again = Looked::open(&file).unwrap();
                let alone = again.ask(|samples, _| samples.row(track, number)).unwrap().unwrap().0;
                assert_eq!(alone, *row, "{name}: track {track}");
                if number > 100 {
                    break;
                }
            }
        }
    }
}
