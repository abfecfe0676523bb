//! Whatever the bytes: reading them as a PlayReady object and its header ends, without a panic.

#![no_main]

use boxlock::playready::ProObject;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(object) = ProObject::parse(bytes, 0) {
        let _ = object.header(0);
    }
    if let Ok(text) = boxlock::playready::object::bare_header_xml(bytes, 0) {
        let _ = boxlock::playready::Header::parse(&text);
    }
});
