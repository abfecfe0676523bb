//! Headers of protection systems beside PlayReady's: Widevine's, and those that are given ready-made.

use crate::boxes::BoxBody;
use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::header::BoxHeader;
use crate::boxes::systems::{PLAYREADY, WIDEVINE, system_name};
use crate::boxes::wire::Bytes;
use crate::bytes::units::len_u64;
use crate::bytes::{Error, KeyId, Reader, Result, Uuid16};
use crate::playready::key::bytes_of;

use super::request::RequestText;
use super::scheme::{Form, Scheme};

/// Most bytes of headers given ready-made: those of real systems have a few hundred.
const GIVEN_LEN: usize = 64 << 10;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Systems {
    widevine: Option<Widevine>,
    /// Whole `pssh` boxes.
    given: Vec<u8>,
}

/// What a Widevine header says beside key IDs and scheme; empty texts are left out.
#[derive(Clone, Debug, Default)]
struct Widevine {
    provider: String,
    content_id: String,
}

impl Systems {
    /// Reads what was typed. What is doubtful is added to `warnings`.
    pub fn parse(text: &RequestText, form: Form, warnings: &mut Vec<String>) -> Result<Self> {
        let typed = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        let widevine = Widevine {
            provider: typed(&text.widevine_provider),
            content_id: typed(&text.widevine_content_id),
        };
        let wanted = text.widevine || !widevine.provider.is_empty() || !widevine.content_id.is_empty();
        let given = given(text.pssh.as_deref().unwrap_or_default().trim(), warnings)?;
        let field = if wanted { "widevine" } else { "pssh" };
        if !form.has_cenc() && (wanted || !given.is_empty()) {
            let message = "PIFF alone is read by PlayReady players only; for other systems choose the form hybrid, or plain.";
            return Err(Error::caller("bad-form", field, message));
        }
        Ok(Self { widevine: wanted.then_some(widevine), given })
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.widevine.is_none() && self.given.is_empty()
    }

    /// What is doubtful where the file has these keys, as plain sentences.
    pub fn doubts(&self, kids: &[KeyId]) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        for (pssh, _) in pssh_boxes(&self.given)? {
            let listed = &pssh.kids.entries;
            let missing = kids.iter().find(|kid| !listed.contains(kid));
            if let (Some(kid), false) = (missing, listed.is_empty()) {
                let name = name_of(&pssh);
                doubts
                    .push(format!("The 'pssh' box for {name} does not list the key ID {kid} of this file."));
            }
        }
        Ok(doubts)
    }

    /// What to know where keys change, as a plain sentence.
    pub fn rotation_warning(&self) -> Option<String> {
        let message = "The 'pssh' boxes that are given stand at the start of the file alone; those that are made stand with each \
                       new key.";
        (!self.given.is_empty()).then(|| message.to_owned())
    }

    /// The boxes, for content with these keys, at the start or at another time of the file: nobody knows which keys those
    /// boxes are for that are given, so they stand at the start.
    pub fn boxes(&self, scheme: &Scheme, kids: &[KeyId], period: u32) -> Vec<u8> {
        let mut boxes = Vec::new();
        if let Some(widevine) = &self.widevine {
            let data = widevine.payload(scheme, kids);
            let header = ProtectionSystemSpecificHeader {
                system_id: WIDEVINE,
                data_size: u32::try_from(data.len()).unwrap_or(u32::MAX),
                data: Bytes(data),
                ..ProtectionSystemSpecificHeader::default()
            };
            boxes.extend(header.to_box(0));
        }
        if period == 0 {
            boxes.extend(&self.given);
        }
        boxes
    }
}

/// The `pssh` boxes among boxes that stand one behind the other: what they say, and their bytes.
pub fn pssh_boxes(boxes: &[u8]) -> Result<Vec<(ProtectionSystemSpecificHeader, &[u8])>> {
    let mut r = Reader::new(boxes, 0);
    let mut all = Vec::new();
    while !r.is_empty() {
        let header = BoxHeader::read(&mut r.clone(), len_u64(r.remaining()))?;
        let bytes = r.sub(header.size, "A box")?.rest();
        if header.id.is(b"pssh") {
            all.push((whole(bytes)?, bytes));
        }
    }
    Ok(all)
}

