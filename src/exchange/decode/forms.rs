//! The forms in which headers and key IDs are written.

use serde::Serialize;

use super::exposed;
use crate::boxes::BoxBody;
use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::systems::PLAYREADY;
use crate::boxes::wire::Bytes;
use crate::boxes::wire::FullHead;
use crate::bytes::{KeyId, Result, Uuid16};
use crate::exchange::base64_text;
use crate::playready::ProObject;
use crate::protect::request::SecretText;

/// What something is in another form.
#[derive(Clone, Debug, Serialize)]
pub struct Form {
    /// Which form, for a person.
    pub name: String,
    /// Stable: `uuid`, `hex`, `base64`, `guid-hex`, `guid-base64`, `pro`, `pssh`, `pssh-hex`, `xml`, `dash`, `smooth`, `lines`,
    /// `key`.
    pub id: &'static str,
    /// It; it may be a key.
    #[serde(serialize_with = "exposed")]
    pub value: SecretText,
    /// Whether it is a secret.
    pub secret: bool,
}

impl Form {
    pub(crate) fn new(id: &'static str, name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), id, value: SecretText(value.into()), secret: false }
    }

    pub(crate) fn secret(id: &'static str, name: &str, value: impl Into<String>) -> Self {
        Self { secret: true, ..Self::new(id, name, value) }
    }
}

/// A key ID as each kind of place has it.
pub fn kid_forms(kid: KeyId) -> Vec<Form> {
    let guid = kid.guid_bytes();
    vec![
        Form::new("uuid", "UUID, as manifests and boxes have it", kid.uuid()),
        Form::new("hex", "Hexadecimal digits, as boxes have it", hex::encode(kid.0)),
        Form::new("guid-base64", "Base64 in GUID order, as PlayReady headers have it", base64_text(&guid)),
        Form::new("guid-hex", "Hexadecimal digits in GUID order", hex::encode(guid)),
        Form::new("base64", "Base64 in UUID order", base64_text(&kid.0)),
    ]
}

/// A PlayReady object with the one header `xml`.
pub fn object_of(xml: &str) -> Result<Vec<u8>> {
    ProObject::from_xml(xml).to_bytes()
}

/// The `pssh` box of a system; with key IDs it is of version 1.
pub fn pssh_of(system_id: Uuid16, kids: Vec<KeyId>, data: Vec<u8>) -> Vec<u8> {
    let version = u8::from(!kids.is_empty());
    let header = ProtectionSystemSpecificHeader {
        head: FullHead { version, flags: 0 },
        system_id,
        kids: kids.into(),
        data_size: u32::try_from(data.len()).unwrap_or(u32::MAX),
        data: Bytes(data),
        ..ProtectionSystemSpecificHeader::default()
    };
    header.to_box(0)
}

/// What a PlayReady object is elsewhere, but for its XML. `kid` is of the element of a DASH manifest.
pub fn object_forms(object: &[u8]) -> Vec<Form> {
    let pro = base64_text(object);
    let pssh = pssh_of(PLAYREADY, Vec::new(), object.to_vec());
    vec![
        Form::new("pro", "PlayReady object, base64", pro.clone()),
        Form::new("pssh", "‘pssh’ box, base64", base64_text(&pssh)),
        Form::new("pssh-hex", "‘pssh’ box, hexadecimal digits", hex::encode(&pssh)),
        Form::new(
            "dash",
            "ContentProtection element of a DASH manifest",
            dash_element(&pro, &base64_text(&pssh)),
        ),
        Form::new("smooth", "Protection element of a Smooth manifest", smooth_element(&pro)),
    ]
}

fn dash_element(pro: &str, pssh: &str) -> String {
    format!(
        "<ContentProtection schemeIdUri=\"urn:uuid:{PLAYREADY}\" value=\"MSPR 2.0\" xmlns:cenc=\"urn:mpeg:cenc:2013\" \
         xmlns:mspr=\"urn:microsoft:playready\"><cenc:pssh>{pssh}</cenc:pssh><mspr:pro>{pro}</mspr:pro></ContentProtection>"
    )
}

fn smooth_element(pro: &str) -> String {
    let system = PLAYREADY.to_string().to_uppercase();
    format!("<Protection><ProtectionHeader SystemID=\"{system}\">{pro}</ProtectionHeader></Protection>")
}
