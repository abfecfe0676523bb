//! A list of keys, whatever form it came in: a CPIX document, a key sheet, JSON for ClearKey, or lines.

use zeroize::Zeroizing;

use super::cpix::{self, Assigned, Cpix, Encrypted, ParsedCpix, Rule, TrackFacts};
use super::json::Json;
use super::{lines, sheet};
use crate::bytes::{ContentKey, Error, KeyId, Result};

/// What a list was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// A CPIX document.
    Cpix,
    /// A key sheet of this page.
    Sheet,
    /// JSON for ClearKey (EME §9.1.4).
    ClearKey,
    /// `KID:KEY`, and other ways of command lines.
    Lines,
}

impl ListForm {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpix => "cpix",
            Self::Sheet => "sheet",
            Self::ClearKey => "clearkey",
            Self::Lines => "lines",
        }
    }
}

/// One key. What is not said of it is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyEntry {
    /// Key ID; there is none where the key is for a track by its number.
    pub kid: Option<KeyId>,
    /// The key, unless it is encrypted or left out.
    pub key: Option<ContentKey>,
    /// The track that it is for.
    pub track: Option<u32>,
    /// The class of tracks that it is for.
    pub class: Option<String>,
    /// Where keys change: which time it is for, from 0 on.
    pub period: Option<u32>,
    /// A label of Shaka Packager, or a track type of CPIX.
    pub label: Option<String>,
    /// Its scheme.
    pub scheme: Option<String>,
    /// The rules for it.
    pub rules: Vec<Rule>,
    /// The key, encrypted.
    pub encrypted: Option<Encrypted>,
}

/// A list of keys.
#[derive(Clone, Debug)]
pub struct KeyList {
    /// What it was.
    pub form: ListForm,
    /// The keys.
    pub keys: Vec<KeyEntry>,
    /// What is doubtful, as plain sentences.
    pub notes: Vec<String>,
    /// The document, where it is one.
    pub cpix: Option<Cpix>,
}

/// Most bytes of a list.
const LIST_LEN: usize = 16 << 20;

/// Reads a list of keys. `known` are key IDs of the files it is for: one that is another in the other byte order is noted.
///
/// # Errors
/// Those of the forms; `no-keys` when it is none of them. No key is ever in a sentence.
pub fn read_keys(bytes: &[u8], known: &[KeyId]) -> Result<KeyList> {
    if bytes.len() > LIST_LEN {
        let message =
            format!("The list of keys is {} bytes long; Boxlock reads at most {LIST_LEN}.", bytes.len());
        return Err(Error::limit("keys-too-long", message));
    }
    let text = super::text_of(bytes).ok_or_else(|| {
        Error::file("no-keys", "This is no list of keys: it is not text in UTF-8 or UTF-16.")
    })?;
    let text = text.trim();
    let mut list = if text.starts_with('<') {
        of_cpix(Cpix::parse(text)?)
    } else if text.starts_with(['{', '[']) && text.ends_with(['}', ']']) {
        sheet::read(&Json::parse(text)?)?
    } else {
        KeyList { form: ListForm::Lines, keys: lines::read(text)?, notes: Vec::new(), cpix: None }
    };
    once(&mut list.keys)?;
    for kid in list.keys.iter().filter_map(|key| key.kid) {
        list.notes.extend(super::other_order(kid, known));
    }
    Ok(list)
}

/// The keys of a document, each with the rules for it.
fn of_cpix(ParsedCpix { cpix, notes }: ParsedCpix) -> KeyList {
    let times = cpix::Times::of(&cpix);
    let first = |rules: &[Rule]| rules.iter().flat_map(|rule| times.numbers(rule)).min();
    let keys = cpix.keys.iter().map(|key| {
        let rules: Vec<Rule> = cpix.rules.iter().filter(|rule| rule.kid == key.kid).cloned().collect();
        KeyEntry {
            kid: Some(key.kid),
            key: key.key.clone(),
            period: first(&rules).and_then(|number| u32::try_from(number).ok()),
            label: rules.iter().find_map(|rule| rule.track_type.clone()),
            scheme: key.scheme.clone(),
            rules,
            encrypted: key.encrypted.clone(),
            ..KeyEntry::default()
        }
    });
    let keys = keys.collect();
    KeyList { form: ListForm::Cpix, keys, notes, cpix: Some(cpix) }
}

