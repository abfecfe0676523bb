//! The movie header and file type of a protected file.

use crate::boxes::header::{four, wrap};
use crate::boxes::movie::{FileType, TrackExtends, is_of_cmaf};
use crate::boxes::record::{CLEAR_FILE, ClearFile, HAD_NO_EXTENDS};
use crate::boxes::{BoxBody, BoxHeader, BoxId, Edits, Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, Result, Writer};
use crate::protect::{Form, Plan};
use crate::track::leftovers::{self, is_system_header};
use crate::track::{Movie, Track, TrackKind};

use super::change;
use super::protection::{protected_entry, scheme_information, system_headers};

/// Types whose configuration FFmpeg takes only when it knows the type already: `frma` has to stand before it.
const READ_IN_ORDER: [&[u8; 4]; 3] = [b"alac", b"ipcm", b"fpcm"];

/// What makes the `moov` a protected one: protected sample entries and DRM headers come, what an earlier encryption
/// left behind goes, all else stays as it stood.
pub fn movie_edits(plan: &Plan, tree: &Tree<'_>, movie: &Movie) -> Result<Edits> {
    if let Some(change) = &plan.change {
        return change::movie_edits(plan, change, tree, movie);
    }
    let moov = tree.root();
    let mut edits = Edits::new();
    let missing = || Error::file("missing-box", "The 'moov' has no 'mvhd'.").inside("moov").at(moov.start);
    let mvhd = moov.child(b"mvhd").ok_or_else(missing)?;
    edits.insert_after(mvhd, &system_headers(plan));
    moov.children.iter().filter(|node| is_system_header(node)).for_each(|node| edits.remove(node));
    moov.all_id(CLEAR_FILE).for_each(|node| edits.remove(node));
    let undone = movie.record.as_ref().filter(|_| plan.decrypts() && !plan.protects());
    match undone {
        Some(record) => remove_extends(tree, record, &mut edits),
        None => add_extends(moov, movie, &mut edits),
    }
    if let Some(record) = &plan.record {
        edits.append(moov, &record.to_box(0));
    }
    for trak in moov.all(b"trak") {
        let Some(track) = movie.tracks.iter().find(|track| track.start == trak.start) else { continue };
        let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) else { continue };
        leftovers::of_samples(tree, stbl).iter().for_each(|leftover| edits.remove(leftover.node));
        let before = movie.entries_before_lead(track).filter(|_| plan.decrypts());
        let nodes = stbl.child(b"stsd").into_iter().flat_map(|stsd| &stsd.children);
        let nodes = nodes.take(before.unwrap_or(usize::MAX));
        let protection = plan.protection(track.id).zip(plan.key_of(track.id));
        for (node, entry) in nodes.zip(&track.entries) {
            // What stands there is of an encryption that is no more: the plan is made for clear samples only.
            node.all(b"sinf").for_each(|sinf| edits.remove(sinf));
            if let Some((protection, key)) = protection {
                edits.rename(node, protected_entry(track.kind == TrackKind::Video));
                let sinf = scheme_information(plan, protection, entry.format, key.kid);
                match node.children.first().filter(|_| READ_IN_ORDER.contains(&&entry.format.0)) {
                    Some(first) => edits.insert_before(first, &sinf),
                    None => edits.append(node, &sinf),
                }
            } else if entry.has_protected_type() {
                edits.rename(node, BoxId::Four(entry.format));
            }
        }
        let Some(stsd) = stbl.child(b"stsd") else { continue };
        if let Some(before) = before {
            stsd.children.iter().skip(before).for_each(|node| edits.remove(node));
            set_count(tree, stsd, before, &mut edits);
        }
        if protection.is_some() && plan.has_clear_entries() {
            let own = before.unwrap_or(track.entries.len());
            add_clear_entries(tree, stsd, (track, own), plan.decrypts(), &mut edits)?;
        }
    }
    Ok(edits)
}

/// Sample entries for the samples of the clear lead, behind those that become protected and in their order: a player needs
/// no key for them.
pub fn add_clear_entries(
    tree: &Tree<'_>,
    stsd: &Node,
    (track, own): (&Track, usize),
    decrypts: bool,
    edits: &mut Edits,
) -> Result<()> {
    let mut clear = Vec::new();
    for (node, entry) in stsd.children.iter().zip(&track.entries).take(own) {
        let is_left = entry.has_protected_type() || node.child(b"sinf").is_some();
        if is_left && !decrypts {
            let message = format!(
                "Track {} has boxes of an earlier encryption in a sample entry, which a clear lead would need without them. \
                 Leave the clear lead out.",
                track.id
            );
            return Err(Error::caller("bad-request", "clearLead", message));
        }
        clear.extend(without_protection(tree, node, entry.format));
    }
    edits.append(stsd, &clear);
    set_count(tree, stsd, 2 * own, edits);
    Ok(())
}

