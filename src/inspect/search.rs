//! Looking for boxes by what a person types: a type, a word of a name or note, a user type, and what is in their fields.

use std::rc::Rc;

use serde::Serialize;

use crate::boxes::header::four;
use crate::boxes::registry::{self, Known};
use crate::boxes::tree::path_segment;
use crate::boxes::{BoxId, Needles, Node, Tree};
use crate::bytes::KeyId;

use super::fields::find_fields;
use super::node::{BoxNode, numbered, view_node};
use super::texts;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    text: Needles,
    /// The text as user types are compared, when it can be a part of one.
    digits: Option<Needles>,
    /// What fields are looked through for; a key ID in both byte orders.
    fields: Rc<Needles>,
    /// Whether it is the type of a box that is known: who types that looks for boxes, and need not wait for millions of fields.
    is_type: bool,
}

/// Boxes whose fields name types: of files, media, schemes and sample entries.
const NAMING: [&[u8; 4]; 5] = [b"ftyp", b"styp", b"hdlr", b"schm", b"frma"];

/// A user type is asked for by so many of its digits; fewer would find nearly any.
const USER_TYPE_DIGITS: usize = 4;
/// Numbers of fewer digits are looked for as whole values.
const NUMBER_DIGITS: usize = 6;
/// Characters that are told of a value.
const VALUE_LEN: usize = 80;

impl Query {
    /// A query for this text, its Latin letters in whatever case.
    pub fn new(text: &str) -> Self {
        let text = text.trim_ascii();
        let digits: String = text.chars().filter(|one| !matches!(one, '-' | '{' | '}')).collect();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_part = digits.len() >= USER_TYPE_DIGITS && is_hex;
        let any = |texts: Vec<String>| Needles {
            texts: texts.into_iter().filter(|text| !text.is_empty()).map(String::into_bytes).collect(),
            whole: false,
        };
        let is_type = is_type(text);
        let mut forms = vec![text.to_owned()];
        if is_part {
            forms.push(digits.clone());
        }
        if let Some(kid) = hex::decode(&digits).ok().and_then(|bytes| Some(KeyId(bytes.try_into().ok()?))) {
            let swapped = KeyId(kid.guid_bytes());
            forms.extend([kid, swapped].iter().flat_map(|kid| [kid.uuid(), hex::encode(kid.0)]));
        }
        let is_number = text.len() < NUMBER_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        Self {
            is_type,
            text: any(vec![text.to_owned()]),
            digits: is_part.then(|| any(vec![digits])),
            fields: Rc::new(Needles { whole: is_number, ..any(forms) }),
        }
    }

    /// Whether type, name, note or user type have the text in them.
    pub fn finds(&self, view: &BoxNode) -> bool {
        let texts = [Some(&view.kind), Some(&view.name), view.note.as_ref()];
        let digits = || {
            let user_type = view.uuid.as_ref()?.replace('-', "");
            Some(self.digits.as_ref()?.are_in(&user_type))
        };
        texts.iter().flatten().any(|text| self.text.are_in(text)) || digits() == Some(true)
    }

    /// Whether the fields of such a box are looked through.
    pub fn looks_into(&self, id: BoxId) -> bool {
        !self.fields.texts.is_empty() && (!self.is_type || NAMING.iter().any(|code| id.is(code)))
    }

    /// What of the fields of a box, and of the texts in it, has it.
    fn finds_in(
        &self,
        tree: &Tree<'_>,
        node: &Node,
        around: &[&Node],
        moov: Option<&Tree<'_>>,
    ) -> Vec<FoundField> {
        if !self.looks_into(node.id()) {
            return Vec::new();
        }
        let rows = find_fields(tree, node, around, moov, &self.fields).into_iter();
        let mut found: Vec<FoundField> = rows
            .map(|(row, field)| FoundField {
                row: Some(row),
                name: field.name,
                value: excerpt(&field.value, self.fields.place_in(&field.value).unwrap_or(0)),
            })
            .collect();
        if !self.fields.whole {
            for (title, text) in texts::texts(tree, node, around.last().map(|parent| parent.id())) {
                if let Some(at) = self.fields.place_in(&text) {
                    found.push(FoundField { row: None, name: title, value: excerpt(&text, at) });
                }
            }
        }
        found
    }
}

