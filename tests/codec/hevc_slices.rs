//! Slice segment headers of every syntax branch (ITU-T H.265 clause 7.3.6), written by a small writer of the same clause: what
//! encoders at hand never make (tiles, dependent slices, long-term pictures, modified lists, separate planes, extensions).

use boxlock::track::codec::h265::{ParameterSets, Pps, SliceHeader, Sps};
use proptest::prelude::*;

use super::slices::Bits;

/// Decisions, one after the other; they begin anew when there are no more.
#[derive(Clone, Debug)]
struct Dice(Vec<u32>, usize);

impl Dice {
    fn below(&mut self, count: u32) -> u32 {
        self.1 += 1;
        self.0[self.1 % self.0.len()] % count
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }
}

fn dice() -> impl Strategy<Value = Dice> {
    prop::collection::vec(any::<u32>(), 40..400).prop_map(|numbers| Dice(numbers, 0))
}

/// A flag, written and given back.
fn flag(b: &mut Bits, d: &mut Dice) -> bool {
    let flag = d.flag();
    b.u(1, flag.into());
    flag
}

/// A number below `count`, likewise.
fn number(b: &mut Bits, d: &mut Dice, count: u32) -> u32 {
    let number = d.below(count);
    b.ue(number);
    number
}

fn signed(b: &mut Bits, d: &mut Dice) {
    b.se(i32::try_from(d.below(40)).unwrap() - 20);
}

/// Pictures of a set: distance, used.
type Pictures = Vec<(i32, bool)>;

struct Stream {
    sps_id: u32,
    separate: bool,
    chroma: u32,
    address_bits: u32,
    lsb_bits: u32,
    sao: bool,
    sets: Vec<Pictures>,
    long: Option<Vec<bool>>,
    mvp: bool,
    pps_id: u32,
    dependent: bool,
    output: bool,
    extra: u32,
    cabac_init: bool,
    refs: [u32; 2],
    chroma_qp: bool,
    weighted: [bool; 2],
    entries: bool,
    across: bool,
    deblocking: [bool; 2],
    modification: bool,
    extension: bool,
    chroma_list: bool,
}

fn bits_below(count: u32) -> u32 {
    (0..).find(|bits| 1_u64 << bits >= u64::from(count)).unwrap()
}

/// `scaling_list_data( )`, clause 7.3.4.
fn scaling(b: &mut Bits, d: &mut Dice) {
    for size in 0..4 {
        for _ in (0..6).step_by(if size == 3 { 3 } else { 1 }) {
            if flag(b, d) {
                (0..usize::from(size > 1)).for_each(|_| b.se(-7));
                (0..64.min(1 << (4 + 2 * size))).for_each(|n| b.se(n % 3 - 1));
            } else {
                b.ue(1);
            }
        }
    }
}

/// `st_ref_pic_set( )`, clause 7.3.7, and the set that follows from it by clause 7.4.8.
fn ref_pic_set(b: &mut Bits, d: &mut Dice, index: usize, count: usize, known: &[Pictures]) -> Pictures {
    let mut set = Pictures::new();
    // A set made of another may have one more.
    let shortest = known.iter().all(|set| set.len() < 15);
    let predicted = index > 0 && d.flag() && shortest;
    if index > 0 {
        b.u(1, predicted.into());
    }
    if predicted {
        let mut back = 1;
        if index == count {
            back += number(b, d, u32::try_from(index).unwrap()) as usize;
        }
        let reference = &known[index - back];
        let negative = flag(b, d);
        let distance = i32::try_from(number(b, d, 9)).unwrap() + 1;
        let moved = if negative { -distance } else { distance };
        let listed: Vec<i32> = reference.iter().map(|(delta, _)| *delta).chain([0]).collect();
        let mut kept = Vec::new();
        for delta in listed {
            let used = flag(b, d);
            if used || flag(b, d) {
                kept.push((delta + moved, used));
            }
        }
        let mut before: Pictures = kept.iter().filter(|(delta, _)| *delta < 0).copied().collect();
        let mut after: Pictures = kept.iter().filter(|(delta, _)| *delta > 0).copied().collect();
        before.sort_by_key(|(delta, _)| -delta);
        after.sort_by_key(|(delta, _)| *delta);
        set.extend(before.iter().chain(&after));
    } else {
        let counts = [number(b, d, 5), number(b, d, 5)];
        for (count, sign) in counts.into_iter().zip([-1, 1]) {
            let mut delta = 0;
            for _ in 0..count {
                delta += sign * (i32::try_from(number(b, d, 70)).unwrap() + 1);
                set.push((delta, flag(b, d)));
            }
        }
    }
    set
}

