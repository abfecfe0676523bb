//! Whatever is pasted: it is decoded, read as a list of keys, given to tracks, written again, and taken as a request, without a
//! panic. What is read can be written, and says the same when it is read again.

#![no_main]

use boxlock::bytes::KeyId;
use boxlock::exchange::build::{BuildText, build};
use boxlock::exchange::cpix::{Cpix, TrackFacts};
use boxlock::exchange::request::{WriteRequest, read_tracks};
use boxlock::exchange::{KeyList, decode::decode, export, lines, read_keys, x509};
use libfuzzer_sys::fuzz_target;

/// A track of each kind that rules tell apart.
fn tracks() -> Vec<(TrackFacts, Option<KeyId>)> {
    let video = |id, pixels| TrackFacts { id, video: true, pixels: Some(pixels), ..TrackFacts::default() };
    let sound = TrackFacts { id: 3, audio: true, channels: Some(2), ..TrackFacts::default() };
    vec![(video(1, 640 * 360), Some(KeyId([7; 16]))), (video(2, 1920 * 1080), None), (sound, None)]
}

fn list(list: &KeyList) {
    let Ok(given) = list.assign(&tracks()) else { return };
    assert!(given.iter().all(|one| (1..=3).contains(&one.track)));
    let request = WriteRequest { keys: list.keys.clone(), tracks: tracks(), ..WriteRequest::default() };
    if let Ok(document) = export::document(&request) {
        let again = Cpix::parse(&document.to_xml()).expect("what is written is read").cpix;
        assert_eq!(again.keys, document.keys);
        assert_eq!((again.periods, again.rules), (document.periods, document.rules));
    }
    let text = lines::write(&list.keys);
    let _ = lines::commands(&list.keys, &lines::Opened { name: "a.mp4", video: true, ..lines::Opened::default() });
    if !text.is_empty() {
        assert!(read_keys(text.as_bytes(), &[]).is_ok(), "lines that are written are read");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let known = [KeyId([7; 16])];
    let _ = decode(bytes, &known);
    let _ = x509::certificate(bytes);
    let _ = x509::private_key(bytes);
    if let Ok(read) = read_keys(bytes, &known) {
        list(&read);
        if let Some(document) = &read.cpix
            && document.rules.iter().all(|rule| rule.unknown.is_empty())
        {
            assert!(Cpix::parse(&document.to_xml()).is_ok());
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(request) = BuildText::read(text)
        && let Ok(built) = build(&request)
    {
        assert_eq!(built.kind, "pro");
    }
    let _ = read_tracks(text);
    if let Ok(request) = WriteRequest::read(text)
        && let Ok(document) = export::document(&request)
    {
        assert!(Cpix::parse(&document.to_xml()).is_ok());
    }
});
