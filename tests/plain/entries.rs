//! Sample entries of plain files that are read by what is around them, and that change along the file.

use boxlock::boxes::{Node, Tree};
use boxlock::report;

use super::drive::{self, Feed};
use super::support::ffmpeg::{self, Scratch, decode, packets};
use super::support::shaka;
use super::{fragmented, make, none, raw};
use crate::lint::build;

/// What FFprobe says of the first stream of a kind, decoded or not, as one checksum of all its bytes.
fn bytes_of(file: &[u8], kind: &str) -> String {
    let scratch = Scratch::of(file);
    let mut command = std::process::Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&scratch.0).args(["-map", &format!("0:{kind}:0"), "-c", "copy"]);
    let output = command.args(["-f", "data", "-"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    format!(
        "{} bytes {:x?}",
        output.stdout.len(),
        output
            .stdout
            .iter()
            .fold(0_u64, |sum, byte| { sum.wrapping_mul(0x100_0000_01b3) ^ u64::from(*byte) })
    )
}

fn entry(moov: &Tree<'_>, number: usize) -> Node {
    let trak = moov.root().all(b"trak").nth(number).unwrap();
    trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]).unwrap().children[0].clone()
}

#[test]
fn a_type_of_pictures_and_of_sound_is_what_its_track_is() {
    if !ffmpeg::present() {
        return;
    }
    // Both have the type `raw `: eight bits without sign, and uncompressed pictures.
    for (arguments, names) in [
        ("-c:v libx264 -g 25 -c:a pcm_u8", ["H.264", "PCM"]),
        ("-frames:v 3 -c:v rawvideo -pix_fmt rgb24 -c:a pcm_u8", ["Uncompressed RGB", "PCM"]),
        ("-c:v libx264 -g 25 -c:a pcm_s8", ["H.264", "PCM"]),
    ] {
        let plain = make(".mov", arguments);
        let session = drive::open(&plain, Feed::Exact).unwrap();
        let index = session.index().unwrap();
        assert!(index.problems.is_empty() && index.findings.is_empty(), "{arguments}");
        let tracks = &index.movie.as_ref().unwrap().tracks;
        for (track, name) in tracks.iter().zip(names) {
            assert!(track.entries[0].damage.is_empty(), "{:?}", track.entries[0].damage);
            assert!(track.entries[0].codec_name().starts_with(name), "{}", track.entries[0].codec_name());
        }
        assert_eq!(tracks[1].entries[0].sound, Some((1, 44100)), "{arguments}");
        // Each byte of sound is a sample of its own there, and comes along.
        let made = drive::protect(&plain, &none()).unwrap();
        for kind in ["v", "a"] {
            assert_eq!(bytes_of(&plain, kind), bytes_of(&made, kind), "{arguments} {kind}");
        }
    }
}

#[test]
fn a_palette_is_no_box() {
    if !ffmpeg::present() {
        return;
    }
    let plain = make(".mov", "-frames:v 5 -c:v rawvideo -pix_fmt pal8 -c:a aac");
    let session = drive::open(&plain, Feed::Exact).unwrap();
    let index = session.index().unwrap();
    assert!(index.problems.is_empty() && index.findings.is_empty(), "{:?}", index.problems);
    let entry = entry(index.moov.as_ref().unwrap(), 0);
    let inside: Vec<String> = entry.children.iter().map(|child| child.id().to_string()).collect();
    assert_eq!(inside, ["fiel", "pasp"]);
    assert_eq!(entry.fields_len, 78 + 8 + 256 * 8);
    let made = drive::protect(&plain, &none()).unwrap();
    assert!(packets(&made) == packets(&plain));
    // It is the palette by which others decode.
    assert_eq!(decode(&plain, None, "v"), decode(&made, None, "v"));
}

