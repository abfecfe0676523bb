//! Items and their properties (ISO/IEC 14496-12:2022 8.11, ISO/IEC 23008-12): the boxes of HEIF and AVIF pictures.

use crate::bytes::units::len_u64;
use crate::bytes::{Error, FourCc, Reader, Result, Writer};

use super::fragment::Wide16;
use super::header::four;
use super::parts::{IfMore, bits, when};
use super::rows::RowSink;
use super::types::{Counted, Text};
use super::wire::{Bytes, Context, Wire, for_each_entry};

/// A number of `width` bytes, 0 to 8: the width stands in the box.
fn read_wide(r: &mut Reader<'_>, width: u16, what: &str) -> Result<u64> {
    let bytes = r.take(usize::from(width), what)?;
    Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn write_wide(w: &mut Writer, width: u16, value: u64) {
    w.bytes(value.to_be_bytes().get(8_usize.saturating_sub(usize::from(width))..).unwrap_or_default());
}

/// A stretch of an item's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemExtent {
    /// Index for construction method 2.
    pub index: u64,
    /// Offset, counted from the item's base.
    pub offset: u64,
    /// Length in bytes; 0 for all.
    pub length: u64,
}

/// Where one item stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemLocation {
    /// Its ID.
    pub item_id: u32,
    /// 0: in the file, 1: in `idat`, 2: in another item.
    pub construction_method: u16,
    /// Entry of `dref`, from 1; 0 for this file.
    pub data_reference_index: u16,
    /// Base of the extents' offsets.
    pub base_offset: u64,
    /// Its stretches.
    pub extents: Vec<ItemExtent>,
}

/// The body of `iloc`, whose numbers have widths given at its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemLocations {
    /// Four 4-bit widths: offset, length, base offset, index.
    pub widths: u16,
    /// The items.
    pub items: Vec<ItemLocation>,
}

impl ItemLocation {
    /// Whether its bytes stand in the file itself, at offsets counted from the file's first byte.
    pub fn is_in_file(&self) -> bool {
        self.construction_method & 15 == 0 && self.data_reference_index == 0
    }

    fn read(r: &mut Reader<'_>, widths: u16, cx: &Context) -> Result<Self> {
        let [offset, length, base, index] = [12, 8, 4, 0].map(|low| widths >> low & 15);
        let version = cx.head.version;
        let item_id = if version < 2 { u32::from(r.u16("item_ID")?) } else { r.u32("item_ID")? };
        let construction_method = if version > 0 { r.u16("construction_method")? } else { 0 };
        let data_reference_index = r.u16("data_reference_index")?;
        let base_offset = read_wide(r, base, "base_offset")?;
        let count = r.u16("extent_count")?;
        let mut this =
            Self { item_id, construction_method, data_reference_index, base_offset, extents: Vec::new() };
        let start = r.offset();
        for number in 0..count {
            if number == 1 && r.offset() == start {
                // Any number of them would take no more bytes than one.
                let message = format!("Item {item_id} has {count} extents, but their fields have no width.");
                return Err(Error::file("bad-item-location", message).at(start));
            }
            this.extents.push(ItemExtent {
                index: if version > 0 { read_wide(r, index, "item_reference_index")? } else { 0 },
                offset: read_wide(r, offset, "extent_offset")?,
                length: read_wide(r, length, "extent_length")?,
            });
        }
        Ok(this)
    }
    fn write(&self, w: &mut Writer, widths: u16, cx: &Context) {
        let [offset, length, base, index] = [12, 8, 4, 0].map(|low| widths >> low & 15);
        let version = cx.head.version;
        if version < 2 {
            w.u16(u16::try_from(self.item_id).unwrap_or(u16::MAX));
        } else {
            w.u32(self.item_id);
        }
        if version > 0 {
            w.u16(self.construction_method);
        }
        w.u16(self.data_reference_index);
        write_wide(w, base, self.base_offset);
        w.u16(u16::try_from(self.extents.len()).unwrap_or(u16::MAX));
        for extent in &self.extents {
            if version > 0 {
                write_wide(w, index, extent.index);
            }
            write_wide(w, offset, extent.offset);
            write_wide(w, length, extent.length);
        }
    }
    fn text(&self) -> String {
        let first = self.extents.first().copied().unwrap_or_default();
        let place = match self.construction_method {
            0 => "file",
            1 => "idat",
            _ => "item",
        };
        format!(
            "item {}, {} extents, in the {place} from {}, {} bytes in all",
            self.item_id,
            self.extents.len(),
            self.base_offset.saturating_add(first.offset),
            self.extents.iter().fold(0_u64, |sum, extent| sum.saturating_add(extent.length)),
        )
    }
}

