//! Rows for the inspector: what a field is called, what it says, which bytes it stands in.

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

/// Collects the rows of one window out of all; rows outside it are counted but never formatted, so that a table
/// of a million entries costs no more than the part that is looked at.
#[derive(Debug)]
pub struct RowSink {
    from: usize,
    until: usize,
    seen: usize,
    depth: u8,
    rows: Vec<Row>,
}

impl RowSink {
    /// A sink for `count` rows starting with row `from`.
    pub fn window(from: usize, count: usize) -> Self {
        Self { from, until: from.saturating_add(count), seen: 0, depth: 0, rows: Vec::new() }
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
            self.rows.push(Row { name, value, meaning, start, end, depth: self.depth });
        }
        self.seen += 1;
    }

    fn is_shown(&self) -> bool {
        (self.from..self.until).contains(&self.seen)
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
        if let Some(row) = at.checked_sub(self.from).and_then(|index| self.rows.get_mut(index)) {
            row.end = end;
        }
    }

    /// How many rows there were in all, so far.
    pub fn total(&self) -> usize {
        self.seen
    }

    /// The rows of the window.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}
