//! Published protected files.
