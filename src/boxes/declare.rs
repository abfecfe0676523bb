//! The declaration macro: fields in wire order become a struct, its reader, its writer and its inspector rows.
//!
//! ```text
//! boxes! {
//!     /// Ordinal number of a movie fragment.
//!     MovieFragmentHeader [four(b"mfhd")] full "Movie fragment header" "ISO/IEC 14496-12:2022 8.8.5" {
//!         sequence_number: u32;
//!     }
//! }
//! ```
//! gives `pub struct MovieFragmentHeader { pub head: FullHead, pub sequence_number: u32, pub rest: Vec<u8> }`,
//! `MovieFragmentHeader::parse(..)`, `.to_box()`, and an entry in the registry under `mfhd`.
//!
//! After a field's type may stand, in this order: `count |cx, b| n` (how many entries or bytes, for lists whose
//! length stands elsewhere), `if |cx, b| condition` (when the field is there at all), `means |value| text`.
//! After `full` or `plain` may stand `children`: child boxes follow the fields.

use crate::bytes::{Reader, Result, Writer};

use super::header::BoxId;
use super::rows::RowSink;
use super::wire::Context;

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
    /// Human name.
    pub name: &'static str,
    /// Specification clause.
    pub clause: &'static str,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// Full or plain.
    pub form: Form,
    /// Whether child boxes follow the fields.
    pub children: bool,
    /// Reads the body (from after the header) and adds a row per field.
    pub rows: fn(&mut Reader<'_>, u8, &mut RowSink) -> Result<()>,
    /// Reads the fields and leaves the reader after them, where the children start; does nothing for boxes without.
    pub skip_fields: fn(&mut Reader<'_>) -> Result<()>,
}

/// Reads a box's body and writes it again: proof that reader and writer agree. Stands apart from [`Declaration`], so
/// that a program that never asks does not carry every writer.
pub struct Rewriter {
    /// The types of the box.
    pub ids: &'static [BoxId],
    /// From a body, and the bytes per IV, to the body again.
    pub rewrite: fn(&mut Reader<'_>, u8) -> Result<Vec<u8>>,
}

/// A declared box.
pub trait BoxBody: Sized {
    /// Its declaration.
    const DECLARATION: Declaration;

    /// Reads the body, from after the box header to the end of `r`. `iv_size` matters only to sample encryption
    /// boxes: bytes per IV of the track.
    fn parse(r: &mut Reader<'_>, iv_size: u8) -> Result<Self>;

    /// Writes the body.
    fn write_body(&self, w: &mut Writer, iv_size: u8);

    /// The whole box under its first type, header included, in the 32-bit size form.
    fn to_box(&self, iv_size: u8) -> Vec<u8>;
}

/// Version and flags as rows.
pub(super) fn head_rows(
    r: &mut Reader<'_>,
    cx: &mut Context,
    sink: &mut RowSink,
    names: &[(u32, &str)],
) -> Result<()> {
    let start = r.offset();
    cx.head.version = r.u8("version")?;
    cx.head.flags = r.u24("flags")?;
    let head = cx.head;
    sink.push("version", start, start + 1, || (head.version.to_string(), String::new()));
    sink.push("flags", start + 1, start + 4, || {
        let set: Vec<&str> = names.iter().filter(|(bit, _)| head.has(*bit)).map(|(_, name)| *name).collect();
        (format!("{:#08x}", head.flags), set.join(", "))
    });
    Ok(())
}

/// Bytes after the last field as one row, where there are any.
pub(super) fn rest_rows(r: &mut Reader<'_>, sink: &mut RowSink) {
    if !r.is_empty() {
        let (start, end) = (r.offset(), r.offset() + crate::bytes::units::len_u64(r.remaining()));
        let bytes = r.rest();
        sink.push("bytes after the last field", start, end, || {
            use super::wire::{Bytes, Wire as _};
            (Bytes(bytes.to_vec()).show(), String::new())
        });
    }
}

macro_rules! boxes {
    ($(
        $(#[doc = $about:literal])+
        $Box:ident [$($id:expr),+ $(,)?] $form:ident $($children:ident)? $human:literal $clause:literal
        $(flags { $($bit:literal $label:literal),* $(,)? })?
        {
            $(
                $field:ident: $ty:ty $(, count $count:expr)? $(, if $cond:expr)? $(, means $means:expr)?;
            )*
        }
    )*) => {
        $(
            $(#[doc = $about])+
            #[doc = ""]
            #[doc = concat!("Clause: ", $clause, ".")]
            #[derive(Clone, Debug, Default, PartialEq)]
            #[allow(missing_docs, reason = "fields go by their names in the clause")]
            pub struct $Box {
                /// Version and flags; zero in boxes without them.
                pub head: $crate::boxes::wire::FullHead,
                $(pub $field: $ty,)*
                /// Bytes after the last field, kept so that nothing is lost.
                pub rest: Vec<u8>,
            }

            impl $Box {
                #[allow(unused_variables, clippy::redundant_closure_call, reason = "fields without conditions")]
                fn read_fields(
                    r: &mut $crate::bytes::Reader<'_>,
                    iv_size: u8,
                ) -> $crate::bytes::Result<Self> {
                    #[allow(unused_mut, reason = "boxes without fields")]
                    let mut this = Self::default();
                    boxes!(@read_head $form this r);
                    let cx = $crate::boxes::wire::Context { head: this.head, iv_size };
                    $(
                        if boxes!(@present cx this $($cond)?) {
                            let count = boxes!(@count cx this $($count)?);
                            this.$field = $crate::boxes::wire::Wire::read(r, stringify!($field), &cx, count)?;
                        }
                    )*
                    Ok(this)
                }

                #[allow(unused_variables, clippy::redundant_closure_call, reason = "fields without conditions")]
                fn add_rows(
                    r: &mut $crate::bytes::Reader<'_>,
                    iv_size: u8,
                    sink: &mut $crate::boxes::rows::RowSink,
                ) -> $crate::bytes::Result<()> {
                    #[allow(unused_mut, reason = "boxes without fields")]
                    let mut this = Self::default();
                    #[allow(unused_mut, reason = "plain boxes")]
                    let mut cx = $crate::boxes::wire::Context { head: this.head, iv_size };
                    boxes!(@rows_head $form this cx r sink [$($(($bit, $label)),*)?]);
                    $(
                        if boxes!(@present cx this $($cond)?) {
                            let count = boxes!(@count cx this $($count)?);
                            this.$field = boxes!(@rows_field r cx count sink $field $ty $(, $means)?);
                        }
                    )*
                    if !boxes!(@children $($children)?) {
                        $crate::boxes::declare::rest_rows(r, sink);
                    }
                    Ok(())
                }
            }

            impl $crate::boxes::declare::BoxBody for $Box {
                const DECLARATION: $crate::boxes::declare::Declaration = $crate::boxes::declare::Declaration {
                    ids: &[$($id),+],
                    name: $human,
                    clause: $clause,
                    about: concat!($($about),+),
                    form: boxes!(@form $form),
                    children: boxes!(@children $($children)?),
                    rows: Self::add_rows,
                    skip_fields: boxes!(@skip $($children)?),
                };

                fn parse(r: &mut $crate::bytes::Reader<'_>, iv_size: u8) -> $crate::bytes::Result<Self> {
                    let mut this = Self::read_fields(r, iv_size)?;
                    this.rest = r.take(r.remaining(), "the rest")?.to_vec();
                    Ok(this)
                }

                #[allow(unused_variables, clippy::redundant_closure_call, reason = "fields without conditions")]
                fn write_body(&self, w: &mut $crate::bytes::Writer, iv_size: u8) {
                    let this = self;
                    boxes!(@write_head $form this w);
                    let cx = $crate::boxes::wire::Context { head: this.head, iv_size };
                    $(
                        if boxes!(@present cx this $($cond)?) {
                            $crate::boxes::wire::Wire::write(&this.$field, w, &cx);
                        }
                    )*
                    w.bytes(&this.rest);
                }

                fn to_box(&self, iv_size: u8) -> Vec<u8> {
                    let mut body = $crate::bytes::Writer::new();
                    self.write_body(&mut body, iv_size);
                    let ids = [$($id),+];
                    let [id, ..] = ids;
                    $crate::boxes::header::wrap(id, body.as_slice())
                }
            }
        )*

        /// Every box declared in this file.
        pub(super) const DECLARED: &[$crate::boxes::declare::Declaration] =
            &[$(<$Box as $crate::boxes::declare::BoxBody>::DECLARATION),*];

        /// The rewriters of the boxes declared in this file, in the same order.
        pub(super) const REWRITERS: &[$crate::boxes::declare::Rewriter] = &[$(
            $crate::boxes::declare::Rewriter {
                ids: &[$($id),+],
                rewrite: |r, iv_size| {
                    let mut w = $crate::bytes::Writer::new();
                    let body = <$Box as $crate::boxes::declare::BoxBody>::parse(r, iv_size)?;
                    $crate::boxes::declare::BoxBody::write_body(&body, &mut w, iv_size);
                    Ok(w.into_bytes())
                },
            }
        ),*];
    };

    (@form full) => { $crate::boxes::declare::Form::Full };
    (@form plain) => { $crate::boxes::declare::Form::Plain };
    (@skip children) => { |r| Self::read_fields(r, 0).map(|_| ()) };
    (@skip) => { |_| Ok(()) };
    (@children children) => { true };
    (@children) => { false };

    (@read_head full $this:ident $r:ident) => {
        $this.head.version = $r.u8("version")?;
        $this.head.flags = $r.u24("flags")?;
    };
    (@read_head plain $this:ident $r:ident) => {};
    (@rows_head full $this:ident $cx:ident $r:ident $sink:ident [$($flag:tt),*]) => {
        $crate::boxes::declare::head_rows($r, &mut $cx, $sink, &[$($flag),*])?;
        $this.head = $cx.head;
    };
    (@rows_head plain $this:ident $cx:ident $r:ident $sink:ident []) => {};
    (@write_head full $this:ident $w:ident) => {
        $w.u8($this.head.version);
        $w.u24($this.head.flags);
    };
    (@write_head plain $this:ident $w:ident) => {};

    (@present $cx:ident $this:ident) => { true };
    (@present $cx:ident $this:ident $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context, &Self) -> bool = $cond;
        condition(&$cx, &$this)
    }};
    (@count $cx:ident $this:ident) => { None };
    (@count $cx:ident $this:ident $count:expr) => {{
        let count: fn(&$crate::boxes::wire::Context, &Self) -> u64 = $count;
        Some(count(&$cx, &$this))
    }};

    (@rows_field $r:ident $cx:ident $count:ident $sink:ident $field:ident $ty:ty) => {
        <$ty as $crate::boxes::wire::Wire>::rows($r, stringify!($field), &$cx, $count, $sink)?
    };
    (@rows_field $r:ident $cx:ident $count:ident $sink:ident $field:ident $ty:ty, $means:expr) => {{
        let start = $r.offset();
        let value = <$ty as $crate::boxes::wire::Wire>::read($r, stringify!($field), &$cx, $count)?;
        let means: fn(&$ty) -> String = $means;
        $sink.push(stringify!($field), start, $r.offset(), || {
            ($crate::boxes::wire::Wire::show(&value), means(&value))
        });
        value
    }};
}

/// Declares an entry of a list: fields in wire order. As in `boxes!`, after a field's type may stand `count`, `if`
/// and `means`; their closures take the box's context, `|cx|`, or also the entry read so far, `|cx, b|`.
macro_rules! entries {
    ($(
        $(#[doc = $about:literal])+
        $Entry:ident {
            $(
                $field:ident: $ty:ty $(, count |$($count_arg:tt),+| $count:expr)?
                    $(, if |$($if_arg:tt),+| $cond:expr)? $(, means $means:expr)?;
            )*
        }
    )*) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Debug, Default, PartialEq)]
        #[allow(missing_docs, reason = "fields go by their names in the clause")]
        pub struct $Entry {
            $(pub $field: $ty,)*
        }

        #[allow(clippy::redundant_closure_call, unused_variables, reason = "fields without conditions")]
        impl $crate::boxes::wire::Wire for $Entry {
            fn read(
                r: &mut $crate::bytes::Reader<'_>,
                _: &str,
                cx: &$crate::boxes::wire::Context,
                _: Option<u64>,
            ) -> $crate::bytes::Result<Self> {
                let mut this = Self::default();
                $(
                    if entries!(@present cx this $(|$($if_arg),+| $cond)?) {
                        let count = entries!(@count cx this $(|$($count_arg),+| $count)?);
                        this.$field = $crate::boxes::wire::Wire::read(r, stringify!($field), cx, count)?;
                    }
                )*
                Ok(this)
            }

            fn write(&self, w: &mut $crate::bytes::Writer, cx: &$crate::boxes::wire::Context) {
                let this = self;
                $(
                    if entries!(@present cx this $(|$($if_arg),+| $cond)?) {
                        $crate::boxes::wire::Wire::write(&self.$field, w, cx);
                    }
                )*
            }

            fn show(&self) -> String {
                String::new()
            }

            fn rows(
                r: &mut $crate::bytes::Reader<'_>,
                name: &str,
                cx: &$crate::boxes::wire::Context,
                _: Option<u64>,
                sink: &mut $crate::boxes::rows::RowSink,
            ) -> $crate::bytes::Result<Self> {
                let start = r.offset();
                let at = sink.total();
                sink.push(name, start, start, || (String::new(), String::new()));
                let mut this = Self::default();
                sink.nested(|sink| {
                    $(
                        if entries!(@present cx this $(|$($if_arg),+| $cond)?) {
                            let count = entries!(@count cx this $(|$($count_arg),+| $count)?);
                            this.$field = boxes!(@rows_field r cx count sink $field $ty $(, $means)?);
                        }
                    )*
                    Ok(())
                })?;
                sink.close(at, r.offset());
                Ok(this)
            }
        }
    )*};
    (@present $cx:ident $this:ident) => { true };
    (@present $cx:ident $this:ident |$a:tt| $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context) -> bool = |$a| $cond;
        condition($cx)
    }};
    (@present $cx:ident $this:ident |$a:tt, $b:tt| $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context, &Self) -> bool = |$a, $b| $cond;
        condition($cx, &$this)
    }};
    (@count $cx:ident $this:ident) => { None };
    (@count $cx:ident $this:ident |$a:tt, $b:tt| $count:expr) => {{
        let count: fn(&$crate::boxes::wire::Context, &Self) -> u64 = |$a, $b| $count;
        Some(count($cx, &$this))
    }};
}
