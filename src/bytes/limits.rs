//! Every cap on a number that comes from a file, with its reason. Passing one is an error of kind `Limit`.

/// Largest `moov` read into memory, in bytes. A day of progressive video at 60 samples a second needs about 100 MiB.
pub const MOOV_LEN: u64 = 128 << 20;

/// Largest `moof` read into memory, in bytes. Real ones are kilobytes; one of 64 MiB would describe millions of samples.
pub const MOOF_LEN: u64 = 64 << 20;

/// Largest index box (`mfra`, `sidx`) read into memory, in bytes: 100 000 fragments of 64 tracks take 120 MiB.
pub const INDEX_LEN: u64 = 128 << 20;

/// Largest other top-level box whose fields are read for inspection, in bytes.
pub const INSPECT_LEN: u64 = 16 << 20;

/// Most bytes behind the last box that may be no box: tags, text, padding.
pub const TRAILING_LEN: u64 = 1 << 20;

/// Largest single sample, in bytes. An uncompressed-looking 8K intra frame stays below it.
pub const SAMPLE_LEN: u64 = 256 << 20;

/// Deepest nesting of boxes; real files stay under 12. Stops recursion on hostile input.
pub const BOX_DEPTH: usize = 32;

/// Most boxes in one tree (`moov` or `moof`); keeps a flood of 8-byte boxes from filling memory.
pub const BOX_COUNT: usize = 1 << 20;

/// Most top-level boxes in one file: a day of two-second fragments of eight tracks, each with its index, has 1.4 million.
pub const TOP_BOXES: usize = 1 << 21;

/// Most problems of one file that are noted; a damaged file can have one at every box.
pub const PROBLEMS: usize = 1000;

/// Most samples in one fragment.
pub const FRAGMENT_SAMPLES: u64 = 1 << 22;

/// Most samples of all tables of a movie that are gone through: 45 minutes of uncompressed sound, where each sample is
/// a moment of it, or years of any other.
pub const TABLE_SAMPLES: u64 = 1 << 27;

/// Most tracks in one movie.
pub const TRACKS: usize = 1024;

/// Most sample entries of all tracks of a movie; real tracks have one, or one for each version of their encoding.
pub const SAMPLE_ENTRIES: usize = 4096;

/// Most DRM systems told of one movie; there are some thirty.
pub const SYSTEMS: usize = 256;

/// Most boxes listed by one call.
pub const LISTED: usize = 10_000;
/// Most keys of one track.
pub const TRACK_KEYS: usize = 2000;
