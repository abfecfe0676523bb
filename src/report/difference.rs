//! What a change makes of what a protected file says of itself, before and after.

use serde::Serialize;

use crate::boxes::Tree;
use crate::boxes::movie::FileType;
use crate::bytes::Result;
use crate::output::change::{form_of, headers};
use crate::output::record::{file_type, keeps_file_type};
use crate::playready::{Header, ProObject, Record, header_xml_in};
use crate::protect::Plan;
use crate::track::{Index, Movie};

use super::base64;

/// One thing that becomes another.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Name of the request field that it is asked by, or `systems`, `kids`.
    pub field: &'static str,
    /// What it is, for a person.
    pub name: &'static str,
    /// As it is in the file; empty where it is not there.
    pub before: String,
    /// As it will be; empty where it goes.
    pub after: String,
}

/// What a file says of its encryption, beside whether it is encrypted.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    /// Name of the request field that it is changed by, or `systems`, `kids`, `checksums`.
    pub field: &'static str,
    /// What it is, for a person.
    pub name: &'static str,
    /// As it is in the file; empty where it is not there.
    pub value: String,
}

/// What the movie header says: always the same things in the same order. And the PlayReady header, empty where it has none.
pub(super) fn statements(moov: &Tree<'_>, movie: &Movie) -> (Vec<Statement>, String) {
    let all = facts(moov, movie).into_iter();
    let xml = headers(moov).into_iter().find_map(|(_, object)| header_xml_in(&object?, 0).ok());
    (all.map(|(field, name, value)| Statement { field, name, value }).collect(), xml.unwrap_or_default())
}

/// What becomes another in a file whose movie header will be `changed`.
pub fn differences(plan: &Plan, index: &Index, changed: &Tree<'_>) -> Result<Vec<Difference>> {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return Ok(Vec::new()) };
    let changed_movie = Movie::read(changed, &mut Vec::new());
    let mut all = facts(moov, movie);
    let old_type = index.file_type.as_ref().map_or_else(String::new, brands);
    let new_type = if keeps_file_type(plan) {
        old_type.clone()
    } else {
        let bytes = file_type(plan, index);
        let tree = (!bytes.is_empty()).then(|| Tree::parse(&*bytes, 0)).transpose()?;
        let read = tree.as_ref().map(|tree| tree.read::<FileType>(tree.root())).transpose()?;
        read.as_ref().map_or_else(String::new, brands)
    };
    all.push(("brands", "Brands", old_type));
    let mut after = facts(changed, &changed_movie);
    after.push(("brands", "Brands", new_type));
    let pairs = all.into_iter().zip(after).filter(|((_, _, before), (_, _, after))| before != after);
    let all = pairs.map(|((field, name, before), (_, _, after))| Difference { field, name, before, after });
    Ok(all.collect())
}

fn brands(file_type: &FileType) -> String {
    let all: Vec<String> = file_type.compatible_brands.iter().map(|brand| brand.text()).collect();
    format!("{} ({})", file_type.major_brand.text(), all.join(" "))
}

/// What is said of the encryption: always the same things in the same order.
fn facts(moov: &Tree<'_>, movie: &Movie) -> Vec<(&'static str, &'static str, String)> {
    let headers = headers(moov);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let object = headers.iter().find_map(|(_, object)| ProObject::parse(object.as_ref()?, 0).ok());
    let header = object.as_ref().and_then(|object| object.header(0).ok().flatten()).map(|read| read.header);
    let said = |tell: &dyn Fn(&Header) -> Option<String>| header.as_ref().and_then(tell).unwrap_or_default();
    let store = object.iter().flat_map(|object| &object.records);
    let store = store.filter(|record| record.kind == Record::LICENSE_STORE).map(|record| record.value.len());
    vec![
        ("form", "Boxes", form_of(moov, movie).name().to_owned()),
        ("systems", "DRM systems", names.join(", ")),
        ("headerVersion", "PlayReady header", said(&|header| Some(header.version.short().to_owned()))),
        (
            "kids",
            "Key IDs in it",
            said(&|header| {
                let kids: Vec<String> = header.keys.iter().map(|key| key.kid.uuid()).collect();
                Some(kids.join(", "))
            }),
        ),
        (
            "checksums",
            "Checksums",
            said(&|header| {
                let sums = header.keys.iter().filter_map(|key| key.checksum);
                Some(sums.map(|sum| base64(&sum)).collect::<Vec<_>>().join(", "))
            }),
        ),
        ("laUrl", "Licence URL", said(&|header| header.la_url.clone())),
        ("luiUrl", "Licence page", said(&|header| header.lui_url.clone())),
        ("dsId", "Domain service ID", said(&|header| header.ds_id.map(|id| base64(&id)))),
        ("customAttributes", "Custom attributes", said(&|header| header.custom_attributes.clone())),
        (
            "decryptorSetup",
            "Decryptor setup",
            said(&|header| header.on_demand.then(|| "ondemand".to_owned())),
        ),
        (
            "licenceStore",
            "Room for licences",
            store.map(|len| format!("{len} bytes")).collect::<Vec<_>>().join(", "),
        ),
    ]
}
