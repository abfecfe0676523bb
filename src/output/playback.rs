//! A file as Media Source Extensions take it: an initialization segment and fragments, at most one video and one
//! audio track, PIFF boxes given their CENC twins. Nothing is decrypted: the browser does that (W3C EME, ClearKey).

use crate::boxes::cenc::{
    SCHEME_VERSION_1_0, SampleEncryptionEntries, SchemeType, Subsample, TrackEncryption,
};
use crate::boxes::descriptor::{DECODER_CONFIG, ElementaryStreamDescriptor};
use crate::boxes::groups::GroupEncryption;
use crate::boxes::piff::{self, PiffTrackEncryption};
use crate::boxes::profiles::MPEG4_AUDIO;
use crate::boxes::types::U24;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::{Error, FourCc, KeyId, Result};
use crate::protect::samples::FragmentTask;
use crate::track::codec::mpeg::MpegConfig;
use crate::track::encryption::{maps, spans};
use crate::track::{Codec, Fragment, Index, Movie, Protection, SampleEntry, Track, TrackFragment, TrackKind};

use super::fragment::{FragmentForm, TrackInformation, rewrite};
use super::movie::protected_file_type;
use super::protection::{CLEAR_IV_SIZE, KeyChange, SampleForms};
use super::record::Restoring;

/// What a player must know before the first byte.
#[derive(Clone, Debug)]
pub struct Playback {
    /// `video/mp4; codecs="…"`.
    pub mime_type: String,
    /// Seconds.
    pub duration: f64,
    /// Key IDs of the tracks played.
    pub kids: Vec<KeyId>,
    /// The initialization segment.
    pub init: Vec<u8>,
    /// IDs of the tracks played.
    tracks: Vec<u32>,
}

impl Playback {
    /// Chooses the tracks and makes the initialization segment.
    pub fn new(index: &Index) -> Result<Self> {
        let (Some(tree), Some(movie)) = (&index.moov, &index.movie) else {
            return Err(Error::file(
                "no-moov",
                "This file has no movie header ('moov'), so it cannot be played.",
            ));
        };
        let of_kind = |kind| movie.tracks.iter().find(move |track| track.kind == kind);
        let chosen: Vec<&Track> =
            [TrackKind::Video, TrackKind::Audio].into_iter().filter_map(of_kind).collect();
        chosen.iter().filter_map(|track| track.protection()).try_for_each(check_scheme)?;
        let codecs: Vec<String> = chosen
            .iter()
            .filter_map(|track| track.entries.first())
            .map(|entry| {
                as_mpeg4(entry).map_or_else(|| entry.codec_string(), |config| config.codec(entry.format))
            })
            .collect();
        if codecs.is_empty() || index.fragments.is_empty() || index.samples_in_tables() > 0 {
            let message =
                "Only files with video or audio whose samples are all in fragments can be played here.";
            return Err(Error::unsupported("not-playable", message));
        }
        let top = if chosen.iter().any(|track| track.kind == TrackKind::Video) { "video" } else { "audio" };
        let tracks: Vec<u32> = chosen.iter().map(|track| track.id).collect();
        let mut kids: Vec<KeyId> = chosen
            .iter()
            .filter_map(|track| track.protection())
            .filter_map(|protection| protection.kid)
            .collect();
        kids.dedup();
        let mut init = protected_file_type(crate::protect::Form::Hybrid, false, index.file_type.as_ref());
        init.extend(initialization(tree, movie, &tracks)?);
        Ok(Self {
            mime_type: format!("{top}/mp4; codecs=\"{}\"", codecs.join(",")),
            duration: duration(index, movie, &tracks),
            kids,
            init,
            tracks,
        })
    }

