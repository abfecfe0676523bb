//! How the fields of two boxes differ.

use crate::boxes::header::SizeForm;
use crate::boxes::index::{SegmentIndex, TrackFragmentRandomAccess};
use crate::boxes::{Node, Row, Tree, registry};
use crate::bytes::ByKey;
use crate::bytes::units::len_u64;
use crate::inspect;
use crate::track::Fragment;

use super::difference::{ByteDifference, FieldDifference};
use super::identity;

/// Rows that are compared of one box, one by one, from the first that differs on; and those of its front beside them.
const ROWS: usize = 4096;
const FRONT: usize = 16;
/// Fields that are told of one box.
const TOLD: usize = 40;
/// Characters that are told of a value, and bytes of bytes.
const VALUE_LEN: usize = 120;
const BYTES: usize = 16;

/// A box in its file.
#[derive(Clone, Copy)]
pub struct Half<'t> {
    pub tree: &'t Tree<'t>,
    pub moov: Option<&'t Tree<'static>>,
    /// What was read of the tree, where it is a `moof`.
    pub fragment: Option<&'t Fragment>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct FieldsFound {
    pub fields: Vec<FieldDifference>,
    pub more: u64,
    pub offsets: u64,
    pub bytes: Option<ByteDifference>,
}

impl FieldsFound {
    fn add(&mut self, name: &str, before: Option<String>, after: Option<String>, row: Option<usize>) {
        if self.fields.len() < TOLD {
            self.fields.push(FieldDifference { name: name.to_owned(), before, after, row });
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing differs but offsets that follow.
    pub fn only_follows(&self) -> bool {
        self.fields.is_empty() && self.bytes.is_none()
    }
}

/// Where an offset leads, in file offsets, and what else the row says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lead {
    to: Vec<u64>,
    beside: Vec<u64>,
}

/// What the offsets of a box are.
enum Offsets {
    None,
    /// One row of this name leads there.
    One(&'static str, u64),
    /// All entries of its list count from there.
    From(u64),
    /// Where the references of a `sidx` begin and end, and whether they are of indexes.
    References(u64, Vec<(u64, u64, bool)>),
    Points(Box<TrackFragmentRandomAccess>),
    /// The size of the box around it.
    SizeOf(u64),
}

impl Offsets {
    fn of(half: &Half<'_>, node: &Node, around: &[&Node]) -> Option<Self> {
        let track = || {
            let tracks = &half.fragment?.tracks;
            let start = around.last()?.start;
            tracks.get(tracks.binary_search_by_key(&start, |track| track.start).ok()?)
        };
        Some(match &node.id().four_cc().0 {
            b"trun" => {
                let runs = &track()?.runs;
                let run = runs.get(runs.binary_search_by_key(&node.start, |run| run.start).ok()?)?;
                Self::One("data_offset", run.data_start)
            }
            b"tfhd" => Self::One("base_data_offset", track()?.tfhd.base_data_offset),
            b"stco" | b"co64" => Self::From(0),
            b"saio" => Self::From(track().map_or(0, |track| track.base)),
            b"sidx" => {
                let sidx: SegmentIndex = half.tree.read(node).ok()?;
                let first = node.end().checked_add(sidx.first_offset.0)?;
                let mut at = first;
                let mut all = Vec::new();
                for reference in &sidx.references.entries {
                    let end = at.checked_add(reference.referenced_size().into())?;
                    all.push((at, end, reference.is_index()));
                    at = end;
                }
                Self::References(first, all)
            }
            b"tfra" => Self::Points(Box::new(half.tree.read(node).ok()?)),
            b"mfro" => Self::SizeOf(around.last()?.header.size),
            _ => Self::None,
        })
    }

