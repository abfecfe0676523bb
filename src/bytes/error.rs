//! The one error type of the core: whose fault it is, which rule, where, and both numbers of a failed comparison.
//!
//! Messages are whole plain sentences; the page shows them as they are. No secret is ever formatted into one.

use core::fmt;

/// Shorthand for results of the core.
pub type Result<T> = core::result::Result<T, Error>;

/// Whose fault an error is, and so what a person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file breaks a rule of its format.
    File,
    /// The request cannot be carried out as written; see [`Error::field`].
    Caller,
    /// The file is larger, deeper or longer than the caps in [`limits`](super::limits) allow.
    Limit,
    /// The file is sound, but asks for something Boxlock does not do.
    Unsupported,
}

/// What went wrong, where, and which rule it broke. One pointer wide: every read of every field returns a `Result`,
/// and a wide error would have to be moved at each of them, in code that every visitor loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Facts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Facts {
    kind: Kind,
    code: &'static str,
    message: String,
    path: Vec<String>,
    /// Whether `path` leads from the outermost box to the one concerned.
    placed: bool,
    of_box: Option<u64>,
    offset: Option<u64>,
    field: Option<&'static str>,
}

impl Error {
    /// A new error. `code` is stable and kebab-case (`"truncated"`); `message` is a plain sentence.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let path = Vec::new();
        Self(Box::new(Facts {
            kind,
            code,
            message,
            path,
            placed: false,
            of_box: None,
            offset: None,
            field: None,
        }))
    }

    /// The file breaks a rule.
    pub fn file(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::File, code, message)
    }

    /// The request field `field` (named as in the public module) is wrong.
    pub fn caller(code: &'static str, field: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::new(Kind::Caller, code, message);
        error.0.field = Some(field);
        error
    }

    /// A cap was passed.
    pub fn limit(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Limit, code, message)
    }

    /// Sound, but not supported.
    pub fn unsupported(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, code, message)
    }

    /// Adds the file offset in bytes, unless an inner call already knew a closer one.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The same error with an offset that was counted from `base`.
    #[must_use]
    pub fn moved_by(mut self, base: u64) -> Self {
        self.0.offset = Some(base.saturating_add(self.0.offset.unwrap_or(0)));
        self
    }

    /// The same error with its offset, when it has one, as `place` says; without one where that says none.
    #[must_use]
    pub fn moved(mut self, place: &dyn Fn(u64) -> Option<u64>) -> Self {
        self.0.offset = self.0.offset.and_then(place);
        self
    }

    /// Adds an enclosing box; called from the inside out, so the path reads from the outside in. Does nothing where the
    /// path is known: see [`of_box`](Self::of_box).
    #[must_use]
    pub fn inside(mut self, segment: impl Into<String>) -> Self {
        if !self.0.placed {
            self.0.path.insert(0, segment.into());
        }
        self
    }

    /// Says which box it is about: by file offset, and by the segments of its path from the outermost box on.
    #[must_use]
    pub fn of_box(mut self, start: u64, path: Vec<String>) -> Self {
        if !self.0.placed {
            (self.0.of_box, self.0.path, self.0.placed) = (Some(start), path, true);
        }
        self
    }

    /// The same error with another name for the outermost box of its path: `moof[3]` where `moof` alone was known.
    #[must_use]
    pub fn with_outermost(mut self, segment: String) -> Self {
        match self.0.path.first_mut() {
            Some(first) => *first = segment,
            None => self.0.path.push(segment),
        }
        self
    }

    /// The same error with words in front of its sentence that say where in the media it is.
    #[must_use]
    pub fn preceded_by(mut self, place: &str) -> Self {
        self.0.message.insert_str(0, place);
        self
    }

    /// Whose fault it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable kebab-case code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The plain sentence, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The box path, as `moov/trak[1]/mdia`, empty when no box is concerned.
    pub fn path(&self) -> String {
        self.0.path.join("/")
    }

    /// The file offset of the box it is about, where that is known.
    pub fn box_start(&self) -> Option<u64> {
        self.0.of_box
    }

    /// The file offset in bytes.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The request field at fault, for [`Kind::Caller`].
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.path.is_empty() {
            write!(f, " (in {}", self.0.path.join("/"))?;
            if let Some(offset) = self.0.offset {
                write!(f, ", at byte {offset}")?;
            }
            f.write_str(")")?;
        } else if let Some(offset) = self.0.offset {
            write!(f, " (at byte {offset})")?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {}
