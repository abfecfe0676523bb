//! Files that break the rules of DRM headers.

use super::build::{
    append, boxed, copy, find, front, hide, kid, object, protected, remove, set, splice, with_object,
    with_other, with_xml, xml,
};
use super::rules::{Case, case};

fn cenc_front() -> Vec<u8> {
    front(protected("cenc", "plain"))
}

fn cenc() -> Vec<u8> {
    protected("cenc", "plain")
}

const URL: &str = "https://licence.example/rightsmanager.asmx";

pub fn cases() -> Vec<Case> {
    let mut all = systems();
    all.extend(objects());
    all.extend(elements());
    all.extend(addresses());
    all
}

fn systems() -> Vec<Case> {
    vec![
        case(
            "no-drm-header",
            cenc_front,
            |file| {
                hide(file, "moov/pssh[1]");
                hide(file, "moov/pssh");
            },
            &[],
        ),
        case(
            "pssh-place",
            cenc_front,
            |file| {
                let pssh = copy(file, "moov/pssh");
                remove(file, "moov/pssh");
                let body = find(file, "moov").body;
                splice(file, "moov", body..body, &pssh);
            },
            &[],
        ),
        case(
            "pssh-in-moof",
            cenc,
            |file| {
                let pssh = copy(file, "moov/pssh");
                append(file, "moof", &pssh);
            },
            &[],
        ),
        case(
            "pssh-version",
            cenc_front,
            |file| {
                let body = find(file, "moov/pssh").body;
                file[body] = 1;
                splice(file, "moov/pssh", body + 20..body + 20, &[0; 4]);
            },
            &[],
        ),
        case(
            "header-kid",
            cenc_front,
            |file| set(file, "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/tenc", 8, &[9]),
            &[],
        ),
        case(
            "header-algorithm",
            || front(protected("cbcs", "plain")),
            |file| set(file, "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schm", 4, b"cenc"),
            &["ctr-constant-iv", "unused-pattern"],
        ),
    ]
}

fn objects() -> Vec<Case> {
    vec![
        case(
            "pro-length",
            cenc_front,
            |file| {
                let at = find(file, "moov/pssh").body + 24;
                file[at] ^= 1;
            },
            &[],
        ),
        case(
            "pro-trailing",
            cenc_front,
            |file| {
                let mut bytes = object(b"<\0");
                bytes.extend([0; 2]);
                bytes[0] += 2;
                *file = with_object(&bytes);
            },
            &[],
        ),
        case(
            "pro-records",
            cenc_front,
            |file| {
                let mut bytes = object(b"<\0");
                bytes[8] = 90;
                *file = with_object(&bytes);
            },
            &[],
        ),
        case(
            "pro-no-header",
            cenc_front,
            |file| {
                let mut bytes = object(b"<\0");
                bytes[6] = 3;
                *file = with_object(&bytes);
            },
            &[],
        ),
        case(
            "header-length",
            cenc_front,
            |file| {
                let much = format!("<LUI_URL>https://a.example/{}</LUI_URL></DATA>", "x".repeat(3000));
                *file = with_other("</DATA>", &much);
            },
            &[],
        ),
        case("header-encoding", cenc_front, |file| *file = with_object(&object(b"<\0a")), &[]),
        case("header-bom", cenc_front, |file| *file = with_xml(&format!("\u{feff}{}", xml())), &[]),
        case("header-trailing-nul", cenc_front, |file| *file = with_xml(&format!("{}\0", xml())), &[]),
        case("bad-header-xml", cenc_front, |file| *file = with_other("</DATA>", "</DAT>"), &[]),
        case("not-playready-header", cenc_front, |file| *file = with_xml("<a version=\"4.0.0.0\"></a>"), &[]),
        case("header-namespace", cenc_front, |file| *file = with_other("2007/03", "2008/03"), &[]),
        case("unknown-header-version", cenc_front, |file| *file = with_other("4.0.0.0", "5.0.0.0"), &[]),
        case(
            "header-declaration",
            cenc_front,
            |file| *file = with_xml(&format!("<?xml version=\"1.0\"?>{}", xml())),
            &[],
        ),
        case("header-trailing", cenc_front, |file| *file = with_xml(&format!("{}x", xml())), &[]),
        case(
            "header-attribute-order",
            cenc_front,
            |file| {
                let xml = xml();
                let names = "xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\"";
                assert!(xml.contains(&format!("{names} version=\"4.0.0.0\"")), "{xml}");
                *file = with_xml(&xml.replace(
                    &format!("{names} version=\"4.0.0.0\""),
                    &format!("version=\"4.0.0.0\" {names}"),
                ));
            },
            &[],
        ),
        case(
            "header-too-long",
            cenc_front,
            |file| {
                let many: String = (0..300).map(|number| format!(" a{number}=\"\"")).collect();
                *file = with_other("<DATA>", &format!("<DATA{many}>"));
            },
            &[],
        ),
        case(
            "header-too-deep",
            cenc_front,
            |file| {
                let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
                *file = with_other("</DATA>", &format!("{deep}</DATA>"));
            },
            &[],
        ),
    ]
}

