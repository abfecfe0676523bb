//! The declaration macro: fields in wire order become a struct, its reader, its writer and its inspector rows.
//! Reader and rows are one walk over the fields, so that what is shown is what is read.
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
//! After `full` stand, in parentheses, the versions whose fields these are; `full` alone knows version 0. What comes
//! in another version is never read by these fields. After `full` or `plain` may stand `children`: child boxes follow
//! the fields.

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Reader, Result, Writer};

use super::declaration::Declaration;
use super::rows::RowSink;
use super::wire::{Bytes, Context, FullHead, Wire};

/// Code of the error that a box is of a version that nobody declared: it may be sound all the same.
pub const UNKNOWN_VERSION: &str = "unknown-version";

/// Fields in wire order: of a box, or of an entry of a list.
pub trait Fields {
    /// Reads every field that is there.
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<()>;
}

/// Reads the fields of a box from all of `r`, and returns the bytes after the last of them.
pub(super) fn read_body<'a>(r: &mut Reader<'a>, iv_size: u8, body: &mut dyn Fields) -> Result<&'a [u8]> {
    body.walk(&mut Walk::reading(r, Context { iv_size, ..Context::default() }))?;
    r.take(r.remaining(), "the rest")
}

/// One pass over fields: reads each, and adds its rows where somebody looks on.
pub struct Walk<'w, 'a> {
    /// Where the fields stand.
    pub r: &'w mut Reader<'a>,
    /// What their form depends on.
    pub cx: Context,
    /// Where their rows go.
    pub sink: Option<&'w mut RowSink>,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// A pass that only reads.
    pub fn reading(r: &'w mut Reader<'a>, cx: Context) -> Self {
        Self { r, cx, sink: None }
    }

    /// Version and flags; `names` are those of the bits.
    pub(super) fn head(
        &mut self,
        head: &mut FullHead,
        names: &[(u32, &str)],
        versions: &'static [u8],
    ) -> Result<()> {
        let start = self.r.offset();
        *head = FullHead::read(self.r)?;
        self.cx.head = *head;
        if let Some(sink) = self.sink.as_deref_mut() {
            sink.push("version", start, start + 1, || (head.version.to_string(), String::new()));
            sink.push("flags", start + 1, start + 4, || {
                let set = names.iter().filter(|(bit, _)| head.has(*bit)).map(|(_, name)| *name);
                (format!("{:#08x}", head.flags), set.collect::<Vec<_>>().join(", "))
            });
        }
        if versions.contains(&head.version) {
            Ok(())
        } else {
            Err(self.unknown_version(head.version, versions))
        }
    }

    /// The fields of a version that nobody declared could be anything: they are shown as bytes.
    #[cold]
    fn unknown_version(&mut self, version: u8, versions: &[u8]) -> Error {
        let known: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let known = known.join(", ");
        let at = self.r.offset();
        if let Some(sink) = self.sink.as_deref_mut() {
            let bytes = Bytes(self.r.rest().to_vec());
            sink.push("data", at, at + len_u64(self.r.remaining()), || {
                (bytes.show(), format!("fields of version {version}; those of {known} are known here"))
            });
        }
        let message = format!("It has version {version}, whose fields are not known here; known is {known}.");
        Error::unsupported(UNKNOWN_VERSION, message).at(at)
    }

    /// The next field.
    pub(super) fn field<T: Wire>(&mut self, name: &str, field: &mut T, count: Option<u64>) -> Result<()> {
        *field = match self.sink.as_deref_mut() {
            Some(sink) => T::rows(self.r, name, &self.cx, count, sink)?,
            None => T::read(self.r, name, &self.cx, count)?,
        };
        Ok(())
    }

    /// The next field, whose declaration says what its values mean.
    pub(super) fn field_with_meaning<T: Wire>(
        &mut self,
        name: &str,
        field: &mut T,
        count: Option<u64>,
        means: fn(&T) -> String,
    ) -> Result<()> {
        let start = self.r.offset();
        *field = T::read(self.r, name, &self.cx, count)?;
        // What has no bytes is absent.
        if let Some(sink) = self.sink.as_deref_mut().filter(|_| self.r.offset() > start) {
            sink.push(name, start, self.r.offset(), || (field.show(), means(field)));
        }
        Ok(())
    }
}

