//! The few words beside a box in the tree: what a person wants to know before opening it.

use crate::boxes::cenc::{
    OriginalFormat, ProtectionSystemSpecificHeader, SchemeType, TrackEncryption, scheme_name,
};
use crate::boxes::fragment::{MovieFragmentHeader, TrackFragmentDecodeTime, TrackFragmentHeader, TrackRun};
use crate::boxes::header::four;
use crate::boxes::index::{SegmentIndex, TrackFragmentRandomAccess};
use crate::boxes::movie::{
    FileType, Handler, MediaHeader, MovieHeader, SampleSize, TrackExtends, TrackHeader, handler_name,
};
use crate::boxes::tables::CompactSampleSize;
use crate::boxes::{BoxId, Form, FullHead, Node, Tree, piff, registry, scoped, systems, types::Text};
use crate::bytes::{FourCc, Uuid16};
use crate::track::{SampleEntry, TrackKind};

/// The note on a box, where there is something short to say.
pub(super) fn note(tree: &Tree<'_>, node: &Node, parent: Option<&Node>) -> Option<String> {
    if let Some(declaration) = registry::known(node, parent.map(Node::id)).declaration()
        && declaration.form == Form::Full
        && let Ok(head) = FullHead::read(&mut tree.fields(node))
        && !declaration.versions.contains(&head.version)
    {
        return Some(format!("version {}, not known here", head.version));
    }
    let text = match node.id() {
        BoxId::Uuid(_) => user_note(tree, node),
        BoxId::Four(_) if parent.is_some_and(|parent| parent.id().is(b"stsd")) => {
            Some(entry_note(tree, node))
        }
        BoxId::Four(code) => box_note(tree, node, code, parent),
    };
    text.filter(|text| !text.is_empty())
}

