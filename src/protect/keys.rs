//! Which keys a file gets: one for all of it, one for each class of its tracks, or one for each track.

use zeroize::Zeroize as _;

use crate::bytes::units::len_u64;
use crate::bytes::{ContentKey, Error, KeyId, KeySeed, Result};
use crate::playready::{derive_key, is_test_key, is_weak_seed, parse_key, parse_kid, parse_seed, weakness};
use crate::track::{Track, TrackKind};

use super::cipher::{AesKey, WIDTH};
use super::request::{Random, RequestText, SecretText, given, secret};
use super::scheme::BLOCK;

/// Classes of tracks that licences tell apart: sound, and pictures by their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Sound.
    Audio,
    /// Pictures of at most 768 × 576 pixels.
    Sd,
    /// Pictures of at most 1920 × 1080 pixels.
    Hd,
    /// Larger pictures.
    Uhd,
}

/// Most pixels of the class SD, and of HD.
pub(crate) const SD_PIXELS: u64 = 768 * 576;
pub(crate) const HD_PIXELS: u64 = 1920 * 1080;

/// All of them, with their names in requests and the most pixels of each.
const CLASSES: [(Class, &str, u64); 4] = [
    (Class::Audio, "audio", 0),
    (Class::Sd, "sd", SD_PIXELS),
    (Class::Hd, "hd", HD_PIXELS),
    (Class::Uhd, "uhd", u64::MAX),
];

impl Class {
    /// The class of a track that can be protected: by its largest picture.
    pub fn of(track: &Track) -> Self {
        if track.kind != TrackKind::Video {
            return Self::Audio;
        }
        let sizes = track.entries.iter().filter_map(|entry| entry.size);
        Self::of_pixels(sizes.map(|(width, height)| u64::from(width) * u64::from(height)).max().unwrap_or(0))
    }

    /// The class of pictures of so many pixels.
    pub(crate) fn of_pixels(pixels: u64) -> Self {
        let fits = |(class, _, most): &&(Self, &str, u64)| *class != Self::Audio && pixels <= *most;
        CLASSES.iter().find(fits).map_or(Self::Uhd, |(class, ..)| *class)
    }

    /// The name in requests.
    pub fn name(self) -> &'static str {
        CLASSES.iter().find(|(class, ..)| *class == self).map_or("", |(_, name, _)| name)
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOf {
    /// All that is protected.
    File,
    /// The tracks of a class.
    Class(Class),
    /// The track of this ID.
    Track(u32),
}

impl KeyOf {
    /// For the middle of a sentence.
    fn name(self) -> String {
        match self {
            Self::File => "the file".to_owned(),
            Self::Class(class) => format!("the class {}", class.name()),
            Self::Track(id) => format!("track {id}"),
        }
    }
}

/// How many keys there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPer {
    /// One.
    File,
    /// One for each class of tracks in the file.
    Class,
    /// One for each track that is protected.
    Track,
}

/// All of them, with their names in requests.
const WAYS: [(KeyPer, &str); 3] =
    [(KeyPer::File, "file"), (KeyPer::Class, "class"), (KeyPer::Track, "track")];

/// Where a content key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Random.
    Random,
    /// Typed.
    Typed,
    /// Derived from a key seed and the key ID.
    Seed,
}

/// A key of a plan.
#[derive(Clone, Debug)]
pub struct PlannedKey {
    /// What it is for.
    pub of: KeyOf,
    /// Where keys change along the file: which time, from 0 on.
    pub period: u32,
    /// Key ID.
    pub kid: KeyId,
    /// The content key.
    pub key: ContentKey,
    /// Where it came from.
    pub source: KeySource,
    /// Whether it comes from the public test key seed.
    pub for_tests: bool,
}

/// One of several keys as typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct KeyText {
    /// `audio`, `sd`, `hd` or `uhd`: the class of tracks that it is for.
    pub class: Option<String>,
    /// Or the track.
    pub track: Option<u32>,
    /// Where keys change along the file: for which time it is, from 0 on.
    pub period: u32,
    /// Key ID as UUID.
    pub kid: Option<String>,
    /// Content key, hex or base64.
    pub key: Option<SecretText>,
}

