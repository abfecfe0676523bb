//! Rules of movie fragments, of their times, and of the indexes of them.

use super::{ALL, ANEW, COPY, FileRule, MAYBE, file_rules};

file_rules! { FRAGMENTS:
    UNKNOWN_TRACK "unknown-track" Error "A fragment of a track that is not there" "ISO/IEC 14496-12:2022 8.8.7" stops "mse?", None
        "Players pass over it, or refuse the file." ANEW;
    TOO_MANY_SAMPLES "too-many-samples" Error "More samples than can be" "ISO/IEC 14496-12:2022 8.8.8" stops MAYBE, None
        "The counts are wrong: the file has fewer bytes." COPY;
    BAD_DATA_OFFSET "bad-data-offset" Error "Samples before the file" "ISO/IEC 14496-12:2022 8.8.8" stops ALL, None
        "The data offset of a run leads before the first byte." ANEW;
    DATA_ELSEWHERE "data-elsewhere" Error "Samples outside of their media data" "ISO/IEC 14496-12:2022 8.7.5, 8.8.7, 8.8.8" stops ALL, None
        "Players read something else in their place. FFmpeg with a global 'sidx' writes such files." ANEW;
    DATA_APART "samples-apart" Warning "Samples in media data elsewhere" "ISO/IEC 14496-12:2022 8.8.7; PIFF 1.1 5.4" stops "smooth mse?", None
        "They stand before their fragment, or behind another: players of segments look right behind it." ANEW;
    DATA_OFFSET_GAP "data-offset-gap" Note "A gap before the first sample" "PIFF 1.1 5.4; MS-SSTR 2.2.4" stops "smooth?", None
        "Some Smooth clients expect the samples right behind the header of 'mdat'." ANEW;
    BASE_DATA_OFFSET "base-data-offset" Warning "Places counted from the file" "ISO/IEC 14496-12:2022 8.8.7; ISO/IEC 23000-19:2024 7.5.16" stops "smooth? mse", Protect
        "A segment that is fetched by itself does not know where it stood: players of segments refuse 'base-data-offset-present'."
        "Have it written anew: Boxlock counts from the fragment in what it writes.";
    NO_DEFAULT_BASE "no-default-base" Warning "Places that hang on the track before" "ISO/IEC 14496-12:2022 8.8.7.1" stops "mse?", Protect
        "Without 'default-base-is-moof' the second track of a fragment is counted from the end of the first, and readers differ."
        "Have it written anew: Boxlock says where to count from in the forms hybrid and plain.";
    SEVERAL_TRAFS "several-trafs" Warning "Several tracks in a fragment" "PIFF 1.1 5.4; ISO/IEC 23000-19:2024 7.3.2" stops "smooth", None
        "A Smooth fragment is of one track; servers cannot cut it." "Package each track into fragments of its own.";
    NO_TIME "no-tfdt" Warning "No decode time" "ISO/IEC 14496-12:2022 8.8.12; Media Source Extensions, ISO BMFF byte stream" stops "mse widevine fairplay?", Change
        "Players of segments refuse a fragment without 'tfdt'."
        "With “Change its headers” or protection in the forms hybrid and plain each fragment gets one.";
    TIME_BACK "time-back" Warning "Time goes back" "ISO/IEC 14496-12:2022 8.8.12" stops "windows? smooth? mse?", None
        "A fragment begins before the one before it ends: players drop samples, or stop." ANEW;
    TIME_GAP "time-gap" Note "A gap in time" "ISO/IEC 14496-12:2022 8.8.12" stops "mse?", None
        "Players stop at gaps, or leap over them." ANEW;
    TIMES_DIFFER "times-differ" Warning "Two decode times" "MS-SSTR 2.2.4.4; ISO/IEC 14496-12:2022 8.8.12" stops "smooth?", None
        "'tfdt' and 'tfxd' say different times of one fragment." ANEW;
    TIME_WRAPPED "tfxd-wrapped" Warning "A time that wrapped" "MS-SSTR 2.2.4.4" stops "smooth?", None
        "A time before 0 is written as a number near 2^64." ANEW;
    TIME_OF_TFXD "tfxd-duration" Warning "'tfxd' says another duration" "MS-SSTR 2.2.4.4" stops "smooth?", None
        "Smooth clients ask for the next fragment at the time that it ends." ANEW;
    NEGATIVE_OFFSET "negative-composition" Warning "Negative composition offsets in version 0" "ISO/IEC 14496-12:2022 8.6.1.3, 8.8.8" stops "mse?", None
        "Version 0 has none that are negative: who reads it by the book shows the picture after many hours. Microsoft's encoders write it so." ANEW;
    SEQUENCE "sequence-numbers" Note "Sequence numbers do not go up" "ISO/IEC 14496-12:2022 8.8.5" stops "", None
        "Each fragment has a larger number than the one before." ANEW;
    NOT_SYNC "fragment-not-sync" Warning "A fragment that does not begin with a key picture" "PIFF 1.1 5.4; ISO/IEC 23000-19:2024 7.5.17" stops "smooth? mse?", None
        "Players cannot seek to it, nor change the quality there." "Encode with a key picture at each cut.";
    MFRA "mfra" Error "The random access index leads nowhere" "ISO/IEC 14496-12:2022 8.8.10" stops "smooth windows?", None
        "Smooth servers find fragments by it, and players seek by it." ANEW;
    MFRA_CONTENTS "mfra-contents" Warning "The random access index says other than its fragments" "ISO/IEC 14496-12:2022 8.8.10" stops "smooth? windows?", None
        "Players that seek by it come to another time, or find no sample there." ANEW;
    MFRO "mfro-size" Error "'mfro' says another size" "ISO/IEC 14496-12:2022 8.8.11" stops "smooth", None
        "The random access index is found from the end of the file by this size." ANEW;
    SIDX_BEYOND "sidx-beyond-end" Warning "The segment index goes beyond the file" "ISO/IEC 14496-12:2022 8.16.3" stops "mse?", None
        "The file is the front of a larger one, or is cut short." "Get all of it.";
    SIDX_CONTENTS "sidx-contents" Warning "The segment index says other than its fragments" "ISO/IEC 14496-12:2022 8.16.3" stops "mse? widevine? fairplay?", Change
        "Players take times, lengths and the end from it: they seek to another place, or stop early." "Have a new one written with “Change its headers”.";
    SIDX "sidx" Error "The segment index leads nowhere" "ISO/IEC 14496-12:2022 8.16.3" stops "mse widevine fairplay", Change
        "DASH players ask for ranges of bytes that it says." "Have a new one written with “Change its headers”.";
}
