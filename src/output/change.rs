//! What changes of a file whose samples stay encrypted as they are: headers of DRM systems, and the boxes that carry the
//! encryption (PIFF 1.1 5.3; ISO/IEC 23001-7:2023 7, 8). What already is as it is asked for stays byte for byte.

use crate::boxes::cenc::{
    ConstantIv, ProtectionSystemSpecificHeader, SCHEME_VERSION_1_0, SampleAuxInfoOffsets, SchemeType,
    TrackEncryption,
};
use crate::boxes::groups::GroupEncryption;
use crate::boxes::piff::{self, PiffProtectionSystem, PiffTrackEncryption, SCHEME_VERSION_1_1, algorithm};
use crate::boxes::systems::{W3C_COMMON, system_name};
use crate::boxes::types::U24;
use crate::boxes::wire::{Bytes, FullHead};
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};
use crate::playready::Header;
use crate::protect::header_change::{ChangedHeader, not_named};
use crate::protect::scheme::{Mode, Scheme};
use crate::protect::{Change, Form, Plan};
use crate::track::encryption::{Encryption, Span, first_of_encryption, maps, spans};
use crate::track::leftovers::{is_key_group, of_samples};
use crate::track::system_header::is_playready;
use crate::track::traces::is_left_clear;
use crate::track::{Fragment, Index, Movie, Protection, SampleEntry, SystemHeader, Track, TrackFragment};

use super::fragment::TrackInformation;
use super::movie::add_clear_entries;
use super::protection::{
    KeyChange, SampleForms, clear_samples, common_header, playready_header, sample_information,
};

/// The box of a header with another payload.
fn with_data(tree: &Tree<'_>, header: &SystemHeader<'_>, data: Vec<u8>) -> Result<Vec<u8>> {
    let data_size = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let data = Bytes(data);
    if header.is_piff {
        let piff: PiffProtectionSystem = tree.read(header.node)?;
        return Ok(PiffProtectionSystem { data, data_size, ..piff }.to_box(0));
    }
    let pssh: ProtectionSystemSpecificHeader = tree.read(header.node)?;
    Ok(ProtectionSystemSpecificHeader { data, data_size, ..pssh }.to_box(0))
}

/// Which forms of boxes a file has.
fn source_forms(movie_tree: &Tree<'_>, movie: &Movie) -> SampleForms {
    let mut forms = SampleForms { cenc: false, piff: false };
    for trak in movie_tree.root().all(b"trak") {
        for schi in trak
            .descend(&[b"mdia", b"minf", b"stbl", b"stsd"])
            .into_iter()
            .flat_map(|stsd| &stsd.children)
            .filter_map(|entry| entry.descend(&[b"sinf", b"schi"]))
        {
            forms.cenc |= schi.child(b"tenc").is_some();
            forms.piff |= schi.child_id(piff::TRACK_ENCRYPTION).is_some();
        }
    }
    if forms == (SampleForms { cenc: false, piff: false }) {
        let entries = || movie.tracks.iter().flat_map(|track| &track.entries);
        forms.piff = entries().any(|entry| entry.protection.as_ref().is_some_and(Protection::is_piff));
        forms.cenc = !forms.piff;
    }
    forms
}

/// The form of the boxes in a movie header.
pub fn form_of(moov: &Tree<'_>, movie: &Movie) -> Form {
    let forms = source_forms(moov, movie);
    match (forms.cenc, forms.piff) {
        (true, true) => Form::Hybrid,
        (false, true) => Form::Piff,
        _ => Form::Plain,
    }
}

/// The headers of DRM systems in a movie header: the name of each system once, and of PlayReady's the object.
pub fn headers(moov: &Tree<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let mut all: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    for header in SystemHeader::all(moov, moov.root()) {
        let name = system_name(&header.system).map_or_else(|| header.system.to_string(), str::to_owned);
        if !all.iter().any(|(known, _)| *known == name) {
            all.push((name, header.is_playready().then_some(header.data)));
        }
    }
    all
}

