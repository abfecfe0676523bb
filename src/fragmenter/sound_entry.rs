//! Sound descriptions of QuickTime as audio sample entries of MP4 (ISO/IEC 14496-12:2022 12.2.3): without the fields that its
//! versions 1 and 2 add, with the codec's own boxes where MP4 has them, PCM by ISO/IEC 23003-5:2020. What MP4 cannot say
//! exactly stays as it is.

use crate::boxes::audio::{ChannelLayout, PcmConfiguration};
use crate::boxes::descriptor::{DECODER_CONFIG, Descriptor, ES, ElementaryStreamDescriptor, SL_CONFIG};
use crate::boxes::header::four;
use crate::boxes::registry::has_body;
use crate::boxes::sample_entry::{AudioSampleEntry, QuickTimeV1, rounded};
use crate::boxes::types::UFixed16;
use crate::boxes::wire::Bytes;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::{Reader, Result, Writer};

/// Boxes of `wave` that say nothing to a decoder that knows the entry's type.
const OWN: [&[u8; 4]; 4] = [b"frma", b"enda", b"mp4a", &[0; 4]];

/// Types whose samples a decoder reads without the fields of QuickTime's versions.
const PLAIN: [&[u8; 4]; 14] = [
    b"mp4a", b".mp3", b"ac-3", b"ec-3", b"ac-4", b"alac", b"Opus", b"fLaC", b"dtsc", b"sowt", b"twos",
    b"ulaw", b"alaw", b"samr",
];

/// Changes the sound entries of a track of a QuickTime movie; `timescale` is that of its media.
pub fn to_mp4(tree: &Tree<'_>, stsd: &Node, timescale: u32, edits: &mut Edits) -> Result<()> {
    let mut entries = stsd.children.iter().filter(|entry| has_body::<AudioSampleEntry>(entry.id()));
    entries.try_for_each(|entry| change(tree, entry, timescale, edits))
}

fn change(tree: &Tree<'_>, entry: &Node, timescale: u32, edits: &mut Edits) -> Result<()> {
    let mut fields: AudioSampleEntry = tree.read(entry)?;
    let wave = entry.child(b"wave");
    let codec: Vec<&Node> = wave
        .iter()
        .flat_map(|wave| &wave.children)
        .filter(|child| !OWN.iter().any(|code| child.id().is(code)))
        .collect();
    let is_quicktime = fields.entry_version == 2 || fields.quicktime_v1.0.is_some();
    let format = entry.id().four_cc().0;
    let rate = match fields.entry_version {
        2 => rounded(fields.quicktime_v2.audio_sample_rate),
        _ => fields.samplerate.0 >> 16,
    };
    let short = u16::try_from(rate).ok();
    // Where the entry has no room for the rate of PCM, the timescale has to say it. There is a box for that (12.2.3), but only
    // in entries that most readers take for QuickTime's version 1.
    let pcm = Pcm::of(tree, entry, &fields).filter(|_| short.is_some() || timescale == rate);
    let is_mp3 = format == *b".mp3" && codec.is_empty();
    if pcm.is_none() && !is_mp3 && codec.is_empty() && !(is_quicktime && PLAIN.contains(&&format)) {
        return Ok(());
    }
    if fields.entry_version == 2 {
        fields.channelcount = u16::try_from(fields.quicktime_v2.num_audio_channels).unwrap_or(0);
        fields.samplerate = UFixed16(short.map_or(0, |rate| u32::from(rate) << 16));
    }
    (fields.entry_version, fields.reserved_2, fields.quicktime_v1) = (0, [0; 6], QuickTimeV1(None));
    fields.pre_defined = 0;
    // Eight bits of PCM are known by this field alone.
    if pcm.is_some() || !codec.is_empty() || fields.samplesize != 8 {
        fields.samplesize = 16;
    }
    wave.into_iter().for_each(|wave| edits.remove(wave));
    let chan = entry.child(b"chan");
    if let Some(pcm) = pcm {
        edits.rename(entry, four(if pcm.is_float { b"fpcm" } else { b"ipcm" }));
        edits.append(entry, &pcm.configuration().to_box(0));
        if let Some(chan) = chan
            && let Some(positions) = positions(tree.body(chan), fields.channelcount)
        {
            edits.remove(chan);
            if !matches!(positions.as_slice(), [CENTRE] | [LEFT, RIGHT]) {
                edits.append(entry, &layout(&positions));
            }
        }
    } else {
        // The bitstream says its channels, where there is one.
        if !matches!(&format, b"sowt" | b"twos" | b"ulaw" | b"alaw") {
            chan.into_iter().for_each(|chan| edits.remove(chan));
        }
        for child in codec {
            edits.append(entry, tree.slice(child.start, child.end()));
        }
        if is_mp3 {
            edits.rename(entry, four(b"mp4a"));
            edits.append(entry, &mp3(rate));
        }
    }
    let mut w = Writer::new();
    fields.write_body(&mut w, 0);
    edits.set_fields(entry, w.into_bytes());
    Ok(())
}

/// PCM that ISO/IEC 23003-5 has.
struct Pcm {
    is_float: bool,
    bits: u8,
    is_little: bool,
}