    /// Where a row leads that is one of these offsets.
    fn lead(&self, half: &Half<'_>, name: &str, row: &Row) -> Option<Lead> {
        let value = || {
            let bytes = half.tree.slice(row.start, row.end);
            (bytes.len() <= 8).then(|| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
        };
        let entry = || name.split_once('[')?.1.split_once(']')?.0.parse::<usize>().ok();
        let to = |to: Vec<u64>| Some(Lead { to, beside: Vec::new() });
        match self {
            Self::None => None,
            Self::One(own, offset) => (*own == name).then(|| to(vec![*offset])).flatten(),
            Self::From(base) => {
                entry()?;
                to(vec![base.checked_add(value()?)?])
            }
            Self::References(first, _) if name == "first_offset" => to(vec![*first]),
            Self::References(_, all) => {
                let (start, end, is_index) =
                    name.ends_with(".reference").then(|| all.get(entry()?)).flatten()?;
                Some(Lead { to: vec![*start, *end], beside: vec![u64::from(*is_index)] })
            }
            Self::Points(tfra) => {
                let point = tfra.entries.points.get(entry()?)?;
                let numbers = [point.traf_number, point.trun_number, point.sample_number];
                let beside = [point.time].into_iter().chain(numbers.map(u64::from)).collect();
                Some(Lead { to: vec![point.moof_offset], beside })
            }
            Self::SizeOf(size) => {
                let said = (name == "parent_size").then(value).flatten()?;
                Some(Lead { to: Vec::new(), beside: vec![said.wrapping_sub(*size)] })
            }
        }
    }
}

/// Compares the headers and fields of two boxes, each the last of its chain. `leads_to` says whether the
/// byte at an offset of this file stands at one of the other.
pub fn compare(
    (this, our_chain): (&Half<'_>, &[&Node]),
    (other, their_chain): (&Half<'_>, &[&Node]),
    leads_to: &dyn Fn(u64, u64) -> bool,
) -> FieldsFound {
    let mut found = FieldsFound::default();
    let (Some((ours, our_around)), Some((theirs, their_around))) =
        (our_chain.split_last(), their_chain.split_last())
    else {
        return found;
    };
    if ours.id() != theirs.id() {
        let text = |node: &Node| Some(node.id().four_cc().text());
        found.add("type", text(ours), text(theirs), None);
    }
    if ours.header.form != theirs.header.form {
        let text = |node: &Node| Some(form(node.header.form).to_owned());
        found.add("size", text(ours), text(theirs), None);
    }
    let (our_from, their_from) = (ours.body_start(), theirs.body_start());
    let before = this.tree.slice(our_from, our_from.saturating_add(ours.fields_len));
    let after = other.tree.slice(their_from, their_from.saturating_add(theirs.fields_len));
    if before == after {
        return found;
    }
    let first = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let bytes = || {
        let at = (our_from + len_u64(first), their_from + len_u64(first));
        Some(ByteDifference { at, before: some(before, first), after: some(after, first) })
    };
    let parent = our_around.last().map(|parent| parent.id());
    if registry::known(ours, parent).declaration().is_none() {
        found.bytes = bytes();
        return found;
    }
    let at = our_from + len_u64(first);
    let our_rows = Rows::read(this, ours, our_around, at);
    let their_rows = Rows::read(other, theirs, their_around, their_from + len_u64(first));
    let from = our_rows.from.min(their_rows.from);
    let (our_rows, their_rows) = (
        our_rows.starting(from, this, ours, our_around),
        their_rows.starting(from, other, theirs, their_around),
    );
    let leads = (Offsets::of(this, ours, our_around), Offsets::of(other, theirs, their_around));
    let places = places(&their_rows.rows);
    let mut seen = 0;
    for own in &our_rows.rows {
        let Some(their) = find(&places, &their_rows.rows, own) else {
            found.add(&own.name, Some(own.text()), None, Some(own.number));
            continue;
        };
        seen += 1;
        if own.row.value == their.row.value {
            if let Some((at, before, after)) = long_bytes(this, own, other, their) {
                let text = |bytes: &[u8]| Some(format!("{} from byte {at} on", hex::encode(bytes)));
                found.add(&own.name, text(&before), text(&after), Some(own.number));
            }
            continue;
        }
        let lead = |offsets: &Option<Offsets>, half: &Half<'_>, row: &Named| {
            offsets.as_ref()?.lead(half, &row.name, &row.row)
        };
        let follows = lead(&leads.0, this, own).zip(lead(&leads.1, other, their)).is_some_and(|(a, b)| {
            let same = a.to.len() == b.to.len() && a.beside == b.beside;
            same && a.to.iter().zip(&b.to).all(|(a, b)| leads_to(*a, *b))
        });
        if follows {
            found.offsets += 1;
        } else {
            found.add(&own.name, Some(own.text()), Some(their.text()), Some(own.number));
        }
    }
    if seen < their_rows.rows.len() {
        let places = self::places(&our_rows.rows);
        for their in their_rows.rows.iter().filter(|row| find(&places, &our_rows.rows, row).is_none()) {
            found.add(&their.name, None, Some(their.text()), None);
        }
    }
    if found.only_follows() && found.offsets == 0 {
        found.bytes = bytes();
    }
    found
}

fn form(form: SizeForm) -> &'static str {
    match form {
        SizeForm::Short => "32 bits",
        SizeForm::Long => "64 bits",
        SizeForm::ToEnd => "to the end of the file",
    }
}

/// A few bytes from number `at` on.
fn some(bytes: &[u8], at: usize) -> Vec<u8> {
    bytes.iter().skip(at).take(BYTES).copied().collect()
}

/// The first bytes that differ in two rows whose texts do not show them, and where they are in the row.
fn long_bytes(
    this: &Half<'_>,
    own: &Named,
    other: &Half<'_>,
    their: &Named,
) -> Option<(usize, Vec<u8>, Vec<u8>)> {
    let slice = |half: &Half<'_>, row: &Row| half.tree.slice(row.start, row.end).to_vec();
    if own.is_group || own.row.end.saturating_sub(own.row.start) <= len_u64(BYTES) {
        return None;
    }
    let (before, after) = (slice(this, &own.row), slice(other, &their.row));
    if before == after {
        return None;
    }
    let first = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    Some((first, some(&before, first), some(&after, first)))
}

/// A row with a name that no other of its box has.
struct Named {
    name: String,
    number: usize,
    row: Row,
    /// Whether others stand in its bytes.
    is_group: bool,
}

impl Named {
    fn text(&self) -> String {
        let Row { value, meaning, .. } = &self.row;
        let whole = if meaning.is_empty() { value.clone() } else { format!("{value} ({meaning})") };
        let mut short: String = whole.chars().take(VALUE_LEN).collect();
        if short.len() < whole.len() {
            short.push('…');
        }
        short
    }
}

/// Numbers of rows by their names.
fn places(rows: &[Named]) -> ByKey<usize> {
    let mut places = ByKey::default();
    for (number, row) in rows.iter().enumerate() {
        places.entry(identity::of_text(&row.name), number);
    }
    places
}

/// The row with the name of another.
fn find<'r>(places: &ByKey<usize>, rows: &'r [Named], other: &Named) -> Option<&'r Named> {
    let found = rows.get(*places.get(identity::of_text(&other.name))?)?;
    (found.name == other.name).then_some(found)
}

/// Rows of a box.
struct Rows {
    rows: Vec<Named>,
    from: usize,
    total: usize,
}

impl Rows {
    /// Of a box that differs at a file offset: all, or those from there on where they are many.
    fn read(half: &Half<'_>, node: &Node, around: &[&Node], at: u64) -> Self {
        let window = |from, count| inspect::window(half.tree, node, around, (from, count), half.moov);
        let (rows, total) = window(0, ROWS);
        if total <= ROWS {
            return Self { rows: named(rows, 0), from: 0, total };
        }
        // The last that begins before it.
        let (mut low, mut high) = (0, total);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let (row, _) = window(middle, 1);
            if row.first().is_some_and(|row| row.start <= at) { low = middle } else { high = middle }
        }
        Self { rows: Vec::new(), from: low, total }
    }

