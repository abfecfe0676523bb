//! Single boxes that are at fault: what cannot be read, or stands where nothing may.

use crate::bytes::Error;

use super::declare::UNKNOWN_VERSION;
use super::keys::{FindTrack, lists_samples, sample_form};
use super::registry;
use super::tree::{Node, Tree, cannot_be_read};

/// Gives `take` the fault of every box of `tree` that has one, in file order, until it says that it has enough. The movie
/// header, in which `tracks` finds tracks, knows in which form samples are listed. Faults in the order of boxes are those
/// of [`Node::problem`].
pub fn find(
    tree: &Tree<'_>,
    moov: Option<&Tree<'_>>,
    tracks: &FindTrack<'_>,
    take: &mut dyn FnMut(Error) -> bool,
) {
    Search { tree, moov, tracks, around: Vec::new() }.walk(tree.root(), take);
}

/// Going through a tree.
struct Search<'s, 't> {
    tree: &'s Tree<'s>,
    moov: Option<&'s Tree<'s>>,
    tracks: &'s FindTrack<'s>,
    /// The boxes around, the outermost first.
    around: Vec<&'t Node>,
}

impl<'t> Search<'_, 't> {
    fn walk(&mut self, node: &'t Node, take: &mut dyn FnMut(Error) -> bool) -> bool {
        if let Some(fault) = self.of_box(node)
            && !take(fault)
        {
            return false;
        }
        self.around.push(node);
        // There may be one of each form, and the form of a flood of them would take long to find out.
        let mut listed = Vec::new();
        let goes_on = node.children.iter().all(|child| {
            if !lists_samples(child) {
                return self.walk(child, take);
            }
            if listed.contains(&child.id()) {
                return take(self.second(child));
            }
            listed.push(child.id());
            self.walk(child, take)
        });
        self.around.pop();
        goes_on
    }

    fn second(&self, node: &Node) -> Error {
        let message = format!(
            "Box '{}' lists the IVs of samples a second time: readers differ in which they believe. Have it written anew.",
            node.id()
        );
        Error::file("second-list", message).at(node.start).of_box(node.start, self.tree.path_at(node.start))
    }

    /// What is wrong with the fields of one box.
    fn of_box(&self, node: &Node) -> Option<Error> {
        let tree = self.tree;
        let parent = self.around.last().map(|parent| parent.id());
        let declaration = registry::known(node, parent).declaration()?;
        // What samples hang on may stand in a movie header that is not here.
        if self.moov.is_none() && lists_samples(node) {
            return None;
        }
        let form = sample_form(tree, node, &self.around, self.moov, self.tracks);
        let mut fields = tree.fields(node);
        let name = declaration.name();
        let fault = match declaration.check(&mut fields, form.cx) {
            Ok(0) => return None,
            Ok(left) => {
                let message = format!(
                    "Box '{}' ({name}) ends with {left} bytes too many: what it holds takes {} of its {}. Readers differ in \
                     what they make of that. Have it written anew.",
                    node.id(),
                    node.fields_len - crate::bytes::units::len_u64(left),
                    node.fields_len,
                );
                Error::file("left-over-bytes", message).at(fields.offset())
            }
            // That is no fault.
            Err(error) if error.code() == UNKNOWN_VERSION => return None,
            Err(error) => cannot_be_read(node, name, error),
        };
        Some(fault.of_box(node.start, tree.path_at(node.start)))
    }
}