    /// One fragment: `bytes` are those of the file from `task.start` to `task.end`. Empty when none of its tracks
    /// is played.
    pub fn fragment(&self, movie: &Movie, task: &FragmentTask, bytes: &[u8]) -> Result<Vec<u8>> {
        let short = || Error::file("short-read", "A fragment was read only in part.").at(task.start);
        let moof_len = crate::bytes::units::to_len(task.moof_len);
        let (moof, media) = bytes.split_at_checked(moof_len).ok_or_else(short)?;
        let tree = Tree::parse(task.head(moof)?, task.start)?;
        let fragment = Fragment::read(&tree, Some(movie))?;
        if !fragment.tracks.iter().any(|track| self.tracks.contains(&track.tfhd.track_id)) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (traf, track) in tree.root().all(b"traf").zip(&fragment.tracks) {
            if traf.child(b"senc").is_some() || traf.child_id(piff::SAMPLE_ENCRYPTION).is_none() {
                found.push(None);
                continue;
            }
            let spans = spans(&tree, traf, track, movie)?;
            let maps = maps(&tree, traf, track, &spans, (0, &[]))?;
            let is_protected = protection_of(movie, track).is_some_and(|protection| protection.is_protected);
            found.push(match spans.first().and_then(|span| span.by.as_ref()) {
                Some(by) => Some((maps, by.iv_size, other_key(movie, track, by.kid, by.iv_size))),
                // The box says of these samples alone that they are clear.
                None => is_protected.then(|| (all_clear(track), CLEAR_IV_SIZE, None)),
            });
        }
        let mut information = Vec::new();
        for found in &found {
            information.push(match found {
                Some((entries, iv_size, change)) => {
                    TrackInformation::Encrypted { entries, iv_size: *iv_size, change: change.clone() }
                }
                None => TrackInformation::None,
            });
        }
        let form = FragmentForm {
            samples: SampleForms { cenc: true, piff: false },
            modern: true,
            clean: false,
            made: false,
            restoring: Restoring::default(),
            usual: None,
            systems: Vec::new(),
            edits: Edits::new(),
        };
        let mut output = rewrite(form, &tree, (None, &fragment), &information, &task.decode_times, None)?;
        output.extend_from_slice(media);
        Ok(output)
    }
}

/// How the samples of a `traf` are protected, by their sample entry.
fn protection_of<'m>(movie: &'m Movie, track: &TrackFragment) -> Option<&'m Protection> {
    movie.track(track.tfhd.track_id)?.entry(track.sample_description_index)?.protection.as_ref()
}

/// What is to be said of samples whose key is not the one that their track says.
fn other_key(movie: &Movie, track: &TrackFragment, kid: Option<KeyId>, iv_size: u8) -> Option<KeyChange> {
    let other = kid.filter(|_| kid != protection_of(movie, track).and_then(|protection| protection.kid))?;
    Some(KeyChange { encryption: GroupEncryption::with_ivs(other, iv_size), algorithm: U24::default() })
}

/// Maps of clear samples in a protected track, as PIFF alone has them: nothing of them is to be decrypted.
fn all_clear(track: &TrackFragment) -> SampleEncryptionEntries {
    let mut entries = SampleEncryptionEntries {
        ivs: vec![0; track.sample_count * usize::from(CLEAR_IV_SIZE)],
        ..Default::default()
    };
    for (_, size) in track.samples() {
        let before = entries.subsamples.len();
        let mut left = size;
        while left > 0 || entries.subsamples.len() == before {
            let clear = u16::try_from(left).unwrap_or(u16::MAX);
            entries.subsamples.push(Subsample { clear, protected: 0 });
            left -= u32::from(clear);
        }
        entries.counts.push(u16::try_from(entries.subsamples.len() - before).unwrap_or(u16::MAX));
    }
    entries
}

/// Fails when no browser knows the scheme: of PIFF, what is shown to it as `cenc` has to be that.
fn check_scheme(protection: &Protection) -> Result<()> {
    let name = match &protection.scheme.0 {
        b"piff" if protection.cipher.0 != *b"cenc" => "AES-CBC, as PIFF has it".to_owned(),
        b"cbc1" | b"cens" => format!("the scheme {}", protection.scheme.text()),
        _ => return Ok(()),
    };
    let message =
        format!("It is encrypted with {name}, which browsers cannot decrypt; they play cenc and cbcs.");
    Err(Error::unsupported("not-playable", message))
}

