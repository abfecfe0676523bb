//! A manifest among what somebody pastes or drops to have it decoded: besides its headers, what it says and what is wrong with it.

use super::outline::{Manifest, ManifestStream};
use super::rules::Severity;
use super::{Parsed, looks_like_one, read};
use crate::bytes::KeyId;
use crate::exchange::decode::{Decoded, Fact, Fault, UNPROTECTED, decode};
use crate::exchange::text_of;
use crate::protect::request::SecretText;

/// Most headers of a playlist that are decoded.
const HEADERS: usize = 20;

/// What bytes are, manifests among them. `known` are key IDs of the files that are open.
pub fn anything(bytes: &[u8], known: &[KeyId]) -> Decoded {
    let mut found = decode(bytes, known);
    let is_one = text_of(bytes).is_some_and(|text| looks_like_one(&text));
    if !is_one {
        return found;
    }
    // What cannot be read at all, decoding has told.
    let Ok((parsed, manifest)) = read(bytes, &[]) else { return found };
    if let Parsed::Hls(list) = &parsed {
        // As a text it is no one thing to decode, but the headers in it are.
        let inside = list.keys.iter().filter(|key| !key.read.data.is_empty()).take(HEADERS);
        found.inside = inside.map(|key| decode(key.uri.as_bytes(), known)).collect();
        found.facts.clear();
        found.forms.clear();
    }
    add(&mut found, &manifest);
    found
}

fn add(found: &mut Decoded, manifest: &Manifest) {
    found.title.clone_from(&manifest.title);
    let kind = match manifest.form {
        "mpd" => "dash",
        "ism" | "ismc" => "smooth",
        _ => "hls",
    };
    if found.kind != kind {
        found.problems.clear();
        found.kind = kind;
    }
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            found.facts.push(Fact { name: name.to_owned(), value: SecretText(value), secret: false });
        }
    };
    fact("Version", manifest.version.clone());
    fact("Names", manifest.refers.join(", "));
    for stream in &manifest.streams {
        fact(&label(stream), qualities(stream));
    }
    // That nothing is protected is no fault of a manifest whose files may be clear.
    found.problems.retain(|fault| fault.message != UNPROTECTED);
    for finding in &manifest.findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => continue,
        };
        let message = format!("{} ({}, line {})", finding.message, finding.path, finding.line);
        found.problems.push(Fault { level, message });
    }
}

fn label(stream: &ManifestStream) -> String {
    let mut label = stream.kind.clone();
    if !stream.name.is_empty() && stream.name != stream.kind {
        label = format!("{label} {}", stream.name);
    }
    match &stream.language {
        Some(language) => format!("{label} ({language})"),
        None => label,
    }
}

/// The qualities of a stream in a line.
fn qualities(stream: &ManifestStream) -> String {
    let one = |quality: &super::outline::ManifestQuality| {
        let parts = [
            quality.width.zip(quality.height).map(|(width, height)| format!("{width} x {height}")),
            quality.bitrate.map(|bitrate| format!("{} kbit/s", bitrate.div_ceil(1000))),
            Some(quality.codec.clone()),
            Some(quality.file.clone()),
        ];
        let said: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        said.join(" ")
    };
    let mut all: Vec<String> = stream.qualities.iter().map(one).collect();
    if stream.chunk_count > 0 {
        all.push(format!("{} fragments", stream.chunk_count));
    }
    all.join("; ")
}
