//! What the bytes inside samples mean, as far as protection and display need it: parameter sets and slice headers of
//! H.264, and the configuration records of H.264 and AAC. Knows nothing of boxes, keys or ciphers.

pub mod aac;
pub mod avc_config;
pub mod bits;
pub mod h264;
