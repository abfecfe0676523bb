//! Plain files whose IVs stand in their sample tables become clear fragmented ones.

use super::{check_nothing_is_left, undo, unprotect};
use crate::support::drive::{self, Feed};
use crate::support::{ffmpeg, raw};

fn made(more: &str) -> Vec<u8> {
    let media = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=7 -f lavfi -i sine=440:duration=7 -c:v libx264 -preset \
                 ultrafast -x264-params sliced-threads=0 -g 25 -pix_fmt yuv420p -c:a aac -threads 1 -fflags +bitexact -flags +bitexact";
    ffmpeg::make_by(".mp4", &format!("{media} {more}"))
}

#[test]
fn what_ffmpeg_encrypts_becomes_clear() {
    if !ffmpeg::present() {
        return;
    }
    let kid = drive::KID.replace('-', "");
    let secret =
        format!("-encryption_scheme cenc-aes-ctr -encryption_key {} -encryption_kid {kid}", drive::KEY);
    let (clear, protected) = (made(""), made(&secret));
    let expected = drive::fragmented(&clear);
    let session = drive::open(&protected, Feed::Whole).unwrap();
    assert_eq!(session.check().unwrap_err().code(), "already-protected");
    let plan = drive::plan(&session, &undo(&[(drive::KID, drive::KEY)])).unwrap();
    assert_eq!(plan.undoes.len(), 2, "{:?}", plan.undoes);
    let back = unprotect(&protected, &[(drive::KID, drive::KEY)]).unwrap();
    check_nothing_is_left(&back);
    raw::check_pointers(&back);
    assert!(raw::by_track(&back) == raw::by_track(&expected));
    let wrong = unprotect(&protected, &[(drive::KID, "00112233445566778899aabbccddeef0")]).unwrap_err();
    assert_eq!(wrong.code(), "wrong-key", "{wrong}");
    // And on to another scheme, which others then decrypt.
    let request = boxlock::protect::RequestText {
        source_keys: undo(&[(drive::KID, drive::KEY)]).source_keys,
        iv_start: None,
        ..drive::request_in("cbcs", "plain")
    };
    let anew = drive::protect(&protected, &request).unwrap();
    for kind in ["v", "a"] {
        let decoded = ffmpeg::decode(&anew, Some(drive::KEY), kind);
        assert!(decoded == ffmpeg::decode(&expected, None, kind), "{kind}: {}", decoded.errors);
    }
}

/// Its headers and boxes change on the way to fragments, and no sample does.
#[test]
fn what_ffmpeg_encrypts_gets_headers_and_twins() {
    if !ffmpeg::present() {
        return;
    }
    let kid = drive::KID.replace('-', "");
    let protected = made(&format!(
        "-encryption_scheme cenc-aes-ctr -encryption_key {} -encryption_kid {kid}",
        drive::KEY
    ));
    let fragmented = drive::fragmented(&protected);
    // Every sample has an IV: what is for lists with gaps is known to few readers.
    for moof in raw::boxes(&fragmented, 0).iter().filter(|top| top.name == "moof") {
        for traf in moof.children().iter().filter(|it| it.name == "traf") {
            let [senc, saiz, saio] = ["senc", "saiz", "saio"].map(|name| traf.child(name).unwrap());
            assert_eq!(senc.version(), 0);
            assert_eq!(moof.start + raw::be32(saio.body(), 8) as usize, senc.start + 16);
            let (one, count) = (usize::from(saiz.body()[4]), raw::be32(saiz.body(), 5) as usize);
            let each = saiz.body()[9..].iter().map(|size| usize::from(*size));
            assert_eq!(one * count + each.sum::<usize>(), senc.end() - senc.start - 16);
        }
    }
    let moov = raw::boxes(&fragmented, 0).into_iter().find(|top| top.name == "moov").unwrap();
    for trak in moov.children().iter().filter(|it| it.name == "trak") {
        let stbl = trak.at("mdia/minf/stbl");
        assert!(["senc", "saiz", "saio"].iter().all(|name| stbl.child(name).is_none()));
    }
    let before = raw::by_track(&fragmented);
    let keep = boxlock::protect::RequestText {
        scheme: Some("keep".to_owned()),
        la_url: "https://licence.example/".to_owned(),
        ..Default::default()
    };
    for form in [None, Some("hybrid"), Some("piff"), Some("plain")] {
        let request = boxlock::protect::RequestText { form: form.map(str::to_owned), ..keep.clone() };
        let changed = drive::protect(&protected, &request).unwrap();
        raw::check_pointers(&changed);
        assert!(raw::by_track(&changed) == before, "{form:?}");
        let back = unprotect(&changed, &[(drive::KID, drive::KEY)]).unwrap();
        assert!(raw::by_track(&back) == raw::by_track(&drive::fragmented(&made(""))), "{form:?}");
        let moov = raw::boxes(&changed, 0).into_iter().find(|one| one.name == "moov").unwrap();
        let headers =
            moov.children().iter().filter(|one| ["pssh", raw::PIFF_PSSH].contains(&&*one.name)).count();
        assert!(headers > 0, "{form:?}");
        if form != Some("piff") {
            let decoded = ffmpeg::decode(&changed, Some(drive::KEY), "v");
            assert_eq!((decoded.frames.len(), &*decoded.errors), (175, ""), "{form:?}");
        }
    }
}
