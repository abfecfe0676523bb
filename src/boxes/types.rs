//! Field types with a meaning of their own: fixed-point numbers, times, languages, texts, counted lists.

use core::marker::PhantomData;

use crate::bytes::units::len_u64;
use crate::bytes::{Reader, Result, Writer};

use super::declaration::rows_of;
use super::rows::RowSink;
use super::wire::{Context, FullHead, Wire, counted_rows};

/// 24 bits, unsigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U24(pub u32);

/// 32 bits in version 0 of a box, 64 bits in later versions, unsigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide(pub u64);

/// 32 bits in version 0 of a box, 64 bits in later versions, signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedWide(pub i64);

/// Seconds since 1904-01-01 UTC, wide like [`Wide`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time1904(pub u64);

/// Signed fixed point with 16 bits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed16(pub i32);

/// Unsigned fixed point with 16 bits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UFixed16(pub u32);

/// Signed fixed point with 8 bits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed8(pub i16);

/// The transformation matrix of headers: nine fixed-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix(pub [i32; 9]);

/// An ISO 639-2/T language in 15 bits, three letters less 0x60; or, in QuickTime files, a Macintosh language code below
/// 0x400. 0 is English there, and invalid in MP4 files, but Microsoft's encoders write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Language(pub u16);

/// UTF-8 text up to a NUL, or to the end of the box when the NUL is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The bytes before the NUL.
    pub bytes: Vec<u8>,
    /// Whether the NUL is there.
    pub terminated: bool,
}

/// 32 bytes: a length byte, that many bytes of text, padding (compressor names).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PascalText32(pub [u8; 32]);

/// A list behind its own count of type `N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<N, T> {
    /// The entries.
    pub entries: Vec<T>,
    count: PhantomData<N>,
}

impl<N, T> Default for Counted<N, T> {
    fn default() -> Self {
        Self { entries: Vec::new(), count: PhantomData }
    }
}

impl<N, T> From<Vec<T>> for Counted<N, T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, count: PhantomData }
    }
}

/// Types that can stand before a list as its count.
pub trait Count: Wire + Copy {
    /// The count itself.
    fn get(self) -> u64;
    /// From a list's length; saturates, and a list that long cannot be built from a file of that form.
    fn of(len: usize) -> Self;
}

macro_rules! counts {
    ($($ty:ty)*) => {$(
        impl Count for $ty {
            fn get(self) -> u64 {
                u64::from(self)
            }
            fn of(len: usize) -> Self {
                <$ty>::try_from(len).unwrap_or(<$ty>::MAX)
            }
        }
    )*};
}
counts! { u8 u16 u32 }

impl<N: Count, T: Wire> Wire for Counted<N, T> {
    const EXACT: bool = T::EXACT;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        let count = N::read(r, name, cx, None)?.get();
        Ok(Vec::read(r, name, cx, Some(count))?.into())
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        N::of(self.entries.len()).write(w, cx);
        self.entries.write(w, cx);
    }
    fn show(&self) -> String {
        self.entries.show()
    }
    fn rows(
        r: &mut Reader<'_>,
        name: &str,
        cx: &Context,
        _: Option<u64>,
        sink: &mut RowSink,
    ) -> Result<Self> {
        let count = N::rows(r, &format!("{name} count"), cx, None, sink)?.get();
        counted_rows(r, name, cx, count, sink, T::len(cx), rows_of::<T>)?;
        Ok(Self::default())
    }
}

impl Wire for U24 {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(3)
    }
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(r.u24(name)?))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u24(self.0);
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Wire for Wide {
    const EXACT: bool = true;
    fn len(cx: &Context) -> Option<usize> {
        Some(if cx.head.version == 0 { 4 } else { 8 })
    }
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(if cx.head.version == 0 { u64::from(r.u32(name)?) } else { r.u64(name)? }))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        if cx.head.version == 0 {
            w.u32(u32::try_from(self.0).unwrap_or(u32::MAX));
        } else {
            w.u64(self.0);
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
    fn meaning(&self) -> String {
        if self.0 == u64::MAX { "all ones: unknown".to_owned() } else { String::new() }
    }
}

