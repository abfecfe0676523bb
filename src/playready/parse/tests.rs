//! What the reader forgives, keeps and refuses.

use super::*;

/// The KID `AAAAEAAQABAQABAAAAAAAQ==`.
const TEST_KID: u128 = 0x10000000_1000_1000_1000_100000000001;

/// `data` inside a header of `version`, read; with the codes of its notes.
fn read(version: &str, data: &str) -> (ParsedHeader, Vec<&'static str>) {
    let xml = format!(
        "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"{version}\">\
         <DATA>{data}</DATA></WRMHEADER>"
    );
    let parsed = Header::parse(&xml).unwrap();
    let codes = parsed.notes.iter().map(|note| note.code).collect();
    (parsed, codes)
}

const KID_ATTRIBUTES: &str =
    "<PROTECTINFO><KID ALGID=\"AESCTR\" VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID></PROTECTINFO>";

#[test]
fn slips_are_forgiven_and_noted() {
    let kid = KeyId(TEST_KID.to_be_bytes());
    for (version, data, code) in [
        (
            "4.1.0.0",
            "<PROTECTINFO><KID ALGID=\"AESCTR\" VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"/></PROTECTINFO>",
            "header-self-closed",
        ),
        (
            "4.1.0.0",
            "<PROTECTINFO><KID VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\" ALGID=\"AESCTR\"></KID></PROTECTINFO>",
            "header-attribute-order",
        ),
        (
            "4.1.0.0",
            "<PROTECTINFO><KID ALGID=\"AESCTR\" value=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID></PROTECTINFO>",
            "header-attribute-case",
        ),
        (
            "4.1.0.0",
            "<PROTECTINFO><KID @ALGID=\"AESCTR\" @VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID></PROTECTINFO>",
            "header-attribute-case",
        ),
        ("4.0.0.0", KID_ATTRIBUTES, "header-wrong-place"),
        (
            "4.1.0.0",
            "<PROTECTINFO><KIDS><KID ALGID=\"AESCTR\" VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID></KIDS></PROTECTINFO>",
            "header-wrong-place",
        ),
        (
            "4.2.0.0",
            "<PROTECTINFO><ALGID>AESCTR</ALGID></PROTECTINFO><KID>AAAAEAAQABAQABAAAAAAAQ==</KID>",
            "header-wrong-place",
        ),
        ("4.2.0.0", KID_ATTRIBUTES, "header-wrong-place"),
        ("4.1.0.0", "<KID ALGID=\"AESCTR\" VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID>", "header-wrong-place"),
        ("4.1", KID_ATTRIBUTES, "unknown-header-version"),
        (
            "4.0.0.0",
            "<PROTECTINFO><KEYLEN>8</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>AAAAEAAQABAQABAAAAAAAQ==</KID>",
            "header-keylen",
        ),
    ] {
        let (parsed, codes) = read(version, data);
        assert_eq!(codes, [code], "{data}");
        let [key] = &parsed.header.keys[..] else { panic!("{data}") };
        assert_eq!((key.kid, key.algorithm, key.checksum), (kid, Some(Algorithm::AesCtr), None), "{data}");
    }
}

#[test]
fn other_slips_are_noted_too() {
    for (extra, code) in [
        ("<LAURL>https://x</LAURL>", "header-laurl"),
        ("<LA_URL></LA_URL>", "header-empty-element"),
        ("<LA_URL>https://x</LA_URL><LA_URL>https://y</LA_URL>", "header-twice"),
        ("<LA_URL>https://x?a=1&b=2</LA_URL>", "header-bare-ampersand"),
        ("<DS_ID>AAAA</DS_ID>", "header-ds-id"),
        ("<CHECKSUM>AAAA</CHECKSUM>", "header-checksum"),
        ("<?x?>", "header-declaration"),
    ] {
        let (_, codes) = read("4.1.0.0", &format!("{KID_ATTRIBUTES}{extra}"));
        assert_eq!(codes, [code], "{extra}");
    }
    for (parsed, code) in [
        (read("4.1.0.0", ""), "header-no-kid"),
        (
            read("4.1.0.0", "<PROTECTINFO><KID VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\"></KID></PROTECTINFO>"),
            "header-no-algid",
        ),
        (read("4.1.0.0", &KID_ATTRIBUTES.replace("AESCTR", "AES")), "header-algid"),
    ] {
        assert_eq!(parsed.1.first(), Some(&code));
    }
    let xml = "\u{FEFF}<WRMHEADER version=\"4.1.0.0\"><DATA><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP></DATA></WRMHEADER> x\0";
    let codes: Vec<_> = Header::parse(xml).unwrap().notes.iter().map(|note| note.code).collect();
    assert_eq!(codes, ["header-bom", "header-trailing-nul", "header-trailing", "header-namespace"]);
}