/// The keys that are asked for, and what more are made of.
#[derive(Clone, Debug)]
pub struct Keys {
    per: KeyPer,
    /// Those that are known already.
    known: Vec<PlannedKey>,
    /// How many of these were given.
    given: usize,
    seed: Option<KeySeed>,
    random: Random,
    /// Whether they change along the file.
    rotates: bool,
}

impl Keys {
    /// None, for a file that is not protected.
    pub fn none(random: &Random) -> Self {
        Self {
            per: KeyPer::File,
            known: Vec::new(),
            given: 0,
            seed: None,
            random: random.clone(),
            rotates: false,
        }
    }

    /// Reads what was typed. Errors name the request field at fault. `named` is the key ID that a ready-made header names:
    /// it goes where none is typed.
    pub fn parse(text: &RequestText, random: &Random, named: Option<KeyId>) -> Result<Self> {
        let seed = secret(&text.key_seed).map(parse_seed).transpose()?;
        if secret(&text.key).is_some() && seed.is_some() {
            return Err(Error::caller("bad-key", "key", "Give either a key or a key seed, not both."));
        }
        if seed.as_ref().is_some_and(is_weak_seed) {
            let message = "All bytes of the key seed are the same, which is the first that anyone tries. Choose another seed.";
            return Err(Error::caller("weak-key", "keySeed", message));
        }
        let per = per(text)?;
        let rotates = given(&text.key_rotation).is_some();
        let mut this = Self { per, known: Vec::new(), given: 0, seed, random: random.clone(), rotates };
        if per == KeyPer::File {
            let named_one = |key: &&KeyText| key.track.is_some() || given(&key.class).is_some();
            if let Some(first) = text.keys.iter().find(named_one) {
                let what = if first.track.is_some() { "track" } else { "class" };
                let message = format!(
                    "Keys are listed, but one for the whole file is asked for; set keyPer to “{what}”."
                );
                return Err(Error::caller("bad-request", "keyPer", message));
            }
            let named = named.map(KeyId::uuid);
            let (kid, key) = (given(&text.kid).or(named.as_deref()), secret(&text.key));
            this.add((KeyOf::File, 0), kid, key, ("kid", "key"))?;
        }
        for (field, typed) in [("kid", given(&text.kid)), ("key", secret(&text.key))] {
            if per != KeyPer::File && typed.is_some() {
                let message = "One key and KID cannot be for several; list them in “keys”, or ask for one key for the file.";
                return Err(Error::caller("bad-request", field, message));
            }
        }
        for one in &text.keys {
            if one.period > 0 && !rotates {
                let message = "A key is given for a later period, but keys are not to change; set keyRotation, or leave it out.";
                return Err(Error::caller("bad-request", "keyRotation", message));
            }
            let of = (key_of(one, per)?, one.period);
            this.add(of, given(&one.kid), secret(&one.key), ("keys", "keys"))?;
        }
        this.given = this.known.len();
        Ok(this)
    }

