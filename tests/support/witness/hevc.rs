//! Where slice segment headers of H.265 end, read from ITU-T H.265 (clauses 7.3.2, 7.3.6) line by line and with no code of
//! the core.

use std::collections::BTreeMap;

use super::Res;
use super::boxes::Cursor;

/// Bits of a NAL unit without its emulation prevention bytes (clause 7.3.1.1).
struct Bits {
    bytes: Vec<u8>,
    /// How many bytes of the unit each of them ends.
    ends: Vec<usize>,
    at: usize,
}

impl Bits {
    /// Behind the two bytes of the NAL unit header.
    fn new(nal: &[u8]) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        // No header is longer than its entry points and its extension are.
        for (at, &byte) in nal.iter().enumerate().take(16_384) {
            if byte == 3 && at >= 2 && nal[at - 2..at] == [0, 0] {
                continue;
            }
            bytes.push(byte);
            ends.push(at + 1);
        }
        Self { bytes, ends, at: 16 }
    }

    fn u(&mut self, n: usize) -> Res<u64> {
        let mut value = 0;
        for _ in 0..n {
            let byte = self.bytes.get(self.at / 8).ok_or("a NAL unit ends too early")?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn flag(&mut self) -> Res<bool> {
        Ok(self.u(1)? == 1)
    }

    fn ue(&mut self) -> Res<usize> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros > 31 {
            return Err("a code of more than 32 bits".to_owned());
        }
        Ok((1_usize << zeros) - 1 + usize::try_from(self.u(zeros)?).unwrap())
    }

    fn se(&mut self) -> Res<i64> {
        let code = i64::try_from(self.ue()?).unwrap();
        Ok(if code % 2 == 1 { (code + 1) / 2 } else { -code / 2 })
    }

    /// Bytes of the unit up to the last bit read.
    fn len(&self) -> usize {
        self.ends[self.at.div_ceil(8) - 1]
    }
}

fn log2_up(n: usize) -> usize {
    (0..).find(|bits| 1_usize << bits >= n).unwrap()
}

/// Pictures of a reference picture set: distance and whether it is used, from far before to far behind.
type Pictures = Vec<(i64, bool)>;

struct Sps {
    separate: bool,
    chroma: bool,
    address_bits: usize,
    lsb_bits: usize,
    sao: bool,
    sets: Vec<Pictures>,
    long: Option<Vec<bool>>,
    mvp: bool,
}

struct Pps {
    sps: usize,
    flags: BTreeMap<&'static str, bool>,
    extra: usize,
    counts: [usize; 2],
}

/// Parameter sets by number, and the headers that go by them.
#[derive(Default)]
pub struct Sets {
    sps: BTreeMap<usize, Sps>,
    pps: BTreeMap<usize, Pps>,
}

/// How slice segment headers are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// As ITU-T H.265 says.
    #[default]
    Standard,
    /// Against clause 7.4.7.1, by which `slice_deblocking_filter_disabled_flag` is that of the picture parameter set where
    /// it is not present: as if it were 0.
    DeblockingOn,
}

fn scaling(b: &mut Bits) -> Res<()> {
    for (size, coefficients) in [16, 64, 64, 64].into_iter().enumerate() {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !b.flag()? {
                b.ue()?;
                continue;
            }
            if size >= 2 {
                b.se()?;
            }
            for _ in 0..coefficients {
                b.se()?;
            }
        }
    }
    Ok(())
}

