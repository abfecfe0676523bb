//! What sample entries and their boxes say of encryption, ISO/IEC 14496-12:2022 8.12, ISO/IEC 23001-7:2023 8.2, PIFF 1.1 5.3.

use crate::boxes::cenc::OriginalFormat;
use crate::boxes::piff::{self, PiffTrackEncryption};
use crate::boxes::sample_types::WRAPPED;
use crate::boxes::{Node, Tree};
use crate::bytes::FourCc;
use crate::protect::Scheme;
use crate::track::leftovers::is_system_header;
use crate::track::{Codec, Index, Movie, Protection, SampleEntry, Track, TrackKind};
use crate::verify::agreement;

use super::finding::{Findings, Place};
use super::ivs::Ivs;
use super::{defaults, key_groups, rules};

/// Looks at all sample entries.
pub fn look(index: &Index, found: &mut Findings) {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return };
    for (trak, track) in moov.root().all(b"trak").zip(&movie.tracks) {
        let Some(stsd) = trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]) else { continue };
        for (node, entry) in stsd.children.iter().zip(&track.entries) {
            configuration(moov, track, entry, node, found);
            if entry.has_protected_type() {
                Entry { index, moov, track, entry, node }.look(found);
            }
        }
        if let (Some(protection), Some(stbl)) =
            (track.protection(), trak.descend(&[b"mdia", b"minf", b"stbl"]))
        {
            key_groups::look(moov, stbl, track, protection, found);
        }
    }
    leftovers(index, moov, found);
    let mut faults = Vec::new();
    agreement::twins(moov, moov.root(), &mut faults);
    faults.into_iter().for_each(|fault| found.add_error(&moov.place(fault)));
}

/// The box that a decoder is set up with, by the type of the samples; those of others stand in other places too.
const CONFIGURED: [(&[&[u8; 4]], &[u8; 4]); 18] = [
    (&[b"avc1", b"avc2", b"avc3", b"avc4", b"dva1", b"dvav"], b"avcC"),
    (&[b"hvc1", b"hev1", b"hvc2", b"hev2", b"dvh1", b"dvhe"], b"hvcC"),
    (&[b"av01", b"dav1"], b"av1C"),
    (&[b"vp08", b"vp09"], b"vpcC"),
    (&[b"ac-3"], b"dac3"),
    (&[b"ec-3"], b"dec3"),
    (&[b"Opus"], b"dOps"),
    (&[b"fLaC"], b"dfLa"),
    (&[b"vvc1", b"vvi1"], b"vvcC"),
    (&[b"mp4a", b"mp4v", b"mp4s"], b"esds"),
    (&[b"alac"], b"alac"),
    (&[b"ac-4"], b"dac4"),
    (&[b"dtsx"], b"udts"),
    (&[b"mha1", b"mha2"], b"mhaC"),
    (&[b"ipcm", b"fpcm"], b"pcmC"),
    (&[b"iamf"], b"iacb"),
    (&[b"wvtt"], b"vttC"),
    (&[b"samr", b"sawb"], b"damr"),
];

/// Whether a sample entry has what a decoder needs before the first sample.
fn configuration(moov: &Tree<'_>, track: &Track, entry: &SampleEntry, node: &Node, found: &mut Findings) {
    let of = CONFIGURED.iter().find(|(formats, _)| formats.contains(&&entry.format.0));
    let Some((_, wanted)) = of else { return };
    let place = |node| Place::of(moov, node).of_track(track.id);
    // QuickTime has those of sound among its sound parameters.
    let Some(configured) = node.child(wanted).or_else(|| node.descend(&[b"wave", wanted])) else {
        // What is no box is told by itself.
        if entry.damage.is_empty() {
            let message = format!(
                "The samples of track {} are '{}', and their sample entry has no '{}'.",
                track.id,
                entry.format,
                FourCc(**wanted)
            );
            found.add(&rules::MISSING_BOX, place(node), message);
        }
        return;
    };
    if let (b"av1C", Ok(first)) = (*wanted, moov.fields(configured).u8("marker and version"))
        && first != 0x81
    {
        let message = format!(
            "'av1C' of track {} begins with the byte {first:#04x}, where its marker and version 1 are 0x81.",
            track.id
        );
        found.add(&rules::DAMAGED_ENTRY, place(configured), message);
    }
    // Samples of these have no parameter sets of their own.
    let lacks = match (&entry.codec, &entry.format.0) {
        (Codec::Avc(config), b"avc1") => config.sps.is_empty() || config.pps.is_empty(),
        (Codec::Hevc(config), b"hvc1") => config.nals.is_empty(),
        _ => false,
    };
    if lacks {
        let message = format!(
            "The parameter sets of track {} are to be in '{}' alone, as its samples are '{}', and are not there.",
            track.id,
            FourCc(**wanted),
            entry.format
        );
        found.add(&rules::DAMAGED_ENTRY, place(configured), message);
    }
}

/// A protected sample entry.
struct Entry<'i> {
    index: &'i Index,
    moov: &'i Tree<'i>,
    track: &'i Track,
    entry: &'i SampleEntry,
    node: &'i Node,
}

