//! Whatever is pasted: it is decoded, and read as a list of keys, without a panic; a CPIX document that is read can be written.

#![no_main]

use boxlock::bytes::KeyId;
use boxlock::exchange::{cpix::Cpix, decode::decode, read_keys, x509};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let known = [KeyId([7; 16])];
    let _ = decode(bytes, &known);
    let _ = x509::certificate(bytes);
    let _ = x509::private_key(bytes);
    if let Ok(list) = read_keys(bytes, &known)
        && let Some(document) = list.cpix
        && document.rules.iter().all(|rule| rule.unknown.is_empty())
    {
        assert!(Cpix::parse(&document.to_xml()).is_ok());
    }
});
