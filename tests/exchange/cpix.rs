//! CPIX documents: read, written, and read again.

use boxlock::bytes::{ContentKey, KeyId, Uuid16};
use boxlock::exchange::cpix::{
    Cpix, CpixKey, Encrypted, Period, Recipient, Rule, Span, System, TrackFacts, VideoFilter, assign,
};
use boxlock::exchange::{ListForm, read_keys};
use proptest::prelude::*;

use super::{KEY, KEY64, KID, KID2, kid};

/// A request of SPEKE 2.0, as awslabs/speke-reference-server has them for five tracks: no key, empty elements, rules.
fn speke_request() -> String {
    let kids = [KID, KID2, "03341606-452b-46dd-8934-7e0720ba4f21"];
    let keys: String = kids
        .iter()
        .map(|kid| {
            format!(
                "<cpix:ContentKey kid=\"{kid}\"\n  commonEncryptionScheme=\"cenc\">\n</cpix:ContentKey>\n"
            )
        })
        .collect();
    let systems: String = kids
        .iter()
        .map(|kid| {
            format!(
                "<cpix:DRMSystem kid=\"{kid}\" systemId=\"9a04f079-9840-4286-ab92-e65be0885f95\"><cpix:PSSH />\
                 <cpix:ContentProtectionData /><cpix:HLSSignalingData playlist=\"media\">\n</cpix:HLSSignalingData></cpix:DRMSystem>"
            )
        })
        .collect();
    let filters = [
        ("SD", "<cpix:VideoFilter maxPixels=\"589824\" />"),
        ("HD", "<cpix:VideoFilter minPixels=\"589825\" />"),
        ("STEREO_AUDIO", "<cpix:AudioFilter maxChannels=\"2\" />"),
    ];
    let rules: String = kids
        .iter()
        .zip(filters)
        .map(|(kid, (kind, filter))| {
            format!(
                "<cpix:ContentKeyUsageRule kid=\"{kid}\" intendedTrackType=\"{kind}\">\
                 <cpix:KeyPeriodFilter periodId=\"keyPeriod_1\"/>{filter}</cpix:ContentKeyUsageRule>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<cpix:CPIX contentId=\"test_case_2\" version=\"2.3\" xmlns:cpix=\"urn:dashif:org:cpix\" \
         xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\"><cpix:ContentKeyList>{keys}</cpix:ContentKeyList><cpix:DRMSystemList>{systems}\
         </cpix:DRMSystemList><cpix:ContentKeyPeriodList><cpix:ContentKeyPeriod id=\"keyPeriod_1\" index=\"0\"/></cpix:ContentKeyPeriodList>\
         <cpix:ContentKeyUsageRuleList>{rules}</cpix:ContentKeyUsageRuleList></cpix:CPIX>"
    )
}

fn track(id: u32, video: Option<(u64, u64)>, channels: Option<u64>) -> TrackFacts {
    TrackFacts {
        id,
        video: video.is_some(),
        audio: channels.is_some(),
        pixels: video.map(|(width, height)| width * height),
        channels,
        ..TrackFacts::default()
    }
}

#[test]
fn a_request_of_speke_is_read_and_its_rules_give_keys() {
    let parsed = Cpix::parse(&speke_request()).unwrap();
    assert_eq!(parsed.cpix.keys.len(), 3);
    assert_eq!(parsed.cpix.content_id.as_deref(), Some("test_case_2"));
    assert!(parsed.cpix.keys.iter().all(|key| key.key.is_none() && key.scheme.as_deref() == Some("cenc")));
    assert!(parsed.notes.iter().any(|note| note.contains("request")), "{:?}", parsed.notes);
    let tracks = [
        track(1, Some((640, 360)), None),
        track(2, Some((1920, 1080)), None),
        track(3, None, Some(2)),
        track(4, None, Some(6)),
    ];
    let given: Vec<_> =
        assign(&parsed.cpix, &tracks).unwrap().into_iter().map(|one| (one.track, one.kid)).collect();
    let third = kid("03341606-452b-46dd-8934-7e0720ba4f21");
    assert_eq!(given, [(1, Some(kid(KID))), (2, Some(kid(KID2))), (3, Some(third)), (4, None)]);
}

/// As pycpix and Vualto write them: upper-case KIDs, one without a namespace prefix, an IV of 16 characters.
#[test]
fn answers_of_services_are_read() {
    let pycpix = format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<CPIX xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" xmlns=\"urn:dashif:org:cpix\">\
         <ContentKeyList><ContentKey kid=\"{}\"><Data><pskc:Secret><pskc:PlainValue>\n {KEY64}\n</pskc:PlainValue></pskc:Secret></Data>\
         </ContentKey></ContentKeyList></CPIX>",
        KID.to_uppercase()
    );
    let vualto = format!(
        "<cpix:CPIX xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" xmlns:xsi=\"urn:ietf:params:xml:ns:keyprov:pskc\" \
         xmlns:cpix=\"urn:dashif:org:cpix\" xsi:schemaLocation=\"urn:dashif:org:cpix cpix.xsd\"><cpix:ContentKeyList>\
         <cpix:ContentKey kid=\"{KID}\" explicitIV=\"0123456789abcdef\"><cpix:Data><pskc:Secret><pskc:PlainValue>{KEY64}</pskc:PlainValue>\
         </pskc:Secret></cpix:Data></cpix:ContentKey></cpix:ContentKeyList><cpix:DRMSystemList><cpix:DRMSystem kid=\"{KID}\" \
         systemId=\"94ce86fb-07ff-4f43-adb8-93d2fa968ca2\"><cpix:URIExtXKey>YmFzZTY0</cpix:URIExtXKey></cpix:DRMSystem></cpix:DRMSystemList>\
         <cpix:ContentKeyUsageRuleList/></cpix:CPIX>"
    );
    for text in [&pycpix, &vualto] {
        let list = read_keys(text.as_bytes(), &[]).unwrap();
        assert_eq!(list.form, ListForm::Cpix);
        assert_eq!(list.keys[0].kid, Some(kid(KID)));
        assert_eq!(hex::encode(list.keys[0].key.as_ref().unwrap().0), KEY);
    }
    assert!(Cpix::parse(&vualto).unwrap().notes.iter().any(|note| note.contains("explicitIV")));
    // In UTF-16 with its mark, as an editor of Windows saves it.
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(pycpix.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read_keys(&utf16, &[]).unwrap().keys.len(), 1);
}

fn with_key(inside: &str) -> String {
    format!("<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyList>{inside}</ContentKeyList></CPIX>")
}

fn one_key(kid: &str, value: &str) -> String {
    format!(
        "<ContentKey kid=\"{kid}\"><Data><Secret><PlainValue>{value}</PlainValue></Secret></Data></ContentKey>"
    )
}

#[test]
fn what_is_wrong_with_a_document_is_said_and_no_key_with_it() {
    let rules = |filter: &str| {
        format!(
            "<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyList>{}</ContentKeyList><ContentKeyUsageRuleList>\
             <ContentKeyUsageRule kid=\"{KID}\">{filter}</ContentKeyUsageRule></ContentKeyUsageRuleList></CPIX>",
            one_key(KID, KEY64)
        )
    };
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">]><CPIX>&lol2;</CPIX>";
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE CPIX [<!ENTITY key SYSTEM \"file:///etc/passwd\">]><CPIX>&key;</CPIX>";
    for (text, code, words) in [
        ("<MPD/>".to_owned(), "not-cpix", "MPD"),
        ("<CPIX".to_owned(), "bad-xml", "not well-formed"),
        (with_key(&one_key(KID, KEY64)).replace("</CPIX>", ""), "bad-xml", "never closed"),
        (bomb.to_owned(), "xml-doctype", "document type"),
        (outside.to_owned(), "xml-doctype", "other files"),
        (with_key("&xxe;"), "xml-entity", "entity"),
        (with_key(&(one_key(KID, KEY64) + &one_key(&KID.to_uppercase(), KEY64))), "cpix-kid-twice", KID),
        (with_key(&one_key("", KEY64)), "cpix-kid", "UUID"),
        (with_key("<ContentKey/>"), "cpix-kid", "no kid"),
        (with_key(&one_key("00000000-0000-0000-0000-000000000000", KEY64)), "cpix-kid", "zeros"),
        (with_key(&one_key(KID, "OiobaN0r2bLusl6ExHdm")), "cpix-key", "15 bytes"),
        (with_key(&one_key(KID, "OiobaN0r2bLusl6ExHdmaDoqG2jdK9my7rJehMR3Zmg=")), "cpix-key", "32 bytes"),
        (with_key(&one_key(KID, "sw?rdfish")), "cpix-key", "9 characters"),
        (rules("<VideoFilter minPixels=\"x\"/>"), "cpix-filter", "minPixels"),
        (rules("<VideoFilter minPixels=\"99999999999999999999\"/>"), "cpix-filter", "minPixels"),
        (rules("<VideoFilter minPixels=\"2\" maxPixels=\"1\"/>"), "cpix-filter", "at least 2 and at most 1"),
        (rules("<VideoFilter hdr=\"maybe\"/>"), "cpix-filter", "hdr"),
    ] {
        let error = Cpix::parse(&text).unwrap_err();
        assert_eq!(error.code(), code, "{text}: {error}");
        assert!(error.message().contains(words), "{text}: {error}");
        for secret in [KEY64, "OiobaN0r2bLusl6ExHdm", "sw?rdfish"] {
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
    }
    // A filter that nobody knows: the document is read, its keys are there, and no rule of it is used.
    let unknown = Cpix::parse(&rules("<ContentTypeFilter kind=\"trailer\"/>")).unwrap();
    assert!(unknown.notes.iter().any(|note| note.contains("ContentTypeFilter")));
    let error = assign(&unknown.cpix, &[track(1, Some((1, 1)), None)]).unwrap_err();
    assert_eq!(error.code(), "cpix-unknown-filter");
    assert!(error.message().contains("ContentTypeFilter"), "{error}");
}

#[test]
fn two_rules_for_one_track_are_refused_and_both_kinds_in_a_rule_are_either() {
    let rule = |kid: KeyId, video: bool, audio: bool| Rule {
        kid,
        video: if video { vec![VideoFilter::default()] } else { Vec::new() },
        audio: if audio { vec![Span::default()] } else { Vec::new() },
        ..Rule::default()
    };
    let key = |kid: KeyId| CpixKey { kid, ..CpixKey::default() };
    let (one, two) = (kid(KID), kid(KID2));
    let mut document =
        Cpix { keys: vec![key(one), key(two)], rules: vec![rule(one, true, true)], ..Cpix::default() };
    let tracks = [track(1, Some((10, 10)), None), track(2, None, Some(2))];
    // As SPEKE writes it for all tracks.
    assert!(assign(&document, &tracks).unwrap().iter().all(|given| given.kid == Some(one)));
    document.rules.push(rule(two, true, false));
    let error = assign(&document, &tracks).unwrap_err();
    assert_eq!(error.code(), "cpix-two-keys");
    assert!(error.message().contains(KID) && error.message().contains(KID2), "{error}");
    document.rules[1] = rule(two, false, true);
    document.rules[0] = rule(one, true, false);
    let given: Vec<_> = assign(&document, &tracks).unwrap().into_iter().map(|given| given.kid).collect();
    assert_eq!(given, [Some(one), Some(two)]);
}

#[test]
fn each_period_has_its_key() {
    let rule = |kid, id: &str| Rule { kid, periods: vec![id.to_owned()], ..Rule::default() };
    let period = |id: &str, index| Period { id: id.to_owned(), index: Some(index), ..Period::default() };
    let document = Cpix {
        keys: [KID, KID2].map(|text| CpixKey { kid: kid(text), ..CpixKey::default() }).to_vec(),
        periods: vec![period("b", 1), period("a", 0)],
        rules: vec![rule(kid(KID), "a"), rule(kid(KID2), "b")],
        ..Cpix::default()
    };
    let given = assign(&document, &[track(1, Some((1, 1)), None)]).unwrap();
    let given: Vec<_> = given.into_iter().map(|one| (one.period, one.kid)).collect();
    assert_eq!(given, [(0, Some(kid(KID))), (1, Some(kid(KID2)))]);
}

#[test]
fn nothing_prints_a_key() {
    let list = read_keys(with_key(&one_key(KID, KEY64)).as_bytes(), &[]).unwrap();
    let printed = format!("{list:?}");
    assert!(
        !printed.contains("58, 42, 27") && !printed.contains(KEY64) && !printed.contains(KEY),
        "{printed}"
    );
}

fn words() -> impl Strategy<Value = String> {
    // Whatever XML must write otherwise, without spaces at the ends, which readers leave out.
    "[a-zA-Z0-9<>&\"'äß€._-][a-zA-Z0-9<>&\"' \tä._-]{0,10}[a-z0-9]"
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..60)
}

fn a_kid() -> impl Strategy<Value = KeyId> {
    any::<[u8; 16]>().prop_filter("not all zeros", |bytes| *bytes != [0; 16]).prop_map(KeyId)
}

fn a_value() -> impl Strategy<Value = Encrypted> {
    (words(), some_bytes(), prop::option::of(some_bytes())).prop_map(|(algorithm, value, mac)| Encrypted {
        algorithm,
        value,
        mac,
    })
}

fn a_span() -> impl Strategy<Value = Span> {
    prop::option::of(0_u64..1 << 53).prop_flat_map(|min| {
        prop::option::of(min.unwrap_or(0)..=1_u64 << 53).prop_map(move |max| Span { min, max })
    })
}

fn a_key() -> impl Strategy<Value = CpixKey> {
    let secret = prop_oneof![
        Just((None, None)),
        any::<[u8; 16]>().prop_map(|key| (Some(ContentKey(key)), None)),
        a_value().prop_map(|value| (None, Some(value))),
    ];
    (
        a_kid(),
        secret,
        prop::option::of(words()),
        prop::option::of(any::<[u8; 16]>()),
        prop::option::of(a_kid()),
    )
        .prop_map(|(kid, (key, encrypted), scheme, explicit_iv, depends_on)| CpixKey {
            kid,
            key,
            encrypted,
            scheme,
            explicit_iv,
            depends_on,
        })
}

fn a_system() -> impl Strategy<Value = System> {
    let hls = prop::collection::vec((prop::option::of(words()), some_bytes()), 0..3);
    (a_kid(), a_kid(), some_bytes(), some_bytes(), hls, words()).prop_map(
        |(system, kid, pssh, content_protection, hls, smooth)| System {
            system: Uuid16(system.0),
            kid,
            pssh,
            content_protection,
            hls,
            smooth,
        },
    )
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let video = (a_span(), a_span(), any::<Option<bool>>(), any::<Option<bool>>())
        .prop_map(|(pixels, fps, hdr, wcg)| VideoFilter { pixels, fps, hdr, wcg });
    let few = || prop::collection::vec(words(), 0..3);
    (
        a_kid(),
        prop::option::of(words()),
        few(),
        few(),
        prop::collection::vec(video, 0..3),
        prop::collection::vec(a_span(), 0..3),
        prop::collection::vec(a_span(), 0..3),
    )
        .prop_map(|(kid, track_type, periods, labels, video, audio, bitrate)| Rule {
            kid,
            track_type,
            periods,
            labels,
            video,
            audio,
            bitrate,
            unknown: Vec::new(),
        })
}

fn a_recipient() -> impl Strategy<Value = Recipient> {
    let key = || a_value().prop_map(|value| Encrypted { mac: None, ..value });
    (some_bytes(), a_value(), prop::option::of((words(), key())))
        .prop_map(|(certificate, document_key, mac)| Recipient { certificate, document_key, mac })
}

fn a_document() -> impl Strategy<Value = Cpix> {
    let period = (words(), any::<Option<u32>>(), prop::option::of(words()), prop::option::of(words()))
        .prop_map(|(id, index, label, start)| Period {
            id,
            index,
            label,
            times: start.into_iter().map(|time| ("start".to_owned(), time)).collect(),
        });
    (
        prop::option::of(words()),
        prop::option::of(words()),
        prop::collection::vec(a_recipient(), 0..3),
        prop::collection::vec(a_key(), 0..5),
        prop::collection::vec(a_system(), 0..5),
        prop::collection::vec(period, 0..4),
        prop::collection::vec(a_rule(), 0..5),
    )
        .prop_map(|(version, content_id, recipients, keys, systems, periods, rules)| Cpix {
            version,
            content_id,
            recipients,
            keys,
            systems,
            periods,
            rules,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_it_was(document in a_document()) {
        let text = document.to_xml();
        prop_assert_eq!(Cpix::parse(&text).unwrap().cpix, document);
    }

    #[test]
    fn a_document_that_is_changed_anywhere_is_read_or_refused(document in a_document(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = document.to_xml().as_bytes().to_vec();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = read_keys(&bytes, &[]);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read_keys(&bytes, &[]);
        let _ = boxlock::exchange::decode::decode(&bytes, &[]);
    }
}