    /// Adds a key for what has none yet. What is not given is made of the seed, or is random.
    fn add(
        &mut self,
        (of, period): (KeyOf, u32),
        kid: Option<&str>,
        key: Option<&str>,
        (kid_field, key_field): (&'static str, &'static str),
    ) -> Result<usize> {
        let place = match (of, period) {
            (KeyOf::File, 0) => String::new(),
            (of, 0) => format!("For {}: ", of.name()),
            (of, period) => format!("For {}, period {period}: ", of.name()),
        };
        let at =
            |field, error: Error| Error::caller(error.code(), field, error.preceded_by(&place).message());
        let number = self.known.len();
        // Those of one place in the file are made alike for every worker, however many places each has seen.
        let first = self.known.iter().position(|known| (known.of, known.period) == (of, 0));
        let (random_key, random_kid) = self.random.pair(first.unwrap_or(number), period);
        let kid = kid.map(parse_kid).transpose().map_err(|error| at(kid_field, error))?.unwrap_or(random_kid);
        let (key, source, field) = match (key, &self.seed) {
            (Some(key), _) => {
                (parse_key(key).map_err(|error| at(key_field, error))?, KeySource::Typed, key_field)
            }
            (None, Some(seed)) => (derive_key(seed, kid), KeySource::Seed, "keySeed"),
            (None, None) => (random_key, KeySource::Random, key_field),
        };
        if let Some(weakness) = weakness(&key, kid) {
            return Err(at(field, Error::caller("weak-key", field, weakness)));
        }
        if self.known.iter().any(|other| (other.of, other.period) == (of, period)) {
            let when = if period == 0 { String::new() } else { format!(", period {period}") };
            let message = format!("Two keys are given for {}{when}; give one.", of.name());
            return Err(Error::caller("bad-key", "keys", message));
        }
        if self.known.iter().any(|other| other.kid == kid && other.key != key) {
            let message = format!("Two keys are given the KID {kid}: players could not tell them apart.");
            return Err(Error::caller("bad-kid", kid_field, message));
        }
        let twin = self.known.iter().find(|other| (other.kid, other.period) == (kid, period));
        if let Some(twin) = twin.filter(|_| self.rotates) {
            let (one, other) = (twin.of.name(), of.name());
            let message = format!(
                "The KID {kid} is given for {one} and for {other}. Where keys change, each needs keys of its own: give one key \
                 for both, or two KIDs."
            );
            return Err(Error::caller("bad-kid", kid_field, message));
        }
        let for_tests = is_test_key(&key, kid);
        self.known.push(PlannedKey { of, period, kid, key, source, for_tests });
        Ok(number)
    }

    /// Whether any key is typed, or follows from what is.
    pub fn are_typed(&self) -> bool {
        self.seed.is_some() || self.known.iter().any(|key| key.source != KeySource::Random)
    }

    /// Whether this is one of those that are known before the tracks are.
    pub fn has(&self, key: &ContentKey) -> bool {
        self.known.iter().any(|known| known.key == *key)
    }

    /// The keys known before the tracks are: that of the whole file.
    pub fn of_file(&self) -> &[PlannedKey] {
        if self.per == KeyPer::File { self.known.get(..1).unwrap_or_default() } else { &[] }
    }

    /// Number of the key for a track, which [`get`](Self::get) knows; it is made when there is none yet.
    pub fn of_track(&mut self, track: &Track) -> Result<usize> {
        let of = match self.per {
            KeyPer::File => KeyOf::File,
            KeyPer::Class => KeyOf::Class(Class::of(track)),
            KeyPer::Track => KeyOf::Track(track.id),
        };
        self.number_of(of, 0)
    }

    /// The key that stands in a later period for one of the first.
    pub fn in_period(&mut self, first: &PlannedKey, period: u32) -> Result<PlannedKey> {
        let number = self.number_of(first.of, period)?;
        self.get(number).cloned()
    }

    fn number_of(&mut self, of: KeyOf, period: u32) -> Result<usize> {
        match self.known.iter().position(|key| (key.of, key.period) == (of, period)) {
            Some(number) => Ok(number),
            None => self.add((of, period), None, None, ("keys", "keys")),
        }
    }

    /// What is doubtful of keys that are given for later periods, where `used` are the keys of the first of so many, as plain
    /// sentences.
    pub fn doubts_of_later(&self, used: &[PlannedKey], periods: u32) -> Vec<String> {
        let is_used = |key: &PlannedKey| key.period < periods && used.iter().any(|used| used.of == key.of);
        let given = self.known.get(..self.given).unwrap_or_default();
        let unused = given.iter().filter(|key| key.period > 0 && !is_used(key));
        let mut doubts: Vec<String> = unused
            .map(|key| {
                format!(
                    "The key given for {}, period {}, is not used: nothing that is protected needs it.",
                    key.of.name(),
                    key.period
                )
            })
            .collect();
        let later = given.iter().filter(|key| key.period > 0 && is_used(key)).count();
        let wanted = used.len() * usize::try_from(periods.saturating_sub(1)).unwrap_or(usize::MAX);
        if later > 0 && later < wanted {
            doubts.push(format!(
                "{later} keys are given for later periods, and the file needs {wanted}; the others are {}.",
                if self.seed.is_some() { "made of the key seed" } else { "random, made here" }
            ));
        }
        doubts
    }