impl Wire for SignedWide {
    const EXACT: bool = true;
    fn len(cx: &Context) -> Option<usize> {
        Wide::len(cx)
    }
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(if cx.head.version == 0 {
            i64::from(i32::from_be_bytes(r.array(name)?))
        } else {
            i64::from_be_bytes(r.array(name)?)
        }))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        if cx.head.version == 0 {
            let narrow = i32::try_from(self.0).unwrap_or(if self.0 < 0 { i32::MIN } else { i32::MAX });
            w.bytes(&narrow.to_be_bytes());
        } else {
            w.bytes(&self.0.to_be_bytes());
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Wire for Time1904 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, count: Option<u64>) -> Result<Self> {
        Ok(Self(Wide::read(r, name, cx, count)?.0))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        Wide(self.0).write(w, cx);
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
    fn meaning(&self) -> String {
        if self.0 == 0 { "not set".to_owned() } else { date_1904(self.0) }
    }
}

/// Seconds since 1904 as `YYYY-MM-DD hh:mm:ss UTC`, by the civil-from-days algorithm on a 400-year cycle.
pub(super) fn date_1904(seconds: u64) -> String {
    const SECONDS_A_DAY: u64 = 86_400;
    // Days from 0000-03-01 to 1904-01-01.
    const DAYS_TO_1904: u64 = 695_361;
    let days = seconds / SECONDS_A_DAY + DAYS_TO_1904;
    let clock = seconds % SECONDS_A_DAY;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (h, m, s) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02} UTC")
}

/// `value / one` with all its digits. `one` is a power of 2 or of 10, so there is a last digit. Not by way of `f64`,
/// whose digits are found by code that every visitor would load.
pub(super) fn decimal(value: i64, one: u32) -> String {
    let one = u64::from(one);
    let size = value.unsigned_abs();
    let mut text = format!("{}{}", if value < 0 { "-" } else { "" }, size / one);
    let mut rest = size % one;
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        text.push_str(&(rest * 10 / one).to_string());
        rest = rest * 10 % one;
    }
    text
}

impl Wire for Fixed16 {
    const EXACT: bool = true;
    fn len(_: &Context) -> Option<usize> {
        Some(4)
    }
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(i32::read(r, name, cx, None)?))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.write(w, cx);
    }
    fn show(&self) -> String {
        decimal(self.0.into(), 1 << 16)
    }
}

impl Wire for UFixed16 {
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(u32::read(r, name, cx, None)?))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.write(w, cx);
    }
    fn show(&self) -> String {
        decimal(self.0.into(), 1 << 16)
    }
}

impl Wire for Fixed8 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(i16::read(r, name, cx, None)?))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.write(w, cx);
    }
    fn show(&self) -> String {
        decimal(self.0.into(), 1 << 8)
    }
}

