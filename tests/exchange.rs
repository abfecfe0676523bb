//! Keys in and out: CPIX documents, lists, headers that are decoded and built. Documents are of the kinds that public
//! repositories have, rebuilt with other keys: requests and answers of SPEKE (awslabs/speke-reference-server), of services
//! that Unified Packager reads (unifiedstreaming/pycpix), of Vualto, of Axinom's library.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod cpix;
mod decoded;
mod judges;
mod rotated;
mod shapes;
mod told;

use boxlock::bytes::KeyId;

pub const KID: &str = "93f5fb58-1df7-4752-acb2-6cf1e75b4910";
pub const KID2: &str = "e1f85ce6-5c99-442c-8cdf-5063550ca95b";
/// Of a key, and the same in base64.
pub const KEY: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";
pub const KEY64: &str = "OiobaN0r2bLusl6ExHdmaA==";
pub const KEY2: &str = "9af3d2c1b0a998877665544332211000";

pub fn kid(text: &str) -> KeyId {
    boxlock::playready::parse_kid(text).unwrap()
}