/// What becomes of the headers of DRM systems in `parent`. In the movie header new ones come, behind those that are there, or
/// behind `first`. Returns what is doubtful.
fn change_headers(
    change: &Change,
    tree: &Tree<'_>,
    parent: &Node,
    movie: Option<(&Node, &Movie)>,
    edits: &mut Edits,
) -> Result<Option<ChangedHeader>> {
    let found = SystemHeader::all(tree, parent);
    let mut wanted = change.form.map(SampleForms::of);
    let mut there = SampleForms { cenc: false, piff: false };
    let (mut object, mut changed): (Option<Vec<u8>>, Option<ChangedHeader>) = (None, None);
    for header in &found {
        if change.removes(header.system, movie.is_some()) {
            edits.remove(header.node);
            continue;
        }
        let mut data = None;
        if header.is_playready() {
            let at = header.node.end() - len_u64(header.data.len());
            if let Some(new) = change.header.of(&header.data, at, &change.kids, &change.scheme)? {
                data = Some(new.made.object.clone());
                changed = changed.or(Some(new));
            }
            object.get_or_insert_with(|| data.as_ref().unwrap_or(&header.data).clone());
        }
        if wanted.is_some_and(|wanted| if header.is_piff { !wanted.piff } else { !wanted.cenc }) {
            edits.remove(header.node);
            continue;
        }
        if header.is_playready() {
            there.piff |= header.is_piff;
            there.cenc |= !header.is_piff;
        }
        if let Some(data) = data.filter(|data| *data != header.data) {
            edits.replace(header.node, with_data(tree, header, data)?);
        }
    }
    if let Some((_, known)) = movie.filter(|_| object.is_none() && !change.header.is_about_nothing()) {
        let fresh = change.header.fresh(&change.kids, &change.scheme)?;
        object = Some(fresh.made.object.clone());
        changed = Some(fresh);
        wanted.get_or_insert_with(|| source_forms(tree, known));
    }
    let mut new = Vec::new();
    if let (Some(object), Some(wanted)) = (&object, wanted) {
        let kinds = [(wanted.cenc && !there.cenc, false), (wanted.piff && !there.piff, true)];
        kinds
            .into_iter()
            .filter(|(comes, _)| *comes)
            .for_each(|(_, is_piff)| new.extend(playready_header(is_piff, object)));
    }
    let Some((first, _)) = movie else {
        if !new.is_empty() {
            edits.append(parent, &new);
        }
        return Ok(changed);
    };
    let has_common =
        found.iter().any(|header| header.system == W3C_COMMON) || change.removes(W3C_COMMON, true);
    if change.form.is_some_and(|form| form.has_cenc()) && !has_common && !change.kids.is_empty() {
        new.extend(common_header(change.kids.clone()));
    }
    new.extend(&change.others);
    if !new.is_empty() {
        edits.insert_after(found.last().map_or(first, |header| header.node), &new);
    }
    Ok(changed)
}

/// What changes in the `moov`.
pub fn movie_edits(plan: &Plan, change: &Change, tree: &Tree<'_>, movie: &Movie) -> Result<Edits> {
    Ok(changed_movie(plan, change, tree, movie)?.0)
}

fn changed_movie(
    plan: &Plan,
    change: &Change,
    tree: &Tree<'_>,
    movie: &Movie,
) -> Result<(Edits, Option<ChangedHeader>)> {
    let moov = tree.root();
    let mut edits = Edits::new();
    let missing = || Error::file("missing-box", "The 'moov' has no 'mvhd'.").inside("moov").at(moov.start);
    let mvhd = moov.child(b"mvhd").ok_or_else(missing)?;
    let header = change_headers(change, tree, moov, Some((mvhd, movie)), &mut edits)?;
    let Some(form) = change.form else { return Ok((edits, header)) };
    if let Some(record) = &plan.record {
        moov.all_id(crate::boxes::record::CLEAR_FILE).for_each(|node| edits.remove(node));
        edits.append(moov, &record.to_box(0));
    }
    for trak in moov.all(b"trak") {
        let Some(track) = movie.tracks.iter().find(|track| track.start == trak.start) else { continue };
        let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) else { continue };
        let nodes = stbl.child(b"stsd").into_iter().flat_map(|stsd| &stsd.children);
        for (node, entry) in nodes.zip(&track.entries) {
            if let (Some(protection), Some(sinf)) = (&entry.protection, node.child(b"sinf")) {
                check_one_scheme(tree, track, node)?;
                change_scheme(form, sinf, protection, &mut edits)?;
            }
        }
        if let Some(stsd) = stbl.child(b"stsd").filter(|_| change.adds_entries)
            && track.entries.iter().all(SampleEntry::has_protected_type)
        {
            add_clear_entries(tree, stsd, (track, track.entries.len()), true, &mut edits)?;
        }
        if !form.has_cenc() {
            // Fragments say it of themselves.
            stbl.children.iter().filter(|node| is_key_group(tree, node)).for_each(|node| edits.remove(node));
        }
    }
    Ok((edits, header))
}