fn box_note(tree: &Tree<'_>, node: &Node, code: FourCc, parent: Option<&Node>) -> Option<String> {
    // Boxes known by the one around them.
    match parent.map(Node::id) {
        Some(id) if id == four(b"tref") => return Some(ids(tree, node)),
        Some(id) if id == four(b"ilst") => {
            let value = node.child(b"data")?;
            let value = tree.read::<crate::boxes::metadata::TagValue>(value).ok()?;
            return Some(short(&String::from_utf8_lossy(&value.text.0)));
        }
        _ => {}
    }
    // By text: a pattern of four bytes is compiled to a tree of comparisons of single bytes.
    match code.text().as_str() {
        "ftyp" | "styp" => {
            let file: FileType = tree.read(node).ok()?;
            let brands: Vec<String> =
                file.compatible_brands.iter().take(12).map(|brand| brand.text()).collect();
            Some(format!("{}: {}", file.major_brand, brands.join(" ")))
        }
        "moov" => Some(counted(node.all(b"trak").count(), "track")),
        "mvhd" => {
            let header: MovieHeader = tree.read(node).ok()?;
            Some(seconds(header.duration.0, header.timescale))
        }
        "mdhd" => {
            let header: MediaHeader = tree.read(node).ok()?;
            Some(format!("{} ticks a second", header.timescale))
        }
        "trak" => Some(track_note(tree, node)),
        "tkhd" => Some(format!("track {}", tree.read::<TrackHeader>(node).ok()?.track_id)),
        "trex" => Some(format!("track {}", tree.skim::<TrackExtends>(node)?.track_id)),
        "hdlr" => {
            let handler: Handler = tree.read(node).ok()?;
            let name = text(&handler.name);
            let kind = handler_name(handler.handler_type);
            let kind = if kind.is_empty() { handler.handler_type.text() } else { kind.to_owned() };
            Some(if name.trim().is_empty() { kind } else { format!("{kind}, {}", short(&name)) })
        }
        "moof" => {
            let header: MovieFragmentHeader = tree.read(node.child(b"mfhd")?).ok()?;
            let tracks = counted(node.all(b"traf").count(), "track");
            Some(format!("sequence {}, {tracks}", header.sequence_number))
        }
        "mfhd" => Some(format!("sequence {}", tree.skim::<MovieFragmentHeader>(node)?.sequence_number)),
        "traf" => {
            let header: TrackFragmentHeader = tree.read(node.child(b"tfhd")?).ok()?;
            Some(format!("track {}", header.track_id))
        }
        "tfhd" => Some(format!("track {}", tree.skim::<TrackFragmentHeader>(node)?.track_id)),
        "tfra" => Some(format!("track {}", tree.skim::<TrackFragmentRandomAccess>(node)?.track_id)),
        "tfdt" => {
            let time: TrackFragmentDecodeTime = tree.read(node).ok()?;
            Some(format!("time {}", time.base_media_decode_time.0))
        }
        "trun" => Some(counted(tree.skim::<TrackRun>(node)?.sample_count, "sample")),
        // How its entries are read hangs on other boxes.
        "senc" => Some(counted(number(tree, node, 4)?, "sample")),
        "sidx" => {
            let index: SegmentIndex = tree.read(node).ok()?;
            Some(counted(index.references.entries.len(), "reference"))
        }
        "stsz" => Some(counted(tree.skim::<SampleSize>(node)?.sample_count, "sample")),
        "stz2" => Some(counted(tree.skim::<CompactSampleSize>(node)?.sample_count, "sample")),
        "stss" => Some(counted(number(tree, node, 4)?, "sync sample")),
        "stco" | "co64" => Some(counted(number(tree, node, 4)?, "chunk")),
        "stts" | "ctts" | "stsc" | "elst" => Some(entries(number(tree, node, 4)?)),
        "stsd" => Some(some_of(&mut node.children.iter().map(|entry| entry.id().to_string()), ", ")),
        "sgpd" | "sbgp" | "csgp" => {
            let kind = FourCc(number(tree, node, 4)?.to_be_bytes());
            let name = scoped::group_name(kind);
            Some(if name.is_empty() { kind.text() } else { format!("{kind}: {name}") })
        }
        "frma" => Some(tree.read::<OriginalFormat>(node).ok()?.data_format.text()),
        "schm" => {
            let scheme: SchemeType = tree.read(node).ok()?;
            let (major, minor) = (scheme.scheme_version >> 16, scheme.scheme_version & 0xffff);
            Some(format!("{} {major}.{minor}", scheme.scheme_type))
        }
        "sinf" => {
            let scheme: SchemeType = tree.read(node.child(b"schm")?).ok()?;
            let name = scheme_name(scheme.scheme_type);
            Some(if name.is_empty() { scheme.scheme_type.text() } else { name.to_owned() })
        }
        "tenc" => {
            let defaults: TrackEncryption = tree.read(node).ok()?;
            Some(if defaults.default_is_protected == 0 {
                "not protected".to_owned()
            } else {
                format!("KID {}", defaults.default_kid)
            })
        }
        "pssh" => {
            let header: ProtectionSystemSpecificHeader = tree.read(node).ok()?;
            Some(system(header.system_id))
        }
        "emsg" => {
            Some(short(&text(&tree.read::<crate::boxes::fragment::EventMessage>(node).ok()?.scheme_id_uri)))
        }
        "iinf" => Some(counted(node.children.len(), "item")),
        "infe" => {
            let item: crate::boxes::heif::ItemInformationEntry = tree.read(node).ok()?;
            let id = if item.head.version < 3 { item.item_id.into() } else { item.wide_item_id };
            // Items have types from version 2 on.
            let kind = if item.head.version < 2 { String::new() } else { format!(" {}", item.item_type) };
            Some(format!("item {id}{kind}"))
        }
        "pitm" => {
            Some(format!("item {}", tree.read::<crate::boxes::heif::PrimaryItem>(node).ok()?.item_id.0))
        }
        _ => None,
    }
}

fn user_note(tree: &Tree<'_>, node: &Node) -> Option<String> {
    match node.id() {
        piff::SAMPLE_ENCRYPTION => {
            let head = number(tree, node, 0)?;
            let at = if head & piff::OVERRIDE == 0 { 4 } else { 24 };
            Some(counted(number(tree, node, at)?, "sample"))
        }
        piff::TRACK_ENCRYPTION => {
            let defaults: piff::PiffTrackEncryption = tree.read(node).ok()?;
            Some(format!("KID {}", defaults.default_kid))
        }
        piff::PROTECTION_SYSTEM => {
            Some(system(tree.read::<piff::PiffProtectionSystem>(node).ok()?.system_id))
        }
        piff::TFXD => {
            let time: piff::FragmentTime = tree.read(node).ok()?;
            let [start, long] =
                [time.fragment_absolute_time.0, time.fragment_duration.0].map(piff::smooth_clock);
            Some(format!("at {start} for {long}, at 10 MHz"))
        }
        piff::TFRF => {
            let ahead: piff::FragmentLookAhead = tree.read(node).ok()?;
            let first = ahead.fragments.entries.first().map(|first| first.fragment_absolute_time.0);
            let from = first
                .map_or_else(String::new, |first| format!(", from {} at 10 MHz", piff::smooth_clock(first)));
            Some(format!("{} to come{from}", counted(ahead.fragments.entries.len(), "fragment")))
        }
        _ => None,
    }
}