impl Matrix {
    /// No rotation, no scaling.
    pub const IDENTITY: Self = Self([0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
}

impl Default for Matrix {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Wire for Matrix {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        let mut values = [0; 9];
        for value in &mut values {
            *value = i32::read(r, name, cx, None)?;
        }
        Ok(Self(values))
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.0.iter().for_each(|value| value.write(w, cx));
    }
    fn show(&self) -> String {
        // The third column has 30 bits after the point, the others 16.
        let scaled = self
            .0
            .iter()
            .enumerate()
            .map(|(index, &value)| decimal(value.into(), if index % 3 == 2 { 1 << 30 } else { 1 << 16 }));
        scaled.collect::<Vec<_>>().join(", ")
    }
    fn meaning(&self) -> String {
        if *self == Self::IDENTITY { "identity".to_owned() } else { String::new() }
    }
}

/// Macintosh language codes from 0 on as ISO 639-2/T (QuickTime File Format: Language code values); 95 to 127 stand for
/// none.
const MACINTOSH: &str = "engfradeuitanldswespadanpornorhebjpnarafinellislmltturhrvzhourdhinthakorlitpolhunestlavsme\
    faofasruszhonldglesqironcesslkslvyidsrpmkdbulukrbeluzbkazazeazehyekatronkirtgktukmonmonpuskurkassndbodnepsanmarben\
    asmgujpanorimalkantamtelsinmyakhmlaovieindtglmsamsaamhtirormsomswakinrunnyamlgepo";

/// As [`MACINTOSH`], from 128 on.
const MACINTOSH_FROM_128: &str = "cymeuscatlatquegrnaymtatuigdzojav";

impl Language {
    /// The language of three letters; none of others.
    pub fn of(code: &str) -> Option<Self> {
        let letter = |at: usize| {
            let byte = code.as_bytes().get(at).filter(|byte| byte.is_ascii_lowercase())?;
            Some(u16::from(byte - 0x60))
        };
        (code.len() == 3).then_some(())?;
        Some(Self(letter(0)? << 10 | letter(1)? << 5 | letter(2)?))
    }

    /// The three letters of the language; of Macintosh codes those they stand for, but for 0.
    pub fn code(self) -> Option<String> {
        if self.0 == 0 { None } else { self.code_in_quicktime() }
    }

    /// As [`code`](Self::code), in a QuickTime file, where 0 is English.
    pub fn code_in_quicktime(self) -> Option<String> {
        if self.0 < 0x400 {
            let (table, first) = if self.0 < 128 { (MACINTOSH, 0) } else { (MACINTOSH_FROM_128, 128) };
            let at = usize::from(self.0 - first) * 3;
            return table.get(at..at + 3).map(str::to_owned);
        }
        let letter = |shift: u16| -> Option<char> {
            let five = u8::try_from((self.0 >> shift) & 0x1f).ok()?;
            let byte = five + 0x60;
            byte.is_ascii_lowercase().then(|| char::from(byte))
        };
        Some([letter(10)?, letter(5)?, letter(0)?].iter().collect())
    }
}

impl Wire for Language {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(r.u16(name)?))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u16(self.0);
    }
    fn show(&self) -> String {
        self.code().unwrap_or_else(|| format!("{:#06x}", self.0))
    }
    fn meaning(&self) -> String {
        match (self.0, self.code().as_deref()) {
            (_, Some("und")) => "undetermined".to_owned(),
            (0, _) => "no language; in QuickTime files English".to_owned(),
            (1..0x400, Some(_)) => format!("Macintosh language code {}", self.0),
            (0x7fff, _) => "not said".to_owned(),
            (_, Some(_)) => String::new(),
            (_, None) => "no language code".to_owned(),
        }
    }
}

impl Text {
    /// A terminated text.
    pub fn of(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), terminated: true }
    }
}

impl Wire for Text {
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        let len = r.rest().iter().position(|&byte| byte == 0);
        let bytes = r.take(len.unwrap_or(r.remaining()), name)?.to_vec();
        if len.is_some() {
            r.u8(name)?;
        }
        Ok(Self { bytes, terminated: len.is_some() })
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.bytes);
        if self.terminated {
            w.u8(0);
        }
    }
    fn show(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    fn meaning(&self) -> String {
        if self.terminated { String::new() } else { "the closing NUL is missing".to_owned() }
    }
}

impl Wire for PascalText32 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        Ok(Self(r.array(name)?))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        let [len, text @ ..] = &self.0;
        let text = text.get(..usize::from(*len)).unwrap_or(text);
        String::from_utf8_lossy(text).into_owned()
    }
}

/// A text of known length in bytes, as a run of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utf8(pub Vec<u8>);