impl ItemLocations {
    fn walk(r: &mut Reader<'_>, cx: &Context, mut sink: Option<&mut RowSink>) -> Result<Self> {
        let start = r.offset();
        let mut this = Self { widths: r.u16("widths")?, items: Vec::new() };
        if [12, 8, 4, 0].iter().any(|low| this.widths >> low & 15 > 8) {
            return Err(Error::file(
                "bad-item-location",
                format!("An item location gives widths {:#06x}; each may be 8 bytes at most.", this.widths),
            )
            .at(start));
        }
        let counted = r.offset();
        let count = if cx.head.version < 2 { u32::from(r.u16("item_count")?) } else { r.u32("item_count")? };
        if let Some(sink) = sink.as_deref_mut() {
            sink.push("widths", start, counted, || {
                (format!("{:#06x}", this.widths), "of offset, length, base offset, index".to_owned())
            });
            sink.push("item_count", counted, r.offset(), || (count.to_string(), String::new()));
        }
        for_each_entry(r, "items", Some(u64::from(count)), &mut |r, index| {
            let start = r.offset();
            let item = ItemLocation::read(r, this.widths, cx)?;
            if let Some(sink) = sink.as_deref_mut() {
                sink.push_entry("items", index, start, r.offset(), || item.text());
            }
            this.items.push(item);
            Ok(())
        })?;
        Ok(this)
    }
}

impl Wire for ItemLocations {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Self::walk(r, cx, None)
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        w.u16(self.widths);
        let count = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        if cx.head.version < 2 {
            w.u16(u16::try_from(count).unwrap_or(u16::MAX));
        } else {
            w.u32(count);
        }
        self.items.iter().for_each(|item| item.write(w, self.widths, cx));
    }
    fn show(&self) -> String {
        format!("{} items", len_u64(self.items.len()))
    }
    fn rows(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>, sink: &mut RowSink) -> Result<Self> {
        Self::walk(r, cx, Some(sink))
    }
}

entries! {
    /// References of one type from one item; IDs have 16 bits in version 0, 32 later.
    ItemReference {
        box_size: u32;
        reference_type: FourCc, means |v| super::scoped::reference_name(*v).to_owned();
        from_item_id: Wide16;
        reference_count: u16;
        to_item_ids: Vec<Wide16>, count |_, b| u64::from(b.reference_count);
    }
    /// The properties of one item.
    PropertyAssociations {
        item_id: Wide16;
        association_count: u8;
        wide_associations: Vec<u16>, count |_, b| u64::from(b.association_count), if |cx| cx.head.has(1);
        associations: Vec<u8>, count |_, b| u64::from(b.association_count), if |cx| !cx.head.has(1);
    }
}