impl Stream {
    /// Decides, and writes both sets.
    fn new(d: &mut Dice) -> (Self, [Vec<u8>; 2]) {
        let mut b = Bits::default();
        b.u(8, 1);
        b.u(4, 0);
        let layers = d.below(7);
        b.u(3, layers);
        b.u(1, 1);
        // Main, and then whatever.
        b.u(8, 1);
        (0..11).for_each(|_| b.u(8, d.below(256)));
        let layered: Vec<_> = (0..layers).map(|_| (flag(&mut b, d), flag(&mut b, d))).collect();
        (layers..8).filter(|_| layers > 0).for_each(|_| b.u(2, 0));
        for (profile, level) in layered {
            (0..if profile { 11 } else { 0 } + u32::from(level)).for_each(|_| b.u(8, 0));
        }
        let sps_id = number(&mut b, d, 16);
        let chroma = number(&mut b, d, 4);
        let separate = chroma == 3 && flag(&mut b, d);
        let size = [1 + d.below(8000), 1 + d.below(5000)];
        size.iter().for_each(|side| b.ue(*side));
        if flag(&mut b, d) {
            (0..4).for_each(|n| b.ue(n));
        }
        b.ue(2);
        b.ue(2);
        let lsb_bits = 4 + number(&mut b, d, 13);
        let all = flag(&mut b, d);
        (0..if all { layers + 1 } else { 1 } * 3).for_each(|n| b.ue(n));
        let block = 3 + number(&mut b, d, 2) + number(&mut b, d, 3);
        (0..4).for_each(|n| b.ue(n));
        if flag(&mut b, d) && flag(&mut b, d) {
            scaling(&mut b, d);
        }
        b.u(1, 1);
        let sao = flag(&mut b, d);
        if flag(&mut b, d) {
            b.u(8, 0x77);
            b.ue(0);
            b.ue(2);
            b.u(1, 1);
        }
        let count = number(&mut b, d, 10) as usize;
        let mut sets = Vec::new();
        for index in 0..count {
            let set = ref_pic_set(&mut b, d, index, count, &sets);
            sets.push(set);
        }
        let mut long = None;
        if flag(&mut b, d) {
            let listed = number(&mut b, d, 5);
            let used = |_| {
                b.u(lsb_bits, 1);
                flag(&mut b, d)
            };
            long = Some((0..listed).map(used).collect());
        }
        let mvp = flag(&mut b, d);
        b.u(3, 1);
        let sps = b.nal(0x42);
        let blocks = size.iter().map(|side| side.div_ceil(1 << block)).product();

        let mut b = Bits::default();
        b.u(8, 1);
        let pps_id = number(&mut b, d, 64);
        b.ue(sps_id);
        let dependent = flag(&mut b, d);
        let output = flag(&mut b, d);
        let extra = d.below(8);
        b.u(3, extra);
        b.u(1, 1);
        let cabac_init = flag(&mut b, d);
        let refs = [1 + number(&mut b, d, 15), 1 + number(&mut b, d, 15)];
        signed(&mut b, d);
        b.u(1, 0);
        let skip = flag(&mut b, d);
        if flag(&mut b, d) {
            b.ue(1);
        }
        signed(&mut b, d);
        signed(&mut b, d);
        let chroma_qp = flag(&mut b, d);
        let weighted = [flag(&mut b, d), flag(&mut b, d)];
        b.u(1, 0);
        let [tiles, rows] = [flag(&mut b, d), flag(&mut b, d)];
        if tiles {
            let sides = number(&mut b, d, 6) + number(&mut b, d, 6);
            if !flag(&mut b, d) {
                (0..sides).for_each(|n| b.ue(n));
            }
            b.u(1, 1);
        }
        let across = flag(&mut b, d);
        let mut deblocking = [false; 2];
        if flag(&mut b, d) {
            deblocking = [flag(&mut b, d), flag(&mut b, d)];
            if !deblocking[1] {
                signed(&mut b, d);
                signed(&mut b, d);
            }
        }
        if flag(&mut b, d) {
            scaling(&mut b, d);
        }
        let modification = flag(&mut b, d);
        b.ue(2);
        let extension = flag(&mut b, d);
        let mut chroma_list = false;
        if flag(&mut b, d) {
            let range = flag(&mut b, d);
            b.u(7, 0);
            if range {
                if skip {
                    b.ue(1);
                }
                b.u(1, 0);
                chroma_list = flag(&mut b, d);
                if chroma_list {
                    b.ue(0);
                    b.ue(0);
                    b.se(3);
                    b.se(-3);
                }
                b.ue(0);
                b.ue(0);
            }
        }
        b.u(1, 1);
        let (address_bits, entries) = (bits_below(blocks), tiles || rows);
        let stream = Self {
            sps_id,
            separate,
            chroma,
            address_bits,
            lsb_bits,
            sao,
            sets,
            long,
            mvp,
            pps_id,
            dependent,
            output,
            extra,
            cabac_init,
            refs,
            chroma_qp,
            weighted,
            entries,
            across,
            deblocking,
            modification,
            extension,
            chroma_list,
        };
        (stream, [sps, b.nal(0x44)])
    }

