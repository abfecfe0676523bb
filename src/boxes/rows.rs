//! Rows for the inspector: what a field is called, what it says, which bytes it stands in.

use std::rc::Rc;

use serde::Serialize;

/// One field of a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Field name in the standard's words; entries of lists as `samples[3]`.
    pub name: String,
    /// The value, formatted.
    pub value: String,
    /// What the value means, where that is not obvious; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// File offset of the first byte.
    pub start: u64,
    /// File offset after the last byte.
    pub end: u64,
    /// 0 for fields of the box, 1 for fields of an entry of a list, and so on.
    pub depth: u8,
}

/// What rows are looked through for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needles {
    /// Any of these texts, its Latin letters in whatever case.
    pub texts: Vec<Vec<u8>>,
    /// Whether a value must be one of them, and not only have it in it: few digits are in nearly every number.
    pub whole: bool,
}

impl Needles {
    /// Whether one of them is in `text`.
    pub fn are_in(&self, text: &str) -> bool {
        self.place_in(text).is_some()
    }

    /// Where the first of them begins in `text`, in bytes. Compared byte by byte: case and search as Unicode has them would be
    /// 10 KB more for every visitor to load.
    pub fn place_in(&self, text: &str) -> Option<usize> {
        let text = text.as_bytes();
        self.texts.iter().find_map(|needle| match (self.whole, needle.split_first()) {
            (true, _) => text.eq_ignore_ascii_case(needle).then_some(0),
            (false, None) => None,
            // Most bytes are not the first: a comparison for each costs ten times as much.
            (false, Some((first, rest))) => text.iter().enumerate().find_map(|(at, byte)| {
                let behind = text.get(at + 1..)?;
                let found = byte.eq_ignore_ascii_case(first)
                    && behind.get(..rest.len()).is_some_and(|behind| behind.eq_ignore_ascii_case(rest));
                found.then_some(at)
            }),
        })
    }

    /// Whether name, value or meaning have one of them.
    fn are_in_row(&self, row: &Row) -> bool {
        let names = !self.whole && self.are_in(&row.name);
        names || self.are_in(&row.value) || self.are_in(&row.meaning)
    }
}

/// Rows that were looked for are kept up to so many.
const FOUND: usize = 3;

/// Collects the rows of one window out of all; rows outside it are counted but never formatted, so that a table
/// of a million entries costs no more than the part that is looked at.
#[derive(Debug)]
pub struct RowSink {
    from: usize,
    until: usize,
    seen: usize,
    depth: u8,
    rows: Vec<Row>,
    search: Option<Found>,
}

/// Rows that are looked for.
#[derive(Debug)]
struct Found {
    needles: Rc<Needles>,
    /// Numbers of those that are kept.
    numbers: Vec<usize>,
}

impl RowSink {
    /// A sink for `count` rows starting with row `from`.
    pub fn window(from: usize, count: usize) -> Self {
        Self { from, until: from.saturating_add(count), seen: 0, depth: 0, rows: Vec::new(), search: None }
    }

    /// A sink that keeps the first few rows with one of `needles`, out of all.
    pub fn finding(needles: Rc<Needles>) -> Self {
        Self { search: Some(Found { needles, numbers: Vec::new() }), ..Self::window(0, usize::MAX) }
    }

    /// A sink that wants no row: for whoever only wants to know whether all can be read. Lists may be passed over.
    pub fn blind() -> Self {
        Self::window(usize::MAX, 0)
    }

    /// Whether no row is wanted.
    pub fn is_blind(&self) -> bool {
        self.from == usize::MAX
    }

    /// Takes one row; `text` gives value and meaning, and is called only for rows inside the window.
    pub fn push(&mut self, name: &str, start: u64, end: u64, text: impl Fn() -> (String, String)) {
        self.take(name, None, start, end, &text);
    }

    /// Takes one row per entry of a list, named `name[index]` only when inside the window.
    pub fn push_entry(&mut self, name: &str, index: usize, start: u64, end: u64, text: impl Fn() -> String) {
        self.take(name, Some(index), start, end, &|| (text(), String::new()));
    }

    // Not generic over the closure, which would be copied into the program for each of hundreds of callers.
    fn take(
        &mut self,
        name: &str,
        index: Option<usize>,
        start: u64,
        end: u64,
        text: &dyn Fn() -> (String, String),
    ) {
        if self.is_shown() {
            let name = index.map_or_else(|| name.to_owned(), |index| format!("{name}[{index}]"));
            let (value, meaning) = text();
            let row = Row { name, value, meaning, start, end, depth: self.depth };
            let is_kept = self.search.as_mut().is_none_or(|search| {
                let is_found = search.numbers.len() < FOUND && search.needles.are_in_row(&row);
                if is_found {
                    search.numbers.push(self.seen);
                }
                is_found
            });
            if is_kept {
                self.rows.push(row);
            }
        }
        self.seen += 1;
    }

    fn is_shown(&self) -> bool {
        let enough = self.search.as_ref().is_some_and(|search| search.numbers.len() == FOUND);
        !enough && (self.from..self.until).contains(&self.seen)
    }

    /// `name[index]` when the next row is inside the window, else nothing: long lists pay only for what is shown.
    pub fn entry_name(&self, name: &str, index: usize) -> String {
        if self.is_shown() { format!("{name}[{index}]") } else { String::new() }
    }

    /// Runs `inner` one level deeper.
    pub fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.depth = self.depth.saturating_add(1);
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// The end of the last row pushed at index `at` is set to `end`: for entries whose length is known only after.
    pub fn close(&mut self, at: usize, end: u64) {
        let index = match &self.search {
            Some(search) => search.numbers.binary_search(&at).ok(),
            None => at.checked_sub(self.from),
        };
        if let Some(row) = index.and_then(|index| self.rows.get_mut(index)) {
            row.end = end;
        }
    }

    /// How many rows there were in all, so far.
    pub fn total(&self) -> usize {
        self.seen
    }

    /// The rows that were looked for, each with its number among all.
    pub fn into_found(self) -> Vec<(usize, Row)> {
        let numbers = self.search.map(|search| search.numbers).unwrap_or_default();
        numbers.into_iter().zip(self.rows).collect()
    }

    /// The rows of the window.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}
