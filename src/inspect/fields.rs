//! The fields of one box as rows with byte ranges, and the texts in it.

use std::rc::Rc;

use crate::boxes::declare::UNKNOWN_VERSION;
use crate::boxes::keys::{find_track, sample_form};
use crate::boxes::outside::Outside;
use crate::boxes::registry::{self, Known};
use crate::boxes::wire::{Bytes, Context, Wire as _};
use crate::boxes::{Needles, Node, Row, RowSink, Tree};
use crate::bytes::{Error, Result};

use super::node::{chain, human_name};
use super::payload::system_rows;
use super::{texts, units};

/// One box with the fields of one window of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxFields {
    /// Human name.
    pub name: String,
    /// Specification clause; empty for unknown boxes.
    pub clause: String,
    /// What the box is for.
    pub about: String,
    /// The rows of the window.
    pub rows: Vec<Row>,
    /// Number of the first of them.
    pub from: usize,
    /// How many rows there are in all.
    pub total: usize,
    /// Decoded payloads: title and text.
    pub texts: Vec<(String, String)>,
    /// Why the rows end early, as a plain sentence.
    pub problem: Option<String>,
}

/// The fields of the box at `path`, `count` rows from row `from` on. The form of sample encryption boxes hangs on
/// what the movie header says; without it the form that fits is taken, and the row of the sample count says so.
pub fn fields(
    tree: &Tree<'_>,
    path: &str,
    from: usize,
    count: usize,
    moov: Option<&Tree<'_>>,
) -> Result<BoxFields> {
    let missing = || Error::caller("no-such-box", "path", format!("There is no box at '{path}'."));
    let chain = chain(tree, path).ok_or_else(missing)?;
    let Some((&node, around)) = chain.split_last() else { return Err(missing()) };
    let parent = around.last().map(|parent| parent.id());
    let known = registry::known(node, parent);
    let mut this = BoxFields {
        name: human_name(node, parent),
        clause: known.clause().to_owned(),
        about: known.about().to_owned(),
        rows: Vec::new(),
        from,
        total: 0,
        texts: texts::texts(tree, node, parent),
        problem: node.problem.as_ref().map(ToString::to_string),
    };
    let form = sample_form(tree, node, around, moov, &find_track);
    let mut sink = RowSink::window(from, count);
    if let Err(error) = add_rows(tree, node, known, form.cx, &mut sink)
        // Of that the row speaks: the box may be sound.
        && error.code() != UNKNOWN_VERSION
    {
        this.problem.get_or_insert(error.inside(node.id().to_string()).to_string());
    }
    this.total = sink.total();
    this.rows = sink.into_rows();
    let end = node.body_start() + node.fields_len;
    for row in &mut this.rows {
        // The row of a list whose entries could not all be read was never closed.
        row.end = row.end.clamp(row.start, end.max(row.start));
        if row.name == "sample_count" && row.meaning.is_empty() {
            row.meaning.clone_from(&form.how);
        }
    }
    Ok(this)
}

/// `count` rows of a box from row `from` on, and how many there are in all; `around` are the boxes that it is in, the
/// outermost first. What stands before a fault is there.
pub fn window(
    tree: &Tree<'_>,
    node: &Node,
    around: &[&Node],
    (from, count): (usize, usize),
    moov: Option<&Tree<'_>>,
) -> (Vec<Row>, usize) {
    let known = registry::known(node, around.last().map(|parent| parent.id()));
    let form = sample_form(tree, node, around, moov, &find_track);
    let mut sink = RowSink::window(from, count);
    let _ = add_rows(tree, node, known, form.cx, &mut sink);
    let total = sink.total();
    (sink.into_rows(), total)
}

/// The first fields with one of `needles`, each with its number among the rows of its box; `around` are the boxes that `node`
/// is in, the outermost first.
pub(super) fn find_fields(
    tree: &Tree<'_>,
    node: &Node,
    around: &[&Node],
    moov: Option<&Tree<'_>>,
    needles: &Rc<Needles>,
) -> Vec<(usize, Row)> {
    let known = registry::known(node, around.last().map(|parent| parent.id()));
    let form = sample_form(tree, node, around, moov, &find_track);
    let mut sink = RowSink::finding(Rc::clone(needles));
    // What stands before a fault is found all the same.
    let _ = add_rows(tree, node, known, form.cx, &mut sink);
    sink.into_found()
}

/// Where the entries stand to which the box at `path` leads, outside of `tree`: their bytes are wanted for
/// [`add_outside`].
pub fn outside(tree: &Tree<'_>, path: &str, moov: Option<&Tree<'_>>) -> Option<Outside> {
    let chain = chain(tree, path)?;
    let (&node, around) = chain.split_last()?;
    Outside::of(tree, node, around, moov)
}

/// Adds a row for each entry that stands outside, to those of the box itself; `count` is that of its window. `bytes` are
/// those of the entries.
pub fn add_outside(fields: &mut BoxFields, outside: &Outside, bytes: &[u8], count: usize) {
    let own = fields.total;
    fields.total += outside.count();
    let first = fields.from.max(own);
    for number in first..fields.total.min(fields.from.saturating_add(count)) {
        let Some((start, end, value)) = outside.entry(number - own, bytes) else { return };
        let name = format!("samples[{}]", number - own);
        fields.rows.push(Row {
            name,
            value,
            meaning: "outside of this box".to_owned(),
            start,
            end,
            depth: 0,
        });
    }
}

fn add_rows(tree: &Tree<'_>, node: &Node, known: Known, cx: Context, sink: &mut RowSink) -> Result<()> {
    let cx = Context { inside: Some(units::payload_rows), ..cx };
    let mut body = tree.fields(node);
    match known {
        Known::Declared(declaration) => {
            declaration.rows_in(&mut body, cx, sink)?;
            system_rows(tree, node, sink);
            Ok(())
        }
        Known::Named(_) | Known::Unknown => {
            if !body.is_empty() {
                let end = node.body_start() + node.fields_len;
                sink.push("data", body.offset(), end, || (Bytes(body.rest().to_vec()).show(), String::new()));
            }
            Ok(())
        }
    }
}
