//! Plain files made fragmented and no more: the same packets, nothing of protection, and refused where nothing is to do.

use boxlock::protect::RequestText;

use super::drive::{self, Feed};
use super::support::ffmpeg::{self, packets};
use super::support::shaka;
use super::{MADE, MOVED_BY_FFMPEG, bento4_decrypt, make, none, raw, said};

#[test]
fn without_protection_every_packet_stays_and_nothing_of_keys_is_in_it() {
    if !ffmpeg::present() {
        return;
    }
    let packager = shaka::program();
    for (name, end, arguments) in MADE {
        let plain = make(end, arguments);
        let made = drive::protect(&plain, &none()).unwrap();
        raw::check_pointers(&made);
        let mut before = packets(&plain);
        assert!(before.len() > 200, "{name}");
        if *name == MOVED_BY_FFMPEG.0 {
            for (_, dts, pts, ..) in before.iter_mut().filter(|packet| packet.0 == 0) {
                (*dts, *pts) = (*dts + MOVED_BY_FFMPEG.1, *pts + MOVED_BY_FFMPEG.1);
            }
        }
        assert!(before == packets(&made), "{name}");
        assert_eq!(said(&plain), said(&made), "{name}");
        // Samples that stand in an `mdat` may spell anything.
        for top in raw::boxes(&made, 0).iter().filter(|top| top.name != "mdat") {
            for code in [b"pssh", b"sinf", b"tenc", b"senc", b"saiz", b"encv", b"enca"] {
                assert!(!top.body().windows(4).any(|four| four == code), "{name}: {}", top.name);
            }
        }
        let samples = drive::samples(&made);
        assert!(drive::samples(&bento4_decrypt(&made, &[])) == samples, "{name}: Bento4");
        let Some(packager) = &packager else { continue };
        if let Some(video) = samples.get(&1).filter(|_| !name.starts_with("sound ")) {
            assert!(
                shaka::read(packager, &made, "video", false).unwrap() == *video,
                "{name}: Shaka Packager"
            );
        }
    }
}

#[test]
fn what_cannot_be_protected_can_be_fragmented() {
    if !ffmpeg::present() {
        return;
    }
    let plain = make(".mp4", "-an -c:v mpeg4 -g 25");
    let usual = drive::plan(&drive::open(&plain, Feed::Exact).unwrap(), &drive::request("hybrid"));
    assert_eq!(usual.unwrap_err().code(), "no-track");
    let made = drive::protect(&plain, &none()).unwrap();
    assert!(packets(&plain) == packets(&made));
}

#[test]
fn what_is_fragmented_already_is_refused_unless_it_was_joined() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let session = drive::open(sample, Feed::Exact).unwrap();
    let error = drive::plan(&session, &none()).unwrap_err();
    assert_eq!((error.code(), error.field()), ("nothing-to-do", Some("scheme")));
    let first = session.index().unwrap().fragments[0].start;
    let joined = session.joined(vec![0, first]);
    let plan = drive::plan(&joined, &none()).unwrap();
    assert!(plan.keys.is_empty() && !plan.protects());
    assert_eq!(plan.warnings(), ["Nothing is encrypted: all of the file stays open to everyone."]);
    let made = drive::protect_opened(&joined, sample, &none()).unwrap();
    assert_eq!(drive::samples(&made), drive::samples(sample));
}

#[test]
fn nothing_can_be_asked_of_protection_that_is_not_there() {
    let text = |text: &str| Some(text.to_owned());
    let asked = [
        ("laUrl", RequestText { la_url: "https://licence.example/".to_owned(), ..none() }),
        ("key", RequestText { key: drive::request("plain").key, ..none() }),
        ("form", RequestText { form: text("plain"), ..none() }),
        ("tracks", RequestText { tracks: Some(vec![1]), ..none() }),
        ("widevine", RequestText { widevine: true, ..none() }),
        ("pssh", RequestText { pssh: text("AAAA"), ..none() }),
        ("ivSize", RequestText { iv_size: text("16"), ..none() }),
    ];
    for (field, request) in asked {
        let error = boxlock::protect::Request::parse(&request, &drive::not_random()).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-scheme", Some(field)), "{error}");
    }
}
