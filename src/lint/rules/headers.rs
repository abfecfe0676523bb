//! Rules of the headers of DRM systems: `pssh` boxes, PlayReady objects, and the XML in them.

use super::FileRule;
use super::file_rules;

const WRITE: &str = "Write another header with “Change its headers”.";
const READERS: &str = "windows smooth? mse?";
const SOME: &str = "windows? smooth?";

file_rules! { HEADERS:
    NO_HEADER "no-drm-header" Warning "No DRM header" "ISO/IEC 23001-7:2023 8.1; PIFF 1.1 5.3.1" stops "windows mse?", Change
        "Without 'pssh' only a manifest, or the app, can say which licence to ask for." WRITE;
    PSSH_EARLY "pssh-place" Warning "A DRM header before the movie header box" "ISO/IEC 14496-12:2022 6.2.3; PIFF 1.1 5.3.1" stops "windows?", Change
        "'mvhd' stands first in 'moov', and PIFF has its header right behind." WRITE;
    PSSH_IN_MOOF "pssh-in-moof" Note "DRM headers in fragments" "ISO/IEC 23001-7:2023 8.1.1" stops "windows?", None
        "They are for keys that change; of a local file Windows reads the header in 'moov' alone." "Have one key for the whole file.";
    PSSH_VERSION "pssh-version" Note "A DRM header of version 1" "ISO/IEC 23001-7:2023 8.1; W3C, cenc initialization data format" stops "widevine?", None
        "Android before 7 and PlayReady clients before 3.0 read version 0 alone." "Boxlock writes version 0 for PlayReady and Widevine.";
    HEADER_KID "header-kid" Error "The header is for another key ID" "PlayReady Header Specification 3.3; ISO/IEC 23001-7:2023 8.2" stops "windows smooth mse?", Change
        "The licence that is asked for is not that of the samples. GUIDs in the header have another byte order than 'tenc'." WRITE;
    HEADER_ALGORITHM "header-algorithm" Error "The header is for another cipher" "PlayReady Header Specification 3.3.2; PlayReady, content encryption modes" stops "windows mse?", Change
        "AESCTR is for cenc and piff, AESCBC for cbcs: the licence server gives a licence that does not fit." WRITE;
    HEADER_CHECKSUM "header-checksum" Error "The checksum is not that of the key" "PlayReady Header Specification 3.3.4" stops "windows smooth?", Check
        "Clients refuse the licence: the key is the wrong one, or the checksum is not 8 bytes in base64." WRITE;
    PRO_LENGTH "pro-length" Error "The PlayReady object says another length" "PlayReady Header Specification 2.1" stops READERS, Change
        "Clients refuse the object." WRITE;
    PRO_TRAILING "pro-trailing" Error "Bytes behind the last record" "PlayReady Header Specification 2.1" stops READERS, Change
        "Clients refuse the object." WRITE;
    PRO_RECORDS "pro-records" Error "A record longer than the PlayReady object" "PlayReady Header Specification 2.1" stops READERS, Change
        "Clients refuse the object." WRITE;
    PRO_NO_HEADER "pro-no-header" Error "A PlayReady object without a header" "PlayReady Header Specification 2.2" stops READERS, Change
        "Nothing in it names a key." WRITE;
    HEADER_LONG "header-length" Warning "A long PlayReady header" "PlayReady Header Specification 2.1, 3.2" stops SOME, Change
        "Objects have at most 15 KB, and clients were made for headers of about 1 KB." WRITE;
    HEADER_ENCODING "header-encoding" Error "The header is not UTF-16" "PlayReady Header Specification 3.2" stops READERS, Change
        "Clients read little-endian UTF-16 alone." WRITE;
    HEADER_BOM "header-bom" Warning "A byte order mark" "PlayReady Header Specification 3.2" stops SOME, Change
        "The header begins with '<'; some clients take the mark for a part of it." WRITE;
    HEADER_NUL "header-trailing-nul" Warning "A zero character at the end" "PlayReady Header Specification 3.2" stops SOME, Change
        "XML readers stop at it." WRITE;
    HEADER_XML "bad-header-xml" Error "The header is no XML" "PlayReady Header Specification 3.2" stops READERS, Change
        "Clients cannot read it." WRITE;
    NOT_A_HEADER "not-playready-header" Error "The XML is no PlayReady header" "PlayReady Header Specification 3.2" stops READERS, Change
        "It is a WRMHEADER with a version." WRITE;
    HEADER_NAMESPACE "header-namespace" Warning "Another namespace" "PlayReady Header Specification 3.2" stops READERS, Change
        "Clients look for elements of PlayReady's namespace." WRITE;
    HEADER_VERSION_UNKNOWN "unknown-header-version" Error "A version that is not known" "PlayReady Header Specification 3.2" stops READERS, Change
        "There are 4.0.0.0 to 4.3.0.0." WRITE;
    HEADER_VERSION "bad-header-version" Error "More than the version of the header allows" "PlayReady Header Specification 3.3 to 3.6" stops READERS, Change
        "Several keys need version 4.2, AESCBC needs 4.3, and each version has its place for key IDs." WRITE;
    HEADER_KIDS "bad-kid" Error "Key IDs that cannot be" "PlayReady Header Specification 3.3" stops READERS, Change
        "A key ID stands once, is not zeros, and all keys of a header have one cipher." WRITE;
    HEADER_KID_TEXT "bad-header-kid" Error "A key ID that is none" "PlayReady Header Specification 3.3.2" stops READERS, Change
        "It is 16 bytes in base64." WRITE;
    HEADER_NO_KID "header-no-kid" Warning "The header names no key ID" "PlayReady Header Specification 3.3.2" stops "windows? smooth", Change
        "The app has to ask for the licence by itself." WRITE;
    HEADER_NO_ALGID "header-no-algid" Warning "No cipher in the header" "PlayReady Header Specification 3.3.2" stops SOME, Change
        "Before 4.3 each key says its ALGID." WRITE;
    HEADER_ALGID "header-algid" Error "A cipher that is not known" "PlayReady Header Specification 3.3.2" stops READERS, Change
        "There are AESCTR, AESCBC and COCKTAIL." WRITE;
    HEADER_KEYLEN "header-keylen" Warning "A wrong KEYLEN" "PlayReady Header Specification 3.3.2" stops SOME, Change
        "It is 16 for AESCTR and 7 for COCKTAIL." WRITE;
    HEADER_DS_ID "header-ds-id" Warning "A DS_ID that is none" "PlayReady Header Specification 3.3.3" stops SOME, Change
        "It is 16 bytes in base64." WRITE;
    HEADER_LAURL "header-laurl" Warning "The licence URL in a wrong element" "PlayReady Header Specification 3.3.3" stops "windows? smooth?", Change
        "The element is LA_URL; clients pass over LAURL." WRITE;
    HEADER_TWICE "header-twice" Warning "An element twice" "PlayReady Header Specification 2.2, 3.3" stops SOME, Change
        "Clients differ in which they take." WRITE;
    HEADER_CASE "header-attribute-case" Warning "An attribute in the wrong case" "PlayReady Header Specification 3.4" stops SOME, Change
        "XML tells large letters from small ones." WRITE;
    HEADER_EMPTY "header-empty-element" Warning "An empty element" "PlayReady Header Specification 3.3" stops SOME, Change
        "Clients refuse it, or take it for an address." WRITE;
    HEADER_PLACE "header-wrong-place" Warning "An element in a wrong place" "PlayReady Header Specification 3.3 to 3.6" stops SOME, Change
        "Each version has its own place for key IDs." WRITE;
    HEADER_SELF_CLOSED "header-self-closed" Note "A self-closed element" "PlayReady Header Specification 3.2" stops "smooth?", Change
        "Old clients want an end tag." WRITE;
    HEADER_DECLARATION "header-declaration" Warning "An XML declaration" "PlayReady Header Specification 3.2" stops SOME, Change
        "The header begins with WRMHEADER." WRITE;
    HEADER_ORDER "header-attribute-order" Note "Attributes in another order" "PlayReady Header Specification 3.2" stops "smooth?", Change
        "Some clients look for xmlns first." WRITE;
    HEADER_AMPERSAND "header-bare-ampersand" Error "A bare ampersand" "PlayReady Header Specification 3.2; XML 1.0 2.4" stops READERS, Change
        "In XML it is written &amp;; clients stop at it." WRITE;
    HEADER_TRAILING "header-trailing" Warning "Text behind the header" "PlayReady Header Specification 3.2" stops SOME, Change
        "WRMHEADER is all of it." WRITE;
    HEADER_TOO_LONG "header-too-long" Warning "A header longer than Boxlock reads" "Boxlock's limits" stops SOME, Change
        "What is in it is not looked at." WRITE;
    HEADER_TOO_DEEP "header-too-deep" Warning "A header nested deeper than Boxlock reads" "Boxlock's limits" stops SOME, Change
        "What is in it is not looked at." WRITE;
    URL_MISSING "licence-url-missing" Warning "No licence URL" "PlayReady Header Specification 3.3.3" stops "windows? smooth? mse?", Change
        "Only an app or page that sets one itself gets a licence." WRITE;
    URL_BAD "bad-url" Error "A licence URL that cannot be" "PlayReady Header Specification 3.3.3" stops "windows smooth?", Change
        "Clients cannot ask there." WRITE;
    URL_HTTP "licence-url-http" Note "A licence URL without encryption" "PlayReady, licence acquisition" stops "mse?", Change
        "Pages by https may not ask there, and Windows apps may be forbidden to." WRITE;
    URL_LONG "licence-url-long" Warning "A long licence URL" "PlayReady Header Specification 3.3.3" stops SOME, Change
        "With more than 200 characters players have failed to send the request." WRITE;
    URL_KEY "licence-url-key" Warning "A key in the licence URL" "PlayReady, test server" stops "", Change
        "The URL stands in every copy of the file: whoever has it has the key." "Protect the file with another key, and give the server the key by another way.";
    CUSTOM "bad-custom-attributes" Warning "Custom attributes that are no XML" "PlayReady Header Specification 3.3.3" stops SOME, Change
        "Clients cannot read the header." WRITE;
}