impl Wire for Utf8 {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, count: Option<u64>) -> Result<Self> {
        let len = count.unwrap_or(len_u64(r.remaining()));
        Ok(Self(r.sub(len, name)?.rest().to_vec()))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Version and flags that some writers leave out, QuickTime's among them: there unless something else plainly stands
/// in their place, a text or the header of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalHead(pub Option<FullHead>);

impl OptionalHead {
    fn is_left_out(bytes: &[u8]) -> bool {
        let Some((head, behind)) = bytes.split_first_chunk::<4>() else { return true };
        // All bytes of a box type, `\xA9nam` among them, lie above those of control characters.
        let is_type = behind.get(..4).is_some_and(|code| code.iter().all(|byte| *byte >= b' '));
        head[0] >= b' ' || is_type && *head != [0; 4]
    }
}

impl Wire for OptionalHead {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, _: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        let is_left_out = Self::is_left_out(r.rest());
        Ok(Self(if is_left_out { None } else { Some(FullHead::read(r)?) }))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        if let Some(head) = self.0 {
            w.u8(head.version);
            w.u24(head.flags);
        }
    }
    fn show(&self) -> String {
        self.0.map_or_else(String::new, |head| format!("version {}, flags {:#08x}", head.version, head.flags))
    }
    fn rows(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>, sink: &mut RowSink) -> Result<Self> {
        let start = r.offset();
        let this = Self::read(r, "version and flags", cx, None)?;
        if let Some(head) = this.0 {
            sink.push("version", start, start + 1, || (head.version.to_string(), String::new()));
            sink.push("flags", start + 1, start + 4, || (format!("{:#08x}", head.flags), String::new()));
        }
        Ok(this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_1904() {
        assert_eq!(date_1904(0), "1904-01-01 00:00:00 UTC");
        // The Unix epoch is 2 082 844 800 s after 1904.
        assert_eq!(date_1904(2_082_844_800), "1970-01-01 00:00:00 UTC");
        assert_eq!(date_1904(2_082_844_800 + 951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(date_1904(2_082_844_800 + 951_782_400), "2000-02-29 00:00:00 UTC");
    }

    #[test]
    fn decimals_have_all_their_digits() {
        for (value, one, expected) in [
            (0, 1 << 16, "0"),
            (0x1_8000, 1 << 16, "1.5"),
            (-0x4000, 1 << 16, "-0.25"),
            (1, 1 << 16, "0.0000152587890625"),
            (i64::from(i32::MIN), 1 << 30, "-2"),
            (i64::from(u32::MAX), 10_000, "429496.7295"),
        ] {
            assert_eq!(decimal(value, one), expected);
        }
    }

    #[test]
    fn languages_that_are_none_say_so() {
        assert_eq!(Language(0x55c4).code().as_deref(), Some("und"));
        assert_eq!(Language(0).code(), None);
        assert_eq!(Language(0x7fff).code(), None);
    }

    #[test]
    fn macintosh_codes_are_languages() {
        for (code, expected) in
            [(0, "eng"), (1, "fra"), (11, "jpn"), (33, "zho"), (94, "epo"), (128, "cym"), (138, "jav")]
        {
            assert_eq!(Language(code).code_in_quicktime().as_deref(), Some(expected), "{code}");
        }
        for none in [95, 127, 139, 0x3ff] {
            assert_eq!(Language(none).code_in_quicktime(), None, "{none}");
        }
        assert_eq!(Language(11).code().as_deref(), Some("jpn"));
    }

    #[test]
    fn a_text_without_its_nul_comes_out_as_it_went_in() {
        for bytes in [&b"Video\0"[..], b"Video", b""] {
            let text = Text::read(&mut Reader::new(bytes, 0), "name", &Context::default(), None).unwrap();
            let mut w = Writer::new();
            text.write(&mut w, &Context::default());
            assert_eq!(w.as_slice(), bytes);
        }
    }
}