/// Leaves each key of a file once, and refuses a key ID with two keys. A key can be for several tracks.
fn once(keys: &mut Vec<KeyEntry>) -> Result<()> {
    let mut kept: Vec<KeyEntry> = Vec::with_capacity(keys.len());
    for key in core::mem::take(keys) {
        let same = kept.iter().find(|other| other.kid == key.kid && key.kid.is_some());
        if let Some(other) = same
            && other.key != key.key
        {
            let kid = key.kid.unwrap_or_default();
            let message = format!(
                "The list has two different keys for the key ID {kid}, so it does not say which of them opens the file. Remove one."
            );
            return Err(Error::file("keys-kid-twice", message));
        }
        if !kept.contains(&key) {
            kept.push(key);
        }
    }
    *keys = kept;
    Ok(())
}

impl KeyList {
    /// The keys of tracks: by the rules of a document, or by what else the list says: a track, a class, or the key ID that
    /// the track has already.
    ///
    /// # Errors
    /// Those of [`cpix::assign`].
    pub fn assign(&self, tracks: &[(TrackFacts, Option<KeyId>)]) -> Result<Vec<Assigned>> {
        let mut all = Vec::new();
        for (track, kid) in tracks {
            let has = |entry: &&KeyEntry| entry.kid.is_some() && entry.kid == *kid;
            if let Some(own) = self.keys.iter().find(has) {
                let why = "The file names this key ID for it.".to_owned();
                all.push(Assigned { track: track.id, period: 0, kid: own.kid, why });
                if !self.changes() {
                    continue;
                }
            }
            let from = all.len();
            if let Some(document) = &self.cpix {
                all.extend(cpix::assign(document, core::slice::from_ref(track))?);
                once_a_time(&mut all, from);
                continue;
            }
            let class = track.class();
            // What is for a time and no more is for all tracks.
            let of_time = |entry: &KeyEntry| entry.class.is_none() && entry.period.is_some();
            let said = self.keys.iter().filter(|entry| {
                entry.track == Some(track.id)
                    || entry.track.is_none()
                        && (of_time(entry) || entry.class.is_some() && entry.class.as_deref() == class)
            });
            let mut found: Vec<Assigned> = said
                .map(|entry| {
                    let why = "The list says that it is for this track.".to_owned();
                    Assigned { track: track.id, period: entry.period.unwrap_or(0), kid: entry.kid, why }
                })
                .collect();
            if found.is_empty() {
                let (kid, why) = match &self.keys[..] {
                    [one] if one.track.is_none() && one.class.is_none() => {
                        (one.kid, "It is the only key of the list.")
                    }
                    _ => (None, "Nothing says which key of the list is for it."),
                };
                found.push(Assigned { track: track.id, period: 0, kid, why: why.to_owned() });
            }
            all.extend(found);
            once_a_time(&mut all, from);
        }
        Ok(all)
    }

    /// Whether it has keys for several times.
    pub fn changes(&self) -> bool {
        let later = self.keys.iter().any(|key| key.period.unwrap_or(0) > 0);
        later || self.cpix.as_ref().is_some_and(|document| document.periods.len() > 1)
    }
}

/// What a file says of the first time counts, and not what a list would say in its place. `from` is where the latter begins.
fn once_a_time(all: &mut Vec<Assigned>, from: usize) {
    let Some(own) = from.checked_sub(1).and_then(|last| all.get(last)).cloned() else { return };
    let is_of_file = |one: &Assigned| one.track == own.track && one.period == own.period;
    let mut number = 0;
    all.retain(|one| {
        number += 1;
        number <= from || !is_of_file(one)
    });
}

/// 32 hexadecimal digits of a key.
pub fn key_hex(key: &ContentKey) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(key.0))
}
