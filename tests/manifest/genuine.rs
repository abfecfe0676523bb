//! The manifests of the corpus: what they say, what is found in them, and that ours of the same file say the same.

use boxlock::manifest::Parsed;
use boxlock::manifest::smooth::{Chunk, Client, Server};

use super::{ids, read, set, support, text};

fn corpus(name: &str) -> Option<String> {
    let bytes = support::corpus_file(name);
    if bytes.is_none() {
        support::not_run("the corpus of manifests is not here");
    }
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

// Where something stands is no part of what it says.

fn server(parsed: Parsed) -> Server {
    let Parsed::Server(mut server) = parsed else { panic!("a server manifest") };
    server.entries.iter_mut().for_each(|entry| entry.at = 0);
    server
}

fn client(parsed: Parsed) -> Client {
    let Parsed::Client(mut client) = parsed else { panic!("a client manifest") };
    client.protections.iter_mut().for_each(|protection| protection.at = 0);
    for stream in &mut client.streams {
        stream.at = 0;
        stream.levels.iter_mut().for_each(|level| level.at = 0);
    }
    client
}

#[test]
fn what_is_written_of_microsofts_file_is_what_microsoft_wrote() {
    let (Some(ism), Some(ismc)) =
        (corpus("smooth/azure-sdk__small.ism"), corpus("smooth/azure-sdk__small.ismc"))
    else {
        return;
    };
    let file = set::of("small.ismv", &support::corpus_file("smooth/azure-sdk__small.ismv").unwrap());
    let (theirs, found) = read(&ism, std::slice::from_ref(&file));
    assert_eq!(ids(&found), [""; 0], "{found:?}");
    let written = boxlock::manifest::write(
        std::slice::from_ref(&file),
        &boxlock::manifest::Wishes { name: "small".to_owned(), ..Default::default() },
    )
    .unwrap();
    let (ours, found) = read(text(&written, "ism"), std::slice::from_ref(&file));
    assert_eq!(ids(&found), [""; 0], "{found:?}");
    let (theirs, ours) = (server(theirs), server(ours));
    // The bitrate is theirs to the bit.
    assert_eq!(ours, theirs);
    let (theirs, found) = read(&ismc, std::slice::from_ref(&file));
    assert_eq!(ids(&found), [""; 0], "{found:?}");
    let (ours, found) = read(text(&written, "ismc"), std::slice::from_ref(&file));
    assert_eq!(ids(&found), [""; 0], "{found:?}");
    assert_eq!(client(ours), client(theirs));
}

/// Name, version, number of streams, of qualities and fragments of each, and rules that are broken.
type Case = (&'static str, (u64, u64), usize, &'static [usize], &'static [usize], &'static [&'static str]);

#[test]
fn manifests_of_others_are_read_and_their_faults_are_told() {
    let cases: [Case; 6] = [
        (
            "smooth/rx-player__Manifest_Regular.xml",
            (2, 1),
            2,
            &[8, 1],
            &[38, 38],
            &["ismc-first-time", "ismc-first-time"],
        ),
        (
            "smooth/rx-player__Manifest_Custom_Attributes.xml",
            (2, 1),
            2,
            &[8, 1],
            &[38, 38],
            &["ismc-first-time", "ismc-first-time"],
        ),
        (
            "smooth/rx-player__static_manifests_for_metaplaylist__smooth_content.ism",
            (2, 1),
            1,
            &[1],
            &[29],
            &["ismc-empty-private-data", "ismc-first-time"],
        ),
        ("manifests/xbmc__TearsOfSteel.ism", (2, 0), 3, &[8, 1, 1], &[368, 364, 364], &[]),
        ("manifests/dashjs__mss__manifest.xml", (1, 0), 2, &[6, 1], &[208, 208], &["ismc-version"]),
        (
            "manifests/dashjs__mss__manifestSubtype.xml",
            (2, 0),
            6,
            &[4, 1, 1, 1, 0, 0],
            &[3, 3, 3, 3, 0, 0],
            &["ismc-system-id", "ismc-url"],
        ),
    ];
    for (name, version, streams, levels, chunks, expected) in cases {
        let Some(text) = corpus(name) else { return };
        let (parsed, found) = read(&text, &[]);
        let client = client(parsed);
        assert_eq!((client.version, client.streams.len()), (version, streams), "{name}");
        let counts: Vec<usize> = client.streams.iter().map(|stream| stream.levels.len()).collect();
        assert_eq!(counts, levels, "{name}");
        let counts: Vec<usize> = client.streams.iter().map(|stream| stream.chunks.len()).collect();
        assert_eq!(counts, chunks, "{name}");
        for one in expected {
            assert!(ids(&found).contains(one), "{name} has {found:#?}");
        }
    }
}

#[test]
fn times_go_on_where_a_manifest_does_not_say_them() {
    let Some(text) = corpus("smooth/rx-player__static_manifests_for_metaplaylist__smooth_content.ism") else {
        return;
    };
    let client = client(read(&text, &[]).0);
    let chunks = &client.streams[0].chunks;
    assert_eq!(chunks[1], Chunk { time: 50_133_333, duration: 50_133_333 });
    assert_eq!(chunks.last(), Some(&Chunk { time: 1_403_733_333, duration: 37_973_333 }));
    assert_eq!(chunks[28].time + chunks[28].duration, client.duration);
}
