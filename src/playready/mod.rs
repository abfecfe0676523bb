//! Rank 1: what PlayReady writes into a file, and what people type to have it written: keys, seeds and identifiers,
//! the header's XML, the object around it, the checksum.
//!
//! Knows nothing of boxes: callers hand in the payload of a `pssh` (or its PIFF twin) and get one back.

pub mod checksum;
pub mod custom;
pub mod header;
pub mod key;
pub mod object;
pub mod parse;
mod rules;
pub mod url;
mod xml;

pub use checksum::checksum;
pub use custom::{check_custom_attributes, without_wrapper};
pub use header::{Algorithm, Header, HeaderKey, HeaderVersion, NAMESPACE};
pub use key::{
    derive_key, is_test_key, is_weak_seed, parse_ds_id, parse_iv_start, parse_key, parse_kid, parse_seed,
    weakness,
};
pub use object::{ProObject, Record, bare_header_xml, header_xml_in, is_bare_header, utf16le_encode};
pub(crate) use parse::LENIENT;
pub use parse::{Note, ParsedHeader, UnknownElement};
pub use url::{check_url, url_warnings};
pub(crate) use xml::{escape, next_event};