    /// The key of this number.
    pub fn get(&self, number: usize) -> Result<&PlannedKey> {
        self.known.get(number).ok_or_else(|| Error::caller("no-key", "keys", "The plan has no such key."))
    }

    /// Of the keys those that are `used`, each KID once, and for each number of before the number among them. What is
    /// doubtful is added to `doubts`.
    pub fn keep(&self, used: &[usize], doubts: &mut Vec<String>) -> (Vec<PlannedKey>, Vec<usize>) {
        let mut kept: Vec<PlannedKey> = Vec::new();
        let mut numbers = Vec::new();
        for (number, key) in self.known.iter().enumerate() {
            let before = kept.iter().position(|other| other.kid == key.kid);
            numbers.push(before.unwrap_or(kept.len()));
            if before.is_none() && used.contains(&number) {
                kept.push(key.clone());
            }
            if number < self.given && key.period == 0 && self.per != KeyPer::File && !used.contains(&number) {
                let name = key.of.name();
                doubts.push(format!(
                    "The key given for {name} is not used: no track that is protected needs it."
                ));
            }
        }
        (kept, numbers)
    }
}

fn per(text: &RequestText) -> Result<KeyPer> {
    match given(&text.key_per) {
        None => Ok(match text.keys.first() {
            Some(first) if first.track.is_some() => KeyPer::Track,
            Some(first) if given(&first.class).is_some() || first.period == 0 => KeyPer::Class,
            _ => KeyPer::File,
        }),
        Some(name) => WAYS.iter().find(|(_, known)| *known == name).map(|(per, _)| *per).ok_or_else(|| {
            let message = format!("There is no key per “{name}”; use file, class or track.");
            Error::caller("bad-request", "keyPer", message)
        }),
    }
}

/// What a listed key is for.
fn key_of(text: &KeyText, per: KeyPer) -> Result<KeyOf> {
    let wrong = |message: String| Err(Error::caller("bad-key", "keys", message));
    match (per, given(&text.class), text.track) {
        (KeyPer::File, None, None) => Ok(KeyOf::File),
        (KeyPer::Track, None, Some(id)) => Ok(KeyOf::Track(id)),
        (KeyPer::Class, Some(name), None) => match CLASSES.iter().find(|(_, known, _)| *known == name) {
            Some((class, ..)) => Ok(KeyOf::Class(*class)),
            None => wrong(format!("There is no class “{name}”; use audio, sd, hd or uhd.")),
        },
        (KeyPer::Track, ..) => wrong("Each key must say its track, and no class.".to_owned()),
        _ => wrong("Each key must say its class, and no track.".to_owned()),
    }
}

impl Random {
    /// The key and the key ID of this number: the first are random by themselves, the others are made of what is random
    /// for that, block after block.
    fn pair(&self, number: usize, period: u32) -> (ContentKey, KeyId) {
        if (number, period) == (0, 0) {
            return (self.key.clone(), random_kid(self.kid));
        }
        let mut blocks = [[0; BLOCK]; WIDTH];
        for (half, block) in blocks.iter_mut().enumerate().take(2) {
            let place = u128::from(period) << 64 | u128::from(len_u64(number));
            *block = (place * 2 + u128::from(len_u64(half))).to_be_bytes();
        }
        AesKey::new(&self.more).encrypt(&mut blocks);
        let [key, kid, ..] = blocks;
        let pair = (ContentKey(key), random_kid(kid));
        blocks.zeroize();
        pair
    }
}

fn random_kid(bytes: [u8; 16]) -> KeyId {
    KeyId(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes())
}
