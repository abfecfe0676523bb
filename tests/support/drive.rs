//! Runs the core over bytes in memory, as the page's workers do over files.

use boxlock::boxes::Tree;
use boxlock::bytes::{ContentKey, Error, KeyId, Result};
use boxlock::fragmenter::Piece;
use boxlock::output::protected::protect_fragment;
use boxlock::output::{Assembly, Step};
use boxlock::protect::decrypt;
use boxlock::protect::samples::Window;
use boxlock::protect::subsample::Tally;
use boxlock::protect::trial::Trial;
use boxlock::protect::{Plan, Random, Request, RequestText, SampleProtector, order};
use boxlock::session::{Session, Source};
use boxlock::track::{Fragment, Index};

/// How much to feed at a time.
#[derive(Clone, Copy, Debug)]
pub enum Feed {
    /// Just what is asked for.
    Exact,
    /// The whole file each time.
    Whole,
    /// So many bytes at least.
    AtLeast(u64),
}

/// Opens a file.
pub fn open(file: &[u8], feed: Feed) -> Result<Session> {
    read(Session::new(file.len() as u64)?, file, feed)
}

/// Opens several files as one, by their names. What stands at an offset stands there when one is put behind the other.
pub fn merge(files: &[(&str, &[u8])], feed: Feed) -> Result<(Session, Vec<u8>)> {
    let source = |(name, bytes): &(&str, &[u8])| Source { name: (*name).to_owned(), len: bytes.len() as u64 };
    let joined: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let session = read(Session::merging(files.iter().map(source).collect())?, &joined, feed)?;
    Ok((session, joined))
}

fn read(mut session: Session, file: &[u8], feed: Feed) -> Result<Session> {
    while let Some(need) = session.needs() {
        let (start, len) = match feed {
            Feed::Exact => (need.start, need.len),
            Feed::Whole => (0, file.len() as u64),
            Feed::AtLeast(len) => (need.start, need.len.max(len)),
        };
        let end = (start + len).min(file.len() as u64);
        session.feed(start, &file[start as usize..end as usize])?;
    }
    Ok(session)
}

/// The key all tests use: Microsoft's public test seed and the key ID of its samples.
pub const KEY: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";
/// See [`KEY`].
pub const KID: &str = "10000000-1000-1000-1000-100000000001";

/// Where the IVs of all tests start: they run through the wrap.
pub const IV: &str = "fffffffffffffff0";

/// [`KEY`] as bytes.
pub fn key() -> [u8; 16] {
    let mut key = [0; 16];
    hex::decode_to_slice(KEY, &mut key).unwrap();
    key
}

/// A request with fixed values, so that outputs can be compared.
pub fn request(profile: &str) -> RequestText {
    RequestText {
        profile: Some(profile.to_owned()),
        kid: Some(KID.to_owned()),
        key: Some(boxlock::protect::request::SecretText(KEY.to_owned())),
        la_url: "https://licence.example/rightsmanager.asmx".to_owned(),
        iv_start: Some(IV.to_owned()),
        ..RequestText::default()
    }
}

/// The same, by scheme and form.
pub fn request_in(scheme: &str, form: &str) -> RequestText {
    let text = |text: &str| Some(text.to_owned());
    RequestText { scheme: text(scheme), form: text(form), profile: None, ..request(form) }
}

/// Random values that are none.
pub fn not_random() -> Random {
    let [key, more] = [*b"nothing but this", *b"a third of these"].map(ContentKey);
    Random { key, kid: [9; 16], iv_start: 1, more }
}

/// The plan for a file.
pub fn plan(session: &Session, text: &RequestText) -> Result<Plan> {
    session.plan(Request::parse(text, &not_random())?)
}

/// Protects a whole file.
pub fn protect(file: &[u8], text: &RequestText) -> Result<Vec<u8>> {
    protect_opened(&open(file, Feed::Whole)?, file, text)
}

/// Protects what is opened; `file` are the bytes of all files.
pub fn protect_opened(session: &Session, file: &[u8], text: &RequestText) -> Result<Vec<u8>> {
    Ok(protect_apart(session, file, text)?.0)
}

