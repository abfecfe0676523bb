//! Writes manifests of a set: of descriptions of its files, in the forms asked for. What a form cannot say is told, and the
//! other forms are written all the same.

use std::collections::BTreeSet;

use serde::Serialize;

use super::described::DescribedFile;
use super::rules::Severity;
use super::{dash, hls, smooth};
use crate::bytes::{Error, Result};

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What the manifests are called, without an ending.
    pub name: String,
    /// Whether Smooth Streaming is wanted.
    pub smooth: bool,
    /// Whether DASH is.
    pub dash: bool,
    /// Whether HLS is.
    pub hls: bool,
    /// What stands before the names of files in DASH and HLS: empty, or an address that ends in a slash.
    pub base_url: String,
    /// Where FairPlay finds keys: `{kid}` stands for the key ID.
    pub fairplay: String,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            name: "manifest".to_owned(),
            smooth: true,
            dash: true,
            hls: true,
            base_url: String::new(),
            fairplay: "skd://{kid}".to_owned(),
        }
    }
}

/// What was written: `WrittenManifests`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Written {
    /// The manifests; those that others name stand before those.
    pub files: Vec<WrittenManifest>,
    /// What to know of them.
    pub notes: Vec<WriteNote>,
}

/// One manifest: `WrittenManifest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenManifest {
    /// `ism`, `ismc`, `mpd`, `hls`, or `hls-media` for a playlist of segments.
    pub form: &'static str,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime: &'static str,
    /// Its text.
    pub text: String,
}

/// Something to know: `ManifestNote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WriteNote {
    /// `smooth`, `dash` or `hls`.
    pub form: &'static str,
    /// `error` where the form, or a file in it, had to be left out.
    pub severity: Severity,
    /// A plain sentence.
    pub message: String,
}

impl Written {
    pub(super) fn say(&mut self, form: &'static str, severity: Severity, message: impl Into<String>) {
        let note = WriteNote { form, severity, message: message.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn add(&mut self, form: &'static str, name: String, text: String) {
        let mime = match form {
            "ism" => "application/smil+xml",
            "ismc" => "application/vnd.ms-sstr+xml",
            "mpd" => "application/dash+xml",
            _ => "application/vnd.apple.mpegurl",
        };
        self.files.push(WrittenManifest { form, name, mime, text });
    }
}

/// A name that no other has, in whatever case: the plain one, or with a number behind.
pub(super) fn unique(taken: &mut BTreeSet<String>, plain: &str) -> String {
    let mut name = plain.to_owned();
    for number in 2.. {
        if taken.insert(name.to_ascii_lowercase()) {
            break;
        }
        name = format!("{plain}_{number}");
    }
    name
}

/// Writes the manifests of a set.
///
/// # Errors
/// `no-files`, `same-name` where two files have one name, `bad-name` where the name of the manifests is none, and `bad-address`.
pub fn write(files: &[DescribedFile], wishes: &Wishes) -> Result<Written> {
    if files.is_empty() {
        return Err(Error::caller("no-files", "", "There are no files to write manifests of."));
    }
    for (number, file) in files.iter().enumerate() {
        if files.iter().take(number).any(|other| other.name == file.name) {
            let message = format!("Two files are called {}; in a set each has a name of its own.", file.name);
            return Err(Error::caller("same-name", "", message));
        }
    }
    if wishes.name.trim().is_empty() || wishes.name.contains(['/', '\\']) {
        let message = format!(
            "The manifests cannot be called “{}”: a name has no slashes, and is not empty.",
            wishes.name
        );
        return Err(Error::caller("bad-name", "", message));
    }
    for address in [&wishes.base_url, &wishes.fairplay] {
        if address.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') {
            let message = format!("The address “{address}” has spaces or quotation marks in it.");
            return Err(Error::caller("bad-address", "", message));
        }
    }
    let mut written = Written::default();
    if wishes.smooth {
        smooth::write::write(files, wishes, &mut written);
    }
    if wishes.dash {
        dash::write::write(files, wishes, &mut written);
    }
    if wishes.hls {
        hls::write::write(files, wishes, &mut written);
    }
    Ok(written)
}