/// A file whose tracks of these numbers change between two sample entries, one like the other, every so many chunks.
fn with_two_entries(plain: &[u8], tracks: &[usize], every: u32) -> Vec<u8> {
    let mut file = plain.to_vec();
    for track in tracks {
        // The movie header is behind the media, so that nothing moves.
        let path =
            |name: &str| format!("moov/trak[{track}]/mdia/minf/stbl/{name}").replace("trak[0]", "trak");
        let stsd = path("stsd");
        let entry = file[build::find(&file, &stsd).body + 8..build::find(&file, &stsd).end].to_vec();
        build::set(&mut file, &stsd, 4, &2_u32.to_be_bytes());
        build::append(&mut file, &stsd, &entry);
        let chunks = raw::be32(&file, build::find(&file, &path("stco")).body + 4);
        let runs = build::find(&file, &path("stsc"));
        let old: Vec<[u32; 3]> = (0..raw::be32(&file, runs.body + 4) as usize)
            .map(|run| [0, 4, 8].map(|field| raw::be32(&file, runs.body + 8 + 12 * run + field)))
            .collect();
        let run = |chunk: u32| {
            let [_, count, _] = *old.iter().rfind(|[first, ..]| *first <= chunk).unwrap();
            [chunk, count, 1 + (chunk / every) % 2]
        };
        let new: Vec<u8> =
            [chunks].into_iter().chain((1..=chunks).flat_map(run)).flat_map(u32::to_be_bytes).collect();
        build::splice(&mut file, &path("stsc"), runs.body + 4..runs.end, &new);
    }
    file
}

#[test]
fn where_the_sample_entry_changes_a_fragment_begins() {
    if !ffmpeg::present() {
        return;
    }
    let plain = make(".mp4", "-c:v libx264 -g 25 -bf 2 -c:a aac -chunk_duration 300000");
    for (tracks, every) in [(&[0][..], 7), (&[1], 5), (&[0, 1], 3), (&[0, 1], 1)] {
        let file = with_two_entries(&plain, tracks, every);
        let made = fragmented(&file);
        let session = drive::open(&made, Feed::Exact).unwrap();
        let index = session.index().unwrap();
        for fragment in &index.fragments {
            let ids: Vec<u32> = index.parts(fragment).iter().map(|part| part.track_id).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        }
        assert_eq!(index.used_entries().count(), 2 + tracks.len());
        // FFmpeg reads all of it, as it does not where a track comes twice in a fragment.
        assert!(packets(&made) == packets(&plain), "{tracks:?} {every}");
        let request = drive::request_in("cenc", "hybrid");
        let session = drive::open(&file, Feed::Exact).unwrap();
        let plan = report::plan(&session, &drive::plan(&session, &request).unwrap()).unwrap();
        let said = |words: &str| plan.warnings.iter().any(|warning| warning.contains(words));
        assert!(said("more than one sample entry") && !said("comes twice"), "{:?}", plan.warnings);
        let protected = drive::protect(&file, &request).unwrap();
        let Some(program) = shaka::program() else { continue };
        for (stream, _) in shaka::streams(&plain) {
            let ours = shaka::read(&program, &protected, stream, true).unwrap();
            assert!(ours == shaka::read(&program, &plain, stream, false).unwrap(), "{tracks:?} {stream}");
        }
    }
}

#[test]
fn hints_that_stay_clear_are_said_to_hold_what_is_encrypted() {
    if !ffmpeg::present() {
        return;
    }
    let hinted = make(".mp4", "-c:v libx264 -g 25 -c:a aac -movflags rtphint");
    let session = drive::open(&hinted, Feed::Exact).unwrap();
    let plan = drive::plan(&session, &drive::request("hybrid")).unwrap();
    let said = report::plan(&session, &plan).unwrap().warnings;
    for track in [3, 4] {
        let words = format!("Track {track} has RTP hints");
        let of_it = said.iter().find(|said| said.contains(&words)).unwrap();
        assert!(of_it.contains("may hold copies of what the other tracks hold"), "{of_it}");
    }
}

#[test]
fn zeros_that_end_the_boxes_of_a_sample_entry_stay_behind() {
    if !ffmpeg::present() {
        return;
    }
    // As QuickTime writes them; the movie header is behind the media, so that nothing moves.
    for end in [".mp4", ".mov"] {
        let plain = make(end, "-c:v libx264 -g 25 -c:a aac");
        let mut file = plain.clone();
        for (trak, entry) in [("trak", "avc1"), ("trak[1]", "mp4a")] {
            build::append(&mut file, &format!("moov/{trak}/mdia/minf/stbl/stsd/{entry}"), &[0; 4]);
        }
        assert!(drive::protect(&file, &none()).unwrap() == drive::protect(&plain, &none()).unwrap(), "{end}");
        let request = drive::request_in("cenc", "hybrid");
        let protected = drive::protect(&file, &request).unwrap();
        assert!(protected == drive::protect(&plain, &request).unwrap(), "{end}");
    }
}
