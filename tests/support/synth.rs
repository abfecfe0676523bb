//! Files made up box by box, in every form the standard allows and writers use, with their samples known beforehand.

use boxlock::bytes::{FourCc, Writer};

use super::drive::Samples;

/// How a `traf` says what its data offsets count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// default-base-is-moof.
    Moof,
    /// No flag: the `moof` for the first `traf`, the end of the data before for later ones.
    Implicit,
    /// An absolute offset.
    Absolute,
}

/// Where the sizes (and durations) of samples stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    Each,
    Header,
    Extends,
}

/// One `traf`.
#[derive(Clone, Debug)]
pub struct Traf {
    /// Index of the track.
    pub track: usize,
    pub base: Base,
    pub sizes: Sizes,
    /// `trun` flags beyond data offset and sizes: 0x4, 0x100, 0x400, 0x800 in any mix.
    pub run_flags: u32,
    pub run_version: u8,
    /// Whether runs that go on where the last one ended leave their offset out.
    pub terse: bool,
    /// Samples of each run.
    pub runs: Vec<Vec<Vec<u8>>>,
    /// Bytes of nothing in `mdat` before each run.
    pub gap: usize,
    pub tfdt: Option<u64>,
    pub tfxd: Option<i64>,
    /// Boxes nobody knows, before and behind the runs.
    pub extras: bool,
}

/// One `moof` with its `mdat`.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Top-level boxes before it.
    pub before: Vec<Vec<u8>>,
    /// Top-level boxes between `moof` and `mdat`.
    pub between: Vec<Vec<u8>>,
    pub long_mdat: bool,
    pub trafs: Vec<Traf>,
    /// Whether a `sidx` for this fragment alone stands before it.
    pub own_index: bool,
    pub sequence: u32,
}

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Video,
    Sound,
    /// Never protected.
    Text,
}

/// A `tfra` for the first track and an `mfro`.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub version: u8,
    /// Bytes less one of the three numbers of an entry.
    pub widths: [u32; 3],
    pub mfro: bool,
}

/// A whole file.
#[derive(Clone, Debug)]
pub struct File {
    pub brand: Option<[u8; 4]>,
    pub tracks: Vec<Kind>,
    pub fragments: Vec<Fragment>,
    /// Version of one `sidx` for all fragments, in front.
    pub global_index: Option<u8>,
    pub access: Option<Access>,
    /// Bytes behind the last box.
    pub tail: usize,
}

pub fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.nested(FourCc(*kind), |w| w.bytes(body));
    w.into_bytes()
}

fn full(kind: &[u8; 4], version: u8, flags: u32, body: &[u8]) -> Vec<u8> {
    let head = u32::from(version) << 24 | flags;
    boxed(kind, &[&head.to_be_bytes(), body].concat())
}

pub fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).expect("hex")
}

/// Sizes that `trex` gives all samples of a track with [`Sizes::Extends`].
pub const EXTENDS_SIZE: u32 = 37;
/// Sizes that `tfhd` gives.
pub const HEADER_SIZE: u32 = 53;

/// `avcC` of a picture of one macroblock: SPS (profile 66, level 3.0, 16 by 16), PPS.
pub const AVCC: &str = "0142001e ff e1 0006 6742001eda79 01 0005 68ce388080";

/// An IDR slice with QP delta 0: the header ends one bit into byte 3 of the payload.
pub const IDR: [u8; 4] = [0x65, 0x88, 0x84, 0x80];
/// A P slice.
pub const NON_IDR: [u8; 4] = [0x41, 0x9a, 0x22, 0x80];

fn sample_entry(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Video => {
            let mut body = unhex(
                "000000000000 0001 0000 0000 000000000000000000000000 0010 0010 00480000 00480000 00000000 0001",
            );
            body.extend([0; 32]);
            body.extend(unhex("0018 ffff"));
            body.extend(boxed(b"avcC", &unhex(AVCC)));
            boxed(b"avc1", &body)
        }
        Kind::Sound => {
            let mut body = unhex("000000000000 0001 0000000000000000 0002 0010 0000 0000 ac440000");
            let esds = unhex("0319 000100 0411 40 15 000000 00000000 00000000 0502 1210 060102");
            body.extend(full(b"esds", 0, 0, &esds));
            boxed(b"mp4a", &body)
        }
        Kind::Text => boxed(b"stpp", &unhex("000000000000 0001 00 00 00")),
    }
}