/// The fields of a box that stands alone: whole, and of this kind.
pub fn whole<B: BoxBody>(bytes: &[u8]) -> Result<B> {
    let mut r = Reader::new(bytes, 0);
    BoxHeader::read(&mut r, len_u64(bytes.len()))?;
    B::parse(&mut r, 0)
}

/// The system that a box is for, in words.
pub fn name_of(pssh: &ProtectionSystemSpecificHeader) -> String {
    system_name(&pssh.system_id).map_or_else(|| pssh.system_id.to_string(), str::to_owned)
}

impl Widevine {
    /// The message `WidevinePsshData`: key IDs (field 2), provider (3), content ID (4), protection scheme (9), which is
    /// `cenc` where it is left out.
    fn payload(&self, scheme: &Scheme, kids: &[KeyId]) -> Vec<u8> {
        let mut message = Vec::new();
        let mut field = |number: u8, bytes: &[u8]| {
            message.push(number << 3 | 2);
            varint(&mut message, len_u64(bytes.len()));
            message.extend(bytes);
        };
        kids.iter().for_each(|kid| field(2, &kid.0));
        for (number, text) in [(3, &self.provider), (4, &self.content_id)] {
            if !text.is_empty() {
                field(number, text.as_bytes());
            }
        }
        if scheme.name() != "cenc" {
            message.push(9 << 3);
            varint(&mut message, u32::from_be_bytes(scheme.code.0).into());
        }
        message
    }
}

/// A number in groups of seven bits, the lowest first.
fn varint(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    message.push(u8::try_from(number).unwrap_or(0));
}

/// Whole `pssh` boxes, as hexadecimal digits or base64; several stand one behind the other, or each on a line of its own.
fn given(text: &str, warnings: &mut Vec<String>) -> Result<Vec<u8>> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // One text may be broken into lines anywhere.
    let (boxes, systems) = checked(&lines).or_else(|error| checked(&[text]).map_err(|_| error))?;
    if systems.contains(&PLAYREADY) {
        warnings.push(
            "A 'pssh' box for PlayReady is given beside the one that is made from this form. Players take the first."
                .to_owned(),
        );
    }
    Ok(boxes)
}

