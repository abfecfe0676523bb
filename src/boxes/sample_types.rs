//! Sample entry types that somebody registered (MP4RA's lists, the QuickTime File Format) or that well-known writers
//! use: the layout of their fields, and the name of the codec for a person. Knows nothing of profiles.

use crate::bytes::FourCc;

/// Which fields come first in a sample entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Those of pictures (ISO/IEC 14496-12:2022 12.1.3).
    Visual,
    /// Those of sound (ISO/IEC 14496-12:2022 12.2.3).
    Audio,
    /// Others, or none.
    Other,
}

/// Types whose samples may be encrypted (ISO/IEC 14496-12:2022 8.12.1; the last two are FairPlay's), or restricted
/// (8.15.1): the codec stands in `frma`.
pub const WRAPPED: [&[u8; 4]; 13] = [
    b"encv", b"enca", b"enct", b"encs", b"encm", b"encf", b"encu", b"encp", b"enc3", b"drms", b"drmi",
    b"resv", b"resa",
];

/// One a line: type, layout, name. A type that stands for two codecs has two lines.
const REGISTERED: &str = "\
avc1vH.264
avc2vH.264
avc3vH.264
avc4vH.264
avcp.H.264 parameter sets
svc1vH.264 SVC
svc2vH.264 SVC
mvc1vH.264 MVC
mvc2vH.264 MVC
mvc3vH.264 MVC
mvc4vH.264 MVC
mvd1vH.264 MVC with depth
mvd2vH.264 MVC with depth
mvd3vH.264 MVC with depth
mvd4vH.264 MVC with depth
a3d1v3D-AVC
a3d2v3D-AVC
a3d3v3D-AVC
a3d4v3D-AVC
AVdnvAvid DNxHD
AVdhvAvid DNxHR
AVinvAVC-Intra
ai12vAVC-Intra 100
ai13vAVC-Intra 100
ai15vAVC-Intra 100
ai52vAVC-Intra 50
ai55vAVC-Intra 50
hvc1vHEVC
hev1vHEVC
hvc2vHEVC
hev2vHEVC
hvc3vHEVC
hev3vHEVC
lhv1vLayered HEVC
lhe1vLayered HEVC
lht1vLayered HEVC tiles
hvt1vHEVC tiles
hvt2vHEVC slices
hvt3vHEVC tiles
dvh1vDolby Vision (HEVC)
dvhevDolby Vision (HEVC)
dva1vDolby Vision (H.264)
dvavvDolby Vision (H.264)
dav1vDolby Vision (AV1)
vvc1vVVC
vvi1vVVC
vvs1vVVC subpictures
vvcNvVVC without pictures
evc1vEVC
evs1vEVC slices
evs2vEVC slices
evm1.EVC metadata
lvc1vLCEVC
apv1vAPV
av01vAV1
vp06vVP6
VP6FvVP6
vp08vVP8
vp09vVP9
vp10vVP10
avs3vAVS3
avstvAVS2
cavsvAVS
mp4vvMPEG-4 Visual
3ivxv3ivx MPEG-4
3IV2v3ivx MPEG-4
DIVXvDivX MPEG-4
XVIDvXvid MPEG-4
FMP4vMPEG-4 Visual
DX50vDivX MPEG-4
DIV3vMicrosoft MPEG-4 version 3
mpegvMPEG video
mp1vvMPEG-1 video
m1v vMPEG-1 video
m2v1vMPEG-2 video
mp2vvMPEG-2 video
hdv1vHDV 720p30
hdv2vHDV 1080i60
hdv3vHDV 1080i50
hdv5vHDV 720p25
hdv6vHDV 1080p24
hdv7vHDV 1080p25
mx3nvMPEG-2 IMX 30 Mbit/s
mx3pvMPEG-2 IMX 30 Mbit/s
mx4nvMPEG-2 IMX 40 Mbit/s
mx4pvMPEG-2 IMX 40 Mbit/s
mx5nvMPEG-2 IMX 50 Mbit/s
mx5pvMPEG-2 IMX 50 Mbit/s
xd51vXDCAM HD422
xd54vXDCAM HD422
xd55vXDCAM HD422
xd59vXDCAM HD422
xd5avXDCAM HD422
xd5bvXDCAM HD422
xd5cvXDCAM HD422
xd5dvXDCAM HD422
xd5evXDCAM HD422
xd5fvXDCAM HD422
xdv1vXDCAM EX
xdv2vXDCAM HD
xdv3vXDCAM HD
xdv4vXDCAM EX
xdv6vXDCAM HD
xdv7vXDCAM HD
xdvavXDCAM EX
xdvbvXDCAM EX
xdvcvXDCAM EX
xdvdvXDCAM EX
xdvevXDCAM EX
xdvfvXDCAM EX
vc-1vVC-1
ovc1vVC-1
WVC1vVC-1
WMV3vWindows Media Video 9
s263vH.263
h263vH.263
H263vH.263
h261vH.261
dracvDirac
FFV1vFFV1
HFYUvHuffYUV
rv60vRealVideo 11
SVQ1vSorenson Video 1
SVQ3vSorenson Video 3
cvidvCinepak
civdvCinepak
rpzavApple Video
msvcvMicrosoft Video 1
rle vApple Animation
smc vApple Graphics
8BPSvApple Planar RGB
icodvApple Intermediate Codec
qdrwvQuickDraw
kpcdvKodak Photo CD
flicvAutodesk FLIC
gif vGIF
png vPNG
MNG vMNG
tga vTarga
tiffvTIFF
WRLEvWindows bitmap
PNTGvMacPaint
jpegvJPEG
mjpavMotion JPEG (format A)
mjpbvMotion JPEG (format B)
mjpgvMotion JPEG
dmb1vMotion JPEG
AVDJvAvid Motion JPEG
mjp2vMotion JPEG 2000
j2kivJPEG 2000
jxsmvJPEG XS
dvc vDV NTSC
dvcpvDV PAL
dvppvDVCPRO PAL
dv5nvDVCPRO50 NTSC
dv5pvDVCPRO50 PAL
dvh2vDVCPRO HD
dvh3vDVCPRO HD
dvh4vDVCPRO HD
dvh5vDVCPRO HD 1080i50
dvh6vDVCPRO HD 1080i60
dvhpvDVCPRO HD 720p60
dvhqvDVCPRO HD 720p50
apchvProRes 422 HQ
apcnvProRes 422
apcsvProRes 422 LT
apcovProRes 422 Proxy
ap4hvProRes 4444
ap4xvProRes 4444 XQ
aprnvProRes RAW
aprhvProRes RAW HQ
CFHDvCineForm HD
Hap1vHap
Hap5vHap Alpha
HapYvHap Q
HapMvHap Q Alpha
HapAvHap Alpha only
DXD3vResolume DXV
pxltvPixlet
M105vMatrox
Shr0vSheerVideo
Shr1vSheerVideo RGB
Shr2vSheerVideo 4:4:4
Shr3vSheerVideo 4:2:2
Shr4vSheerVideo 4:2:2
BW10vUncompressed 10 bits
DV10vDigital Voodoo 10 bits
DVOOvDigital Voodoo 8 bits
DVORvDigital Voodoo
DVTVvDigital Voodoo
DVVTvDigital Voodoo
HD10vDigital Voodoo 10 bits HD
raw vUncompressed RGB
uncvvUncompressed
2vuyvUncompressed 4:2:2, 8 bits
2VuyvUncompressed 4:2:2, 8 bits
yuv2vUncompressed 4:2:2, 8 bits
yuvsvUncompressed 4:2:2, 8 bits
UYVYvUncompressed 4:2:2, 8 bits
v210vUncompressed 4:2:2, 10 bits
v216vUncompressed 4:2:2, 16 bits
v308vUncompressed 4:4:4, 8 bits
v408vUncompressed 4:4:4:4, 8 bits
v410vUncompressed 4:4:4, 10 bits
yv12vUncompressed 4:2:0
b16gvUncompressed grey, 16 bits
b48rvUncompressed RGB, 16 bits
b64avUncompressed RGBA, 16 bits
r210vUncompressed RGB, 10 bits
R10kvUncompressed RGB, 10 bits
encvvEncrypted video
resvvRestricted video
icpvvIncomplete video
drmivFairPlay-protected video
mp4aaMPEG-4 audio
m4aeaMPEG-4 audio enhancement
ac-3aDolby Digital (AC-3)
sac3aDolby Digital (AC-3)
ec-3aDolby Digital Plus (E-AC-3)
ac-4aDolby AC-4
mlpaaDolby TrueHD
dtscaDTS
dtshaDTS-HD High Resolution
dtslaDTS-HD Master Audio
dtseaDTS Express
dts-aDTS base layer
dts+aDTS enhancement layer
dtsxaDTS:X
dtsyaDTS:X profile 3
OpusaOpus
fLaCaFLAC
alacaApple Lossless
apacaApple Positional Audio
iamfaIAMF
mha1aMPEG-H 3D Audio
mha2aMPEG-H 3D Audio
mhm1aMPEG-H 3D Audio
mhm2aMPEG-H 3D Audio
a3dsaAuro-Cx 3D audio
dra1aDRA
g719aG.719
g726aG.726
samraAMR narrowband
sawbaAMR wideband
sawpaAMR-WB+
sevsaEVS
sevcaEVRC
ssmvaSMV
sqcpaQCELP
QclpaPureVoice (QCELP)
agsmaGSM
vdvaaDV audio
dvcaaDV audio
QDM2aQDesign Music 2
QDMCaQDesign Music 1
ima4aIMA ADPCM 4:1
dvi aDVI ADPCM 4:1
MAC3aMACE 3:1
MAC6aMACE 6:1
.mp1aMPEG-1 audio layer 1
.mp2aMPEG-1 audio layer 2
.mp3aMP3
OggSaVorbis
vrbsaVorbis
wma aWindows Media Audio
owmaaWindows Media Audio
ulawaG.711 µ-law
alawaG.711 A-law
ipcmaPCM
fpcmaPCM, floating point
lpcmaPCM
twosaPCM
sowtaPCM
in24aPCM
in32aPCM
fl32aPCM, floating point
fl64aPCM, floating point
NONEaPCM
raw aPCM
encaaEncrypted audio
resaaRestricted audio
icpaaIncomplete audio
drmsaFairPlay-protected audio
stpp.TTML subtitles
dfxp.TTML subtitles
wvtt.WebVTT subtitles
sbtt.Text subtitles
stxt.Simple text
tx3g.3GPP timed text
text.QuickTime text
c608.CEA-608 captions
c708.CEA-708 captions
STGS.Graphics subtitles (HMMP)
sbtl.Subtitles
enct.Encrypted text
encu.Encrypted subtitles
encs.Encrypted subtitles or systems
encf.Encrypted font
encp.Encrypted haptics
enc3.Encrypted volumetric video
encm.Encrypted metadata
mp4s.MPEG-4 systems
mebx.Timed metadata
mett.Text metadata
metx.XML metadata
urim.Metadata of a URI
evte.Event messages
emib.Embedded event messages
tmcd.Time code
tc64.Time code
camm.Camera motion
gpmd.GoPro telemetry
fdsc.GoPro file description
rtmd.Sony real-time metadata
cndm.Canon dynamic metadata
svcM.SVC metadata
unid.Dynamic range control metadata
3glo.Location
3gor.Orientation
3gvo.Video orientation
2dcc.Coordinates
6vpt.Dynamic viewport
invo.Initial viewing orientation
invp.Initial viewpoint
rcvp.Recommended viewport
rvp2.Recommended viewport
dyol.Overlay metadata
dyvp.Viewpoint metadata
dyvm.Spatial region metadata
ocpc.Viewpoint correspondence
stmd.Projection region metadata
ttsl.Sphere location of text
vrsp.Viewing space
ixse.DVB track index
mlix.DVB movie index
oksd.OMA keys
v3c1.Volumetric video (V3C)
v3cg.Volumetric video (V3C)
v3cb.Volumetric video (V3C)
v3e1.Volumetric video (V3C)
v3eg.Volumetric video (V3C)
v3a1.Volumetric video (V3C)
v3ag.Volumetric video (V3C)
v3t1.Volumetric video (V3C)
resm.Restricted metadata
it35.ITU-T T.35 metadata
rtp .RTP hints
srtp.SRTP hints
rrtp.RTP reception hints
rsrp.SRTP reception hints
prtp.Protected RTP reception hints
rtcp.RTCP reception hints
stcp.SRTCP reception hints
fdp .File delivery hints
rm2t.MPEG-2 TS reception hints
sm2t.MPEG-2 TS server hints
pm2t.Protected MPEG-2 TS hints
m2ts.MPEG-2 TS hints
";

/// What is known of the type `code`. Where it stands for two codecs, `layout` says which, and the first is taken when
/// neither has it.
pub fn registered(code: FourCc, layout: Layout) -> Option<(Layout, &'static str)> {
    let mut first = None;
    for line in REGISTERED.lines() {
        let Some((head, name)) = line.split_at_checked(5) else { continue };
        let Some(kind) = head.as_bytes().strip_prefix(&code.0) else { continue };
        let found = match kind {
            b"v" => Layout::Visual,
            b"a" => Layout::Audio,
            _ => Layout::Other,
        };
        if found == layout {
            return Some((found, name));
        }
        first.get_or_insert((found, name));
    }
    first
}

/// Every registered type, for tests that hold for all.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    REGISTERED.lines().filter_map(|line| line.split_at_checked(4))
}
