//! What is known of one kind of box, as the registry has it: types, texts, and the rows of its fields.

use crate::bytes::units::len_u64;
use crate::bytes::{Reader, Result};

use super::declare::Walk;
use super::header::BoxId;
use super::rows::RowSink;
use super::wire::{Bytes, Context, FullHead, Wire};

/// Whether version and flags come first (ISO/IEC 14496-12:2022 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A full box: version and flags, then the fields.
    Full,
    /// The fields only.
    Plain,
}

/// All that is known of one kind of box.
pub struct Declaration {
    /// The types it goes by.
    pub ids: &'static [BoxId],
    /// Human name, specification clause, names of the fields, and what the box is for: a line each. One text and not
    /// four, because addresses and lengths are what compresses worst of all that a visitor loads.
    pub text: &'static str,
    /// Full or plain.
    pub form: Form,
    /// The versions that the fields are of; empty for plain boxes.
    pub versions: &'static [u8],
    /// Whether child boxes follow the fields.
    pub children: bool,
    /// Whether the box ends where its fields end.
    pub exact: bool,
    /// What its fields are, as far as rows need it.
    pub layout: Layout,
}

/// The fields of a box, for whoever passes over them without wanting their values.
#[derive(Clone, Copy)]
pub enum Layout {
    /// Every field is there, whatever the others say: most boxes, and so a table and no code of their own.
    Table {
        /// Names of the bits of the flags.
        flags: &'static [(u32, &'static str)],
        /// The rows of the fields, in their order.
        rows: &'static [FieldRows],
    },
    /// Fields that hang on others.
    Code(fn(&mut Walk<'_, '_>) -> Result<()>),
}

/// Reads a field and adds its rows.
pub type FieldRows = fn(&mut Reader<'_>, &str, &Context, &mut RowSink) -> Result<()>;

/// The rows of a field of type `T`.
pub(super) fn rows_of<T: Wire>(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    sink: &mut RowSink,
) -> Result<()> {
    T::rows(r, name, cx, None, sink).map(drop)
}

/// The row of a field whose declaration says what its values mean.
pub(super) fn row_with_meaning<T: Wire>(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    sink: &mut RowSink,
    means: fn(&T) -> String,
) -> Result<()> {
    let start = r.offset();
    let value = T::read(r, name, cx, None)?;
    // What has no bytes is absent.
    if r.offset() > start {
        sink.push(name, start, r.offset(), || (value.show(), means(&value)));
    }
    Ok(())
}

impl Declaration {
    /// Human name.
    pub fn name(&self) -> &'static str {
        self.line(0)
    }

    /// Specification clause.
    pub fn clause(&self) -> &'static str {
        self.line(1)
    }

    /// What it is for, in a sentence or two.
    pub fn about(&self) -> &'static str {
        self.line(3).trim_ascii_start()
    }

    fn line(&self, index: usize) -> &'static str {
        self.text.split('\n').nth(index).unwrap_or_default()
    }

    /// Reads the body (from after the header) and adds a row per field.
    pub fn rows(&self, r: &mut Reader<'_>, iv_size: u8, sink: &mut RowSink) -> Result<()> {
        self.rows_in(r, Context { iv_size, ..Context::default() }, sink)
    }

    /// As [`rows`](Self::rows), where the context says more.
    pub fn rows_in(&self, r: &mut Reader<'_>, cx: Context, sink: &mut RowSink) -> Result<()> {
        self.walk(r, cx, sink)?;
        if !self.children && !r.is_empty() {
            let (start, end) = (r.offset(), r.offset() + len_u64(r.remaining()));
            let bytes = r.rest();
            sink.push("bytes after the last field", start, end, || {
                (Bytes(bytes.to_vec()).show(), String::new())
            });
        }
        Ok(())
    }

    /// Passes over the body to see whether it can be read, and returns how many bytes are left over behind its fields
    /// where none may be.
    pub fn check(&self, r: &mut Reader<'_>, cx: Context) -> Result<usize> {
        self.walk(r, cx, &mut RowSink::blind())?;
        Ok(if self.exact && !self.children { r.remaining() } else { 0 })
    }

    /// Reads the fields and leaves the reader after them, where the children start; does nothing for boxes without.
    pub fn skip_fields(&self, r: &mut Reader<'_>) -> Result<()> {
        if self.children { self.walk(r, Context::default(), &mut RowSink::blind()) } else { Ok(()) }
    }

    fn walk(&self, r: &mut Reader<'_>, cx: Context, sink: &mut RowSink) -> Result<()> {
        let mut walk = Walk { r: &mut *r, cx, sink: Some(&mut *sink) };
        let (flags, rows) = match self.layout {
            Layout::Code(fields) => return fields(&mut walk),
            Layout::Table { flags, rows } => (flags, rows),
        };
        if self.form == Form::Full {
            walk.head(&mut FullHead::default(), flags, self.versions)?;
        }
        let cx = walk.cx;
        self.line(2).split(' ').zip(rows).try_for_each(|(name, rows)| rows(r, name, &cx, sink))
    }
}

/// Reads a box's body and writes it again: proof that reader and writer agree. Stands apart from [`Declaration`], so
/// that a program that never asks does not carry every writer.
pub struct Rewriter {
    /// The types of the box.
    pub ids: &'static [BoxId],
    /// From a body, and the bytes per IV, to the body again.
    pub rewrite: fn(&mut Reader<'_>, u8) -> Result<Vec<u8>>,
}
