//! The keys of what is protected already: by key ID, by track, or one for all of it.

use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{parse_key, parse_kid};

use super::request::{SecretText, given, secret};

/// One of them as typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct SourceKeyText {
    /// Key ID as UUID.
    pub kid: Option<String>,
    /// Or the track.
    pub track: Option<u32>,
    /// Content key, hex or base64.
    pub key: Option<SecretText>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct SourceKey {
    /// Key ID.
    pub kid: Option<KeyId>,
    /// Track ID.
    pub track: Option<u32>,
    /// The content key.
    pub key: ContentKey,
}

impl SourceKey {
    /// What it is for, in the middle of a sentence.
    pub fn name(&self) -> String {
        match (self.kid, self.track) {
            (Some(kid), Some(track)) => format!("the KID {kid} in track {track}"),
            (Some(kid), None) => format!("the KID {kid}"),
            (None, Some(track)) => format!("track {track}"),
            (None, None) => "all of the file".to_owned(),
        }
    }
}

/// All of them. None where nothing is to be decrypted.
#[derive(Clone, Debug, Default)]
pub struct SourceKeys(Vec<SourceKey>);

impl SourceKeys {
    /// Reads what was typed.
    pub fn parse(texts: &[SourceKeyText]) -> Result<Self> {
        let mut all: Vec<SourceKey> = Vec::new();
        for text in texts {
            let at = |error: Error| Error::caller(error.code(), "sourceKeys", error.message());
            let kid = given(&text.kid).map(parse_kid).transpose().map_err(at)?;
            let missing = || Error::caller("no-key", "sourceKeys", "An entry of sourceKeys has no key.");
            let key = secret(&text.key).ok_or_else(missing)?;
            let key = parse_key(key).map_err(at)?;
            let one = SourceKey { kid, track: text.track, key };
            let twin = all.iter().find(|other| (other.kid, other.track) == (one.kid, one.track));
            if twin.is_some_and(|twin| twin.key != one.key) {
                let message = "Two keys of sourceKeys are for the same key ID or track; give one for each.";
                return Err(Error::caller("bad-key", "sourceKeys", message));
            }
            all.push(one);
        }
        Ok(Self(all))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &SourceKey> {
        self.0.iter()
    }

    /// Number of the key for samples of a track that are encrypted with this key ID: what says more goes first.
    pub fn find(&self, track: u32, kid: Option<KeyId>) -> Option<usize> {
        let fits = |known: &SourceKey| {
            known.kid.is_none_or(|of| Some(of) == kid) && known.track.is_none_or(|of| of == track)
        };
        let said = |known: &SourceKey| (known.kid.is_some(), known.track.is_some());
        let all = self.0.iter().enumerate().filter(|(_, known)| fits(known));
        all.max_by_key(|(_, known)| said(known)).map(|(number, _)| number)
    }
    /// Number of the first key that is the same as that of [`find`](Self::find): key IDs that differ do not make keys differ.
    pub fn find_first(&self, track: u32, kid: Option<KeyId>) -> Option<usize> {
        let found = self.0.get(self.find(track, kid)?)?;
        self.0.iter().position(|known| known.key == found.key)
    }
}