/// The same, and where the files begin that are written.
pub fn protect_apart(session: &Session, file: &[u8], text: &RequestText) -> Result<(Vec<u8>, Vec<usize>)> {
    let mut starts = vec![0];
    let plan = plan(session, text)?;
    doubts_of_keys(session, file, &plan)?;
    let movie = session.work()?.movie.clone().expect("a plan needs a movie");
    let mut protector = SampleProtector::new(plan.clone());
    let mut assembly: Assembly = session.assemble(&plan)?;
    let mut output = Vec::new();
    while let Some(step) = assembly.next_step() {
        let before = output.len();
        match step {
            Step::File => {
                starts.push(before);
                continue;
            }
            Step::Bytes(bytes) => output.extend(bytes),
            Step::Copy { start, len } => output.extend(bytes_of(file, session.pieces(start, len)?)),
            Step::RandomAccess => output.extend(assembly.random_access()?),
            Step::Fragment(task) => {
                let (task, pieces) = session.with_pieces(task)?;
                // As a worker gets it.
                let task = order::from_bytes(&order::to_bytes(vec![task])?)?.remove(0);
                let mut bytes = bytes_of(file, pieces);
                let done = protect_fragment(&mut protector, &movie, &task, &mut bytes, None)?;
                output.extend(done.moof);
                output.extend(&bytes[done.media_start..]);
            }
        }
        assembly.placed((output.len() - before) as u64);
    }
    let protected = protector.take_tallies().iter().map(|(_, tally)| tally.protected).sum();
    let patches = assembly.patches(protected)?;
    // Who cannot go back in what was written asks before.
    assert_eq!(assembly.is_patched(), !patches.is_empty());
    for patch in patches {
        let at = patch.at as usize;
        output[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    Ok((output, starts))
}

/// What becomes of the samples of each track, as is measured before anything is written.
pub fn tallies(session: &Session, plan: &Plan, file: &[u8]) -> Result<Vec<(u32, Tally)>> {
    let movie = session.work()?.movie.clone().expect("a plan needs a movie");
    let mut protector = SampleProtector::new(plan.clone());
    for task in session.neighbours(0, u64::MAX, usize::MAX)? {
        let (task, pieces) = session.with_pieces(task)?;
        protect_fragment(&mut protector, &movie, &task, &mut bytes_of(file, pieces), None)?;
    }
    Ok(protector.take_tallies())
}

/// Tries the keys of what is protected already, as is done before anything is written.
pub fn doubts_of_keys(session: &Session, file: &[u8], plan: &Plan) -> Result<Vec<String>> {
    let mut trial = Trial::default();
    for task in session.trials(plan)? {
        let (task, pieces) = session.with_pieces(task)?;
        session.try_keys(&plan.source_keys, &mut trial, &task, &mut bytes_of(file, pieces))?;
    }
    trial.judge(session.work()?, plan)
}

/// What is protected: the file, or the fragmented one that a plain file is on the way.
pub fn fragmented(file: &[u8]) -> Vec<u8> {
    let session = open(file, Feed::Exact).expect("opens");
    let len = session.work().expect("can be laid out").file_len;
    bytes_of(file, session.pieces(0, len).expect("is laid out"))
}

/// The bytes of what is protected, from those of the file.
pub fn bytes_of(file: &[u8], pieces: Vec<Piece>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Made(made) => bytes.extend(made),
            Piece::Found { start, len } => bytes.extend(&file[start as usize..(start + len) as usize]),
        }
    }
    bytes
}

/// Every sample of every track, by track ID, in decoding order.
pub type Samples = std::collections::BTreeMap<u32, Vec<Vec<u8>>>;

/// The samples of a file as they stand in it.
pub fn samples(file: &[u8]) -> Samples {
    collect_samples(file, &mut |_, _, _, _| Ok(())).expect("readable")
}

/// The samples of a protected file, decrypted by our own reader.
pub fn decrypted_samples(
    file: &[u8],
    key_of: impl Fn(u32, Option<KeyId>) -> Option<ContentKey>,
) -> Result<Samples> {
    collect_samples(file, &mut |tree, fragment, index, window| {
        let movie = index.movie.as_ref().expect("a movie");
        decrypt::decrypt(tree, fragment, movie, &key_of, window)
    })
}

type Treat<'a> =
    &'a mut dyn FnMut(&Tree<'_>, &Fragment, &Index, &mut Window<'_>) -> std::result::Result<(), Error>;

fn collect_samples(file: &[u8], treat: Treat<'_>) -> Result<Samples> {
    let session = open(file, Feed::Whole)?;
    let index = session.index()?;
    let mut all = Samples::new();
    for entry in &index.fragments {
        let mut bytes = file[entry.start as usize..entry.end as usize].to_vec();
        let moof = bytes[..entry.moof_len as usize].to_vec();
        let tree = Tree::parse(&moof[..], entry.start)?;
        let fragment = Fragment::read(&tree, index.movie.as_ref())?;
        let mut window = Window { start: entry.start, bytes: &mut bytes };
        treat(&tree, &fragment, index, &mut window)?;
        for track in &fragment.tracks {
            let list = all.entry(track.tfhd.track_id).or_default();
            for (start, size) in track.samples() {
                list.push(window.get(start, u64::from(size))?.to_vec());
            }
        }
    }
    Ok(all)
}