#[test]
fn a_prefix_stands_for_the_namespace_it_was_declared_with() {
    let codes = |open: &str, inner: &str| {
        let close = open.split(' ').next().unwrap();
        let xml = format!("<{open} version=\"4.1.0.0\">{inner}</{close}>");
        Header::parse(&xml).unwrap().notes.iter().map(|note| note.code).collect::<Vec<_>>()
    };
    let (prefixed, plain) =
        (format!("p:WRMHEADER xmlns:p=\"{NAMESPACE}\""), format!("WRMHEADER xmlns=\"{NAMESPACE}\""));
    let data = "<DATA><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP></DATA>";
    assert_eq!(codes(&plain, data), [""; 0]);
    assert_eq!(codes(&prefixed, "<p:DATA><p:DECRYPTORSETUP>ONDEMAND</p:DECRYPTORSETUP></p:DATA>"), [""; 0]);
    assert_eq!(codes(&prefixed, data), ["header-namespace"]);
    assert_eq!(codes(&prefixed.replacen("p:W", "W", 1), data), ["header-namespace"]);
    assert_eq!(codes(&prefixed.replacen("xmlns:p", "xmlns:q", 1), data), ["header-namespace"]);
    assert_eq!(codes(&plain, &data.replace("<DATA>", "<DATA xmlns=\"\">")), ["header-namespace"]);
    // What is its writer's own may be in any.
    let own = data.replace("</DATA>", "<CUSTOMATTRIBUTES xmlns=\"\"><KID></KID></CUSTOMATTRIBUTES></DATA>");
    assert_eq!(codes(&plain, &own), [""; 0]);
}

#[test]
fn urls_are_unescaped_and_bare_ampersands_survive() {
    for (written, meant) in [
        ("https://x/?a=1&amp;b=&#x32;&#50;&lt;&gt;&quot;&apos;", "https://x/?a=1&b=22<>\"'"),
        ("\n  https://x/  \n", "https://x/"),
        ("https://x/?a=1&b=2&c", "https://x/?a=1&b=2&c"),
        ("https://x/?a&b;c", "https://x/?a&b;c"),
        ("<![CDATA[https://x/?a=1&b=2]]>", "https://x/?a=1&b=2"),
    ] {
        let (parsed, _) = read("4.1.0.0", &format!("{KID_ATTRIBUTES}<LA_URL>{written}</LA_URL>"));
        assert_eq!(parsed.header.la_url.as_deref(), Some(meant));
    }
}

#[test]
fn unknown_parts_are_kept_for_display() {
    let (parsed, codes) = read(
        "4.3.0.0",
        "<PROTECTINFO LICENSEREQUESTED=\"true\"><KIDS><KID ALGID=\"AESCTR\" NEW=\"1\" VALUE=\"AAAAEAAQABAQABAAAAAAAQ==\">\
         </KID></KIDS><FOO>1 &amp; <b></b></FOO></PROTECTINFO><BAR></BAR>\
         <CUSTOMATTRIBUTES xmlns=\"\"><CID>7</CID></CUSTOMATTRIBUTES><DECRYPTORSETUP>LATER</DECRYPTORSETUP>",
    );
    assert_eq!(codes, [""; 0]);
    let unknown: Vec<_> = parsed.unknown.iter().map(|u| (u.name.as_str(), u.value.as_str())).collect();
    assert_eq!(
        unknown,
        [
            ("PROTECTINFO@LICENSEREQUESTED", "true"),
            ("KID@NEW", "1"),
            ("PROTECTINFO/FOO", "1 &amp; <b></b>"),
            ("BAR", ""),
            ("CUSTOMATTRIBUTES@xmlns", ""),
            ("DECRYPTORSETUP", "LATER"),
        ]
    );
    assert_eq!(parsed.header.custom_attributes.as_deref(), Some("<CID>7</CID>"));
    assert!(!parsed.header.on_demand);
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let deep = format!("<WRMHEADER version=\"4.0.0.0\">{}", "<a>".repeat(40));
    let wide = format!("<WRMHEADER version=\"4.0.0.0\"{}></WRMHEADER>", " a=\"\"".repeat(70));
    for (xml, code) in [
        ("", "bad-header-xml"),
        ("hello", "bad-header-xml"),
        ("<WRMHEADER version=\"4.0.0.0\">", "bad-header-xml"),
        ("<WRMHEADER version=\"4.0.0.0\"></DATA>", "bad-header-xml"),
        ("<WRMHEADER version=\"4.0.0.0\" x></WRMHEADER>", "bad-header-xml"),
        ("<!DOCTYPE x [<!ENTITY a \"b\">]><WRMHEADER version=\"4.0.0.0\"></WRMHEADER>", "bad-header-xml"),
        ("<PROTECTION></PROTECTION>", "not-playready-header"),
        ("<WRMHEADER></WRMHEADER>", "not-playready-header"),
        ("<WRMHEADER version=\"5.0.0.0\"></WRMHEADER>", "unknown-header-version"),
        ("<WRMHEADER version=\"4.0.0.0\"><DATA><KID>AAAA</KID></DATA></WRMHEADER>", "bad-header-kid"),
        ("<WRMHEADER version=\"4.0.0.0\"><DATA><KID>?</KID></DATA></WRMHEADER>", "bad-header-kid"),
        (&deep, "header-too-deep"),
        (&wide, "header-too-long"),
        (&"x".repeat(300 << 10), "header-too-long"),
    ] {
        assert_eq!(Header::parse(xml).unwrap_err().code(), code, "{xml:.80}");
    }
}