/// Whether `text` is the type of a box that is known.
fn is_type(text: &str) -> bool {
    let Ok(code) = text.as_bytes().try_into() else { return false };
    text == "uuid" || !matches!(registry::lookup(four(code), None), Known::Unknown)
}

/// A few words of `text`, around the byte `at`.
fn excerpt(text: &str, at: usize) -> String {
    let before = at.saturating_sub(VALUE_LEN / 4);
    let from = (0..=before).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let rest = text.get(from..).unwrap_or_default();
    let short: String = rest.chars().take(VALUE_LEN).collect();
    let (front, back) = (if from > 0 { "…" } else { "" }, if short.len() < rest.len() { "…" } else { "" });
    format!("{front}{short}{back}")
}

/// A field, or a text, in which something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundField {
    /// Its number among the rows of the box; `None` of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// What it is called.
    pub name: String,
    /// What it says, or some of that.
    pub value: String,
}

/// A box that was found, or that stands around some that were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The box, without those inside.
    #[serde(rename = "box")]
    pub view: BoxNode,
    /// Whether it was found itself.
    pub hit: bool,
    /// The first of its fields that were found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FoundField>,
    /// What was found inside.
    pub inside: Vec<Found>,
}

/// How many boxes were found, and how many of them may still be listed.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    /// Found so far.
    pub hits: u64,
    /// May be listed beside those that are.
    pub left: usize,
}

/// What `query` finds in a top-level box: itself, seen as `top`, and all that is inside, where that was read. `None` when
/// there is nothing, or nothing that may still be listed. The form of some fields hangs on what the movie header says.
pub fn search(
    query: &Query,
    top: BoxNode,
    tree: Option<&Tree<'_>>,
    moov: Option<&Tree<'_>>,
    tally: &mut Tally,
) -> Option<Found> {
    match tree {
        Some(tree) => search_node(query, top, (tree, moov), &mut vec![tree.root()], tally),
        None => {
            let hit = query.finds(&top) && tally.count();
            made(top, hit, Vec::new(), Vec::new())
        }
    }
}

fn search_node<'t>(
    query: &Query,
    view: BoxNode,
    trees: (&'t Tree<'_>, Option<&Tree<'_>>),
    chain: &mut Vec<&'t Node>,
    tally: &mut Tally,
) -> Option<Found> {
    let (tree, moov) = trees;
    let (&node, around) = chain.split_last()?;
    let fields = query.finds_in(tree, node, around, moov);
    // Boxes are counted before what is in them.
    let place = (query.finds(&view) || !fields.is_empty()).then(|| tally.count());
    let mut inside = Vec::new();
    for (index, child) in numbered(node) {
        let path = format!("{}/{}", view.path, path_segment(child.id(), index));
        let below = view_node(tree, child, Some(node), path, false);
        chain.push(child);
        inside.extend(search_node(query, below, trees, chain, tally));
        chain.pop();
    }
    made(view, place == Some(true), fields, inside)
}

fn made(view: BoxNode, hit: bool, fields: Vec<FoundField>, inside: Vec<Found>) -> Option<Found> {
    let fields = if hit { fields } else { Vec::new() };
    (hit || !inside.is_empty()).then_some(Found {
        view: BoxNode { children: None, ..view },
        hit,
        fields,
        inside,
    })
}

impl Tally {
    /// Counts a hit; whether it may be listed.
    fn count(&mut self) -> bool {
        self.hits += 1;
        let may = self.left > 0;
        self.left -= usize::from(may);
        may
    }
}
