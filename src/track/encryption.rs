//! How the samples of a fragment are encrypted: by what, with which IVs, and what of each (ISO/IEC 23001-7:2023 5 to 9;
//! PIFF 1.1 5.3). Knows no keys.

use crate::boxes::cenc::{
    SENC_SUBSAMPLES, SampleAuxInfoOffsets, SampleAuxInfoSizes, SampleEncryptionEntries, Subsample,
};
use crate::boxes::grouped::Groups as MappedGroups;
use crate::boxes::groups::{FIRST_LOCAL_GROUP, GroupEncryption, SampleGroupDescription};
use crate::boxes::header::four;
use crate::boxes::piff::{self, OVERRIDE};
use crate::boxes::{Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, KeyId, Reader, Result};

use super::entry::{Protection, SampleEntry};
use super::fragment::TrackFragment;
use super::leftovers::{is_key_group, is_of_encryption};
use super::movie::{Movie, Track};

/// How samples are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `cenc`, `cbc1`, `cens` or `cbcs`, also where it is PIFF that says so; or what else `schm` names.
    pub scheme: FourCc,
    /// Blocks encrypted and left clear, half a byte each.
    pub pattern: u8,
    /// Bytes of IV with each sample.
    pub iv_size: u8,
    /// The IV of all samples, where they have none of their own.
    pub constant_iv: Vec<u8>,
    /// Key ID.
    pub kid: Option<KeyId>,
}

impl Encryption {
    /// As a sample entry says it.
    fn of_entry(protection: &Protection) -> Self {
        Self {
            scheme: protection.cipher,
            pattern: protection.pattern,
            iv_size: protection.iv_size,
            constant_iv: protection.constant_iv.clone(),
            kid: protection.kid,
        }
    }
}

/// Samples in a row that are encrypted alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: usize,
    /// How; `None` where they are clear.
    pub by: Option<Encryption>,
}

/// Descriptions of groups of samples that are encrypted each in its own way.
#[derive(Clone, Debug, Default)]
pub struct KeyGroups {
    /// Those that cannot be read are `None`.
    groups: Vec<Option<GroupEncryption>>,
    /// Number of the one for samples that nothing else maps, from 1.
    default: Option<u32>,
}

impl KeyGroups {
    /// Those in a `traf` or `stbl`.
    pub fn read(tree: &Tree<'_>, parent: &Node) -> Self {
        let mut all = parent.all(b"sgpd").filter(|node| is_key_group(tree, node));
        let groups =
            all.find_map(|node| tree.read::<SampleGroupDescription>(node).ok()).map(|sgpd| sgpd.groups);
        groups.map_or_else(Self::default, |groups| Self {
            groups: groups.encryption(),
            default: groups.default_group_description_index.filter(|index| *index > 0),
        })
    }
}

/// How the samples of `traf` are encrypted: spans that have all of them together.
pub fn spans(tree: &Tree<'_>, traf: &Node, track: &TrackFragment, movie: &Movie) -> Result<Vec<Span>> {
    let count = track.sample_count;
    let info = movie.track(track.tfhd.track_id);
    let entry = info.and_then(|info| info.entry(track.sample_description_index));
    let (Some(info), Some(entry)) = (info, entry.filter(|entry| entry.has_protected_type())) else {
        return Ok(vec![Span { count, by: None }]);
    };
    let Some(protection) = &entry.protection else {
        return Err(unknown(info.id, entry, traf.start));
    };
    let mut base = Encryption::of_entry(protection);
    let mut is_protected = protection.is_protected;
    let lists = [traf.child(b"senc"), traf.child_id(piff::SAMPLE_ENCRYPTION)];
    if let [None, Some(piff)] = lists {
        let mut fields = tree.fields(piff);
        if fields.u32("version and flags")? & OVERRIDE != 0 {
            let algorithm = fields.u24("AlgorithmID")?;
            is_protected = algorithm != piff::algorithm::NONE;
            base.scheme = scheme_of_algorithm(algorithm);
            base.iv_size = fields.u8("IV_size")?;
            base.kid = Some(KeyId(fields.array("KID")?));
        }
    }
    // PIFF leaves the list out where the samples of a fragment are clear (PIFF 1.1 5.3.2).
    let is_left_out = protection.is_piff()
        && lists.iter().all(Option::is_none)
        && first_of_encryption(tree, traf, b"saiz").is_none();
    let base = Some(base).filter(|_| is_protected && !is_left_out);
    let groups = Groups {
        own: KeyGroups::read(tree, traf),
        of_track: &info.key_groups,
        base,
        cipher: protection.cipher,
    };
    let mut spans = Vec::new();
    let mut left = count;
    for node in MappedGroups::nodes(traf).filter(|node| is_key_group(tree, node)) {
        let mapped = MappedGroups::read(tree, node)?;
        if mapped.is_cut {
            let message = "The box that says which samples have which key ends before its last entry.";
            return Err(Error::file("truncated-list", message).of_box(node.start, tree.path_at(node.start)));
        }
        for (count, index) in mapped.runs(len_u64(left)) {
            let count = to_len(count.into());
            left -= count;
            spans.push(Span { count, by: groups.of(index, node.start)? });
        }
    }
    if left > 0 {
        let default = groups.own.default.or(groups.of_track.default).unwrap_or(0);
        spans.push(Span { count: left, by: groups.of(default, traf.start)? });
    }
    Ok(spans)
}