impl Entry<'_> {
    fn place(&self, node: &Node) -> Place {
        Place::of(self.moov, node).of_track(self.track.id)
    }

    fn look(&self, found: &mut Findings) {
        let (coded, sinf) = (self.entry.coded, self.node.child(b"sinf"));
        let missing: Vec<&str> = match sinf {
            None => vec!["sinf"],
            Some(sinf) => {
                let all = ["frma", "schm", "schi"];
                let is_there = |name: &&str| sinf.children.iter().any(|node| node.id().to_string() == **name);
                all.into_iter().filter(|name| !is_there(name)).collect()
            }
        };
        if !missing.is_empty() {
            let message = format!("The sample entry '{coded}' has no '{}'.", missing.join("' and no '"));
            found.add(&rules::SINF, self.place(sinf.unwrap_or(self.node)), message);
        }
        defaults::look(self.moov, self.node, self.track.id, found);
        let (Some(sinf), Some(protection)) = (sinf, &self.entry.protection) else { return };
        if let Some(node) = sinf.child(b"frma")
            && let Ok(OriginalFormat { data_format, .. }) = self.moov.read(node)
            && (WRAPPED.contains(&&data_format.0) || data_format.0 == [0; 4])
        {
            let message = format!("'frma' says that the samples are '{data_format}', which is no codec.");
            found.add(&rules::FORMAT, self.place(node), message);
        }
        self.scheme(sinf, protection, found);
        if protection.is_protected {
            self.values(sinf, protection, found);
        }
    }

    /// Whether the scheme has the box that goes with it.
    fn scheme(&self, sinf: &Node, protection: &Protection, found: &mut Findings) {
        let code = protection.scheme;
        let Some(schi) = sinf.child(b"schi").filter(|_| code != FourCc::default()) else { return };
        let (tenc, twin) = (schi.child(b"tenc"), schi.child_id(piff::TRACK_ENCRYPTION));
        let (wanted, is_there, other) = match &code.0 {
            b"piff" => ("PIFF's track encryption box", twin.is_some(), tenc),
            _ if Scheme::known(&code.text()).is_some_and(|scheme| scheme.protects()) => {
                ("'tenc'", tenc.is_some(), twin)
            }
            _ => {
                if !matches!(&code.0, b"itun" | b"adkm" | b"odkm" | b"sve1") {
                    let message =
                        format!("The scheme is '{code}', which is none of Common Encryption and not PIFF's.");
                    found.add(&rules::UNKNOWN_SCHEME, self.place(sinf), message);
                }
                return;
            }
        };
        if !is_there {
            let what = if other.is_some() { ", though the other kind is there" } else { "" };
            let message = format!("The scheme is '{code}', and {wanted} is not there{what}.");
            found.add(&rules::SCHEME_BOXES, self.place(schi), message);
        }
    }

    fn values(&self, sinf: &Node, protection: &Protection, found: &mut Findings) {
        let Some(schi) = sinf.child(b"schi") else { return };
        let tenc = schi.child(b"tenc");
        let twin = schi.child_id(piff::TRACK_ENCRYPTION);
        let Some(node) = tenc.or(twin) else { return };
        // With keys that change, the key ID stands with the groups of samples, which an initialization segment has not.
        let rotates = self.index.traces.of(self.track.id).is_some_and(|traces| !traces.kids.is_empty())
            || self.index.movie.as_ref().is_some_and(Movie::is_initialization)
                && self.index.fragments.is_empty();
        if protection.kid.is_some_and(|kid| kid.0 == [0; 16]) && !rotates {
            let message = format!("The key ID of track {} is 16 bytes of zeros.", self.track.id);
            found.add(&rules::KID_ZERO, self.place(node), message);
        }
        if let Some(node) = twin
            && let Ok(read) = self.moov.read::<PiffTrackEncryption>(node)
            && read.default_algorithm_id.0 > piff::algorithm::AES_CBC
        {
            let message =
                format!("The AlgorithmID is {}, where 0, 1 and 2 are known.", read.default_algorithm_id.0);
            found.add(&rules::ALGORITHM, self.place(node), message);
        }
        let ivs = Ivs {
            what: &format!("track {}", self.track.id),
            cipher: protection.cipher,
            size: protection.iv_size,
            constant: protection.constant_iv.len(),
            pattern: protection.pattern,
            is_video: self.track.kind == TrackKind::Video,
        };
        ivs.look(&|| self.place(node), found);
    }
}

/// What an earlier encryption left behind around what is clear.
fn leftovers(index: &Index, moov: &Tree<'_>, found: &mut Findings) {
    for left in &index.leftovers.tracks {
        let at = left.doubtful_moof.or(left.encrypted_group);
        let place = Place { offset: at, track: Some(left.track_id), ..Place::default() };
        let message = format!(
            "Track {} is clear, says its sample entry, and its fragments have {} boxes that speak of encryption.",
            left.track_id, left.boxes
        );
        found.add(&rules::LEFTOVER, place, message);
    }
    let Some(movie) = &index.movie else { return };
    let is_clear =
        movie.tracks.iter().all(|track| !track.entries.iter().any(SampleEntry::has_protected_type));
    if is_clear && let Some(node) = moov.root().children.iter().find(|node| is_system_header(node)) {
        let message = "No track is encrypted, and the movie header has the header of a DRM system.";
        found.add(&rules::LEFT_HEADER, Place::of(moov, node), message);
    }
}
