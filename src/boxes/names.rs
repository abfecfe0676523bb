//! Boxes known by name only: shown as what they are, carried through as they stand.

use crate::bytes::FourCc;

use super::header::{BoxId, four, user};

/// A box known by name.
#[derive(Clone, Copy)]
pub struct Named {
    /// Human name.
    pub name: &'static str,
    /// Specification clause or document.
    pub clause: &'static str,
}

/// Type, human name and clause or document, a line each; not those of sample entries. One text, as all lists of names
/// are: addresses and lengths of many small ones are what compresses worst of all that a visitor loads.
const NAMED: &str = "\
!mof|Compressed movie fragment|ISO/IEC 14496-12:2022 8.19
!mov|Compressed movie|ISO/IEC 14496-12:2022 8.19
!six|Compressed segment index|ISO/IEC 14496-12:2022 8.19
!ssx|Compressed subsegment index|ISO/IEC 14496-12:2022 8.19
cinf|Complete track information|ISO/IEC 14496-12:2022 8.17
dmix|Downmix instructions|ISO/IEC 14496-12:2022 12.2.5
fdel|File delivery item extension|ISO/IEC 14496-12:2022 8.13
imif|IPMP information|ISO/IEC 14496-12:2005 8.45.4
ipmc|IPMP control|ISO/IEC 14496-12:2005 8.45.5
fdsa|File delivery sample|ISO/IEC 14496-12:2022 9.3
fdpa|File delivery packet|ISO/IEC 14496-12:2022 9.3
extr|File delivery extra data|ISO/IEC 14496-12:2022 9.3
uuid|User extension|ISO/IEC 14496-12:2022 4.2.2
aedb|Audio element description|ISO/IEC 14496-12 amendments (mp4ra)
aelm|Audio element|ISO/IEC 14496-12 amendments (mp4ra)
aepp|Audio element positioning|ISO/IEC 14496-12 amendments (mp4ra)
aepr|Audio element prominence|ISO/IEC 14496-12 amendments (mp4ra)
aesb|Audio element selection|ISO/IEC 14496-12 amendments (mp4ra)
aesd|Audio element selection description|ISO/IEC 14496-12 amendments (mp4ra)
prsl|Preselection|ISO/IEC 14496-12 amendments (mp4ra)
rsot|Redundant sample original timing|ISO/IEC 14496-12 amendments (mp4ra)
ssrt|Sub-sample reference table|ISO/IEC 14496-12 amendments (mp4ra)
spki|Sample packing information|ISO/IEC 14496-12 amendments (mp4ra)
ctrn|Compact track run|written by GPAC
cdrf|Compact data reference|written by GPAC
extk|External track|written by GPAC
extl|External track location|written by GPAC
seig|Group encryption information|ISO/IEC 23001-7:2023 6
3dpr|Depth resolution (MVD)|ISO/IEC 14496-15:2022
3sib|Scalability SEI (MVD)|ISO/IEC 14496-15:2022
a3dC|3D-AVC configuration|ISO/IEC 14496-15:2022
apvC|APV configuration|ISO/IEC 14496-15:2022
dhec|Default HEVC extractor|ISO/IEC 14496-15:2022
ecam|Extrinsic camera parameters|ISO/IEC 14496-15:2022
icam|Intrinsic camera parameters|ISO/IEC 14496-15:2022
evsC|EVC slice component configuration|ISO/IEC 14496-15:2022
hvtC|HEVC tile configuration|ISO/IEC 14496-15:2022
iroi|Interactive region of interest|ISO/IEC 14496-15:2022
lvcC|LCEVC configuration|ISO/IEC 14496-15:2022
mstv|Multiview sub-track view|ISO/IEC 14496-15:2022
mvcg|Multiview group|ISO/IEC 14496-15:2022
mvdC|MVC depth configuration|ISO/IEC 14496-15:2022
mvra|Multiview relation attributes|ISO/IEC 14496-15:2022
qlif|Priority layer information (SVC)|ISO/IEC 14496-15:2022
seib|Scalability SEI (SVC)|ISO/IEC 14496-15:2022
sstl|Sub-track layers (SVC)|ISO/IEC 14496-15:2022
svdr|Dependency range (SVC)|ISO/IEC 14496-15:2022
svmC|SVC metadata sample configuration|ISO/IEC 14496-15:2022
swtc|Multiview group relation|ISO/IEC 14496-15:2022
tran|Transcoding information|ISO/IEC 14496-15:2022
vsib|View scalability SEI|ISO/IEC 14496-15:2022
vvcE|VVC enhancement layer configuration|ISO/IEC 14496-15:2022
vwdi|Multiview scene information|ISO/IEC 14496-15:2022
vwid|View identifier|ISO/IEC 14496-15:2022
tfma|Track fragment media adjustment|3GPP TS 26.244
coin|Content information|DECE Common File Format 2.2.5
avcn|AVC NAL unit storage|DECE Common File Format 2.2.2
wmpi|Watermark pattern information|DASH-IF watermarking
dsgd|Segment grouping data|DVB (mp4ra)
dstg|Segment group timing|DVB (mp4ra)
srmc|System renewability container|DVB (mp4ra)
srmb|System renewability message|DVB (mp4ra)
mdta|Metadata key|QuickTime File Format: Metadata item keys
Xtra|Windows Media tags|written by Windows Media tools
a1lx|AV1 layer sizes|AVIF 2.3.2.3
rref|Required references|ISO/IEC 23008-12:2022 6.5
oinf|Operating points information|ISO/IEC 23008-12:2022 6.5
tols|Target output layer set|ISO/IEC 23008-12:2022 6.5
md5i|MD5 checksum|ISO/IEC 23008-12 amendments (mp4ra)
mini|Minimized image|ISO/IEC 23008-12 amendments (mp4ra)
uinf|Media source information|DECE UltraViolet (mp4ra)
sbtd|Sample bitrate table|seen in QuickTime files
odkm|OMA key management|OMA DRM 2.1 DCF
ohdr|OMA common headers|OMA DRM 2.1 DCF
odaf|OMA access unit format|OMA DRM 2.1 DCF
odrm|OMA DRM container|OMA DRM 2.1 DCF
odhe|OMA discrete headers|OMA DRM 2.1 DCF
odda|OMA content object|OMA DRM 2.1 DCF
mdri|OMA mutable information|OMA DRM 2.1 DCF
odtt|OMA transaction tracking|OMA DRM 2.1 DCF
odrb|OMA rights object|OMA DRM 2.1 DCF
grpi|OMA group ID|OMA DRM 2.1 DCF
ccid|OMA content ID|OMA DRM 2.1 DCF
icnu|OMA icon URI|OMA DRM 2.1 DCF
infu|OMA information URL|OMA DRM 2.1 DCF
8id |Marlin content ID|Marlin Broadband
8bdl|Marlin bundle|Marlin Broadband
marl|Marlin scheme|Marlin Broadband
mkid|Marlin key ID map|Marlin Broadband
adkm|Adobe key management|Adobe F4V and HDS specification
ahdr|Adobe DRM header|Adobe F4V and HDS specification
aprm|Adobe DRM parameters|Adobe F4V and HDS specification
aeib|Adobe encryption information|Adobe F4V and HDS specification
akey|Adobe key information|Adobe F4V and HDS specification
flxs|Adobe DRM metadata|Adobe F4V and HDS specification
adaf|Adobe access unit format|Adobe F4V and HDS specification
abst|HDS bootstrap|Adobe F4V and HDS specification
asrt|HDS segment runs|Adobe F4V and HDS specification
afrt|HDS fragment runs|Adobe F4V and HDS specification
afra|HDS fragment random access|Adobe F4V and HDS specification
AMBA|Ambarella encoder settings|written by cameras
BCID|Broadcast ID|written by cameras
CAME|Camera identifier|written by cameras
FIRM|Firmware version|written by cameras
HMMT|Highlight marks|written by cameras
LENS|Lens identifier|written by cameras
MUID|Media identifier|written by cameras
SETT|Camera settings|written by cameras
GPMF|Telemetry|written by cameras
fdsc|File description|written by cameras
GUMI|Camera identifier (GoPro)|written by cameras
CNTH|Canon thumbnail|written by cameras
CNDA|Canon thumbnail data|written by cameras
CNCV|Canon codec version|written by cameras
CNFV|Canon firmware version|written by cameras
CNMN|Canon model|written by cameras
NCDT|Nikon data|written by cameras
NCTG|Nikon tags|written by cameras
MVTG|Fujifilm tags|written by cameras
TAGS|Camera tags|written by cameras
thmb|Thumbnail|written by cameras
frea|Kodak data|written by cameras
gps |Positions|written by cameras
gps0|Positions|written by cameras
inst|Insta360 data|written by cameras
THMB|Thumbnail|written by Canon cameras (CR3)
PRVW|Preview picture|written by Canon cameras (CR3)
CMT1|Picture metadata|written by Canon cameras (CR3)
CMT2|Exif metadata|written by Canon cameras (CR3)
CMT3|Maker notes|written by Canon cameras (CR3)
CMT4|Position|written by Canon cameras (CR3)
CCTP|Codec tracks|written by Canon cameras (CR3)
CTBO|Offsets of the parts|written by Canon cameras (CR3)
CMP1|Raw compression|written by Canon cameras (CR3)
CDI1|Raw image description|written by Canon cameras (CR3)
IAD1|Raw image area|written by Canon cameras (CR3)
SDLN|Samsung device line|written by phones
smrd|Samsung recording mode|written by phones
smta|Samsung metadata|written by phones
sefd|Samsung embedded data|written by phones
mdln|Samsung model name|written by phones
svss|Samsung saved streams|written by phones
beam|Chat video mark|written by phones
loop|Chat video loop mark|written by phones
axte|Auxiliary tracks extension|MP4-AT file format (Android)
lidp|Unidentified, seen in files|none published
lidl|Unidentified, seen in files|none published
ramf|Unidentified, seen in files|none published
PICT|Preview picture|QuickTime File Format
crgn|Clipping region|QuickTime File Format
clip|Clipping|QuickTime File Format
ctab|Colour table|QuickTime File Format
matt|Track matte|QuickTime File Format
kmat|Compressed matte|QuickTime File Format
imap|Track input map|QuickTime File Format
\0\0in|Track input|QuickTime File Format
\0\0ty|Track input type|QuickTime File Format
obid|Object ID|QuickTime File Format
rdrf|Data reference of a reference movie|QuickTime File Format
rmdr|Data rate of a reference movie|QuickTime File Format
rmcs|CPU speed for a reference movie|QuickTime File Format
rmvc|Version check of a reference movie|QuickTime File Format
rmcd|Component check of a reference movie|QuickTime File Format
rmqu|Quality of a reference movie|QuickTime File Format
WLOC|Window place|QuickTime File Format
LOOP|Looping style|QuickTime File Format
SelO|Play the selection only|QuickTime File Format
AllF|Play all frames|QuickTime File Format
ptv |Print to video|QuickTime File Format
clsf|Classification|3GPP TS 26.244 8
kywd|Keywords|3GPP TS 26.244 8
coll|Collection|3GPP TS 26.244 8
cvru|OMA cover URI|OMA DRM 2.1 DCF
lrcu|OMA lyrics URI|OMA DRM 2.1 DCF
dcfD|Marlin duration|Marlin Broadband
UITS|Unique identifier of a download|written by Universal Music (mp4ra)
gsst|Upload start time|written by Google
gstd|Upload duration|written by Google
";