/// How a sample of a plain file is encrypted, which has this sample entry, from 1, and is in this group of keys, or in none (0).
/// `None` where it is clear.
pub fn by_entry(track: &Track, entry: u32, group: u32) -> Result<Option<Encryption>> {
    let Some(entry) = track.entry(entry).filter(|entry| entry.has_protected_type()) else { return Ok(None) };
    let Some(protection) = &entry.protection else { return Err(unknown(track.id, entry, entry.start)) };
    let base = protection.is_protected.then(|| Encryption::of_entry(protection));
    let own = KeyGroups::default();
    let default = track.key_groups.default.unwrap_or(0);
    let groups = Groups { own, of_track: &track.key_groups, base, cipher: protection.cipher };
    groups.of(if group == 0 { default } else { group }, entry.start)
}

fn unknown(track: u32, entry: &SampleEntry, at: u64) -> Error {
    let message = format!(
        "The samples of track {track} are of type '{}', and nothing says how they are encrypted.",
        entry.coded
    );
    Error::unsupported("unknown-scheme", message).at(at)
}

/// The scheme whose cipher PIFF has under this number.
pub fn scheme_of_algorithm(algorithm: u32) -> FourCc {
    match algorithm {
        piff::algorithm::AES_CBC => FourCc(*b"cbc1"),
        piff::algorithm::AES_CTR | piff::algorithm::NONE => FourCc(*b"cenc"),
        _ => FourCc(*b"piff"),
    }
}

/// What numbers of groups stand for.
struct Groups<'m> {
    own: KeyGroups,
    of_track: &'m KeyGroups,
    /// How samples in no group are encrypted.
    base: Option<Encryption>,
    cipher: FourCc,
}

impl Groups<'_> {
    fn of(&self, index: u32, at: u64) -> Result<Option<Encryption>> {
        let number = |from: u32| index.checked_sub(from).map(|number| to_len(number.into()));
        let local = number(FIRST_LOCAL_GROUP).map(|number| self.own.groups.get(number));
        // Writers before there were local numbers count a fragment's own from 1.
        let of_track = || {
            number(1)
                .and_then(|number| self.of_track.groups.get(number).or_else(|| self.own.groups.get(number)))
        };
        let group = match local.unwrap_or_else(of_track) {
            Some(Some(group)) => group,
            None if index == 0 => return Ok(self.base.clone()),
            _ => {
                let message =
                    format!("Nothing that can be read says how the samples of group {index} are encrypted.");
                return Err(Error::file("bad-group", message).at(at));
            }
        };
        if group.is_protected != 1 {
            return Ok(None);
        }
        let keys = group.keys();
        let [key] = keys.as_slice() else {
            let message = "Parts of samples have keys of their own in this fragment; Boxlock decrypts samples with one key.";
            return Err(Error::unsupported("several-keys", message).at(at));
        };
        Ok(Some(Encryption {
            scheme: self.cipher,
            pattern: group.pattern,
            iv_size: key.per_sample_iv_size,
            constant_iv: key.constant_iv.entries.clone(),
            kid: Some(key.kid),
        }))
    }
}

