//! Rules of Common Encryption and PIFF: what says how samples are encrypted, and the samples themselves.

use super::{ALL, FileRule, MAYBE, file_rules};

const AGAIN: &str = "Protect the clear file again, or this one otherwise with its keys.";
const CENC_READERS: &str = "mse widevine fairplay";

file_rules! { ENCRYPTION:
    SINF "sinf-incomplete" Error "A protected sample entry that does not say how" "ISO/IEC 14496-12:2022 8.12.1; ISO/IEC 23001-7:2023 4.1" stops ALL, None
        "'sinf' has 'frma', 'schm' and 'schi': without one of them no player can decrypt." AGAIN;
    FORMAT "frma-format" Error "No codec behind the protection" "ISO/IEC 14496-12:2022 8.12.3" stops ALL, None
        "'frma' names the codec of the samples, and no protected type." AGAIN;
    SCHEME_BOXES "scheme-boxes" Error "The scheme without its box" "ISO/IEC 23001-7:2023 8.2; PIFF 1.1 5.3.3" stops ALL, Change
        "The scheme 'piff' has its defaults in PIFF's box, the schemes of Common Encryption theirs in 'tenc'."
        "Write the boxes of the form hybrid with “Change its headers”.";
    UNKNOWN_SCHEME "unknown-scheme" Error "A scheme that is not known" "ISO/IEC 23001-7:2023 10" stops ALL, None
        "Players know cenc, cbcs, cens, cbc1 and piff." AGAIN;
    SECOND_SINF "second-sinf" Warning "Two descriptions of one encryption" "ISO/IEC 14496-12:2022 8.12.1" stops MAYBE, Protect
        "Some readers go by the first 'sinf', others by the last: Bento4 and FFmpeg differ in it." AGAIN;
    PROTECTED_FLAG "protected-flag" Error "Neither encrypted nor clear" "ISO/IEC 23001-7:2023 8.2" stops MAYBE, Protect
        "In 'tenc' 0 is clear and 1 is encrypted; other numbers readers take each in its own way." AGAIN;
    PATTERN "unused-pattern" Warning "A pattern where the scheme has none" "ISO/IEC 23001-7:2023 8.2, 10.1, 10.2" stops MAYBE, Protect
        "Readers that go by it leave blocks encrypted, and others decrypt blocks that are clear." AGAIN;
    TWINS "twins-differ" Error "CENC's box and PIFF's disagree" "PIFF 1.1 5.3.3; PIFF 1.3 5.3; ISO/IEC 23001-7:2023 8.2" stops MAYBE, Change
        "One kind of player decrypts with the one, the others with the other." "Write the headers anew with “Change its headers”.";
    KID_ZERO "kid-zero" Error "A key ID of zeros" "ISO/IEC 23001-7:2023 8.2" stops ALL, Protect
        "It stands for no key: nobody asks for its licence." AGAIN;
    ALGORITHM "piff-algorithm" Error "An algorithm that PIFF does not know" "PIFF 1.1 5.3.3" stops "windows smooth", Protect
        "0 is not encrypted, 1 is AES-CTR, 2 is AES-CBC." AGAIN;
    IV_SIZE "iv-size" Error "An impossible IV size" "ISO/IEC 23001-7:2023 8.2, 9.1" stops ALL, Protect
        "IVs have 8 or 16 bytes; with 0 there is a constant one." AGAIN;
    CHAIN_IV_8 "chain-iv-8" Warning "IVs of 8 bytes for chains of blocks" "ISO/IEC 23001-7:2023 9.1, 10.2; PIFF 1.1 5.3.3" stops "windows? smooth? mse?", Protect
        "A chain begins with a block of 16 bytes: readers fill up what is shorter with zeros, or refuse it." AGAIN;
    IV_SIZE_16 "iv-size-16" Warning "IVs of 16 bytes" "PlayReady, content encryption modes" stops "windows? smooth?", Protect
        "Windows 10 before 20H2 and clients before PlayReady 4.0 fail." "Protect the file with IVs of 8 bytes.";
    CTR_WITHOUT_IV "ctr-constant-iv" Error "Counter mode with one IV for all samples" "ISO/IEC 23001-7:2023 10.1" stops ALL, Protect
        "All samples have the same key stream: two of them can be read without the key." AGAIN;
    CBCS_WITHOUT_CONSTANT "cbcs-no-constant-iv" Error "cbcs with an IV for each sample" "ISO/IEC 23001-7:2023 10.4.1" stops "mse? widevine? fairplay", Protect
        "cbcs has one constant IV for a track." AGAIN;
    CONSTANT_IV_8 "constant-iv-8" Warning "A constant IV of 8 bytes" "ISO/IEC 23001-7:2023 9.1; Apple, HLS authoring" stops "fairplay", Protect
        "Players differ in how they fill it up; FairPlay takes 16." AGAIN;
    CBCS_PATTERN "cbcs-pattern" Error "cbcs video without a pattern" "ISO/IEC 23001-7:2023 10.4.2" stops "fairplay mse? widevine?", Protect
        "One block in ten is encrypted, and hardware decryptors know no other." AGAIN;
    NO_IVS "no-ivs" Error "Encrypted samples without IVs" "ISO/IEC 23001-7:2023 7; PIFF 1.1 5.3.2" stops ALL, None
        "Nothing decrypts a sample without its IV. FFmpeg 5 writes such files." AGAIN;
    SECOND_LIST "second-list" Error "Two lists of IVs" "ISO/IEC 23001-7:2023 7.2" stops MAYBE, Protect
        "Readers differ in which they believe." AGAIN;
    SAMPLE_COUNT "sample-count" Error "A list of IVs for another number of samples" "ISO/IEC 23001-7:2023 7.2; PIFF 1.1 5.3.2" stops ALL, Protect
        "Samples are decrypted with the IVs of others." AGAIN;
    BAD_GROUP "bad-group" Error "A group of samples that nothing describes" "ISO/IEC 23001-7:2023 6; ISO/IEC 14496-12:2022 8.9" stops ALL, Protect
        "Nothing says with which key its samples are encrypted." AGAIN;
    BAD_SAIO "bad-saio" Error "A wrong number of places of IVs" "ISO/IEC 14496-12:2022 8.7.9" stops CENC_READERS, Change
        "There is one, or one for each run." "Write the boxes anew with “Change its headers”.";
    SAIZ "saiz" Error "Wrong sizes of IVs and maps" "ISO/IEC 14496-12:2022 8.7.8; ISO/IEC 23001-7:2023 7.1" stops CENC_READERS, Change
        "Readers that go by 'saiz' take the wrong bytes for IVs." "Write the boxes anew with “Change its headers”.";
    SAIO "saio" Error "The place of IVs is wrong" "ISO/IEC 14496-12:2022 8.7.9; ISO/IEC 23001-7:2023 7.1" stops CENC_READERS, Change
        "Readers that go by 'saio' take the wrong bytes for IVs. Chromium is one of them." "Write the boxes anew with “Change its headers”.";
    NO_SAIO "no-saio" Warning "No places of IVs" "ISO/IEC 23001-7:2023 7.1" stops "mse? widevine?", Change
        "With 'senc' alone some readers find no IVs; Common Encryption asks for 'saiz' and 'saio'." "Write the boxes of the form hybrid with “Change its headers”.";
    SUM "subsamples-sum" Error "A map that is not as long as its sample" "ISO/IEC 23001-7:2023 9.5" stops ALL, Protect
        "Clear and encrypted bytes together are the sample; a clear run of more than 65535 bytes takes several entries." AGAIN;
    EMPTY_ENTRY "subsample-empty" Warning "An empty entry in a map" "ISO/IEC 23001-7:2023 7.2.2" stops "mse? widevine?", Protect
        "It says nothing, and there are decryptors that stop at it." AGAIN;
    BLOCKS "ranges-not-blocks" Warning "Encrypted ranges of part of a block" "ISO/IEC 23001-7:2023 9.5.2.3; ISO/IEC 23000-19:2024 8.2.2.1" stops "mse? widevine?", Protect
        "In counter mode CMAF asks for multiples of 16 bytes, and hardware decryptors do." "Protect the clear file in the form hybrid or plain.";
    NAL_CLEAR "nal-header-encrypted" Error "The length of a NAL unit is encrypted" "ISO/IEC 23001-7:2023 9.5.2; PIFF 1.1 5.3.2" stops ALL, Protect
        "Players that decrypt in hardware read lengths and types without the key." AGAIN;
    NAL_BORDERS "map-off-nal" Error "A map does not follow the NAL units" "ISO/IEC 23001-7:2023 9.5.2" stops MAYBE, Protect
        "Its encrypted ranges reach over the border of NAL units, so that the next length is not where it seems." AGAIN;
    SETS_ENCRYPTED "parameter-sets-encrypted" Note "Parameter sets or SEI are encrypted" "ISO/IEC 23001-7:2023 9.5.2.2; ISO/IEC 23000-19:2024 8.2" stops "mse? widevine? fairplay?", Protect
        "PIFF did so; newer decoders and hardware want them clear." "Protect the clear file in the form hybrid or plain.";
    COUNTER_TWICE "counter-twice" Error "A counter is used twice" "ISO/IEC 23001-7:2023 9.3" stops "", Protect
        "Whoever has both samples can read them without the key." "Protect the clear file again, with another key.";
    COUNTER_WRAPS "iv16-wrap" Error "A counter that overflows in a sample" "ISO/IEC 23001-7:2023 9.3; PIFF 1.1 5.3.2" stops MAYBE, Protect
        "The lower 8 bytes of an IV of 16 count blocks and wrap by themselves; decryptors that carry on give noise." AGAIN;
    TWO_MODES "key-two-modes" Error "One key for counter mode and for chains" "ISO/IEC 23001-7:2023 9.2" stops "", Protect
        "A key is for one mode: in two it gives away more than it hides." "Protect the clear file again, with a key for each mode.";
    LEFTOVER "leftover" Warning "Boxes of an earlier encryption" "ISO/IEC 23001-7:2023 6, 7" stops "windows? smooth? mse? widevine?", Protect
        "The samples are clear, and players take them for encrypted ones." "Protect it here: Boxlock removes them on the way.";
    LEFT_HEADER "leftover-header" Warning "A DRM header on a clear file" "ISO/IEC 23001-7:2023 8.1" stops "mse? windows?", Protect
        "Nothing in the file is encrypted, and players ask for a licence all the same." "Protect it here: Boxlock removes them on the way.";
    LOOKS_CLEAR "looks-clear" Error "Marked as encrypted, and clear" "ISO/IEC 23001-7:2023 4.2" stops ALL, None
        "The samples are whole NAL units as they stand: the encryption was missed, and decryption spoils them." AGAIN;
    LOOKS_ENCRYPTED "looks-encrypted" Error "Marked as clear, and not readable" "ISO/IEC 23001-7:2023 4.2" stops ALL, None
        "The samples are no NAL units: they are encrypted, or damaged." "Get the file as it was before, with its boxes.";
}
