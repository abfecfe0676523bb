//! The door: converts and nothing else.