const MATRIX: &str = "00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000";

fn trak(id: u32, kind: Kind) -> Vec<u8> {
    let id = id.to_be_bytes();
    let tkhd = [&[0; 8], &id[..], &[0; 24], &unhex(MATRIX), &[0; 8]].concat();
    let mdhd = unhex("00000000 00000000 000003e8 00000000 55c4 0000");
    let handler: &[u8; 4] = match kind {
        Kind::Video => b"vide",
        Kind::Sound => b"soun",
        Kind::Text => b"subt",
    };
    let hdlr = [&[0; 4], &handler[..], &[0; 12], b"name\0"].concat();
    let stsd = full(b"stsd", 0, 0, &[&[0, 0, 0, 1][..], &sample_entry(kind)].concat());
    let tables = [
        stsd,
        full(b"stts", 0, 0, &[0; 4]),
        full(b"stsc", 0, 0, &[0; 4]),
        full(b"stsz", 0, 0, &[0; 8]),
        full(b"stco", 0, 0, &[0; 4]),
    ];
    let header =
        if kind == Kind::Video { full(b"vmhd", 0, 1, &[0; 8]) } else { full(b"smhd", 0, 0, &[0; 4]) };
    let dref = full(b"dref", 0, 0, &[&[0, 0, 0, 1][..], &full(b"url ", 0, 1, &[])].concat());
    let minf = [header, boxed(b"dinf", &dref), boxed(b"stbl", &tables.concat())].concat();
    let mdia = [full(b"mdhd", 0, 0, &mdhd), full(b"hdlr", 0, 0, &hdlr), boxed(b"minf", &minf)].concat();
    boxed(b"trak", &[full(b"tkhd", 0, 7, &tkhd), boxed(b"zzzz", b"kept"), boxed(b"mdia", &mdia)].concat())
}

fn moov(tracks: &[Kind]) -> Vec<u8> {
    let mvhd = [
        &[0; 8],
        &unhex("000003e8 00000000 00010000 0100")[..],
        &[0; 10],
        &unhex(MATRIX),
        &[0; 24],
        &[0, 0, 0, 99],
    ];
    let mut body = full(b"mvhd", 0, 0, &mvhd.concat());
    let mut mvex = Vec::new();
    for (id, kind) in (1..).zip(tracks) {
        body.extend(trak(id, *kind));
        let trex = [id, 1, 20, EXTENDS_SIZE, 0].map(u32::to_be_bytes).concat();
        mvex.extend(full(b"trex", 0, 0, &trex));
    }
    body.extend(boxed(b"mvex", &mvex));
    body.extend(boxed(b"udta", &boxed(b"\xa9too", b"unknown inside")));
    boxed(b"moov", &body)
}

