//! Items of `meta` boxes: where their bytes went (`iloc`, ISO/IEC 14496-12:2022 8.11.3).

use crate::boxes::heif::ItemLocationBox;
use crate::boxes::{BoxBody, Node, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result, Writer};

use super::moved::Moved;

/// The body of an `iloc` with the offsets of items that stand in the file moved; it keeps its length. `None` when none
/// stands there.
pub fn moved_locations(tree: &Tree<'_>, node: &Node, moved: &Moved) -> Result<Option<Vec<u8>>> {
    let mut iloc: ItemLocationBox = tree.read(node)?;
    let widths = iloc.locations.widths;
    let fits = |value: u64, low: u32| {
        let width = u32::from(widths >> low & 15);
        width >= 8 || value >> (8 * width) == 0
    };
    let mut any = false;
    for item in iloc.locations.items.iter_mut().filter(|item| item.is_in_file()) {
        any |= !item.extents.is_empty();
        let base = item.base_offset;
        // A base of 0 is most often none at all.
        let new_base = if base == 0 { 0 } else { moved.map(base) };
        for extent in &mut item.extents {
            let start = base.saturating_add(extent.offset);
            let place = moved.map_stretch(start, extent.length).ok_or_else(|| {
                let message = format!(
                    "Item {} stands at byte {start}, in boxes that protecting changes. Take the item out first.",
                    item.item_id
                );
                Error::unsupported("item-in-changed-box", message).at(node.start)
            })?;
            let offset = place.checked_sub(new_base).filter(|offset| fits(*offset, 12) && fits(new_base, 4));
            extent.offset = offset.ok_or_else(|| {
                let message = format!(
                    "Item {} would stand at byte {place}, which its 'iloc' box has too few digits for.",
                    item.item_id
                );
                Error::unsupported("item-location-range", message).at(node.start)
            })?;
        }
        item.base_offset = new_base;
    }
    if !any {
        return Ok(None);
    }
    let mut body = Writer::with_room(to_len(node.fields_len));
    iloc.write_body(&mut body, 0);
    Ok(Some(body.into_bytes()))
}