fn elements() -> Vec<Case> {
    vec![
        case("header-checksum", cenc_front, |file| *file = with_other("<CHECKSUM>", "<CHECKSUM>AAAA"), &[]),
        case(
            "bad-header-version",
            cenc_front,
            |file| *file = with_other("AESCTR", "AESCBC"),
            &["header-algorithm"],
        ),
        case(
            "bad-kid",
            cenc_front,
            |file| {
                let xml = xml();
                let from = xml.find("<KID>").unwrap() + 5;
                let old = &xml[from..from + 24];
                *file = with_xml(&xml.replace(old, &kid([0; 16])));
            },
            &["header-kid"],
        ),
        case("bad-header-kid", cenc_front, |file| *file = with_other("<KID>", "<KID>AAAA"), &[]),
        case(
            "header-no-kid",
            cenc_front,
            |file| {
                let xml = xml();
                let (from, to) = (xml.find("<KID>").unwrap(), xml.find("</KID>").unwrap() + 6);
                *file = with_xml(&xml.replace(&xml[from..to], ""));
            },
            &[],
        ),
        case(
            "header-no-algid",
            cenc_front,
            |file| *file = with_other("<ALGID>AESCTR</ALGID>", ""),
            &["bad-header-version"],
        ),
        case(
            "header-algid",
            cenc_front,
            |file| *file = with_other("AESCTR", "AESXYZ"),
            &["bad-header-version", "header-no-algid"],
        ),
        case("header-keylen", cenc_front, |file| *file = with_other("<KEYLEN>16<", "<KEYLEN>7<"), &[]),
        case(
            "header-ds-id",
            cenc_front,
            |file| *file = with_other("</DATA>", "<DS_ID>AAAA</DS_ID></DATA>"),
            &[],
        ),
        case(
            "header-laurl",
            cenc_front,
            |file| *file = with_xml(&xml().replace("LA_URL>", "LAURL>")),
            &["licence-url-missing"],
        ),
        case(
            "header-twice",
            cenc_front,
            |file| {
                *file = with_other(
                    "<LA_URL>",
                    "<LUI_URL>https://a.example/</LUI_URL><LUI_URL>https://b.example/</LUI_URL><LA_URL>",
                )
            },
            &[],
        ),
        case(
            "header-empty-element",
            cenc_front,
            |file| *file = with_other("</DATA>", "<LUI_URL></LUI_URL></DATA>"),
            &[],
        ),
        case(
            "header-attribute-case",
            cenc_front,
            |file| {
                let xml = xml();
                let from = xml.find("<KID>").unwrap() + 5;
                let kid = &xml[from..from + 24];
                let key = format!("<KIDS><KID ALGID=\"AESCTR\" value=\"{kid}\"></KID></KIDS>");
                *file = with_xml(
                    &xml.replace("4.0.0.0", "4.2.0.0")
                        .replace("<KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID>", &key)
                        .replace(&format!("<KID>{kid}</KID>"), "")
                        .replace(checksum(&xml), ""),
                );
            },
            &[],
        ),
        case(
            "header-wrong-place",
            cenc_front,
            |file| {
                let xml = xml();
                *file = with_xml(&xml.replace("4.0.0.0", "4.1.0.0"));
            },
            &[],
        ),
        case(
            "header-self-closed",
            cenc_front,
            |file| *file = with_other("</DATA>", "<DECRYPTORSETUP/></DATA>"),
            &[],
        ),
        case(
            "header-bare-ampersand",
            cenc_front,
            |file| *file = with_other(URL, &format!("{URL}?a=1&b=2")),
            &[],
        ),
        case(
            "bad-custom-attributes",
            cenc_front,
            |file| {
                *file = with_other(
                    "</DATA>",
                    &format!("<CUSTOMATTRIBUTES><a>{}</a></CUSTOMATTRIBUTES></DATA>", "x".repeat(1100)),
                )
            },
            &[],
        ),
    ]
}