impl Pcm {
    fn of(tree: &Tree<'_>, entry: &Node, fields: &AudioSampleEntry) -> Option<Self> {
        let enda = entry.descend(&[b"wave", b"enda"]);
        let turned = enda.is_some_and(|enda| tree.body(enda).u16("little_endian").is_ok_and(|is| is == 1));
        let (is_float, bits, is_little) = match (&entry.id().four_cc().0, fields.entry_version) {
            (b"sowt", 0 | 1) if fields.samplesize == 16 => (false, 16, true),
            (b"twos", 0 | 1) if fields.samplesize == 16 => (false, 16, false),
            (b"in24", 0 | 1) => (false, 24, turned),
            (b"in32", 0 | 1) => (false, 32, turned),
            (b"fl32", 0 | 1) => (true, 32, turned),
            (b"fl64", 0 | 1) => (true, 64, turned),
            (b"lpcm", 2) => Self::described(fields)?,
            _ => return None,
        };
        // QuickTime's version 1 has bytes a frame of all channels behind samples and bytes a packet, and 0 where not known.
        if let Some([.., a, b, c, d, _, _, _, _]) = fields.quicktime_v1.0 {
            let bytes = u32::from_be_bytes([a, b, c, d]);
            if bytes != 0 && bytes != u32::from(fields.channelcount) * u32::from(bits) / 8 {
                return None;
            }
        }
        (fields.channelcount > 0).then_some(Self { is_float, bits, is_little })
    }

    /// By the flags of QuickTime's version 2 (QuickTime File Format: Sound sample description version 2).
    fn described(fields: &AudioSampleEntry) -> Option<(bool, u8, bool)> {
        const FLOAT: u32 = 1;
        const BIG_ENDIAN: u32 = 2;
        const SIGNED: u32 = 4;
        const NON_INTERLEAVED: u32 = 32;
        let v2 = &fields.quicktime_v2;
        let flags = v2.format_specific_flags;
        let is_float = flags & FLOAT != 0;
        let bits = u8::try_from(v2.const_bits_per_channel).ok()?;
        let known = if is_float { matches!(bits, 32 | 64) } else { matches!(bits, 16 | 24 | 32) };
        // Bytes a packet are those of a frame, or samples are padded.
        let packed = v2.num_audio_channels.checked_mul(u32::from(bits) / 8)
            == Some(v2.const_bytes_per_audio_packet)
            && v2.const_lpcm_frames_per_audio_packet == 1;
        let fits = known && packed && (is_float || flags & SIGNED != 0) && flags & NON_INTERLEAVED == 0;
        fits.then_some((is_float, bits, flags & BIG_ENDIAN == 0))
    }

    fn configuration(&self) -> PcmConfiguration {
        PcmConfiguration {
            format_flags: u8::from(self.is_little),
            pcm_sample_size: self.bits,
            ..PcmConfiguration::default()
        }
    }
}

const LEFT: u8 = 0;
const RIGHT: u8 = 1;
const CENTRE: u8 = 2;

/// Loudspeakers of ISO/IEC 23091-3 table 1 by the bits of QuickTime's channel bitmap: L R C LFE Ls Rs Lc Rc Cs Lsd Rsd.
const OF_BITS: [u8; 11] = [LEFT, RIGHT, CENTRE, 3, 4, 5, 6, 7, 10, 11, 12];

/// The loudspeakers of a track in channel order; none where they cannot be said for sure.
fn positions(mut chan: Reader<'_>, channels: u16) -> Option<Vec<u8>> {
    const BITMAP: u32 = 1 << 16;
    chan.u32("version and flags").ok()?;
    let tag = chan.u32("channel_layout_tag").ok()?;
    let bitmap = chan.u32("channel_bitmap").ok()?;
    let positions: Vec<u8> = match (tag, tag >> 16) {
        (BITMAP, _) => {
            let set = |bit: &u32| bitmap >> bit & 1 == 1;
            let of_bit = |bit: u32| OF_BITS.get(usize::try_from(bit).ok()?).copied();
            (0..u32::BITS).filter(set).map(of_bit).collect::<Option<_>>()?
        }
        (_, 100) => vec![CENTRE],
        (_, 101) => vec![LEFT, RIGHT],
        // MPEG 5.1 in the orders A to D.
        (_, 121) => vec![LEFT, RIGHT, CENTRE, 3, 4, 5],
        (_, 122) => vec![LEFT, RIGHT, 4, 5, CENTRE, 3],
        (_, 123) => vec![LEFT, CENTRE, RIGHT, 4, 5, 3],
        (_, 124) => vec![CENTRE, LEFT, RIGHT, 4, 5, 3],
        _ => return None,
    };
    (positions.len() == usize::from(channels)).then_some(positions)
}

/// `chnl`: channels, in a layout that is not one of those with a number.
fn layout(positions: &[u8]) -> Vec<u8> {
    let layout = Bytes([&[1, 0], positions].concat());
    ChannelLayout { layout, ..ChannelLayout::default() }.to_box(0)
}

/// `esds` of MP3: of MPEG-1 by its rates, else of MPEG-2 (ISO/IEC 14496-1:2010 table 5). Buffer and bitrates are not known.
fn mp3(rate: u32) -> Vec<u8> {
    const AUDIO_STREAM: u8 = 5 << 2 | 1;
    let object_type = if rate >= 32_000 { 0x6b } else { 0x69 };
    let decoder = [&[object_type, AUDIO_STREAM][..], &[0; 11]].concat();
    // SLConfigDescriptor 2: as MP4 files have it.
    let inner = vec![
        Descriptor::new(DECODER_CONFIG, decoder, Vec::new()),
        Descriptor::new(SL_CONFIG, vec![2], Vec::new()),
    ];
    let descriptor = Descriptor::new(ES, vec![0; 3], inner);
    ElementaryStreamDescriptor { descriptor, ..ElementaryStreamDescriptor::default() }.to_box(0)
}
