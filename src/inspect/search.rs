//! Looking for boxes by what a person types: a type, a word of a name or note, a user type.

use serde::Serialize;

use crate::boxes::tree::path_segment;
use crate::boxes::{Node, Tree};

use super::node::{BoxNode, numbered, view_node};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    text: Vec<u8>,
    /// The text as user types are compared, when it can be a part of one.
    digits: Option<Vec<u8>>,
}

/// A user type is asked for by so many of its digits; fewer would find nearly any.
const USER_TYPE_DIGITS: usize = 4;

impl Query {
    /// A query for this text, its Latin letters in whatever case.
    pub fn new(text: &str) -> Self {
        let text = text.trim_ascii().as_bytes().to_vec();
        let digits: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'-').collect();
        let is_part = digits.len() >= USER_TYPE_DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
        Self { digits: is_part.then_some(digits), text }
    }

    /// Whether type, name, note or user type have the text in them.
    pub fn finds(&self, view: &BoxNode) -> bool {
        let texts = [Some(&view.kind), Some(&view.name), view.note.as_ref()];
        let digits = || {
            let user_type = view.uuid.as_ref()?.bytes().filter(|byte| *byte != b'-').collect::<Vec<u8>>();
            Some(has(&user_type, self.digits.as_ref()?))
        };
        texts.iter().flatten().any(|text| has(text.as_bytes(), &self.text)) || digits() == Some(true)
    }
}

/// Compared byte by byte: case and search as Unicode has them would be 10 KB more for every visitor to load.
fn has(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// A box that was found, or that stands around some that were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The box, without those inside.
    #[serde(rename = "box")]
    pub view: BoxNode,
    /// Whether it was found itself.
    pub hit: bool,
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
/// there is nothing, or nothing that may still be listed.
pub fn search(query: &Query, top: BoxNode, tree: Option<&Tree<'_>>, tally: &mut Tally) -> Option<Found> {
    let node = tree.map(|tree| (tree, tree.root()));
    search_node(query, top, node, tally)
}

fn search_node(
    query: &Query,
    view: BoxNode,
    node: Option<(&Tree<'_>, &Node)>,
    tally: &mut Tally,
) -> Option<Found> {
    let found = query.finds(&view);
    tally.hits += u64::from(found);
    let hit = found && tally.left > 0;
    tally.left -= usize::from(hit);
    let mut inside = Vec::new();
    if let Some((tree, node)) = node {
        for (index, child) in numbered(node) {
            let path = format!("{}/{}", view.path, path_segment(child.id(), index));
            let below = view_node(tree, child, Some(node), path, false);
            inside.extend(search_node(query, below, Some((tree, child)), tally));
        }
    }
    (hit || !inside.is_empty()).then_some(Found { view: BoxNode { children: None, ..view }, hit, inside })
}