/// The first child of this type that is about auxiliary information of encryption.
pub fn first_of_encryption<'n>(tree: &Tree<'_>, traf: &'n Node, code: &[u8; 4]) -> Option<&'n Node> {
    traf.children.iter().find(|node| node.id() == four(code) && is_of_encryption(tree, node))
}

/// IVs and subsample maps of samples, in order. IVs have as many bytes as their span says.
pub type Maps = SampleEncryptionEntries;

/// The IVs and subsample maps of the samples of `traf`, whose `spans` are known. `media` is what is at hand behind the
/// `moof`, and where it begins in the file.
pub fn maps(
    tree: &Tree<'_>,
    traf: &Node,
    track: &TrackFragment,
    spans: &[Span],
    media: (u64, &[u8]),
) -> Result<Maps> {
    if spans.iter().all(|span| span.by.is_none()) {
        return Ok(Maps::default());
    }
    let lists = [traf.child(b"senc"), traf.child_id(piff::SAMPLE_ENCRYPTION)];
    if let Some(node) = lists.into_iter().flatten().next() {
        return listed(tree, node, track, spans);
    }
    if let (Some(sizes), Some(offsets)) =
        (first_of_encryption(tree, traf, b"saiz"), first_of_encryption(tree, traf, b"saio"))
    {
        return pointed_to(tree, (sizes, offsets), track, spans, media);
    }
    // With an IV for all there is nothing more to know of samples that are encrypted whole.
    let needs = |span: &Span| span.by.as_ref().is_some_and(|by| by.iv_size > 0 || by.constant_iv.is_empty());
    if spans.iter().any(needs) {
        let message = format!(
            "Samples of track {} are encrypted, says its sample entry, but nothing in this fragment says with which IVs.",
            track.tfhd.track_id
        );
        return Err(Error::file("no-ivs", message).at(traf.start));
    }
    Ok(Maps::default())
}

/// Those that a sample encryption box lists.
fn listed(tree: &Tree<'_>, node: &Node, track: &TrackFragment, spans: &[Span]) -> Result<Maps> {
    let mut fields = tree.fields(node);
    let head = fields.u32("version and flags")?;
    let (version, is_piff) = (head >> 24, node.id() == piff::SAMPLE_ENCRYPTION);
    if version == 1 || version > 2 {
        let message = format!(
            "The sample encryption box has version {version}, for samples with several keys; Boxlock decrypts versions 0 and 2."
        );
        return Err(Error::unsupported("several-keys", message).at(node.start));
    }
    if is_piff && head & OVERRIDE != 0 {
        fields.take(20, "AlgorithmID, IV_size and KID")?;
    }
    let count = fields.u32("sample_count")?;
    check_count("sample encryption box lists", count, track, node)?;
    let has_maps = head & SENC_SUBSAMPLES != 0;
    let mut maps = Maps::default();
    let each = spans.iter().flat_map(|span| (0..span.count).map(|_| span.by.as_ref()));
    for by in each {
        // Version 2 has none for clear samples.
        let is_left_out = version == 2 && by.is_none();
        let iv_size = by.map_or(0, |by| by.iv_size);
        read_one(&mut fields, iv_size, has_maps && !is_left_out, &mut maps)
            .map_err(|error| error.of_box(node.start, tree.path_at(node.start)))?;
        if has_maps && is_left_out {
            maps.counts.push(0);
        }
    }
    Ok(maps)
}