/// Codec, size or channels and rate of a sample entry; the type before protection.
fn entry_note(tree: &Tree<'_>, node: &Node) -> String {
    let entry = SampleEntry::read(tree, node, TrackKind::Other);
    let mut words = vec![entry.codec_name(), entry.codec_detail().to_owned()];
    if entry.format != entry.coded {
        words.insert(0, entry.format.text());
    }
    words.extend(entry.size.map(|(width, height)| format!("{width}×{height}")));
    let (channels, rate) = entry.sound.unwrap_or_default();
    words.extend((channels > 0).then(|| counted(channels, "channel")));
    words.extend((rate > 0).then(|| format!("{rate} Hz")));
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn track_note(tree: &Tree<'_>, trak: &Node) -> String {
    let id =
        trak.child(b"tkhd").and_then(|tkhd| tree.read::<TrackHeader>(tkhd).ok()).map(|tkhd| tkhd.track_id);
    let handler = trak.descend(&[b"mdia", b"hdlr"]).and_then(|hdlr| tree.read::<Handler>(hdlr).ok());
    let kind = handler.map(|handler| handler_name(handler.handler_type)).unwrap_or_default();
    let entry = trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]).and_then(|stsd| stsd.children.first());
    let codec = entry.map(|entry| match before_protection(tree, entry) {
        Some(code) => format!("{code}, protected"),
        None => entry.id().to_string(),
    });
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let words = ["track", &id, kind, codec.as_deref().unwrap_or_default()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The codec that a protected sample entry had before.
fn before_protection(tree: &Tree<'_>, entry: &Node) -> Option<FourCc> {
    let frma = entry.descend(&[b"sinf", b"frma"])?;
    tree.read::<OriginalFormat>(frma).ok().map(|format| format.data_format)
}

/// The 32-bit number at byte `at` of a box's fields.
pub(super) fn number(tree: &Tree<'_>, node: &Node, at: usize) -> Option<u32> {
    let mut r = tree.fields(node);
    r.take(at, "fields").ok()?;
    r.u32("a number").ok()
}

fn ids(tree: &Tree<'_>, node: &Node) -> String {
    let mut r = tree.fields(node);
    let mut ids = core::iter::from_fn(|| r.u32("a track ID").ok()).map(|id| id.to_string());
    format!("track {}", some_of(&mut ids, ", "))
}

/// The first few of what may be many.
fn some_of(all: &mut dyn Iterator<Item = String>, between: &str) -> String {
    let mut some: Vec<String> = all.take(9).collect();
    if let Some(ninth) = some.get_mut(8) {
        "…".clone_into(ninth);
    }
    some.join(between)
}

/// `1 sample`, `2 samples`.
fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn entries(count: u32) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn seconds(duration: u64, timescale: u32) -> String {
    let unknown = duration == u64::MAX || duration == u64::from(u32::MAX);
    if timescale == 0 || duration == 0 || unknown {
        return String::new();
    }
    // Milliseconds in integers, so that no rounding of large tick counts shows.
    let timescale = u64::from(timescale);
    format!("{}.{:03} s", duration / timescale, duration % timescale * 1000 / timescale)
}

fn system(id: Uuid16) -> String {
    systems::system_name(&id).map_or_else(|| format!("system {id}"), str::to_owned)
}

fn text(text: &Text) -> String {
    // QuickTime counts the bytes of a name first; a count is a control character in all real names.
    String::from_utf8_lossy(&text.bytes).trim_start_matches(|c: char| c.is_control()).to_owned()
}

fn short(text: &str) -> String {
    const SHOWN: usize = 48;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= SHOWN {
        return line.to_owned();
    }
    line.chars().take(SHOWN).chain(['…']).collect()
}