/// `st_ref_pic_set( number )` of clause 7.3.7; `count` are in the sequence parameter set.
fn pictures(b: &mut Bits, number: usize, count: usize, known: &[Pictures]) -> Res<Pictures> {
    let mut found = Vec::new();
    if number > 0 && b.flag()? {
        let back = if number == count { b.ue()? + 1 } else { 1 };
        let reference = known.get(number.wrapping_sub(back)).ok_or("a set of no number")?;
        let sign = if b.flag()? { -1 } else { 1 };
        let moved = sign * (i64::try_from(b.ue()?).unwrap() + 1);
        // In the order of clause 7.4.8: those before, the nearest first; those behind, the nearest first; itself.
        let before = reference.iter().rev().filter(|(delta, _)| *delta < 0);
        let behind = reference.iter().filter(|(delta, _)| *delta > 0);
        for (delta, _) in before.chain(behind).chain(&[(0, true)]) {
            let used = b.flag()?;
            if (used || b.flag()?) && delta + moved != 0 {
                found.push((delta + moved, used));
            }
        }
    } else {
        let counts = [b.ue()?, b.ue()?];
        for (count, sign) in counts.into_iter().zip([-1, 1]) {
            let mut delta = 0;
            for _ in 0..count {
                delta += sign * (i64::try_from(b.ue()?).unwrap() + 1);
                found.push((delta, b.flag()?));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

impl Sets {
    /// Takes in the sets of a codec configuration (14496-15 clause 8.3.3.1).
    pub fn configure(&mut self, record: &[u8]) -> Res<()> {
        let mut c = Cursor::new(record, 0, record.len())?;
        c.take(22)?;
        for _ in 0..c.u8()? {
            c.u8()?;
            for _ in 0..c.u16()? {
                let len = usize::from(c.u16()?);
                self.update(c.take(len)?)?;
            }
        }
        Ok(())
    }

    /// Takes in a NAL unit, if it is a set.
    pub fn update(&mut self, nal: &[u8]) -> Res<()> {
        match nal.first().map(|first| first >> 1 & 63) {
            Some(33) => self.sequence(&mut Bits::new(nal)),
            Some(34) => self.picture(&mut Bits::new(nal)),
            _ => Ok(()),
        }
    }

    fn sequence(&mut self, b: &mut Bits) -> Res<()> {
        b.u(4)?;
        let layers = b.u(3)?;
        b.u(1 + 88 + 8)?;
        let layered = (0..layers).map(|_| Ok([b.flag()?, b.flag()?])).collect::<Res<Vec<_>>>()?;
        if layers > 0 {
            b.u(2 * (8 - usize::try_from(layers).unwrap()))?;
        }
        for [profile, level] in layered {
            b.u(88 * usize::from(profile))?;
            b.u(8 * usize::from(level))?;
        }
        let id = b.ue()?;
        let chroma = b.ue()?;
        let separate = chroma == 3 && b.flag()?;
        let size = [b.ue()?, b.ue()?];
        if b.flag()? {
            (0..4).try_for_each(|_| b.ue().map(drop))?;
        }
        b.ue()?;
        b.ue()?;
        let lsb_bits = b.ue()? + 4;
        for _ in 0..if b.flag()? { layers + 1 } else { 1 } {
            (0..3).try_for_each(|_| b.ue().map(drop))?;
        }
        let block = b.ue()? + 3 + b.ue()?;
        (0..4).try_for_each(|_| b.ue().map(drop))?;
        if b.flag()? && b.flag()? {
            scaling(b)?;
        }
        b.flag()?;
        let sao = b.flag()?;
        if b.flag()? {
            b.u(8)?;
            b.ue()?;
            b.ue()?;
            b.flag()?;
        }
        let count = b.ue()?;
        let mut sets = Vec::new();
        for number in 0..count {
            let next = pictures(b, number, count, &sets)?;
            sets.push(next);
        }
        let mut long = None;
        if b.flag()? {
            let listed = b.ue()?;
            let used = |b: &mut Bits| b.u(lsb_bits).and_then(|_| b.flag());
            long = Some((0..listed).map(|_| used(b)).collect::<Res<_>>()?);
        }
        let mvp = b.flag()?;
        let blocks: usize = size.iter().map(|side| side.div_ceil(1 << block)).product();
        let (chroma, address_bits) = (chroma > 0 && !separate, log2_up(blocks));
        self.sps.insert(id, Sps { separate, chroma, address_bits, lsb_bits, sao, sets, long, mvp });
        Ok(())
    }

    fn picture(&mut self, b: &mut Bits) -> Res<()> {
        let mut flags = BTreeMap::new();
        let id = b.ue()?;
        let sps = b.ue()?;
        flags.insert("dependent", b.flag()?);
        flags.insert("output", b.flag()?);
        let extra = usize::try_from(b.u(3)?).unwrap();
        b.flag()?;
        flags.insert("cabac_init", b.flag()?);
        let counts = [b.ue()? + 1, b.ue()? + 1];
        b.se()?;
        b.flag()?;
        let skip = b.flag()?;
        if b.flag()? {
            b.ue()?;
        }
        b.se()?;
        b.se()?;
        flags.insert("chroma_qp", b.flag()?);
        flags.insert("weighted_p", b.flag()?);
        flags.insert("weighted_b", b.flag()?);
        b.flag()?;
        let [tiles, rows] = [b.flag()?, b.flag()?];
        flags.insert("entries", tiles || rows);
        if tiles {
            let sides = b.ue()? + b.ue()?;
            if !b.flag()? {
                (0..sides).try_for_each(|_| b.ue().map(drop))?;
            }
            b.flag()?;
        }
        flags.insert("across", b.flag()?);
        if b.flag()? {
            flags.insert("override", b.flag()?);
            let off = b.flag()?;
            flags.insert("unfiltered", off);
            if !off {
                b.se()?;
                b.se()?;
            }
        }
        if b.flag()? {
            scaling(b)?;
        }
        flags.insert("modification", b.flag()?);
        b.ue()?;
        flags.insert("extension", b.flag()?);
        if b.flag()? && b.u(8)? & 0x80 != 0 {
            if skip {
                b.ue()?;
            }
            b.flag()?;
            flags.insert("chroma_list", b.flag()?);
        }
        self.pps.insert(id, Pps { sps, flags, extra, counts });
        Ok(())
    }

    /// Bytes of a slice segment to the end of its header.
    pub fn header(&self, nal: &[u8], reading: Reading) -> Res<usize> {
        let kind = nal[0] >> 1 & 63;
        let mut b = Bits::new(nal);
        let first = b.flag()?;
        if (16..24).contains(&kind) {
            b.flag()?;
        }
        let pps = self.pps.get(&b.ue()?).ok_or("a slice names no picture parameter set")?;
        let sps = self.sps.get(&pps.sps).ok_or("a slice names no sequence parameter set")?;
        let mut dependent = false;
        if !first {
            dependent = pps.is("dependent") && b.flag()?;
            b.u(sps.address_bits)?;
        }
        if !dependent {
            independent(&mut b, kind, sps, pps, reading)?;
        }
        if pps.is("entries") {
            let count = b.ue()?;
            if count > 0 {
                let bits = b.ue()? + 1;
                (0..count).try_for_each(|_| b.u(bits).map(drop))?;
            }
        }
        if pps.is("extension") {
            let len = b.ue()?;
            (0..len).try_for_each(|_| b.u(8).map(drop))?;
        }
        if !b.flag()? && reading == Reading::Standard {
            return Err("alignment_bit_equal_to_one is 0".to_owned());
        }
        while !b.at.is_multiple_of(8) {
            if b.flag()? && reading == Reading::Standard {
                return Err("alignment_bit_equal_to_zero is 1".to_owned());
            }
        }
        Ok(b.len())
    }
}

impl Pps {
    fn is(&self, flag: &str) -> bool {
        self.flags.get(flag).copied().unwrap_or(false)
    }
}

/// What a slice segment says that stands for itself.
fn independent(b: &mut Bits, kind: u8, sps: &Sps, pps: &Pps, reading: Reading) -> Res<()> {
    b.u(pps.extra)?;
    let slice = b.ue()?;
    let [is_b, is_i] = [slice == 0, slice == 2];
    b.u(usize::from(pps.is("output")) + 2 * usize::from(sps.separate))?;
    let (mut current, mut mvp) = (0, false);
    if !matches!(kind, 19 | 20) {
        b.u(sps.lsb_bits)?;
        let own;
        let set = if b.flag()? {
            let number = usize::try_from(b.u(log2_up(sps.sets.len()))?).unwrap();
            sps.sets.get(number).ok_or("a set of no number")?
        } else {
            own = pictures(b, sps.sets.len(), sps.sets.len(), &sps.sets)?;
            &own
        };
        current = set.iter().filter(|(_, used)| *used).count();
        if let Some(long) = &sps.long {
            let listed = if long.is_empty() { 0 } else { b.ue()? };
            let own = b.ue()?;
            for number in 0..listed + own {
                let used = if number < listed {
                    let index = usize::try_from(b.u(log2_up(long.len()))?).unwrap();
                    *long.get(index).ok_or("a picture of no number")?
                } else {
                    b.u(sps.lsb_bits)?;
                    b.flag()?
                };
                current += usize::from(used);
                if b.flag()? {
                    b.ue()?;
                }
            }
        }
        mvp = sps.mvp && b.flag()?;
    }
    let mut filtered = false;
    if sps.sao {
        filtered = b.flag()?;
        filtered |= sps.chroma && b.flag()?;
    }
    if !is_i {
        let mut counts = pps.counts;
        if b.flag()? {
            counts[0] = b.ue()? + 1;
            if is_b {
                counts[1] = b.ue()? + 1;
            }
        }
        let lists = if is_b { &counts[..] } else { &counts[..1] };
        if pps.is("modification") && current > 1 {
            for count in lists {
                if b.flag()? {
                    b.u(count * log2_up(current))?;
                }
            }
        }
        b.u(usize::from(is_b) + usize::from(pps.is("cabac_init")))?;
        if mvp {
            let list = usize::from(is_b && !b.flag()?);
            if counts[list] > 1 {
                b.ue()?;
            }
        }
        if pps.is(if is_b { "weighted_b" } else { "weighted_p" }) {
            weights(b, sps.chroma, lists)?;
        }
        b.ue()?;
    }
    b.se()?;
    if pps.is("chroma_qp") {
        b.se()?;
        b.se()?;
    }
    b.u(pps.is("chroma_list").into())?;
    let mut unfiltered = pps.is("unfiltered") && reading == Reading::Standard;
    if pps.is("override") && b.flag()? {
        unfiltered = b.flag()?;
        if !unfiltered {
            b.se()?;
            b.se()?;
        }
    }
    if pps.is("across") && (filtered || !unfiltered) {
        b.flag()?;
    }
    Ok(())
}

fn weights(b: &mut Bits, chroma: bool, lists: &[usize]) -> Res<()> {
    b.ue()?;
    if chroma {
        b.se()?;
    }
    for &count in lists {
        let luma = (0..count).map(|_| b.flag()).collect::<Res<Vec<_>>>()?;
        let colour = (0..count).map(|_| Ok(chroma && b.flag()?)).collect::<Res<Vec<_>>>()?;
        for (luma, colour) in luma.into_iter().zip(colour) {
            let values = if luma { 2 } else { 0 } + if colour { 4 } else { 0 };
            (0..values).try_for_each(|_| b.se().map(drop))?;
        }
    }
    Ok(())
}
