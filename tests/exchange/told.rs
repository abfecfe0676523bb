//! What is said of lists and headers, and what is left unsaid: each sentence has something that calls for it.

use boxlock::exchange::build::{BuildText, build};
use boxlock::exchange::decode::{Decoded, decode};
use boxlock::exchange::lines::{Opened, commands};
use boxlock::exchange::read_keys;
use boxlock::exchange::request::read_tracks;

use super::{KEY, KEY2, KID, KID2, kid};

fn built(more: &str) -> Decoded {
    build(&BuildText::read(&format!("{{\"kid\":\"{KID}\"{more}}}")).unwrap()).unwrap()
}

fn printed(found: &Decoded) -> String {
    let own = found.facts.iter().map(|fact| fact.value.0.clone());
    let own = own.chain(found.problems.iter().map(|fault| fault.message.clone()));
    let forms = found.forms.iter().map(|form| format!("{} {}", form.name, form.value.0));
    own.chain(forms).chain(found.inside.iter().map(printed)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_names_each_key_once_and_gives_it_to_its_track() {
    let error = read_keys(format!("{KID}:{KEY}\n{KID}:{KEY2}").as_bytes(), &[]).unwrap_err();
    assert_eq!(error.code(), "keys-kid-twice");
    let tracks = format!(
        "[{{\"id\":1,\"kind\":\"video\",\"width\":640,\"height\":360,\"kid\":\"{KID}\"}},{{\"id\":2,\"kind\":\"audio\"}}]"
    );
    let tracks = read_tracks(&tracks).unwrap();
    let given = |text: &str| -> Vec<_> {
        let list = read_keys(text.as_bytes(), &[]).unwrap();
        list.assign(&tracks).unwrap().into_iter().map(|one| one.kid).collect()
    };
    assert_eq!(given(&format!("{KID2}:{KEY2}\n{KID}:{KEY}")), [Some(kid(KID)), None]);
    let sheet = format!(
        "{{\"keys\":[{{\"kid\":\"{KID}\",\"key\":\"{KEY}\"}},{{\"kid\":\"{KID2}\",\"key\":\"{KEY2}\",\"class\":\"audio\"}}]}}"
    );
    assert_eq!(given(&sheet), [Some(kid(KID)), Some(kid(KID2))]);
    let by_tracks = format!(
        "{{\"keys\":[{{\"kid\":\"{KID2}\",\"key\":\"{KEY2}\"}},{{\"kid\":\"{KID}\",\"key\":\"{KEY}\"}}],\"tracks\":[{{\"id\":2,\"kid\":\"{KID2}\"}}]}}"
    );
    assert_eq!(given(&by_tracks), [Some(kid(KID)), Some(kid(KID2))]);
}

#[test]
fn lines_for_files_with_piff_boxes_alone_go_by_track() {
    let list = read_keys(format!("{KID}:{KEY}").as_bytes(), &[]).unwrap();
    let opened = Opened { name: "a.ismv", piff: true, tracks: vec![(7, kid(KID))], ..Opened::default() };
    let all = commands(&list.keys, &opened);
    assert_eq!(all.len(), 1);
    assert_eq!(*all[0].line, format!("mp4decrypt --key 7:{KEY} a.ismv a.clear.mp4"));
}

#[test]
fn what_is_built_has_all_that_was_asked() {
    let found = printed(&built(",\"decryptorSetup\":\"ondemand\",\"luiUrl\":\"https://lui.example/\""));
    assert!(
        found.contains("<LUI_URL>https://lui.example/</LUI_URL>") && found.contains("ONDEMAND"),
        "{found}"
    );
    assert!(found.contains("version=\"4.1.0.0\"") && found.contains("W3C common"), "{found}");
    assert!(printed(&built(",\"dsId\":\"AAAAAAAAAAAAAAAAAAAAAQ==\"")).contains("<DS_ID>"));
    let seed = printed(&built(",\"keySeed\":\"XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I\""));
    assert!(seed.contains("<CHECKSUM>"), "{seed}");
}

#[test]
fn long_lists_are_whole_and_lines_of_boxes_are_each_decoded() {
    let all: String = (1..=150).map(|n| format!("{n:032x}:{KEY}\n")).collect();
    let found = decode(all.as_bytes(), &[]);
    assert!(printed(&found).contains("the first 100 are shown"));
    assert!(found.forms[0].value.0.contains(&format!("{:032x}", 150)));
    let one = built("");
    let pssh = &one.forms.iter().find(|form| form.id == "pssh").unwrap().value.0;
    let found = decode(format!("{pssh}\n{pssh}\n").as_bytes(), &[]);
    assert_eq!((found.kind, found.inside.len()), ("several", 2));
    assert!(found.inside.iter().all(|each| each.kind == "pssh"), "{found:?}");
}

#[test]
fn pem_and_text_in_utf16_are_known() {
    assert_eq!(
        decode(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &[]).kind,
        "certificate"
    );
    assert_eq!(decode(b"-----BEGIN RSA PRIVATE KEY-----\nAAAA", &[]).kind, "private-key");
    let big: Vec<u8> = format!("{KID}:{KEY}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(read_keys(&big, &[]).unwrap().keys.len(), 1);
    assert_eq!(read_keys(&[&[0xFE, 0xFF][..], &big].concat(), &[]).unwrap().keys.len(), 1);
    assert!(decode(b"\0\0\0\x14moof", &[]).title.contains("media file"));
}