/// Readers differ in which of several they go by, and the boxes that change are those of one.
fn check_one_scheme(tree: &Tree<'_>, track: &Track, entry: &Node) -> Result<()> {
    let all = || entry.all(b"sinf");
    let Some(second) = all().nth(1) else { return Ok(()) };
    let schemes = all().filter_map(|sinf| tree.read::<SchemeType>(sinf.child(b"schm")?).ok());
    let schemes: Vec<String> = schemes.map(|schm| format!("'{}'", schm.scheme_type)).collect();
    let message = format!(
        "A sample entry of track {} says in {} boxes 'sinf' how its samples are encrypted ({}), of which Boxlock can change \
         one. Leave the form out: other changes of headers do not touch them.",
        track.id,
        all().count(),
        schemes.join(", ")
    );
    Err(Error::unsupported("second-sinf", message).at(second.start))
}

/// How an entry of a sample table says what its samples are encrypted with.
fn change_scheme(form: Form, sinf: &Node, protection: &Protection, edits: &mut Edits) -> Result<()> {
    let missing = |what: &str| {
        let message = format!("The 'sinf' of a sample entry has no '{what}'.");
        Error::file("missing-box", message).at(sinf.start)
    };
    let schm = sinf.child(b"schm").ok_or_else(|| missing("schm"))?;
    let schi = sinf.child(b"schi").ok_or_else(|| missing("schi"))?;
    let (scheme, kid) = (scheme_of(protection), protection.kid.unwrap_or_default());
    let scheme_type = form.scheme_type(&scheme);
    if protection.scheme != scheme_type {
        let scheme_version = if form.has_cenc() { SCHEME_VERSION_1_0 } else { SCHEME_VERSION_1_1 };
        let new = SchemeType { scheme_type, scheme_version, ..SchemeType::default() };
        edits.replace(schm, new.to_box(0));
    }
    let is_protected = u8::from(protection.is_protected);
    let mut new = Vec::new();
    match (schi.child(b"tenc"), form.has_cenc()) {
        (None, true) => {
            let tenc = TrackEncryption {
                head: FullHead { version: u8::from(scheme.has_pattern), flags: 0 },
                default_pattern: protection.pattern,
                default_constant_iv: ConstantIv { entries: protection.constant_iv.clone() },
                default_is_protected: is_protected,
                ..TrackEncryption::with_ivs(kid, if protection.is_protected { protection.iv_size } else { 0 })
            };
            new.extend(tenc.to_box(0));
        }
        (Some(tenc), false) => edits.remove(tenc),
        _ => {}
    }
    match (schi.child_id(piff::TRACK_ENCRYPTION), form.has_piff()) {
        (None, true) => {
            let algorithm = if protection.is_protected { algorithm_of(&scheme) } else { algorithm::NONE };
            let piff = PiffTrackEncryption {
                default_algorithm_id: U24(algorithm),
                default_iv_size: if protection.iv_size == 0 { 8 } else { protection.iv_size },
                default_kid: kid,
                ..PiffTrackEncryption::default()
            };
            new.extend(piff.to_box(0));
        }
        (Some(piff), false) => edits.remove(piff),
        _ => {}
    }
    if !new.is_empty() {
        edits.append(schi, &new);
    }
    Ok(())
}

fn scheme_of(protection: &Protection) -> Scheme {
    let known = Scheme::known(&protection.cipher.text()).filter(Scheme::protects);
    known.unwrap_or(crate::protect::scheme::CENC)
}

fn algorithm_of(scheme: &Scheme) -> u32 {
    match scheme.mode {
        Mode::Ctr => algorithm::AES_CTR,
        Mode::Cbc => algorithm::AES_CBC,
    }
}

/// What changes in a `moof`, and what its `traf` boxes get. `media` is what is at hand behind it, and where that begins.
pub fn fragment_edits<'e>(
    change: &Change,
    tree: &Tree<'_>,
    (movie, fragment): (&Movie, &Fragment),
    media: (u64, &[u8]),
) -> Result<(Edits, Vec<TrackInformation<'e>>)> {
    let mut edits = Edits::new();
    change_headers(change, tree, tree.root(), None, &mut edits)?;
    let mut information = Vec::new();
    for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
        let known = movie.track(track.tfhd.track_id);
        let entry = known.and_then(|known| known.entry(track.sample_description_index));
        let protected = entry.filter(|entry| entry.has_protected_type());
        information.push(match (change.form, protected) {
            (Some(form), Some(entry)) => {
                change_samples(form, tree, traf, (track, entry, movie), media, &mut edits)
                    .map_err(|error| tree.place(error))?
            }
            _ => TrackInformation::None,
        });
    }
    Ok((edits, information))
}