/// Those that stand where `saio` points, and have the sizes that `saiz` says (ISO/IEC 14496-12:2022 8.7.8, 8.7.9).
fn pointed_to(
    tree: &Tree<'_>,
    (sizes, offsets): (&Node, &Node),
    track: &TrackFragment,
    spans: &[Span],
    (media_start, media): (u64, &[u8]),
) -> Result<Maps> {
    let saiz: SampleAuxInfoSizes = tree.read(sizes)?;
    let saio: SampleAuxInfoOffsets = tree.read(offsets)?;
    check_count("list of sizes of auxiliary information has", saiz.sample_count, track, sizes)?;
    let places = &saio.offsets.entries;
    let runs: Vec<usize> = match places.len() {
        1 => vec![track.sample_count],
        count if count == track.runs.len() => track.runs.iter().map(super::fragment::Run::count).collect(),
        _ => return Err(wrong_places(places.len(), track.runs.len(), "runs", offsets.start)),
    };
    let size_of = |number: usize| match saiz.default_sample_info_size {
        0 => saiz.sample_info_sizes.get(number).copied().unwrap_or(0),
        size => size,
    };
    let mut each = spans.iter().flat_map(|span| (0..span.count).map(|_| span.by.as_ref()));
    let (mut maps, mut has_maps, mut number) = (Maps::default(), false, 0);
    for (place, count) in places.iter().zip(runs) {
        let start = track.base.saturating_add(place.0);
        let len: u64 = (number..number + count).map(|number| u64::from(size_of(number))).sum();
        let inside = tree.slice(start, start.saturating_add(len));
        let bytes =
            if len_u64(inside.len()) == len { Some(inside) } else { window(media_start, media, start, len) };
        let Some(bytes) = bytes else {
            let message = format!(
                "The IVs of this fragment stand at bytes {start} to {}, where its 'saio' points: outside of the fragment, or in \
                 one too large to hold. Boxlock reads them inside the fragment.",
                start.saturating_add(len)
            );
            return Err(Error::unsupported("iv-elsewhere", message).at(offsets.start));
        };
        let mut fields = Reader::new(bytes, start);
        for _ in 0..count {
            let by = each.next().flatten();
            let mut one = fields.sub(size_of(number).into(), "Auxiliary information of a sample")?;
            number += 1;
            let iv_size = if one.is_empty() { 0 } else { by.map_or(0, |by| by.iv_size) };
            if one.is_empty() && by.is_some_and(|by| by.iv_size > 0) {
                let message = "An encrypted sample has no IV: the size of its auxiliary information is 0.";
                return Err(Error::file("no-ivs", message).at(sizes.start));
            }
            let has_map = one.remaining() > usize::from(iv_size);
            read_one(&mut one, iv_size, has_map, &mut maps)?;
            has_maps |= has_map;
            if !has_map {
                maps.counts.push(0);
            }
        }
    }
    if !has_maps {
        maps.counts.clear();
    }
    Ok(maps)
}

/// What is wrong when `saio`, at file offset `at`, has so many places, and neither one nor as many as there are `pieces`, which
/// are runs or chunks.
pub fn wrong_places(places: usize, pieces: usize, what: &str, at: u64) -> Error {
    let message = format!(
        "'saio' says {places} times where auxiliary information stands; it must be once, or for each of the {pieces} {what}."
    );
    Error::file("bad-saio", message).at(at)
}

/// `len` bytes from `start` on, of those that begin at `at`.
fn window(at: u64, bytes: &[u8], start: u64, len: u64) -> Option<&[u8]> {
    let from = to_len(start.checked_sub(at)?);
    bytes.get(from..from.checked_add(to_len(len))?)
}

fn read_one(fields: &mut Reader<'_>, iv_size: u8, has_map: bool, maps: &mut Maps) -> Result<()> {
    maps.ivs.extend_from_slice(fields.take(iv_size.into(), "InitializationVector")?);
    if has_map {
        let count = fields.u16("subsample_count")?;
        maps.counts.push(count);
        for _ in 0..count {
            let clear = fields.u16("BytesOfClearData")?;
            maps.subsamples.push(Subsample { clear, protected: fields.u32("BytesOfProtectedData")? });
        }
    }
    Ok(())
}

fn check_count(what: &str, count: u32, track: &TrackFragment, node: &Node) -> Result<()> {
    if u64::from(count) == len_u64(track.sample_count) {
        return Ok(());
    }
    let message = format!(
        "The {what} {count} samples, but the runs of track {} have {}. Have the clear file encrypted anew; where FFmpeg encrypts \
         fragments, its lists also have the samples of those before.",
        track.tfhd.track_id, track.sample_count
    );
    Err(Error::file("sample-count", message).at(node.start))
}
