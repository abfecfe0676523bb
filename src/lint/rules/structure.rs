//! Rules of the file as such: boxes that cannot be, bytes that are none.

use super::{ALL, ANEW, COPY, FileRule, MAYBE, file_rules};

file_rules! { STRUCTURE:
    TRUNCATED "truncated" Error "Cut short" "ISO/IEC 14496-12:2022 4.2" stops ALL, None
        "What is missing cannot be played, and many players refuse the whole file." COPY;
    INDEX_CUT_SHORT "index-cut-short" Warning "Cut short in the index at the end" "ISO/IEC 14496-12:2022 4.2, 8.8.9" stops "smooth?", Protect
        "Who seeks by it finds nothing, and some players call the file damaged." "Get a complete copy, or have it written anew: that leaves the index out.";
    ROOM_CUT_SHORT "room-cut-short" Warning "Cut short in unused room" "ISO/IEC 14496-12:2022 4.2, 8.1.2" stops "mse?", Protect
        "All media of the file is there, but whether more came behind it nobody can tell; some players call the file damaged." "Get a complete copy, or have it written anew: that leaves the room out.";
    UNKNOWN_BYTES "unknown-bytes" Error "Bytes that are no box" "ISO/IEC 14496-12:2022 4.2" stops MAYBE, None
        "Readers take them for a box, and stop or go astray." "Take them off, or get a complete copy of the file.";
    TRAILING_BYTES "trailing-bytes" Warning "Bytes behind the last box" "ISO/IEC 14496-12:2022 4.2" stops "mse?", None
        "Most readers pass over them; some call the file damaged." "Take them off: behind a fragmented file Boxlock writes them again.";
    ZERO_PADDING "zero-padding" Warning "Zeros in place of a box" "ISO/IEC 14496-12:2022 4.2" stops MAYBE, None
        "A size of 0 means to the end of the file, and that at the top level alone." ANEW;
    UNREADABLE "unreadable-box" Error "A box that cannot be read" "The specification of the box" stops MAYBE, None
        "Its size, its flags, or a number in it is wrong; readers stop, or read something else." COPY;
    BOX_OVERRUN "box-overrun" Error "A box larger than what is around it" "ISO/IEC 14496-12:2022 4.2" stops ALL, None
        "Its size is wrong, or bytes were lost: what stands behind it is read as something else." COPY;
    BAD_BOX_SIZE "bad-box-size" Error "A box with an impossible size" "ISO/IEC 14496-12:2022 4.2" stops ALL, None
        "A size of 0 is for the last box of a file, and no box is smaller than its header." COPY;
    LEFT_OVER_BYTES "left-over-bytes" Warning "More bytes in a box than it holds" "ISO/IEC 14496-12:2022 4.2" stops MAYBE, None
        "Readers differ in what they make of them." ANEW;
    TOO_MANY_ENTRIES "too-many-entries" Error "More entries than a box has bytes for" "ISO/IEC 14496-12:2022 4.2" stops ALL, None
        "The count is wrong: the box cannot be read." COPY;
    SECOND_BOX "second-box" Error "A box twice that may stand once" "ISO/IEC 14496-12:2022 6.2" stops MAYBE, None
        "Players differ in which of the two they believe." ANEW;
    MISSING_BOX "missing-box" Error "A mandatory box is missing" "ISO/IEC 14496-12:2022 6.2" stops ALL, None
        "Players refuse the track or the file." ANEW;
    NO_MOOV "no-moov" Warning "No movie header" "ISO/IEC 14496-12:2022 8.2.1" stops ALL, None
        "Nothing says which tracks there are: a media segment is nothing without its initialization segment."
        "Drop the initialization segment and its media segments together, or get a complete copy.";
    DUPLICATE_MOOV "duplicate-moov" Error "Two movie headers" "ISO/IEC 14496-12:2022 8.2.1" stops MAYBE, None
        "Players take the first, the last, or refuse the file." "Remove the one that is not of these fragments.";
    COMPRESSED_MOVIE "compressed-movie" Warning "A compressed movie header" "QuickTime File Format: cmov" stops ALL, None
        "Only QuickTime reads it." "Write the file again with ffmpeg -i input.mov -map 0 -c copy output.mov.";
    SECOND_MFRA "second-mfra" Warning "Two random access indexes" "ISO/IEC 14496-12:2022 8.8.9" stops "smooth?", None
        "There may be one: several files were joined." "Join the media, not the files.";
    NO_FILE_TYPE "no-ftyp" Warning "No file type" "ISO/IEC 14496-12:2022 4.3" stops "windows? mse?", None
        "Readers that ask for a brand refuse the file, or take it for an old QuickTime one." ANEW;
    LATE_FILE_TYPE "ftyp-late" Warning "The file type stands late" "ISO/IEC 14496-12:2022 4.3.1" stops "windows? mse?", None
        "It comes before all boxes of variable length; readers look at the first bytes to know the kind of file." ANEW;
    NO_BRAND "unknown-brand" Note "No brand that is known" "ISO/IEC 14496-12:2022 annex E; PIFF 1.1 5.2" stops "windows?", Change
        "Readers that ask for a brand refuse the file." "Give it the brand iso6 with “Change its headers”.";
    TOO_MANY_BOXES "too-many-boxes" Warning "More boxes than Boxlock reads" "Boxlock's limits" stops "", None
        "What is behind them is not looked at." ANEW;
    BAD_ITEM_LOCATION "bad-item-location" Error "Items that stand nowhere" "ISO/IEC 14496-12:2022 8.11.3" stops "", None
        "The sizes of the numbers in 'iloc' are none that are allowed." COPY;
}