fn checksum(xml: &str) -> &str {
    let (from, to) = (xml.find("<CHECKSUM>").unwrap(), xml.find("</CHECKSUM>").unwrap() + 11);
    &xml[from..to]
}

fn addresses() -> Vec<Case> {
    vec![
        case(
            "licence-url-missing",
            cenc_front,
            |file| *file = with_other(&format!("<LA_URL>{URL}</LA_URL>"), ""),
            &[],
        ),
        case("bad-url", cenc_front, |file| *file = with_other(URL, "licence.example"), &[]),
        case("licence-url-http", cenc_front, |file| *file = with_other("https://", "http://"), &[]),
        case(
            "licence-url-long",
            cenc_front,
            |file| *file = with_other(URL, &format!("{URL}?{}", "x".repeat(200))),
            &[],
        ),
        case(
            "licence-url-key",
            cenc_front,
            |file| *file = with_other(URL, &format!("{URL}?contentkey=1")),
            &[],
        ),
    ]
}

#[test]
fn key_ids_that_headers_list_are_those_of_tracks() {
    const CLEAR_KEY: [u8; 16] = 0xe2719d58_a985_b3c9_781a_b030af78d30e_u128.to_be_bytes();
    const WIDEVINE: [u8; 16] = 0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed_u128.to_be_bytes();
    let sound = cenc_front();
    let tenc = find(&sound, "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/tenc").body;
    let own: [u8; 16] = sound[tenc + 8..tenc + 24].try_into().unwrap();
    let other = [7; 16];
    let listed = |kids: &[[u8; 16]]| {
        let count = u32::try_from(kids.len()).unwrap().to_be_bytes();
        boxed(b"pssh", &[&[1, 0, 0, 0], &CLEAR_KEY, &count, &kids.concat(), &[0; 4]])
    };
    let widevine = |kids: &[[u8; 16]]| {
        let message: Vec<u8> = kids.iter().flat_map(|kid| [&[0x12, 16][..], kid].concat()).collect();
        let message = [&message[..], &[0x1a, 1, b'x', 0x48, 0xe3, 0xdc, 0x95, 0x9b, 0x06]].concat();
        let size = u32::try_from(message.len()).unwrap().to_be_bytes();
        boxed(b"pssh", &[&[0; 4], &WIDEVINE, &size, &message])
    };
    let hidden = |kids: &[[u8; 16]]| {
        let mut pssh = widevine(kids);
        // No message: a field that ends behind it.
        pssh[33] = 0x7f;
        pssh
    };
    for (headers, count) in [
        (vec![listed(&[own])], 0),
        (vec![listed(&[])], 0),
        (vec![listed(&[other, own])], 0),
        (vec![listed(&[other])], 1),
        (vec![listed(&[other]), listed(&[own])], 0),
        (vec![listed(&[other]), listed(&[])], 0),
        (vec![widevine(&[own])], 0),
        (vec![widevine(&[])], 0),
        (vec![widevine(&[other])], 1),
        (vec![hidden(&[other])], 0),
        (vec![widevine(&[other]), widevine(&[own])], 0),
        (vec![widevine(&[other]), listed(&[other])], 2),
    ] {
        let mut file = sound.clone();
        headers.iter().for_each(|header| append(&mut file, "moov", header));
        let all = super::findings(&file);
        assert_eq!(all.findings.iter().filter(|one| one.rule == "header-kid").count(), count, "{headers:?}");
    }
}
