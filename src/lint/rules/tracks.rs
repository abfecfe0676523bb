//! Rules of the movie header: tracks, sample entries, sample tables, lengths.

use super::{ALL, ANEW, COPY, FileRule, MAYBE, file_rules};

file_rules! { TRACKS:
    TRACK_ID_ZERO "track-id-zero" Error "Track ID 0" "ISO/IEC 14496-12:2022 8.3.2.3" stops MAYBE, None
        "IDs count from 1, and there are players that refuse the file." ANEW;
    DUPLICATE_TRACK_ID "duplicate-track-id" Error "Two tracks with one ID" "ISO/IEC 14496-12:2022 8.3.2.3" stops ALL, None
        "Nothing tells which fragments are of which track." ANEW;
    TOO_MANY_TRACKS "too-many-tracks" Warning "More tracks than Boxlock reads" "Boxlock's limits" stops "", None
        "The others are not looked at." ANEW;
    NEXT_TRACK_ID "next-track-id" Note "The next track ID is taken" "ISO/IEC 14496-12:2022 8.2.2.3" stops "", None
        "It is larger than any in use, or all ones; a program that adds a track makes two with one ID." ANEW;
    NO_ENTRY "bad-sample-entry" Error "A sample entry that is not there" "ISO/IEC 14496-12:2022 8.5.2" stops ALL, None
        "Samples without a sample entry cannot be decoded." ANEW;
    ENTRY_COUNT "entry-count" Error "A wrong count of sample entries" "ISO/IEC 14496-12:2022 8.5.2" stops MAYBE, None
        "Players read fewer or more than there are." ANEW;
    TOO_MANY_ENTRIES_OF_TRACK "too-many-sample-entries" Warning "More sample entries than Boxlock reads" "Boxlock's limits" stops "", None
        "The others are not looked at." ANEW;
    DAMAGED_ENTRY "damaged-entry" Error "A damaged codec configuration" "ISO/IEC 14496-12:2022 8.5.2; the codec's own box" stops ALL, None
        "A decoder cannot be set up from it." COPY;
    NO_TIMESCALE "no-timescale" Error "A timescale of 0" "ISO/IEC 14496-12:2022 8.2.2, 8.4.2" stops ALL, None
        "Times and lengths are not known." ANEW;
    LENGTHS_DIFFER "lengths-differ" Warning "A header says another length than the samples have" "ISO/IEC 14496-12:2022 8.2.2, 8.3.2, 8.4.2, 8.8.2" stops "windows?", None
        "Players show a wrong length, and may seek beyond the end." ANEW;
    SAMPLE_COUNTS "sample-counts" Error "Sample tables of different lengths" "ISO/IEC 14496-12:2022 8.6.1.2, 8.7.3" stops ALL, None
        "The last samples have no time, or no size." COPY;
    SAMPLES_BEYOND_END "samples-beyond-end" Error "Samples behind the end of the file" "ISO/IEC 14496-12:2022 8.7.5" stops ALL, None
        "They cannot be read: the file is cut short, or its offsets are wrong." COPY;
    CHUNKS_TOO_FEW "chunks-too-few" Error "Chunks that do not hold the samples" "ISO/IEC 14496-12:2022 8.7.4, 8.7.5" stops ALL, None
        "Nothing says where the last samples stand." COPY;
    CHUNK_RUNS "chunk-runs" Error "Runs of chunks out of order" "ISO/IEC 14496-12:2022 8.7.4" stops ALL, None
        "Players differ in how many samples the chunks have, and read them from wrong places." COPY;
    SYNC_SAMPLES "sync-samples" Warning "Sync samples that cannot be" "ISO/IEC 14496-12:2022 8.6.2" stops "windows? mse?", None
        "Players seek by 'stss', whose numbers go up from 1 to that of the last sample: they come to another place, or refuse the table." ANEW;
    SYNC_FLAG "sync-flag" Warning "A sample to begin with that refers to others" "ISO/IEC 14496-12:2022 8.6.2, 8.8.3.1; ISO/IEC 14496-15:2022 5.4.4, 8.4.3" stops "windows? smooth? mse?", None
        "Who seeks to it sees grey or torn pictures until the next key picture; some players refuse the segment." ANEW;
    SYNC_UNTOLD "sync-untold" Note "A key picture that is not said to be one" "ISO/IEC 14496-12:2022 8.6.2, 8.8.3.1" stops "", None
        "Players seek to an earlier sample than they need." ANEW;
    TABLE_COUNTS "table-counts" Warning "A table for another number of samples" "ISO/IEC 14496-12:2022 8.5.3, 8.6.1.3, 8.6.4, 8.7.6, 8.7.7, 8.9.2, 8.9.5" stops "windows?", None
        "Times, dependencies or groups of the last samples are missing, or all are those of others." ANEW;
    UNDESCRIBED "undescribed-group" Warning "A group of samples without its description" "ISO/IEC 14496-12:2022 8.9.2, 8.9.4, 8.9.5" stops "", None
        "What is so of the samples of the group is not said, and some readers refuse the file." ANEW;
    EMPTY_SAMPLES "empty-samples" Warning "Samples of no bytes" "ISO/IEC 14496-12:2022 8.7.3, 8.8.8" stops "windows? mse?", None
        "There is nothing to decode: FFmpeg does not open some such files, and players stumble." ANEW;
    EDITS "edit-beyond-media" Warning "An edit list that shows what is not there" "ISO/IEC 14496-12:2022 8.6.6" stops "windows? mse?", None
        "Players show nothing, hold the last picture, or pass over the edit list." ANEW;
    DURATION_UNKNOWN "duration-all-ones" Warning "A duration of all ones" "ISO/IEC 14496-12:2022 8.2.2.3, 8.3.2.3, 8.4.2.3" stops "windows? smooth?", None
        "It means that the length is not known: some players show none, or take it for one of many thousand years." ANEW;
    HANDLER_NAME "hdlr-name" Note "A handler name without its end" "ISO/IEC 14496-12:2022 8.4.3" stops "windows?", None
        "The name ends with a zero byte; some readers go on into the next box." ANEW;
    HANDLER_ENTRY "handler-entry" Error "A sample entry of another kind than the track" "ISO/IEC 14496-12:2022 8.4.3, 8.5.2" stops ALL, None
        "Players look for a decoder of the kind that the handler says, and read the fields of the sample entry as such." ANEW;
    MEDIA_HEADER "media-header" Warning "Not the media header of the kind of track" "ISO/IEC 14496-12:2022 8.4.5, 12.1.2, 12.2.2" stops "windows? smooth?", None
        "Pictures have 'vmhd' and sound has 'smhd': there are readers that go by it, or refuse the track." ANEW;
    DATA_REFERENCE "data-reference" Warning "A sample entry of a data reference that is not there" "ISO/IEC 14496-12:2022 8.5.2, 8.7.2" stops "windows?", None
        "It says in which file the samples are; most players take it for this one, and some refuse the track." ANEW;
    REFERENCE "track-reference" Note "A reference to a track that is not there" "ISO/IEC 14496-12:2022 8.3.3" stops "", None
        "Chapters, time codes or subtitles that it leads to are missing, or were lost when the file was cut." ANEW;
    EXTERNAL_DATA "external-data" Error "Samples in another file" "ISO/IEC 14496-12:2022 8.7.2" stops ALL, None
        "Players read one file." "Write picture and sound into one file.";
    NO_MVEX "no-mvex" Error "Fragments that the movie header does not announce" "ISO/IEC 14496-12:2022 8.8.1" stops ALL, None
        "Without 'mvex' players look for samples in the movie header alone." ANEW;
    NO_TREX "no-trex" Error "A track without fragment defaults" "ISO/IEC 14496-12:2022 8.8.3" stops ALL, None
        "Its fragments are of a track that is not said to go on in fragments." ANEW;
    SAMPLES_IN_BOTH "samples-in-both" Warning "Samples in the movie header and in fragments" "ISO/IEC 14496-12:2022 8.8.1" stops "smooth mse? widevine? fairplay?", Protect
        "Streaming players read fragments alone." "Have it written anew, all in fragments.";
    MOOV_BEHIND "moov-behind-media" Note "The movie header stands behind the media" "ISO/IEC 14496-12:2022 6.2.3" stops "", Protect
        "Who plays it while it is downloaded has to wait for its end." "Write it as fragments here, or with ffmpeg -movflags +faststart.";
    CMAF_TRACKS "cmaf-one-track" Warning "A CMAF file with several tracks" "ISO/IEC 23000-19:2024 7.3.1" stops "", None
        "The brand says CMAF, in which a file has one track." "Package each track by itself, or drop the brand.";
}
