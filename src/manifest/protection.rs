//! Headers of DRM systems as manifests hold them: base64 of a PlayReady object, or of a whole `pssh` box.

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::bytes::units::len_u64;
use crate::bytes::{KeyId, Uuid16};
use crate::exchange::base64_bytes;
use crate::playready::{Header, HeaderVersion, ProObject};
use crate::protect::systems::whole;
use crate::track::system_header::is_playready;

/// What a header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// SystemID of its box, where it stands in one.
    pub system: Option<Uuid16>,
    /// Key IDs that it names.
    pub kids: Vec<KeyId>,
    /// Of a PlayReady header, what it says.
    pub header: Option<Header>,
    /// What is in the box, or the object itself.
    pub data: Vec<u8>,
}

impl Read {
    /// Version of a PlayReady header.
    pub fn version(&self) -> Option<HeaderVersion> {
        self.header.as_ref().map(|header| header.version)
    }

    /// Key IDs as UUID texts.
    pub fn kid_texts(&self) -> Vec<String> {
        self.kids.iter().map(|kid| kid.uuid()).collect()
    }
}

/// A PlayReady object in base64, or why it is none.
pub fn object(text: &str) -> Result<Read, String> {
    let bytes = base64_bytes(text).filter(|bytes| !bytes.is_empty()).ok_or("it is not base64")?;
    if let Some(b"pssh" | b"uuid") = bytes.get(4..8) {
        return Err("it is a whole ‘pssh’ box, and the PlayReady object is what stands in that".to_owned());
    }
    of_object(&bytes)
}

fn of_object(bytes: &[u8]) -> Result<Read, String> {
    let object = ProObject::parse(bytes, 0).map_err(|error| error.message().to_owned())?;
    let parsed = object.header(0).map_err(|error| error.message().to_owned())?;
    let header = parsed.ok_or("it has no PlayReady header in it")?.header;
    let kids = header.keys.iter().map(|key| key.kid).collect();
    Ok(Read { system: None, kids, header: Some(header), data: bytes.to_vec() })
}

/// A whole `pssh` box in base64, or why it is none.
pub fn pssh(text: &str) -> Result<Read, String> {
    let bytes = base64_bytes(text).filter(|bytes| !bytes.is_empty()).ok_or("it is not base64")?;
    if bytes.get(4..8) != Some(b"pssh") {
        return Err("it does not begin with the size and the type of a ‘pssh’ box".to_owned());
    }
    let size = bytes.first_chunk::<4>().map_or(0, |size| u64::from(u32::from_be_bytes(*size)));
    if size != len_u64(bytes.len()) {
        return Err(format!("the box says that it has {size} bytes, and {} stand there", bytes.len()));
    }
    // Not as a tree, which would bring all boxes that there are into the module of manifests.
    let read: ProtectionSystemSpecificHeader = whole(&bytes).map_err(|error| error.message().to_owned())?;
    let data = read.data.0;
    if is_playready(read.system_id) {
        return of_object(&data).map(|inside| Read { system: Some(read.system_id), ..inside });
    }
    Ok(Read { system: Some(read.system_id), kids: read.kids.entries.clone(), header: None, data })
}
