//! A second, independent reader of boxes: what it finds is compared with what the core says, so it shares no code
//! with the core. It knows just enough to walk boxes and to find samples of sound files.

use std::collections::BTreeMap;

/// A box: four-character code (or `uuid:` and its first eight digits), file offset, header length, whole bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBox<'a> {
    pub name: String,
    pub start: usize,
    pub header: usize,
    pub bytes: &'a [u8],
}

pub fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub fn be64(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

impl<'a> RawBox<'a> {
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.header..]
    }

    /// Child boxes behind `skip` bytes of fields.
    pub fn children_after(&self, skip: usize) -> Vec<RawBox<'a>> {
        boxes(&self.body()[skip..], self.start + self.header + skip)
    }

    pub fn children(&self) -> Vec<RawBox<'a>> {
        self.children_after(0)
    }

    pub fn child(&self, name: &str) -> Option<RawBox<'a>> {
        self.children().into_iter().find(|child| child.name == name)
    }

    /// The box along a path of plain containers.
    pub fn at(&self, path: &str) -> RawBox<'a> {
        path.split('/').fold(self.clone(), |parent, name| {
            parent.child(name).unwrap_or_else(|| panic!("no {name} in {}", parent.name))
        })
    }

    pub fn flags(&self) -> u32 {
        be32(self.body(), 0) & 0xff_ffff
    }

    pub fn version(&self) -> u8 {
        self.body()[0]
    }

    pub fn end(&self) -> usize {
        self.start + self.bytes.len()
    }
}

/// The boxes one behind the other in `bytes`, which stand at file offset `base`; stops at fewer than eight bytes.
pub fn boxes(bytes: &[u8], base: usize) -> Vec<RawBox<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while bytes.len() - at >= 8 {
        let mut header = 8;
        let size = match be32(bytes, at) {
            0 => bytes.len() - at,
            1 => {
                header = 16;
                usize::try_from(be64(bytes, at + 8)).unwrap()
            }
            n => n as usize,
        };
        let mut name = String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned();
        if name == "uuid" {
            name = format!("uuid:{}", hex::encode(&bytes[at + header..at + header + 4]));
            header += 16;
        }
        assert!(size >= header && at + size <= bytes.len(), "{name} at {} has a bad size {size}", base + at);
        found.push(RawBox { name, start: base + at, header, bytes: &bytes[at..at + size] });
        at += size;
    }
    found
}

pub const PIFF_SENC: &str = "uuid:a2394f52";
pub const PIFF_TENC: &str = "uuid:8974dbce";
pub const PIFF_PSSH: &str = "uuid:d08a4f18";
/// What Boxlock says of the clear file.
pub const RECORD: &str = "uuid:b2badc1b";
/// The same of a part of a fragment.
pub const FRAGMENT_RECORD: &str = "uuid:c714495c";
pub const TFXD: &str = "uuid:6d1d9b05";

/// Where a sample stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub start: usize,
    pub len: usize,
}

/// The samples of one `traf`.
#[derive(Clone, Debug)]
pub struct RawTrack {
    pub id: u32,
    pub samples: Vec<Place>,
}

