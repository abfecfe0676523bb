//! Single boxes that are at fault: what cannot be read, or stands where nothing may.

use crate::bytes::Error;

use super::declare::UNKNOWN_VERSION;
use super::keys::{is_told, sample_form};
use super::registry;
use super::tree::{Node, Tree, cannot_be_read};

/// Gives `take` the fault of every box of `tree` that has one, in file order, until it says that it has enough. The movie
/// header knows in which form samples are listed. Faults in the order of boxes are those of [`Node::problem`].
pub fn find(tree: &Tree<'_>, moov: Option<&Tree<'_>>, take: &mut dyn FnMut(Error) -> bool) {
    walk(tree, tree.root(), &mut Vec::new(), moov, take);
}

fn walk<'t>(
    tree: &Tree<'_>,
    node: &'t Node,
    around: &mut Vec<&'t Node>,
    moov: Option<&Tree<'_>>,
    take: &mut dyn FnMut(Error) -> bool,
) -> bool {
    if let Some(fault) = of_box(tree, node, around, moov)
        && !take(fault)
    {
        return false;
    }
    around.push(node);
    let goes_on = node.children.iter().all(|child| walk(tree, child, around, moov, take));
    around.pop();
    goes_on
}

/// What is wrong with the fields of one box; `around` are the boxes it stands in, the outermost first.
fn of_box(tree: &Tree<'_>, node: &Node, around: &[&Node], moov: Option<&Tree<'_>>) -> Option<Error> {
    let parent = around.last().map(|parent| parent.id());
    let declaration = registry::lookup(node.id(), parent).declaration()?;
    // What samples hang on may stand in a movie header that is not here.
    if !is_told(node, moov) {
        return None;
    }
    let form = sample_form(tree, node, around, moov);
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