fn duration(index: &Index, movie: &Movie, tracks: &[u32]) -> f64 {
    let of_track = |id: u32| {
        let timescale = movie.track(id).map_or(1, |track| track.timescale.max(1));
        let totals = index.totals(id);
        let end = if totals.fragments > 0 { totals.end_time } else { 0 };
        end.saturating_add_unsigned(index.time_shift(id)) as f64 / f64::from(timescale)
    };
    tracks.iter().map(|&id| of_track(id)).fold(0.0, f64::max)
}

/// The `moov` with the chosen tracks alone, and CENC boxes where PIFF stands.
fn initialization(tree: &Tree<'_>, movie: &Movie, tracks: &[u32]) -> Result<Vec<u8>> {
    let moov = tree.root();
    let mut edits = Edits::new();
    for trak in moov.all(b"trak") {
        let chosen = movie.tracks.iter().any(|track| track.start == trak.start && tracks.contains(&track.id));
        if !chosen {
            edits.remove(trak);
            continue;
        }
        let entries = trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]).map(|stsd| &stsd.children);
        for entry in entries.into_iter().flatten() {
            if let Some(sinf) = entry.child(b"sinf") {
                add_cenc(tree, sinf, &mut edits)?;
            }
            if let Some(esds) = entry.child(b"esds").filter(|_| is_mpeg2_aac(movie, entry)) {
                call_it_mpeg4(tree, esds, &mut edits)?;
            }
        }
    }
    for trex in moov.child(b"mvex").into_iter().flat_map(|mvex| mvex.all(b"trex")) {
        // Version and flags, then the track ID.
        let mut fields = tree.body(trex);
        fields.u32("version and flags")?;
        if !tracks.contains(&fields.u32("track_ID")?) {
            edits.remove(trex);
        }
    }
    Ok(edits.apply(tree))
}

/// The configuration of MPEG-2 AAC under the name of MPEG-4, which has the same frames and is the only name that all
/// browsers know. Smooth encoders of Microsoft's wrote the older one.
fn as_mpeg4(entry: &SampleEntry) -> Option<MpegConfig> {
    match &entry.codec {
        Codec::Mpeg(config) if config.aac.is_some() && config.object_type != MPEG4_AUDIO => {
            Some(MpegConfig { object_type: MPEG4_AUDIO, ..config.clone() })
        }
        _ => None,
    }
}

fn is_mpeg2_aac(movie: &Movie, entry: &Node) -> bool {
    let entries = movie.tracks.iter().flat_map(|track| &track.entries);
    entries.into_iter().any(|known| known.start == entry.start && as_mpeg4(known).is_some())
}

fn call_it_mpeg4(tree: &Tree<'_>, esds: &Node, edits: &mut Edits) -> Result<()> {
    let mut read: ElementaryStreamDescriptor = tree.read(esds)?;
    // The object type is the first field (ISO/IEC 14496-1 7.2.6.6).
    if let Some(object_type) =
        read.descriptor.find_mut(DECODER_CONFIG).and_then(|config| config.fields.first_mut())
    {
        *object_type = MPEG4_AUDIO;
        edits.replace(esds, read.to_box(0));
    }
    Ok(())
}

fn add_cenc(tree: &Tree<'_>, sinf: &Node, edits: &mut Edits) -> Result<()> {
    let (Some(schm), Some(schi)) = (sinf.child(b"schm"), sinf.child(b"schi")) else { return Ok(()) };
    let (Some(piff), None) = (schi.child_id(piff::TRACK_ENCRYPTION), schi.child(b"tenc")) else {
        return Ok(());
    };
    let piff: PiffTrackEncryption = tree.read(piff)?;
    let cenc = SchemeType {
        scheme_type: FourCc(*b"cenc"),
        scheme_version: SCHEME_VERSION_1_0,
        ..SchemeType::default()
    };
    edits.replace(schm, cenc.to_box(0));
    edits.append(schi, &TrackEncryption::with_ivs(piff.default_kid, piff.default_iv_size).to_box(0));
    Ok(())
}