/// The boxes that texts have one behind the other, and their systems.
fn checked(texts: &[&str]) -> Result<(Vec<u8>, Vec<Uuid16>)> {
    let wrong = |message: String| Error::caller("bad-pssh", "pssh", message);
    let mut boxes = Vec::new();
    for text in texts {
        let bytes = bytes_of(text).ok_or_else(|| {
            wrong("A 'pssh' box is given in base64 or as hexadecimal digits; this is neither.".to_owned())
        })?;
        boxes.extend(bytes);
    }
    if boxes.len() > GIVEN_LEN {
        let message = format!("The 'pssh' boxes have {} bytes; at most {GIVEN_LEN} are taken.", boxes.len());
        return Err(wrong(message));
    }
    let mut systems = Vec::new();
    let mut r = Reader::new(&boxes, 0);
    while !r.is_empty() {
        let at = r.offset();
        let no_box =
            |why: &str| wrong(format!("At byte {at} of what is given there is no whole 'pssh' box{why}."));
        let header = BoxHeader::read(&mut r.clone(), len_u64(r.remaining())).map_err(|_| no_box(""))?;
        let bytes = r.sub(header.size, "A box").map_err(|_| no_box(""))?.rest();
        if !header.id.is(b"pssh") {
            return Err(no_box(&format!(", but a box '{}'", header.id)));
        }
        let pssh: ProtectionSystemSpecificHeader = whole(bytes).map_err(|_| no_box(""))?;
        if !pssh.rest.is_empty() {
            return Err(no_box(&format!(": {} bytes stand behind its payload", pssh.rest.len())));
        }
        systems.push(pssh.system_id);
    }
    Ok((boxes, systems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protect::scheme::CENC;

    const KID: KeyId = KeyId(0x10000000_1000_1000_1000_100000000001_u128.to_be_bytes());

    fn parse(text: &RequestText) -> Result<(Systems, Vec<String>)> {
        let mut warnings = Vec::new();
        let systems = Systems::parse(text, Form::Hybrid, &mut warnings)?;
        warnings.extend(systems.doubts(&[KID])?);
        Ok((systems, warnings))
    }

    fn pssh(text: &str) -> RequestText {
        RequestText { pssh: Some(text.to_owned()), ..RequestText::default() }
    }

    const SHORTEST: &str = "000000327073736800000000edef8ba979d64acea3c827dcd51d21ed00000012121010000000100010001000100000000001";

    #[test]
    fn widevine_headers_are_those_of_the_public_vectors() {
        let plain = RequestText { widevine: true, ..RequestText::default() };
        let (systems, _) = parse(&plain).unwrap();
        assert_eq!(hex::encode(systems.boxes(&CENC, &[KID], 0)), SHORTEST);
        // Two keys and `cbcs`, as Shaka Packager's tests have them.
        let cbcs = Scheme::known("cbcs").unwrap();
        let kids = [KeyId(*b"keyid1~~~~~~~~~~"), KeyId(*b"keyid2~~~~~~~~~~")];
        let boxes = systems.boxes(&cbcs, &kids, 0);
        assert_eq!(boxes.len(), 0x4a);
        assert_eq!(
            &boxes[28..],
            [b"\0\0\0\x2a\x12\x10", &kids[0].0[..], b"\x12\x10", &kids[1].0, b"\x48\xf3\xc6\x89\x9b\x06"]
                .concat()
        );
    }

    #[test]
    fn provider_and_content_id_ask_for_widevine() {
        let text = RequestText {
            widevine_provider: Some(" acme ".to_owned()),
            widevine_content_id: Some("Ω".to_owned()),
            ..RequestText::default()
        };
        let boxes = parse(&text).unwrap().0.boxes(&CENC, &[], 0);
        assert_eq!(&boxes[32..], b"\x1a\x04acme\x22\x02\xce\xa9");
        assert!(parse(&RequestText::default()).unwrap().0.boxes(&CENC, &[KID], 0).is_empty());
    }

    #[test]
    fn boxes_that_are_given_come_out_as_they_are() {
        use base64::Engine as _;
        let bytes = hex::decode(SHORTEST).unwrap();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&bytes);
        for text in [SHORTEST.to_owned(), base64.clone()] {
            assert_eq!(parse(&pssh(&text)).unwrap().0.boxes(&CENC, &[KID], 0), bytes, "{text}");
        }
        let twice = parse(&pssh(&format!("{SHORTEST}\n  {base64}\n\n"))).unwrap().0;
        assert_eq!(twice.boxes(&CENC, &[KID], 0), [&bytes[..], &bytes].concat());
        // Broken anywhere, and as manifests have it.
        let broken = format!("{}\r\n{}", &base64[..19], &base64[19..]);
        let element = format!("<cenc:pssh>{base64}</cenc:pssh>");
        for text in [broken, element, format!("data:text/plain;base64,{base64}"), format!("\"{base64}\"")] {
            assert_eq!(parse(&pssh(&text)).unwrap().0.boxes(&CENC, &[KID], 0), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_no_pssh_is_refused_and_what_is_doubtful_is_said() {
        for (text, words) in [
            ("?", "neither"),
            ("0000000c", "At byte 0"),
            ("0000000866726565", "a box 'free'"),
            (&SHORTEST[..60], "At byte 0"),
            (&format!("{SHORTEST}00"), "At byte 50"),
            (&format!("00000033{}00", &SHORTEST[8..]), "1 bytes stand behind"),
        ] {
            let error = parse(&pssh(text)).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-pssh", Some("pssh")), "{text}");
            assert!(error.message().contains(words), "{text}: {error}");
        }
        let playready =
            SHORTEST.replace("edef8ba979d64acea3c827dcd51d21ed", "9a04f07998404286ab92e65be0885f95");
        assert!(parse(&pssh(&playready)).unwrap().1[0].contains("Players take the first"));
        let other = "0000003470737368010000001077efecc0b24d02ace33c1e52e2fb4b00000001000000000000000000000000000000ff00000000";
        assert!(parse(&pssh(other)).unwrap().1[0].contains("does not list"));
        assert!(parse(&pssh(SHORTEST)).unwrap().1.is_empty());
        let wanted = RequestText { widevine: true, ..RequestText::default() };
        let error = Systems::parse(&wanted, Form::Piff, &mut Vec::new()).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-form", Some("widevine")));
    }
}
