//! Parameter sets and sequence headers in configuration records: the fields that are shown are those that FFmpeg reads there, in
//! the same order and with the same values, and each stands where it is said to stand.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

use crate::support::{ffmpeg, raw};

use boxlock::boxes::{Row, Tree};
use boxlock::inspect::fields;

/// All rows of the configuration record of the first track.
fn record(file: &[u8], path: &str) -> Vec<Row> {
    let moov = raw::boxes(file, 0).into_iter().find(|one| one.name == "moov").expect("a movie header");
    let tree = Tree::parse(&file[moov.start..moov.end()], moov.start as u64).unwrap();
    let shown = fields(&tree, &format!("moov/trak/mdia/minf/stbl/stsd/{path}"), 0, 10_000, None).unwrap();
    assert_eq!(shown.problem, None);
    shown.rows
}

/// Where the standard's name is another than FFmpeg's.
const OTHER_NAMES: [(&str, &str); 1] =
    [("gaps_in_frame_num_value_allowed_flag", "gaps_in_frame_num_allowed_flag")];

/// What is shown in one number, and by FFmpeg flag by flag.
const TOGETHER: [&str; 2] = ["general_profile_compatibility_flag", "more general constraint flags"];

/// What FFmpeg reads, and is shown as the bytes behind the fields, or as the row around them: the bits that end a unit, the
/// flags that are shown together, headers of OBUs.
fn is_passed_over(name: &str) -> bool {
    let starts =
        ["rbsp_", "trailing_", "general_reserved", "general_one_picture", "general_inbld", "obu_", "leb128"];
    starts.iter().any(|start| name.starts_with(start)) || TOGETHER.contains(&name)
}

/// What FFmpeg says and what is shown of files made like this. `behind` are fields of FFmpeg's that are shown as bytes.
fn compare(arguments: &str, path: &str, behind: &[&str]) -> usize {
    let file = ffmpeg::make_by(".mp4", &format!("-f lavfi -i testsrc2=s=320x180:r=25:d=0.4 {arguments}"));
    let rows = record(&file, path);
    let theirs = ffmpeg::header_fields(&file);
    // Behind the parameter sets of HEVC are messages of encoders.
    let theirs: Vec<(String, i64)> = theirs
        .into_iter()
        .take_while(|(name, _)| name != "last_payload_type_byte")
        .filter(|(name, _)| !is_passed_over(name) && !behind.contains(&name.as_str()))
        .collect();
    let ours: Vec<(String, i64)> = of_units(&rows)
        .filter(|row| !TOGETHER.contains(&row.name.as_str()) && row.name != "behind these fields")
        .map(|row| {
            let other = OTHER_NAMES.iter().find(|(name, _)| *name == row.name);
            (other.map_or(&*row.name, |(_, other)| *other).to_owned(), row.value.parse().unwrap())
        })
        .collect();
    // The header of that message's unit.
    let len = theirs
        .iter()
        .rposition(|(name, _)| name != "forbidden_zero_bit" && !name.starts_with("n"))
        .unwrap_or(0)
        + 1;
    assert_eq!(ours[..ours.len().min(len)], theirs[..len], "{arguments}");
    println!("{arguments}: {len} fields");
    len
}

/// The rows of fields of units: those below the row of one.
fn of_units(rows: &[Row]) -> impl Iterator<Item = &Row> {
    const UNITS: [&str; 4] = ["sequence_parameter_sets[", "picture_parameter_sets[", "nal_units[", "obu["];
    let mut unit = None;
    rows.iter().filter(move |row| {
        if UNITS.iter().any(|name| row.name.starts_with(name)) {
            unit = Some(row.depth);
            return false;
        }
        unit = unit.filter(|depth| row.depth > *depth);
        unit.is_some()
    })
}

#[test]
fn parameter_sets_are_shown_as_ffmpeg_reads_them() {
    if !ffmpeg::present() {
        return;
    }
    let hrd = "nal-hrd=cbr:vbv-maxrate=1000:vbv-bufsize=1000:bitrate=1000";
    let colours = "-color_primaries bt2020 -colorspace bt2020nc -color_trc smpte2084 -color_range pc";
    let mut seen = 0;
    for arguments in [
        "-c:v libx264 -profile:v baseline".to_owned(),
        format!("-c:v libx264 -b:v 1000k -x264-params {hrd} {colours}"),
        "-c:v libx264 -pix_fmt yuv422p10le -x264-params interlaced=1".to_owned(),
        "-c:v libx264 -pix_fmt yuv444p -aspect 7:5 -x264-params overscan=show:chromaloc=2".to_owned(),
    ] {
        seen += compare(&arguments, "avc1/avcC", &[]);
    }
    let hrd = "hrd=1:vbv-maxrate=1000:vbv-bufsize=1000:bitrate=500";
    for arguments in [
        "log-level=none".to_owned(),
        format!("log-level=none:{hrd}:repeat-headers=0"),
        "log-level=none:scaling-list=default:tskip=1:rect=1:amp=1".to_owned(),
        "log-level=none:display-window=2,4,6,8:sar=12:temporal-layers=1:weightb=1".to_owned(),
        "log-level=none:lossless=1:no-wpp=1:deblock=2,-1".to_owned(),
    ] {
        let arguments =
            format!("-c:v libx265 -pix_fmt yuv420p10le {colours} -tag:v hvc1 -x265-params {arguments}");
        // An extension of video parameter sets ends what is shown of them.
        seen += compare(&arguments, "hvc1/hvcC", &["vps_extension_flag"]);
    }
    for arguments in ["", "-pix_fmt yuv420p10le", "-still-picture 1 -frames:v 1", "-pix_fmt yuv444p"] {
        seen += compare(&format!("-c:v libaom-av1 -cpu-used 8 {colours} {arguments}"), "av01/av1C", &[]);
    }
    assert!(seen > 900, "{seen} fields were compared");
}