impl Traf {
    fn write(&self, base: Option<u64>, offsets: &[Option<i32>]) -> Vec<u8> {
        let mut flags = 0x20;
        let mut tfhd = u32::try_from(self.track + 1).unwrap().to_be_bytes().to_vec();
        if let Some(base) = base {
            flags |= 1;
            tfhd.extend(base.to_be_bytes());
        }
        flags |= if self.base == Base::Moof { 0x2_0000 } else { 0 };
        if self.sizes == Sizes::Header {
            flags |= 0x10;
            tfhd.extend(HEADER_SIZE.to_be_bytes());
        }
        tfhd.extend([1, 1, 0, 0]);
        let mut body = full(b"tfhd", 0, flags, &tfhd);
        if let Some(time) = self.tfdt {
            body.extend(full(b"tfdt", 1, 0, &time.to_be_bytes()));
        }
        if self.extras {
            body.extend(boxed(b"free", b"before the runs"));
        }
        for (run, offset) in self.runs.iter().zip(offsets) {
            let flags = self.run_flags
                | u32::from(offset.is_some())
                | if self.sizes == Sizes::Each { 0x200 } else { 0 };
            let mut trun = u32::try_from(run.len()).unwrap().to_be_bytes().to_vec();
            trun.extend(offset.iter().flat_map(|offset| offset.to_be_bytes()));
            if flags & 4 != 0 {
                trun.extend([2, 0, 0, 0]);
            }
            for (number, sample) in run.iter().enumerate() {
                let fields = [
                    (0x100, 20),
                    (0x200, u32::try_from(sample.len()).unwrap()),
                    (0x400, 0x0101_0000),
                    // Negative when read as signed.
                    (0x800, if number % 2 == 0 { 40 } else { u32::MAX - 19 }),
                ];
                for (flag, value) in fields {
                    if flags & flag != 0 {
                        trun.extend(u32::to_be_bytes(value));
                    }
                }
            }
            body.extend(full(b"trun", self.run_version, flags, &trun));
        }
        if self.extras {
            body.extend(full(b"sdtp", 0, 0, &vec![0x20; self.runs.iter().map(Vec::len).sum()]));
            body.extend(boxed(b"uuid", &[&[0xAB; 16][..], b"nobody knows"].concat()));
        }
        if let Some(time) = self.tfxd {
            let user = unhex("6d1d9b05 42d5 44e6 80e2 141daff757b2 01000000");
            body.extend(boxed(b"uuid", &[&user[..], &time.to_be_bytes(), &20_u64.to_be_bytes()].concat()));
        }
        boxed(b"traf", &body)
    }
}

impl Fragment {
    /// The fragment's `moof`, boxes between and `mdat`, when its `moof` stands at `start`.
    fn write(&self, start: u64) -> Vec<u8> {
        // Offsets do not change the length of a moof, so a first pass with any gives it.
        let draft = self.moof(start, None);
        let between: Vec<u8> = self.between.concat();
        let header = if self.long_mdat { 16 } else { 8 };
        let moof = self.moof(start, Some(draft.len() + between.len() + header));
        assert_eq!(moof.len(), draft.len());
        let mut data = Vec::new();
        for traf in &self.trafs {
            for run in &traf.runs {
                data.extend(vec![0xEE; traf.gap]);
                data.extend(run.concat());
            }
        }
        data.extend(vec![0xEE; 3]);
        let size = data.len() + header;
        let mut head = Vec::new();
        if self.long_mdat {
            head.extend(1_u32.to_be_bytes());
            head.extend(b"mdat");
            head.extend((size as u64).to_be_bytes());
        } else {
            head.extend(u32::try_from(size).unwrap().to_be_bytes());
            head.extend(b"mdat");
        }
        [moof, between, head, data].concat()
    }

    /// The `moof`, where media data begins `media` bytes behind its first byte.
    fn moof(&self, start: u64, media: Option<usize>) -> Vec<u8> {
        let mut body = full(b"mfhd", 0, 0, &self.sequence.to_be_bytes());
        let media = media.unwrap_or(1 << 20);
        let mut at = media;
        // End of the data of the traf before: what an implicit base counts from.
        let mut implicit = 0;
        for traf in &self.trafs {
            let base = match traf.base {
                Base::Moof => 0,
                Base::Implicit => implicit,
                // Somewhere sensible that is neither.
                Base::Absolute => at,
            };
            let mut offsets = Vec::new();
            let mut end = base;
            for run in &traf.runs {
                at += traf.gap;
                let offset = i64::try_from(at).unwrap() - i64::try_from(base).unwrap();
                let same = traf.terse && at == end;
                offsets.push((!same).then(|| i32::try_from(offset).unwrap()));
                at += run.iter().map(Vec::len).sum::<usize>();
                end = at;
            }
            implicit = end;
            let absolute = (traf.base == Base::Absolute).then_some(start + base as u64);
            body.extend(traf.write(absolute, &offsets));
        }
        boxed(b"moof", &body)
    }
}