/// Takes out of a `traf` what the form does not have, and returns what it has beside.
fn change_samples<'e>(
    form: Form,
    tree: &Tree<'_>,
    traf: &Node,
    (track, entry, movie): (&TrackFragment, &SampleEntry, &Movie),
    media: (u64, &[u8]),
    edits: &mut Edits,
) -> Result<TrackInformation<'e>> {
    let spans = spans(tree, traf, track, movie)?;
    let (list, saio) = (traf.child_id(piff::SAMPLE_ENCRYPTION), first_of_encryption(tree, traf, b"saio"));
    if spans.iter().all(|span| span.by.is_none()) {
        return change_clear(form, tree, traf, track, (movie, &spans), edits);
    }
    // What offsets point into does not go without them.
    let is_shared = list.filter(|_| !form.has_piff()).zip(saio).is_some_and(|(list, saio)| {
        let offsets = tree.read::<SampleAuxInfoOffsets>(saio).map(|saio| saio.offsets.entries);
        let places = offsets.unwrap_or_default();
        places.iter().any(|place| (list.start..list.end()).contains(&track.base.saturating_add(place.0)))
    });
    let has_cenc = !is_shared && (traf.child(b"senc").is_some() || saio.is_some() || list.is_none());
    let cenc = form.has_cenc() && !has_cenc;
    // The PIFF box stands last, where its readers look for it.
    let adds = SampleForms { cenc, piff: form.has_piff() && (list.is_none() || cenc) };
    if !form.has_cenc() || is_shared {
        remove_cenc(tree, traf, edits);
    }
    if let Some(list) = list.filter(|_| !form.has_piff() || adds.piff) {
        edits.remove(list);
    }
    if !adds.cenc && !adds.piff {
        return Ok(TrackInformation::None);
    }
    let [Span { by: Some(by), .. }] = spans.as_slice() else {
        let message = format!(
            "Within this fragment the samples of track {} are encrypted in several ways, which boxes of the form {} cannot say. \
             Choose the form plain, or leave the form out.",
            track.tfhd.track_id,
            form.name()
        );
        return Err(Error::unsupported("several-keys", message).at(traf.start));
    };
    if adds.piff && by.iv_size == 0 {
        let message = format!(
            "Samples of track {} share one IV; the form {} has an IV with each. Choose the form plain.",
            track.tfhd.track_id,
            form.name()
        );
        return Err(Error::unsupported("constant-iv", message).at(traf.start));
    }
    let maps = maps(tree, traf, track, &spans, media)?;
    let change = key_change(by, entry);
    let boxes = sample_information(adds, &maps, by.iv_size, track.sample_count, change.as_ref());
    Ok(TrackInformation::Made(boxes))
}

/// As [`change_samples`], where all samples are clear.
fn change_clear<'e>(
    form: Form,
    tree: &Tree<'_>,
    traf: &Node,
    track: &TrackFragment,
    (movie, spans): (&Movie, &[Span]),
    edits: &mut Edits,
) -> Result<TrackInformation<'e>> {
    let list = traf.child_id(piff::SAMPLE_ENCRYPTION);
    // Where its sample entry or a group says so there is nothing more to say.
    let must_say = is_left_clear(tree, traf, track, spans, movie);
    if !form.has_cenc() {
        let groups = traf.children.iter().any(|node| is_key_group(tree, node));
        remove_cenc(tree, traf, edits);
        let forms = SampleForms { cenc: false, piff: true };
        let says = (must_say || groups) && list.is_none();
        let boxes = if says { clear_samples(forms, track.sample_count) } else { Vec::new() };
        return Ok(TrackInformation::Made(boxes));
    }
    // In a file that others read too PIFF says it by saying nothing.
    if let Some(list) = list.filter(|_| !form.has_piff() || must_say) {
        edits.remove(list);
    }
    if !must_say {
        return Ok(TrackInformation::None);
    }
    let entries = movie.track(track.tfhd.track_id).map_or(&[][..], |known| &known.entries);
    if !entries.iter().all(SampleEntry::has_protected_type) {
        let message = format!(
            "Samples of track {} are left clear in PIFF’s way, and its sample entries are protected only in part: boxes of the form \
             {} cannot say it. Leave the form out.",
            track.tfhd.track_id,
            form.name()
        );
        return Err(Error::unsupported("mixed-entries", message).at(traf.start));
    }
    Ok(TrackInformation::Clear(u32::try_from(entries.len()).unwrap_or(u32::MAX)))
}