    fn slice(&self, d: &mut Dice) -> Vec<u8> {
        const TYPES: [u32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20, 21];
        let kind = TYPES[d.below(16) as usize];
        let mut b = Bits::default();
        b.u(8, 1);
        let first = flag(&mut b, d);
        if kind >= 16 {
            b.u(1, 0);
        }
        b.ue(self.pps_id);
        let mut dependent = false;
        if !first {
            dependent = self.dependent && flag(&mut b, d);
            b.u(self.address_bits, 0);
        }
        if !dependent {
            self.independent(&mut b, d, kind);
        }
        if self.entries {
            let count = number(&mut b, d, 40);
            if count > 0 {
                let bits = 1 + number(&mut b, d, 32);
                (0..count).for_each(|n| b.u(bits, n));
            }
        }
        if self.extension {
            let len = number(&mut b, d, 257);
            (0..len).for_each(|_| b.u(8, d.below(4)));
        }
        b.u(1, 1);
        while b.0.len() % 8 != 0 {
            b.u(1, 0);
        }
        b.nal(u8::try_from(kind << 1).unwrap())
    }

    fn independent(&self, b: &mut Bits, d: &mut Dice, kind: u32) {
        b.u(self.extra, 0);
        let slice = number(b, d, 3);
        (0..u32::from(self.output) + 2 * u32::from(self.separate)).for_each(|_| b.u(1, 1));
        let (mut current, mut mvp) = (0, false);
        if !matches!(kind, 19 | 20) {
            b.u(self.lsb_bits, 0);
            let listed = d.flag() && !self.sets.is_empty();
            b.u(1, listed.into());
            let own;
            let set = if listed {
                let count = u32::try_from(self.sets.len()).unwrap();
                let index = d.below(count);
                b.u(bits_below(count), index);
                &self.sets[index as usize]
            } else {
                own = ref_pic_set(b, d, self.sets.len(), self.sets.len(), &self.sets);
                &own
            };
            current = set.iter().filter(|(_, used)| *used).count();
            if let Some(long) = &self.long {
                let known = u32::try_from(long.len()).unwrap();
                let listed = if known > 0 { number(b, d, 3) } else { 0 };
                let own = number(b, d, 3);
                for number in 0..listed + own {
                    if number < listed {
                        let index = d.below(known);
                        b.u(bits_below(known), index);
                        current += usize::from(long[index as usize]);
                    } else {
                        b.u(self.lsb_bits, 1);
                        current += usize::from(flag(b, d));
                    }
                    if flag(b, d) {
                        b.ue(3);
                    }
                }
            }
            mvp = self.mvp && flag(b, d);
        }
        let mut filtered = false;
        let has_chroma = self.chroma != 0 && !self.separate;
        if self.sao {
            filtered = flag(b, d);
            if has_chroma {
                filtered |= flag(b, d);
            }
        }
        if slice < 2 {
            self.prediction(b, d, slice == 0, current, mvp);
        }
        signed(b, d);
        if self.chroma_qp {
            signed(b, d);
            signed(b, d);
        }
        if self.chroma_list {
            b.u(1, 1);
        }
        let [may_override, mut off] = self.deblocking;
        if may_override && flag(b, d) {
            off = flag(b, d);
            if !off {
                signed(b, d);
                signed(b, d);
            }
        }
        if self.across && (filtered || !off) {
            b.u(1, 1);
        }
    }

