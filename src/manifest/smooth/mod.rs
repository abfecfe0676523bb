//! Smooth Streaming: the manifest for the server (SMIL, `.ism`) and that for players (`.ismc`, MS-SSTR 2.2.2).

pub mod client;
pub mod fourcc;
pub mod header;
pub mod heads;
pub mod records;
pub mod server;
pub mod write;

pub use client::{Chunk, Client, Level, Protection, Stream};
pub use header::SmoothHeader;
pub use server::{Entry, Server};

/// Ticks a second where nothing else is said, and the only ones that all players know.
pub const TIMESCALE: u64 = 10_000_000;

/// The namespace of server manifests.
pub const SMIL: &str = "http://www.w3.org/2001/SMIL20/Language";