    fn starting(self, from: usize, half: &Half<'_>, node: &Node, around: &[&Node]) -> Self {
        if self.total <= ROWS && from == 0 {
            return self;
        }
        let window = |from, count| inspect::window(half.tree, node, around, (from, count), half.moov).0;
        let mut rows = named(window(0, FRONT.min(from)), 0);
        rows.extend(named(window(from, ROWS), from));
        Self { rows, ..self }
    }
}

/// Rows from number `from` on with the names of those that they are in before their own; of several of one name all but the
/// first with a number.
fn named(rows: Vec<Row>, from: usize) -> Vec<Named> {
    // The names of what a row is in, in full and alone.
    let mut around: Vec<(String, String)> = Vec::new();
    let mut counts: ByKey<usize> = ByKey::default();
    let mut all: Vec<Named> = Vec::with_capacity(rows.len());
    for (row, number) in rows.into_iter().zip(from..) {
        around.truncate(row.depth.into());
        let mut name = match around.last() {
            // An entry has the name of its list.
            Some((whole, alone)) if row.name.starts_with(&**alone) => {
                let before = whole.strip_suffix(&**alone).unwrap_or_default();
                format!("{before}{}", row.name)
            }
            Some((whole, _)) => format!("{whole}.{}", row.name),
            None => row.name.clone(),
        };
        let count = counts.entry(identity::of_text(&name), 0);
        *count += 1;
        if *count > 1 {
            name = format!("{name} ({count})");
        }
        while around.len() < usize::from(row.depth) {
            around.push(Default::default());
        }
        around.push((name.clone(), row.name.clone()));
        if let Some(before) = all.last_mut() {
            before.is_group |=
                row.start >= before.row.start && row.end <= before.row.end && row.start < row.end;
        }
        all.push(Named { name, number, row, is_group: false });
    }
    all
}