/// Takes out of a `traf` what CENC says of its samples.
fn remove_cenc(tree: &Tree<'_>, traf: &Node, edits: &mut Edits) {
    let stale = of_samples(tree, traf);
    let cenc = stale.iter().filter(|left| left.node.id() != piff::SAMPLE_ENCRYPTION);
    cenc.for_each(|left| edits.remove(left.node));
}

/// What is said of samples that are encrypted otherwise than their track says.
fn key_change(by: &Encryption, entry: &SampleEntry) -> Option<KeyChange> {
    let usual = entry.protection.as_ref()?;
    let same = usual.is_protected
        && usual.kid == by.kid
        && usual.iv_size == by.iv_size
        && usual.pattern == by.pattern
        && usual.constant_iv == by.constant_iv
        && usual.cipher == by.scheme;
    let scheme = Scheme::known(&by.scheme.text()).filter(Scheme::protects)?;
    let encryption = GroupEncryption {
        pattern: by.pattern,
        constant_iv: ConstantIv { entries: by.constant_iv.clone() },
        ..GroupEncryption::with_ivs(by.kid?, by.iv_size)
    };
    (!same).then(|| KeyChange { encryption, algorithm: U24(algorithm_of(&scheme)) })
}

/// Whether protected tracks get sample entries for what stays clear: CENC readers know no other way that all of them know.
fn adds_entries(change: &Change, index: &Index) -> bool {
    change.form.is_some_and(|form| form.has_cenc()) && index.traces.leaves_clear
}

/// Whether fragments have to be written anew: where they have headers of their own that may change, other boxes are asked for,
/// or they say where they stand in the file.
pub fn touches_fragments(change: &Change, index: &Index) -> bool {
    change.form.is_some()
        || index.traces.systems.iter().any(|system| change.touches(*system))
        || index.any_style & crate::boxes::record::style::BASE_IN_FILE != 0
}

/// Completes the plan of a change by what the file has: the header that comes out, and what is doubtful about it.
pub fn settle(plan: &mut Plan, index: &Index) -> Result<()> {
    let (Some(moov), Some(movie), Some(change)) = (&index.moov, &index.movie, plan.change.clone()) else {
        return Ok(());
    };
    if change.header.is_ready() && index.traces.systems.iter().any(|system| is_playready(*system)) {
        let message = "Fragments of this file have PlayReady headers of their own, for keys that change; one that is ready-made \
                       would take the place of all. Change its fields instead.";
        return Err(Error::unsupported("header-in-fragment", message));
    }
    plan.form = change.form.unwrap_or_else(|| form_of(moov, movie));
    if !plan.form.has_cenc() && !change.others.is_empty() {
        let message = "This file has PIFF boxes alone, which PlayReady players read; for other systems choose the form hybrid, or \
                       plain.";
        return Err(Error::caller("bad-form", "form", message));
    }
    if change.form.is_some() {
        index.traces.unknown_keys.clone().map_or(Ok(()), Err)?;
    }
    if adds_entries(&change, index)
        && let Some(change) = &mut plan.change
    {
        change.adds_entries = true;
    }
    let (edits, changed) = changed_movie(plan, &change, moov, movie)?;
    let bytes = edits.apply(moov);
    let tree = Tree::parse(&*bytes, 0)?;
    let headers = SystemHeader::all(&tree, tree.root());
    if let Some(object) = headers.iter().find(|header| header.is_playready()) {
        plan.playready_object.clone_from(&object.data);
        let parsed = crate::playready::header_xml_in(&object.data, 0);
        plan.header_xml = parsed.unwrap_or_default();
        if let Ok(parsed) = Header::parse(&plan.header_xml) {
            plan.doubts.extend(not_named(&parsed.header, &change.kids));
            plan.header = parsed.header;
        }
    }
    for doubt in changed.map(|changed| changed.doubts).unwrap_or_default() {
        if !plan.doubts.contains(&doubt) {
            plan.doubts.push(doubt);
        }
    }
    Ok(())
}