const RAW: &str = "written by Canon cameras (CR3)";
const EZ_MOVIE: &str = "3GPP2 files of KDDI phones (EZmovie)";

const USER_TYPES: &[(u128, &str, &str)] = &[
    (0x6b68_40f2_5f24_4fc5_ba39_a51b_cf03_23f3, "iPod mark", "written by FFmpeg for iPods"),
    (0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48, "Canon metadata", RAW),
    (0xeaf4_2b5e_1c98_4b88_b9fb_b7dc_406e_4d16, "Canon preview", RAW),
    (0xd8fe_c3d6_1b0e_483c_9297_5828_877e_c481, "Content credentials (C2PA)", "C2PA 2.1 A.5"),
    (0x33c7_a4d2_b81d_4723_a0ba_f1a3_e097_ad38, "IPTC metadata", "IPTC-IIM in JPEG 2000"),
    (0xb14b_f8bd_083d_4b43_a5ae_8cd7_d5a6_ce03, "Geographic data", "GeoJP2"),
    (0x6370_6764_a88c_11d4_8197_0090_2708_7703, "EZmovie copy guard", EZ_MOVIE),
    (0x6370_7664_a88c_11d4_8197_0090_2708_7703, "EZmovie content provider", EZ_MOVIE),
    (0x6d76_6d6c_a88c_11d4_8197_0090_2708_7703, "EZmovie movie markup", EZ_MOVIE),
    (0x656e_6369_a88c_11d4_8197_0090_2708_7703, "EZmovie encoder information", EZ_MOVIE),
    (0x7072_6f70_a88c_11d4_8197_0090_2708_7703, "EZmovie properties", EZ_MOVIE),
    (0x5052_4f46_21d2_4fce_bb88_695c_fac9_c740, "PSP profile", "written for PlayStation Portable"),
    (0x5553_4d54_21d2_4fce_bb88_695c_fac9_c740, "PSP user data", "written for PlayStation Portable"),
    (0x261e_f374_1d97_5bba_acbd_9d2c_8ea7_3522, "GIMI content ID", "NGA.STND.0076"),
    (0x9db9_dd6e_373c_5a4e_8110_21fc_83a9_11fd, "GIMI content IDs of samples", "NGA.STND.0076"),
];

/// Every box known by name only, but for sample entries.
pub(super) fn all() -> impl Iterator<Item = (BoxId, Named)> {
    let named = NAMED.lines().filter_map(|line| {
        let (code, named) = line.split_at_checked(4)?;
        let (name, clause) = named.strip_prefix('|')?.split_once('|')?;
        Some((four(code.as_bytes().first_chunk()?), Named { name, clause }))
    });
    named.chain(USER_TYPES.iter().map(|&(value, name, clause)| (user(value), Named { name, clause })))
}

/// What a code is called in a list, each line of which is a code and its name; empty when it is not there.
pub fn name_in(list: &'static str, code: FourCc) -> &'static str {
    let code = code.text();
    list.lines().find_map(|line| line.strip_prefix(&code)).unwrap_or_default()
}