fn sidx(version: u8, sizes: &[usize], first_offset: usize) -> Vec<u8> {
    let mut body = unhex("00000001 000003e8");
    for value in [0, first_offset as u64] {
        match version {
            0 => body.extend(u32::try_from(value).unwrap().to_be_bytes()),
            _ => body.extend(value.to_be_bytes()),
        }
    }
    body.extend((sizes.len() as u32).to_be_bytes());
    for size in sizes {
        body.extend([u32::try_from(*size).unwrap(), 1000, 0x9000_0000].map(u32::to_be_bytes).concat());
    }
    full(b"sidx", version, 0, &body)
}

impl File {
    /// The file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(brand) = self.brand {
            out.extend(boxed(b"ftyp", &[&brand[..], &[0, 0, 0, 1], b"iso6piff"].concat()));
        }
        out.extend(moov(&self.tracks));
        let index_at = out.len();
        if let Some(version) = self.global_index {
            out.extend(sidx(version, &vec![0; self.fragments.len()], 0));
        }
        let after_index = out.len();
        let mut points = Vec::new();
        let mut ends = Vec::new();
        for fragment in &self.fragments {
            out.extend(fragment.before.concat());
            if fragment.own_index {
                let here = out.len() + sidx(1, &[0], 0).len();
                out.extend(sidx(1, &[fragment.write(here as u64).len()], 0));
            }
            points.push(out.len());
            out.extend(fragment.write(out.len() as u64));
            ends.push(out.len());
        }
        if let Some(version) = self.global_index {
            let mut at = after_index;
            let sizes: Vec<usize> = ends.iter().map(|end| end - std::mem::replace(&mut at, *end)).collect();
            let made = sidx(version, &sizes, 0);
            out[index_at..after_index].copy_from_slice(&made);
        }
        if let Some(access) = self.access {
            out.extend(access.write(&points));
        }
        out.extend(vec![0; self.tail]);
        out
    }

    /// The samples, by track ID.
    pub fn samples(&self) -> Samples {
        let mut all = Samples::new();
        for traf in self.fragments.iter().flat_map(|fragment| &fragment.trafs) {
            let list = all.entry(u32::try_from(traf.track + 1).unwrap()).or_default();
            list.extend(traf.runs.iter().flatten().cloned());
        }
        all
    }
}

impl Access {
    fn write(&self, points: &[usize]) -> Vec<u8> {
        let [traf, trun, sample] = self.widths;
        let mut body = 1_u32.to_be_bytes().to_vec();
        body.extend((traf << 4 | trun << 2 | sample).to_be_bytes());
        body.extend((points.len() as u32).to_be_bytes());
        for (number, point) in points.iter().enumerate() {
            for value in [number * 1000, *point] {
                match self.version {
                    0 => body.extend(u32::try_from(value).unwrap().to_be_bytes()),
                    _ => body.extend((value as u64).to_be_bytes()),
                }
            }
            for width in self.widths {
                body.extend(vec![0; width as usize]);
                body.push(1);
            }
        }
        let mut mfra = full(b"tfra", self.version, 0, &body);
        if self.mfro {
            let size = u32::try_from(mfra.len() + 8 + 16).unwrap();
            mfra.extend(full(b"mfro", 0, 0, &size.to_be_bytes()));
        }
        boxed(b"mfra", &mfra)
    }
}

/// A small sound file: two fragments of three samples, an index behind.
pub fn small() -> File {
    let traf = |first: u8| Traf {
        track: 0,
        base: Base::Moof,
        sizes: Sizes::Each,
        run_flags: 0x100,
        run_version: 0,
        terse: true,
        runs: vec![(0..3).map(|n| vec![first + n; 40 + usize::from(n)]).collect()],
        gap: 0,
        tfdt: None,
        tfxd: None,
        extras: false,
    };
    let fragment = |sequence: u8| Fragment {
        before: Vec::new(),
        between: Vec::new(),
        long_mdat: false,
        trafs: vec![traf(10 * sequence)],
        own_index: false,
        sequence: u32::from(sequence),
    };
    File {
        brand: Some(*b"isml"),
        tracks: vec![Kind::Sound],
        fragments: vec![fragment(1), fragment(2)],
        global_index: None,
        access: Some(Access { version: 1, widths: [0; 3], mfro: true }),
        tail: 0,
    }
}