    fn prediction(&self, b: &mut Bits, d: &mut Dice, is_b: bool, current: usize, mvp: bool) {
        let mut refs = self.refs;
        if flag(b, d) {
            refs[0] = 1 + number(b, d, 15);
            if is_b {
                refs[1] = 1 + number(b, d, 15);
            }
        }
        let lists = if is_b { 2 } else { 1 };
        if self.modification && current > 1 {
            for count in refs.iter().take(lists) {
                if flag(b, d) {
                    (0..*count).for_each(|_| b.u(bits_below(u32::try_from(current).unwrap()), 0));
                }
            }
        }
        if is_b {
            b.u(1, 0);
        }
        if self.cabac_init {
            b.u(1, 0);
        }
        if mvp {
            let first = !is_b || flag(b, d);
            if refs[usize::from(!first)] > 1 {
                b.ue(1);
            }
        }
        if self.weighted[usize::from(is_b)] {
            let has_chroma = self.chroma != 0 && !self.separate;
            b.ue(7);
            if has_chroma {
                b.se(-3);
            }
            for count in refs.iter().take(lists) {
                let luma: Vec<bool> = (0..*count).map(|_| flag(b, d)).collect();
                let colour: Vec<bool> = (0..*count).map(|_| has_chroma && flag(b, d)).collect();
                for (luma, colour) in luma.into_iter().zip(colour) {
                    (0..2 * usize::from(luma) + 4 * usize::from(colour)).for_each(|_| signed(b, d));
                }
            }
        }
        b.ue(4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_end_of_any_slice_segment_header_is_found(mut dice in dice(), tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let (stream, [sps, pps]) = Stream::new(&mut dice);
        let mut sets = ParameterSets::new();
        prop_assert!(sets.update(&sps).unwrap() && sets.update(&pps).unwrap());
        prop_assert!(!sets.update(&pps).unwrap(), "the same again changes nothing");
        prop_assert_eq!(u32::from(Sps::parse(&sps).unwrap().id), stream.sps_id);
        for _ in 0..4 {
            let nal = stream.slice(&mut dice);
            let whole = [&nal[..], &tail[..]].concat();
            prop_assert_eq!(SliceHeader::parse(&whole, &sets).unwrap().len, nal.len());
            // A byte less, and it is no longer whole.
            prop_assert!(SliceHeader::parse(&nal[..nal.len() - 1], &sets).is_err());
        }
    }

    #[test]
    fn sets_cut_anywhere_are_errors_or_the_same_sets(mut dice in dice(), cut in 0..4000_usize) {
        let (_, [sps, pps]) = Stream::new(&mut dice);
        match Sps::parse(&sps[..cut % sps.len()]) {
            Ok(set) => prop_assert_eq!(set, Sps::parse(&sps).unwrap()),
            Err(error) => prop_assert_eq!(error.code(), "bad-sps"),
        }
        match Pps::parse(&pps[..cut % pps.len()]) {
            Ok(set) => prop_assert_eq!(set, Pps::parse(&pps).unwrap()),
            Err(error) => prop_assert_eq!(error.code(), "bad-pps"),
        }
    }

    /// Bytes that begin as sets and slices do, and go on anyhow.
    #[test]
    fn nothing_panics_and_no_header_is_longer_than_its_unit(mut dice in dice(), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..12)) {
        let (stream, [mut sps, mut pps]) = Stream::new(&mut dice);
        let mut nal = stream.slice(&mut dice);
        for (at, byte) in changes {
            let unit = match at % 3 {
                0 => &mut sps,
                1 => &mut pps,
                _ => &mut nal,
            };
            let len = unit.len();
            unit[2 + usize::from(at) % (len - 2)] = byte;
        }
        let mut sets = ParameterSets::new();
        let _ = (sets.update(&sps), sets.update(&pps));
        if let Ok(header) = SliceHeader::parse(&nal, &sets) {
            prop_assert!(header.len <= nal.len());
        }
    }
}