/// Reads an entry of a list: a row for the entry, and those of its fields one level deeper.
pub(super) fn entry_rows(
    r: &mut Reader<'_>,
    name: &str,
    cx: &Context,
    sink: &mut RowSink,
    entry: &mut dyn Fields,
) -> Result<()> {
    let start = r.offset();
    let at = sink.total();
    sink.push(name, start, start, || (String::new(), String::new()));
    sink.nested(|sink| entry.walk(&mut Walk { r, cx: cx.clone(), sink: Some(sink) }))?;
    sink.close(at, r.offset());
    Ok(())
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

macro_rules! boxes {
    ($(
        $(#[doc = $about:literal])+
        $Box:ident [$($id:expr),+ $(,)?] $form:ident $(($($version:literal),+))? $($children:ident)? $human:literal $clause:literal
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

            #[allow(unused_variables, clippy::redundant_closure_call, reason = "fields without conditions")]
            impl $crate::boxes::declare::Fields for $Box {
                fn walk(&mut self, walk: &mut $crate::boxes::declare::Walk<'_, '_>) -> $crate::bytes::Result<()> {
                    let this = self;
                    boxes!(@walk_head $form this walk [$($(($bit, $label)),*)?] [$($($version),+)?]);
                    $(
                        if boxes!(@present walk.cx, this $($cond)?) {
                            let count = boxes!(@count walk.cx, this $($count)?);
                            boxes!(@walk_field walk this.$field, count $(, $means)?);
                        }
                    )*
                    Ok(())
                }
            }

            impl $crate::boxes::declare::BoxBody for $Box {
                const DECLARATION: $crate::boxes::declaration::Declaration = $crate::boxes::declaration::Declaration {
                    ids: &[$($id),+],
                    text: concat!($human, "\n", $clause, "\n", $(stringify!($field), " ",)* "\n", $($about),+),
                    form: boxes!(@form $form),
                    versions: boxes!(@versions $form [$($($version),+)?]),
                    children: boxes!(@children $($children)?),
                    exact: $(<$ty as $crate::boxes::wire::Wire>::EXACT &&)* true,
                    layout: if $(boxes!(@always [$($count)?] [$($cond)?]) &&)* true {
                        $crate::boxes::declaration::Layout::Table {
                            flags: &[$($(($bit, $label)),*)?],
                            rows: &[$(boxes!(@rows $ty $(, $means)?)),*],
                        }
                    } else {
                        $crate::boxes::declaration::Layout::Code(|walk| {
                            $crate::boxes::declare::Fields::walk(&mut Self::default(), walk)
                        })
                    },
                };

                fn parse(r: &mut $crate::bytes::Reader<'_>, iv_size: u8) -> $crate::bytes::Result<Self> {
                    let mut this = Self::default();
                    this.rest = $crate::boxes::declare::read_body(r, iv_size, &mut this)?.to_vec();
                    Ok(this)
                }

                #[allow(unused_variables, clippy::redundant_closure_call, reason = "fields without conditions")]
                fn write_body(&self, w: &mut $crate::bytes::Writer, iv_size: u8) {
                    let this = self;
                    boxes!(@write_head $form this w);
                    let cx = $crate::boxes::wire::Context { head: this.head, iv_size, ..Default::default() };
                    $(
                        if boxes!(@present cx, this $($cond)?) {
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
        pub(super) const DECLARED: &[$crate::boxes::declaration::Declaration] =
            &[$(<$Box as $crate::boxes::declare::BoxBody>::DECLARATION),*];

        /// The rewriters of the boxes declared in this file, in the same order.
        pub(super) const REWRITERS: &[$crate::boxes::declaration::Rewriter] = &[$(
            $crate::boxes::declaration::Rewriter {
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

    (@form full) => { $crate::boxes::declaration::Form::Full };
    (@form plain) => { $crate::boxes::declaration::Form::Plain };
    (@children children) => { true };
    (@children) => { false };

    (@always [] []) => { true };
    (@always [$($count:expr)?] [$($cond:expr)?]) => { false };

    (@rows $ty:ty) => { $crate::boxes::declaration::rows_of::<$ty> };
    (@rows $ty:ty, $means:expr) => {
        |r, name, cx, sink| $crate::boxes::declaration::row_with_meaning::<$ty>(r, name, cx, sink, $means)
    };

    (@versions plain []) => { &[] };
    (@versions full []) => { &[0] };
    (@versions full [$($version:literal),+]) => { &[$($version),+] };

    (@walk_head full $this:ident $walk:ident [$($flag:tt),*] [$($version:tt),*]) => {
        $walk.head(&mut $this.head, &[$($flag),*], boxes!(@versions full [$($version),*]))?;
    };
    (@walk_head plain $this:ident $walk:ident [] []) => {};
    (@write_head full $this:ident $w:ident) => {
        $w.u8($this.head.version);
        $w.u24($this.head.flags);
    };
    (@write_head plain $this:ident $w:ident) => {};

    (@present $cx:expr, $this:ident) => { true };
    (@present $cx:expr, $this:ident $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context, &Self) -> bool = $cond;
        condition(&$cx, &$this)
    }};
    (@count $cx:expr, $this:ident) => { None };
    (@count $cx:expr, $this:ident $count:expr) => {{
        let count: fn(&$crate::boxes::wire::Context, &Self) -> u64 = $count;
        Some(count(&$cx, &$this))
    }};

    (@walk_field $walk:ident $this:ident.$field:ident, $count:ident) => {
        $walk.field(stringify!($field), &mut $this.$field, $count)?
    };
    (@walk_field $walk:ident $this:ident.$field:ident, $count:ident, $means:expr) => {
        $walk.field_with_meaning(stringify!($field), &mut $this.$field, $count, $means)?
    };
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
        impl $crate::boxes::declare::Fields for $Entry {
            fn walk(&mut self, walk: &mut $crate::boxes::declare::Walk<'_, '_>) -> $crate::bytes::Result<()> {
                let this = self;
                $(
                    if entries!(@present walk.cx, this $(|$($if_arg),+| $cond)?) {
                        let count = entries!(@count walk.cx, this $(|$($count_arg),+| $count)?);
                        boxes!(@walk_field walk this.$field, count $(, $means)?);
                    }
                )*
                Ok(())
            }
        }

        #[allow(clippy::redundant_closure_call, unused_variables, reason = "fields without conditions")]
        impl $crate::boxes::wire::Wire for $Entry {
            const EXACT: bool = $(<$ty as $crate::boxes::wire::Wire>::EXACT &&)* true;

            fn len(cx: &$crate::boxes::wire::Context) -> Option<usize> {
                Some(0 $(+ entries!(@len cx, $ty $(, |$($if_arg),+| $cond)?))*)
            }

            fn read(
                r: &mut $crate::bytes::Reader<'_>,
                _: &str,
                cx: &$crate::boxes::wire::Context,
                _: Option<u64>,
            ) -> $crate::bytes::Result<Self> {
                let mut this = Self::default();
                $crate::boxes::declare::Fields::walk(
                    &mut this,
                    &mut $crate::boxes::declare::Walk::reading(r, cx.clone()),
                )?;
                Ok(this)
            }

            fn write(&self, w: &mut $crate::bytes::Writer, cx: &$crate::boxes::wire::Context) {
                let this = self;
                $(
                    if entries!(@present cx, this $(|$($if_arg),+| $cond)?) {
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
                let mut this = Self::default();
                $crate::boxes::declare::entry_rows(r, name, cx, sink, &mut this)?;
                Ok(this)
            }
        }
    )*};
    (@present $cx:expr, $this:ident) => { true };
    (@present $cx:expr, $this:ident |$a:tt| $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context) -> bool = |$a| $cond;
        condition(&$cx)
    }};
    (@present $cx:expr, $this:ident |$a:tt, $b:tt| $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context, &Self) -> bool = |$a, $b| $cond;
        condition(&$cx, &$this)
    }};
    (@len $cx:ident, $ty:ty) => { <$ty as $crate::boxes::wire::Wire>::len($cx)? };
    (@len $cx:ident, $ty:ty, |$a:tt| $cond:expr) => {{
        let condition: fn(&$crate::boxes::wire::Context) -> bool = |$a| $cond;
        if condition($cx) { <$ty as $crate::boxes::wire::Wire>::len($cx)? } else { 0 }
    }};
    (@len $cx:ident, $ty:ty, |$a:tt, $b:tt| $cond:expr) => {{
        let unknown: Option<usize> = None;
        unknown?
    }};
    (@count $cx:expr, $this:ident) => { None };
    (@count $cx:expr, $this:ident |$a:tt, $b:tt| $count:expr) => {{
        let count: fn(&$crate::boxes::wire::Context, &Self) -> u64 = |$a, $b| $count;
        Some(count(&$cx, &$this))
    }};
}
