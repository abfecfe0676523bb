//! Small files after public reports about other tools (`../shared/cases/inspect`), and what is right for each.

use std::path::{Path, PathBuf};

use super::made::words;
use super::{Entries, entries};
use crate::support::not_run;

/// The small cases of what to inspect, beside the project or where `BOXLOCK_INSPECT_CASES` says.
fn folder() -> Option<PathBuf> {
    let path = std::env::var_os("BOXLOCK_INSPECT_CASES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/inspect"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    not_run(&format!("the cases are not at {}; set BOXLOCK_INSPECT_CASES", path.display()));
    None
}

fn case(name: &str) -> Option<Entries> {
    folder()
        .map(|folder| entries(&std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))))
}

type Right = (&'static str, usize, [&'static str; 3], Option<(u16, u16)>, Option<(u16, u32)>);

/// File, which of its tracks, what is said of it, size, sound.
const RIGHT: [Right; 21] = [
    ("ac3-51-48k-frag.mp4", 0, ["ac-3", "Dolby Digital (AC-3)", ""], None, Some((6, 48_000))),
    ("dac3-four-zeros.mp4", 0, ["ac-3", "Dolby Digital (AC-3)", ""], None, Some((6, 48_000))),
    ("esds-no-dsi-mp3.mp4", 1, ["mp4a.6B", "MP3", ""], None, Some((2, 48_000))),
    ("mp4v-esds.mp4", 0, ["mp4v.20.1", "MPEG-4 Visual Simple", "level 1"], Some((128, 72)), None),
    ("qt-sound-v1-wave.mov", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((1, 48_000))),
    ("esds-dsi-one-byte.mp4", 1, ["mp4a.40", "MPEG-4 audio", ""], None, Some((2, 48_000))),
    ("esds-profile-tag-first.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((2, 48_000))),
    ("empty-avcc.mp4", 0, ["avc1", "H.264", ""], Some((128, 72)), None),
    ("empty-avcc.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((1, 48_000))),
    ("empty-avcc-mediabunny.mp4", 0, ["avc1", "H.264", ""], Some((1920, 1080)), None),
    ("codec-hevc.mp4", 0, ["hvc1.1.6.L30.90", "HEVC Main", "level 1"], Some((128, 72)), None),
    ("codec-av1.mp4", 0, ["av01.0.00M.08", "AV1 Main", "level 2"], Some((128, 72)), None),
    ("av1c-bad-obus.mp4", 0, ["av01.0.00M.08", "AV1 Main", "level 2"], Some((128, 72)), None),
    ("avc1-four-zeros.mp4", 0, ["avc1.420029", "H.264 Baseline", "level 4.1"], Some((1920, 1080)), None),
    ("itunes-drms.m4p", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((1, 48_000))),
    ("esds-exact-135.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((2, 44_100))),
    ("esds-exact-90.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((2, 48_000))),
    ("esds-tag0-tail.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((2, 24_000))),
    ("esds-two-dsi.mp4", 1, ["mp4a.40.2", "AAC LC", ""], None, Some((2, 48_000))),
    (
        "stsd-type-zero.mp4",
        0,
        ["\\x00\\x00\\x00\\x00", "unknown codec '\\x00\\x00\\x00\\x00'", ""],
        Some((128, 72)),
        None,
    ),
    (
        "sgpd-v2-media3.mp4",
        0,
        ["avc1.42C014", "H.264 Constrained Baseline", "level 2"],
        Some((192, 108)),
        None,
    ),
];

#[test]
fn each_case_is_read_as_it_is() {
    let mut wrong = Vec::new();
    for (name, track, said, size, sound) in RIGHT {
        let Some(tracks) = case(name) else { return };
        let found = tracks.get(track).and_then(|(_, entries)| entries.first());
        let right =
            found.is_some_and(|entry| words(entry) == said && (entry.size, entry.sound) == (size, sound));
        if !right {
            let found = found.map(|entry| (words(entry), entry.size, entry.sound, &entry.damage));
            wrong.push(format!("{name}, track {track}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Damage stands at the box that has it, and nothing else of these files is called damaged.
#[test]
fn damage_has_its_place() {
    const DAMAGED: [(&str, &str); 4] = [
        ("dac3-four-zeros.mp4", "moov/trak/mdia/minf/stbl/stsd/ac-3/dac3"),
        ("empty-avcc.mp4", "moov/trak/mdia/minf/stbl/stsd/avc1/avcC"),
        ("empty-avcc-mediabunny.mp4", "moov/trak/mdia/minf/stbl/stsd/avc1/avcC"),
        ("esds-dsi-one-byte.mp4", "moov/trak[1]/mdia/minf/stbl/stsd/mp4a/esds"),
    ];
    let Some(folder) = folder() else { return };
    let mut looked_at = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let damage: Vec<String> = entries(&std::fs::read(&file).unwrap())
            .iter()
            .flat_map(|(_, entries)| entries)
            .flat_map(|entry| &entry.damage)
            .map(|damage| damage.path())
            .collect();
        let right: Vec<&str> =
            DAMAGED.iter().filter(|(other, _)| *other == name).map(|(_, path)| *path).collect();
        assert_eq!(damage, right, "{name}");
        looked_at += 1;
    }
    assert!(looked_at > 50);
}