fn trex_sizes(file: &[RawBox<'_>]) -> BTreeMap<u32, u32> {
    let moov = file.iter().find(|b| b.name == "moov");
    let mvex = moov.and_then(|moov| moov.child("mvex"));
    let trex = mvex.iter().flat_map(RawBox::children).filter(|b| b.name == "trex").collect::<Vec<_>>();
    trex.iter().map(|b| (be32(b.body(), 4), be32(b.body(), 16))).collect()
}

/// The samples of each `traf` of a `moof`, read by the book (ISO/IEC 14496-12 8.8.7, 8.8.8).
pub fn traf_samples(moof: &RawBox<'_>, trex: &BTreeMap<u32, u32>) -> Vec<RawTrack> {
    let mut implicit = moof.start;
    let mut tracks = Vec::new();
    for traf in moof.children().iter().filter(|b| b.name == "traf") {
        let tfhd = traf.child("tfhd").expect("tfhd");
        let (body, flags) = (tfhd.body(), tfhd.flags());
        let id = be32(body, 4);
        let mut at = 8;
        let mut base = if flags & 0x2_0000 != 0 { moof.start } else { implicit };
        if flags & 1 != 0 {
            base = usize::try_from(be64(body, at)).unwrap();
            at += 8;
        }
        at += if flags & 2 != 0 { 4 } else { 0 } + if flags & 8 != 0 { 4 } else { 0 };
        let default_size =
            if flags & 0x10 != 0 { be32(body, at) } else { trex.get(&id).copied().unwrap_or(0) };
        // Shaka's own test file counts from the moof without the flag that says so, in each traf.
        let first_run = traf.child("trun").filter(|trun| flags & 0x2_0001 == 0 && trun.flags() & 1 != 0);
        if first_run.is_some_and(|trun| be32(trun.body(), 8) as usize >= moof.bytes.len()) {
            base = moof.start;
        }
        let mut samples = Vec::new();
        let mut end = base;
        for trun in traf.children().iter().filter(|b| b.name == "trun") {
            let (body, flags) = (trun.body(), trun.flags());
            let mut at = 8;
            if flags & 1 != 0 {
                end = base.checked_add_signed(be32(body, at) as i32 as isize).unwrap();
                at += 4;
            }
            at += if flags & 4 != 0 { 4 } else { 0 };
            for _ in 0..be32(body, 4) {
                at += if flags & 0x100 != 0 { 4 } else { 0 };
                let mut len = default_size as usize;
                if flags & 0x200 != 0 {
                    len = be32(body, at) as usize;
                    at += 4;
                }
                at += if flags & 0x400 != 0 { 4 } else { 0 } + if flags & 0x800 != 0 { 4 } else { 0 };
                samples.push(Place { start: end, len });
                end += len;
            }
            assert_eq!(at, body.len(), "trun at {} has its length", trun.start);
        }
        implicit = end;
        tracks.push(RawTrack { id, samples });
    }
    tracks
}

/// Every fragment's samples, in file order.
pub fn all_samples(file: &[u8]) -> Vec<Vec<RawTrack>> {
    let top = boxes(file, 0);
    let trex = trex_sizes(&top);
    top.iter().filter(|b| b.name == "moof").map(|moof| traf_samples(moof, &trex)).collect()
}

/// The samples of a file as they stand in it, track after track in each fragment.
pub fn samples(file: &[u8]) -> Vec<Vec<u8>> {
    let places = all_samples(file).into_iter().flatten().flat_map(|track| track.samples);
    places.map(|one| file[one.start..one.start + one.len].to_vec()).collect()
}

/// Checks every pointer of a file against what it points to: `tfra` and `mfro`, `sidx`, data offsets into `mdat`,
/// `saio` onto the first IV of `senc`.
pub fn check_pointers(file: &[u8]) {
    let top = boxes(file, 0);
    assert_eq!(top.last().expect("boxes").end(), file.len(), "boxes fill the file");
    let starts: Vec<usize> = top.iter().map(|b| b.start).collect();
    let moofs: Vec<usize> = top.iter().filter(|b| b.name == "moof").map(|b| b.start).collect();
    let mdats: Vec<_> = top.iter().filter(|b| b.name == "mdat").collect();
    for samples in all_samples(file).iter().flatten().flat_map(|track| &track.samples) {
        let inside = mdats.iter().any(|mdat| {
            samples.start >= mdat.start + mdat.header && samples.start + samples.len <= mdat.end()
        });
        assert!(inside || samples.len == 0, "{samples:?} is in no mdat");
    }
    for moof in top.iter().filter(|b| b.name == "moof") {
        for traf in moof.children().iter().filter(|b| b.name == "traf") {
            // Auxiliary information of other types is its owner's business.
            let own = traf.children().into_iter().find(|b| b.name == "saio" && b.flags() & 1 == 0);
            if let (Some(saio), Some(senc)) = (own, traf.child("senc")) {
                assert_eq!(be32(saio.body(), 4), 1, "one saio entry");
                let offset = match saio.version() {
                    0 => be32(saio.body(), 8) as usize,
                    _ => be64(saio.body(), 8) as usize,
                };
                assert_eq!(moof.start + offset, senc.start + 16, "saio points to the first IV");
            }
        }
    }
    for mfra in top.iter().filter(|b| b.name == "mfra") {
        for child in mfra.children() {
            let body = child.body();
            if child.name == "mfro" {
                assert_eq!(be32(body, 4) as usize, mfra.bytes.len(), "mfro says the size of mfra");
                assert_eq!(child.end(), mfra.end());
            }
            if child.name == "tfra" {
                let wide = if child.version() == 0 { 4 } else { 8 };
                let lengths = be32(body, 8);
                let numbers: usize = (0..3).map(|shift| ((lengths >> (2 * shift)) & 3) as usize + 1).sum();
                let count = be32(body, 12) as usize;
                assert_eq!(body.len(), 16 + count * (2 * wide + numbers), "tfra has its length");
                for entry in 0..count {
                    let at = 16 + entry * (2 * wide + numbers) + wide;
                    let offset = if wide == 4 { be32(body, at) as usize } else { be64(body, at) as usize };
                    assert!(
                        moofs.contains(&offset),
                        "tfra entry {entry} points to {offset}, no moof: {moofs:?}"
                    );
                }
            }
        }
    }
    for sidx in top.iter().filter(|b| b.name == "sidx") {
        let body = sidx.body();
        let (first, mut at) = match sidx.version() {
            0 => (be32(body, 16) as usize, 20),
            _ => (be64(body, 20) as usize, 28),
        };
        let mut target = sidx.end() + first;
        let count = u16::from_be_bytes([body[at + 2], body[at + 3]]);
        at += 4;
        for reference in 0..count {
            assert!(
                starts.contains(&target),
                "sidx reference {reference} points to {target}, no box: {starts:?}"
            );
            target += (be32(body, at) & 0x7fff_ffff) as usize;
            at += 12;
        }
        assert!(target == file.len() || starts.contains(&target), "sidx ends at {target}, no box");
    }
}

/// The samples of a file by track, found by this reader and not by the core.
pub fn by_track(file: &[u8]) -> BTreeMap<u32, Vec<Vec<u8>>> {
    let mut all = BTreeMap::new();
    for track in all_samples(file).into_iter().flatten() {
        let list: &mut Vec<Vec<u8>> = all.entry(track.id).or_default();
        list.extend(track.samples.iter().map(|place| file[place.start..place.start + place.len].to_vec()));
    }
    all
}
