//! Errors as JavaScript sees them.

use serde::Serialize;

use crate::bytes::{Error, Kind};

/// What an `Error` of JavaScript gets besides its message: `BoxlockErrorShape`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorReport {
    /// Always `BoxlockError`.
    pub name: &'static str,
    /// Stable and kebab-case.
    pub code: &'static str,
    /// Whose fault it is.
    pub kind: &'static str,
    /// The box, as `moov/trak[1]/mdia`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// File offset in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The request field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        Self {
            name: "BoxlockError",
            code: error.code(),
            kind: match error.kind() {
                Kind::File => "file",
                Kind::Caller => "caller",
                Kind::Limit => "limit",
                Kind::Unsupported => "unsupported",
            },
            path: Some(error.path()).filter(|path| !path.is_empty()),
            offset: error.offset(),
            field: error.field(),
        }
    }
}