boxes! {
    /// The items, one `infe` each.
    ItemInformation [four(b"iinf")] full(0, 1) children "Item information" "ISO/IEC 14496-12:2022 8.11.6" {
        entry_count: Wide16;
    }
    /// Type and name of one item.
    ItemInformationEntry [four(b"infe")] full(0, 1, 2, 3) "Item information entry" "ISO/IEC 14496-12:2022 8.11.6.2"
        flags { 0x1 "hidden" }
    {
        item_id: u16, if |cx, _| cx.head.version < 3;
        wide_item_id: u32, if |cx, _| cx.head.version >= 3;
        item_protection_index: u16;
        item_type: FourCc, if |cx, _| cx.head.version >= 2;
        item_name: Text;
        content_type: Text, if |cx, b| cx.head.version < 2 || b.item_type.0 == *b"mime";
        item_uri_type: Text, if |_, b| b.item_type.0 == *b"uri ";
        content_encoding: IfMore<Text>, if |cx, b| cx.head.version < 2 || b.item_type.0 == *b"mime";
    }
    /// Where the bytes of items stand.
    ItemLocationBox [four(b"iloc")] full(0, 1, 2) "Item location" "ISO/IEC 14496-12:2022 8.11.3" {
        locations: ItemLocations;
    }
    /// The item to show.
    PrimaryItem [four(b"pitm")] full(0, 1) "Primary item" "ISO/IEC 14496-12:2022 8.11.4" {
        item_id: Wide16;
    }
    /// References between items.
    ItemReferences [four(b"iref")] full(0, 1) "Item references" "ISO/IEC 14496-12:2022 8.11.12" {
        references: Vec<ItemReference>;
    }
    /// Bytes of items that stand in the metadata itself.
    ItemData [four(b"idat")] plain "Item data" "ISO/IEC 14496-12:2022 8.11.11" {
        data: Bytes;
    }
    /// How items are protected.
    ItemProtection [four(b"ipro")] full children "Item protection" "ISO/IEC 14496-12:2022 8.11.5" {
        protection_count: u16;
    }
    /// Properties of items, and which item has which.
    ItemProperties [four(b"iprp")] plain children "Item properties" "ISO/IEC 14496-12:2022 8.11.14" {}
    /// The properties; they are numbered from 1 in this order.
    ItemPropertyContainer [four(b"ipco")] plain children "Item property container" "ISO/IEC 14496-12:2022 8.11.14" {}
    /// Which item has which properties.
    ItemPropertyAssociation [four(b"ipma")] full(0, 1) "Item property association" "ISO/IEC 14496-12:2022 8.11.14"
        flags { 0x1 "16-bit property numbers" }
    {
        items: Counted<u32, PropertyAssociations>;
    }
    /// Groups of items or tracks.
    EntityGroups [four(b"grpl")] plain children "Entity groups" "ISO/IEC 14496-12:2022 8.18.2" {}
    /// Size of the picture.
    ImageSpatialExtents [four(b"ispe")] full "Image size" "ISO/IEC 23008-12:2022 6.5.3" {
        image_width: u32;
        image_height: u32;
    }
    /// Bits of each channel.
    PixelInformation [four(b"pixi")] full "Pixel information" "ISO/IEC 23008-12:2022 6.5.6" {
        bits_per_channel: Counted<u8, u8>;
    }
    /// Turn of the picture, anti-clockwise.
    ImageRotation [four(b"irot")] plain "Image rotation" "ISO/IEC 23008-12:2022 6.5.10" {
        angle: u8, means |v| format!("{}°", bits(*v, 0, 2) * 90);
    }
    /// Mirroring of the picture.
    ImageMirror [four(b"imir")] plain "Image mirroring" "ISO/IEC 23008-12:2022 6.5.12" {
        axis: u8, means |v| if v & 1 == 0 { "top and bottom swap" } else { "left and right swap" }.to_owned();
    }
    /// What an auxiliary picture is for, such as transparency.
    AuxiliaryProperty [four(b"auxC")] full "Auxiliary type" "ISO/IEC 23008-12:2022 6.5.8" {
        aux_type: Text;
        aux_subtype: Bytes;
    }
    /// What an auxiliary track is for, such as transparency.
    AuxiliaryTrackType [four(b"auxi")] full "Auxiliary track type" "ISO/IEC 23008-12:2022 7.5.3" {
        aux_track_type: Text;
    }
    /// How the pictures of a sequence were coded.
    CodingConstraints [four(b"ccst")] full "Coding constraints" "ISO/IEC 23008-12:2022 7.2.3" {
        constraints: u32, means |v| format!(
            "{}at most {} reference pictures",
            when(v >> 31 == 1, "reference pictures are intra, "), bits(*v, 26, 4),
        );
    }
    /// Place of a picture in the one it was cut from.
    RelativeLocation [four(b"rloc")] full "Relative location" "ISO/IEC 23008-12:2022 6.5.7" {
        horizontal_offset: u32;
        vertical_offset: u32;
    }
    /// The layer to show.
    LayerSelector [four(b"lsel")] plain "Layer selector" "ISO/IEC 23008-12:2022 6.5.11" {
        layer_id: u16;
    }
    /// The AV1 operating point to decode.
    OperatingPoint [four(b"a1op")] plain "Operating point" "AVIF 2.3.2.1" {
        op_index: u8;
    }
    /// Scaling of the picture.
    ImageScaling [four(b"iscl")] full "Image scaling" "ISO/IEC 23008-12:2022 6.5.13" {
        target_width_numerator: u16;
        target_width_denominator: u16;
        target_height_numerator: u16;
        target_height_denominator: u16;
    }
    /// A description for people, in one language.
    UserDescription [four(b"udes")] full "User description" "ISO/IEC 23008-12:2022 6.5.20" {
        language: Text;
        name: Text;
        description: Text;
        tags: Text;
    }
    /// Words to show in place of the picture.
    AccessibilityText [four(b"altt")] full "Accessibility text" "ISO/IEC 23008-12:2022 6.5.21" {
        alt_text: Text;
        alt_language: Text;
    }
    /// Encryption defaults of items.
    ItemEncryption [four(b"ienc")] full(0, 1) "Item encryption" "ISO/IEC 23001-7:2023 8.4" {
        record: Bytes;
    }
    /// IVs and subsample maps of items.
    ItemAuxiliaryInformation [four(b"iaux")] full "Item auxiliary information" "ISO/IEC 23001-7:2023 8.5" {
        aux_info_type: u32;
        aux_info_type_parameter: u32;
    }
}
