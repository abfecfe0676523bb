//! What is worth knowing of a file's layout before it is protected: lawful or harmless oddities, as plain sentences.

use crate::bytes::{ByKey, KeyId, units::clock};
use crate::track::Index;

use super::Plan;

/// The notes on a file, none when all is as usual.
pub fn file_notes(index: &Index) -> Vec<String> {
    [
        twice_in_a_fragment(index),
        stray_points(index),
        media_of_no_fragment(index),
        quicktime_sound(index),
        other_timescale(index),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Two `traf` boxes of one track (ISO/IEC 14496-12:2022 8.8.6 allows any number): FFmpeg and Bento4 decrypt the first
/// alone.
fn twice_in_a_fragment(index: &Index) -> Option<String> {
    let movie = index.movie.as_ref()?;
    let (track, time) = index.fragments.iter().find_map(|fragment| {
        let mut ids = ByKey::default();
        let parts = index.parts(fragment).iter().filter(|part| part.samples > 0);
        let part = parts.zip(1..).find_map(|(part, number)| {
            let first = *ids.entry(part.track_id, number);
            (first < number).then_some(part)
        })?;
        Some((movie.track(part.track_id)?, u64::try_from(part.decode_time).unwrap_or(0)))
    })?;
    Some(format!(
        "Track {} comes twice in one fragment, the second time at {}. That is lawful, and browsers play it, but some \
         software (FFmpeg, Bento4) cannot decrypt it.",
        track.id,
        clock(time, track.timescale)
    ))
}

/// Protected samples of one track with several sample entries: FFmpeg knows those of the first alone, since all of them are
/// of a type that is not the codec's.
pub fn several_entries(index: &Index, plan: &Plan) -> Option<String> {
    let mut before = None;
    let track = index
        .used_entries()
        .map(|(track, ..)| track)
        .find(|track| before.replace(*track) == Some(*track) && plan.protection(*track).is_some())?;
    Some(format!(
        "Samples of track {track} have more than one sample entry, as in the source. That is lawful, and browsers play it, but \
         FFmpeg decrypts those of the first alone."
    ))
}

/// Random access points that do not lead to a fragment, in the source already.
fn stray_points(index: &Index) -> Option<String> {
    let points = index.random_access_points();
    let is_stray = |at: &&u64| index.fragment_at(**at).is_none();
    let first = points.iter().find(is_stray)?;
    let count = points.iter().filter(is_stray).count();
    Some(format!(
        "Of {} random access points in the 'mfra', {count} lead to no fragment, the first to byte {first}. Players that \
         seek by them fail with this file, and will with the protected one.",
        points.len()
    ))
}

/// Media data that no fragment reaches is copied as it stands.
fn media_of_no_fragment(index: &Index) -> Option<String> {
    let is_unreached = |start| {
        let behind = index.fragments.partition_point(|fragment| fragment.end <= start);
        index.fragments.get(behind).is_none_or(|fragment| start < fragment.start)
    };
    let all = index.top.iter().filter(|top| top.id.is(b"mdat") && top.size > top.header_len);
    let mut all = all.filter(|top| is_unreached(top.start));
    let first = all.next()?;
    let bytes = all.fold(first.size, |sum, top| sum + top.size);
    Some(format!(
        "Media data of {bytes} bytes, from byte {} on, belongs to no fragment and is copied as it is: what is in it \
         stays open to everyone.",
        first.start
    ))
}

/// A segment index whose first segment lasts as many ticks as its fragments, but ticks of another length (ISO/IEC
/// 14496-12:2022 8.16.3): index and movie header are not of one film.
fn other_timescale(index: &Index) -> Option<String> {
    let movie = index.movie.as_ref()?;
    index.segment_indexes.iter().find_map(|(start, sidx)| {
        let track = movie.track(sidx.reference_id)?;
        let first = sidx.references.entries.first().filter(|first| !first.is_index())?;
        let from = index.top.at(*start)?.end().saturating_add(sidx.first_offset.0);
        let inside = index.fragments_between(from, from.saturating_add(first.referenced_size().into()));
        let parts = inside.iter().flat_map(|fragment| index.parts(fragment));
        let ticks: u64 = parts.filter(|part| part.track_id == track.id).map(|part| part.duration).sum();
        let is_other = ticks > 0
            && ticks == u64::from(first.subsegment_duration)
            && sidx.timescale != track.timescale
            && sidx.timescale > 0;
        is_other.then(|| {
            format!(
                "The segment index at byte {start} counts {} ticks a second, and the movie header {} for track {}; the first segment has \
                 {ticks} in both. It lasts {} by the one and {} by the other: the initialization segment may be of another film. Take \
                 the one that these segments were made with.",
                sidx.timescale,
                track.timescale,
                track.id,
                clock(ticks, sidx.timescale),
                clock(ticks, track.timescale)
            )
        })
    })
}

/// Sound that MP4 has no entry for, in a file that is none of QuickTime's (ISO/IEC 14496-12:2022 12.2.3): all that could be
/// said in the way of MP4 is.
fn quicktime_sound(index: &Index) -> Option<String> {
    let is_quicktime = index.file_type.as_ref().is_none_or(|brands| brands.major_brand.0 == *b"qt  ");
    let mut tracks = index.movie.iter().flat_map(|movie| &movie.tracks).filter(|_| !is_quicktime);
    let (track, entry) =
        tracks.find_map(|track| Some((track, track.entries.iter().find(|entry| entry.quicktime > 0)?)))?;
    Some(format!(
        "Track {} has {} with a sound description of QuickTime's version {}, which MP4 does not have: it stays as it is. FFmpeg \
         reads it; browsers do not, and Shaka Packager refuses the whole file. For these encode the sound anew before, with: ffmpeg \
         -i input.mov -map 0 -c copy -c:a aac output.mp4",
        track.id,
        entry.codec_name(),
        entry.quicktime
    ))
}

/// A sentence, when a key ID is one of `known` in the other byte order.
pub fn other_order(kid: KeyId, known: &[KeyId]) -> Option<String> {
    let other = kid.swapped();
    (other != kid && !known.contains(&kid) && known.contains(&other)).then(|| {
        format!(
            "The key ID {kid} looks like {other}, which the file has, in the other byte order: PlayReady headers write the first \
             three groups of the same key ID reversed. Use {other}."
        )
    })
}