/// The bytes of a sample entry as it is without its encryption.
fn without_protection(tree: &Tree<'_>, node: &Node, format: FourCc) -> Vec<u8> {
    let mut bytes = tree.slice(node.start, node.end()).to_vec();
    let at = |offset: u64| to_len(offset - node.start);
    for sinf in node.children.iter().rev().filter(|child| child.id().is(b"sinf")) {
        bytes.drain(at(sinf.start)..at(sinf.end()));
    }
    let mut header = Writer::new();
    let body = len_u64(bytes.len()) - node.header.header_len();
    BoxHeader { id: BoxId::Four(format), ..node.header }.resized(body).write(&mut header);
    bytes.splice(..at(node.body_start()), header.into_bytes());
    bytes
}

fn set_count(tree: &Tree<'_>, stsd: &Node, entries: usize, edits: &mut Edits) {
    let first = stsd.children.first().map_or(stsd.end(), |node| node.start);
    let mut fields = tree.slice(stsd.body_start(), first).to_vec();
    // Behind version and flags.
    if let Some(count) = fields.get_mut(4..8) {
        count.copy_from_slice(&u32::try_from(entries).unwrap_or(u32::MAX).to_be_bytes());
    }
    edits.set_fields(stsd, fields);
}

/// Takes out what [`add_extends`] added.
fn remove_extends(tree: &Tree<'_>, record: &ClearFile, edits: &mut Edits) {
    let Some(mvex) = tree.root().child(b"mvex") else { return };
    if record.head.has(HAD_NO_EXTENDS) {
        return edits.remove(mvex);
    }
    for trex in mvex.all(b"trex") {
        let id = tree.read::<TrackExtends>(trex).map(|trex| trex.track_id);
        if id.is_ok_and(|id| record.without_extends.entries.contains(&id)) {
            edits.remove(trex);
        }
    }
}

/// Without `mvex`, and `trex` for each track, players take the fragments for nothing. What is added says what is assumed
/// without it.
fn add_extends(moov: &Node, movie: &Movie, edits: &mut Edits) {
    let missing = movie.tracks.iter().filter(|track| track.defaults.is_none());
    let trexs: Vec<u8> = missing
        .flat_map(|track| {
            let trex = TrackExtends {
                track_id: track.id,
                default_sample_description_index: 1,
                ..TrackExtends::default()
            };
            trex.to_box(0)
        })
        .collect();
    match moov.child(b"mvex") {
        _ if trexs.is_empty() => {}
        Some(mvex) => edits.append(mvex, &trexs),
        None => edits.append(moov, &wrap(four(b"mvex"), &trexs)),
    }
}

/// The file type of a protected file. `piff` keeps the brand and adds what PIFF demands; the others become plain
/// fragmented MP4 by major brand, since they are to be renamed `.mp4`, and `hybrid` says PIFF beside that. Brands of CMAF stay
/// where the file `is_cmaf` still.
pub fn protected_file_type(form: Form, is_cmaf: bool, source: Option<&FileType>) -> Vec<u8> {
    let mut file_type = match source {
        Some(source) => source.clone(),
        None => FileType { major_brand: FourCc(*b"isml"), minor_version: 1, ..FileType::default() },
    };
    if !is_cmaf && is_of_cmaf(file_type.major_brand) {
        (file_type.major_brand, file_type.minor_version) = (FourCc(*b"iso6"), 0);
    }
    let brands = &mut file_type.compatible_brands;
    brands.retain(|brand| is_cmaf || !is_of_cmaf(*brand));
    let needed: &[&[u8; 4]] = match form {
        Form::Piff => &[b"piff", b"iso2"],
        Form::Hybrid | Form::Plain => {
            file_type.major_brand = FourCc(*b"iso6");
            file_type.minor_version = 0;
            // "isml" is the brand of live ingest, which a protected download is not.
            brands.retain(|brand| brand.0 != *b"isml" && (brand.0 != *b"piff" || form.has_piff()));
            if form.has_piff() { &[b"iso6", b"isom", b"mp41", b"piff"] } else { &[b"iso6", b"isom", b"mp41"] }
        }
    };
    for brand in needed {
        if !brands.contains(&FourCc(**brand)) {
            brands.push(FourCc(**brand));
        }
    }
    file_type.to_box(0)
}
