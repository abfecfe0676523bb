//! Slice headers of every syntax branch (ISO/IEC 14496-10 clause 7.3.3), written by a small writer of the same clause:
//! what encoders at hand never make (fields, slice groups, SP and SI slices, separate planes, all marking commands).

use boxlock::track::codec::h264::{ParameterSets, SliceHeader, SliceKind};
use proptest::prelude::*;

/// Bits, most significant first.
#[derive(Default)]
pub struct Bits(pub Vec<bool>);

impl Bits {
    pub fn u(&mut self, n: u32, value: u32) {
        self.0.extend((0..n).rev().map(|bit| value >> bit & 1 == 1));
    }

    pub fn ue(&mut self, value: u32) {
        let len = 32 - (value + 1).leading_zeros();
        self.u(len - 1, 0);
        self.u(len, value + 1);
    }

    pub fn se(&mut self, value: i32) {
        self.ue(if value > 0 { value.unsigned_abs() * 2 - 1 } else { value.unsigned_abs() * 2 });
    }

    /// A NAL unit: header byte, these bits, filled up with ones, emulation prevention put in.
    pub fn nal(&self, header: u8) -> Vec<u8> {
        let (mut out, mut zeros) = (vec![header], 0);
        for chunk in self.0.chunks(8) {
            let byte =
                (0..8).fold(0, |byte, bit| byte << 1 | u8::from(chunk.get(bit).copied().unwrap_or(true)));
            if zeros >= 2 && byte <= 3 {
                out.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            out.push(byte);
        }
        out
    }
}

/// Everything the syntax depends on.
#[derive(Clone, Debug)]
struct Shape {
    flags: [bool; 24],
    numbers: Vec<u32>,
    nal_type: u8,
    reference: bool,
    slice_type: u32,
    pps_id: u32,
    sps_id: u32,
    order_type: u32,
    frame_num_bits: u32,
    lsb_bits: u32,
    chroma: u32,
    groups: u32,
    map_type: u32,
    rate: u32,
    size: (u32, u32),
    refs: (u32, u32),
    bipred: u32,
}

fn shape() -> impl Strategy<Value = Shape> {
    let first = (
        any::<[bool; 24]>(),
        prop::collection::vec(0..5000_u32, 12),
        prop::sample::select(vec![1_u8, 2, 5, 19]),
    );
    let second =
        (any::<bool>(), 0..10_u32, 0..256_u32, 0..32_u32, 0..3_u32, 4..=16_u32, 4..=16_u32, 0..4_u32);
    let third = (0..8_u32, 0..7_u32, 1..40_u32, (1..60_u32, 1..40_u32), (1..=32_u32, 1..=32_u32), 0..3_u32);
    (first, second, third).prop_map(|(a, b, c)| Shape {
        flags: a.0,
        numbers: a.1,
        nal_type: a.2,
        reference: b.0,
        slice_type: b.1,
        pps_id: b.2,
        sps_id: b.3,
        order_type: b.4,
        frame_num_bits: b.5,
        lsb_bits: b.6,
        chroma: b.7,
        groups: c.0,
        map_type: c.1,
        rate: c.2,
        size: c.3,
        refs: c.4,
        bipred: c.5,
    })
}

impl Shape {
    fn separate_planes(&self) -> bool {
        self.chroma == 3 && self.flags[0]
    }

    fn frames_only(&self) -> bool {
        self.flags[1]
    }

    fn number(&self, index: usize) -> u32 {
        self.numbers[index % self.numbers.len()]
    }

    fn signed(&self, index: usize) -> i32 {
        let n = i32::try_from(self.number(index)).unwrap();
        if n % 2 == 0 { n } else { -n }
    }

    fn sps(&self) -> Vec<u8> {
        let mut b = Bits::default();
        b.u(8, 244);
        b.u(16, 30);
        b.ue(self.sps_id);
        b.ue(self.chroma);
        if self.chroma == 3 {
            b.u(1, self.flags[0].into());
        }
        b.ue(2);
        b.ue(2);
        b.u(1, 0);
        // Scaling lists: the first present, cut short by a zero scale (delta −8); the third present and whole.
        b.u(1, self.flags[2].into());
        if self.flags[2] {
            for list in 0..if self.chroma == 3 { 12 } else { 8 } {
                b.u(1, (list == 0 || list == 2 || list == 7).into());
                match list {
                    0 => b.se(-8),
                    2 => (0..16).for_each(|_| b.se(1)),
                    7 => (0..64).for_each(|n| b.se(if n % 2 == 0 { 1 } else { -1 })),
                    _ => {}
                }
            }
        }
        b.ue(self.frame_num_bits - 4);
        b.ue(self.order_type);
        match self.order_type {
            0 => b.ue(self.lsb_bits - 4),
            1 => {
                b.u(1, self.flags[3].into());
                b.se(-3);
                b.se(4);
                b.ue(2);
                b.se(1);
                b.se(-100);
            }
            _ => {}
        }
        b.ue(4);
        b.u(1, 0);
        b.ue(self.size.0 - 1);
        b.ue(self.size.1 - 1);
        b.u(1, self.frames_only().into());
        if !self.frames_only() {
            b.u(1, self.flags[4].into());
        }
        b.u(1, 1);
        b.u(2, 0);
        b.u(1, 1);
        b.nal(0x67)
    }

    fn pps(&self) -> Vec<u8> {
        let mut b = Bits::default();
        b.ue(self.pps_id);
        b.ue(self.sps_id);
        b.u(1, self.flags[5].into());
        b.u(1, self.flags[6].into());
        b.ue(self.groups);
        if self.groups > 0 {
            b.ue(self.map_type);
            match self.map_type {
                0 => (0..=self.groups).for_each(|_| b.ue(7)),
                2 => (0..self.groups * 2).for_each(|_| b.ue(9)),
                3..=5 => {
                    b.u(1, 1);
                    b.ue(self.rate - 1);
                }
                6 => {
                    let units = self.size.0 * self.size.1;
                    b.ue(units - 1);
                    // Ceil( Log2( groups + 1 ) ) bits each.
                    let bits = [0, 1, 2, 2, 3, 3, 3, 3][self.groups as usize];
                    (0..units).for_each(|n| b.u(bits, n % (self.groups + 1)));
                }
                _ => {}
            }
        }
        b.ue(self.refs.0 - 1);
        b.ue(self.refs.1 - 1);
        b.u(1, self.flags[7].into());
        b.u(2, self.bipred);
        b.se(-2);
        b.se(3);
        b.se(-1);
        b.u(1, self.flags[8].into());
        b.u(1, 0);
        b.u(1, self.flags[9].into());
        b.u(1, 1);
        b.nal(0x68)
    }

    /// The slice header, line by line of the syntax table.
    fn slice(&self) -> Bits {
        let mut b = Bits::default();
        let (p, bi, i, sp, si) = {
            let kind = self.slice_type % 5;
            (kind == 0, kind == 1, kind == 2, kind == 3, kind == 4)
        };
        let idr = self.nal_type == 5;
        b.ue(self.number(0));
        b.ue(self.slice_type);
        b.ue(self.pps_id);
        if self.separate_planes() {
            b.u(2, 1);
        }
        b.u(self.frame_num_bits, 0);
        let field = !self.frames_only() && self.flags[10];
        if !self.frames_only() {
            b.u(1, field.into());
            if field {
                b.u(1, 1);
            }
        }
        if idr {
            b.ue(self.number(1));
        }
        if self.order_type == 0 {
            b.u(self.lsb_bits, 0);
            if self.flags[6] && !field {
                b.se(self.signed(2));
            }
        }
        if self.order_type == 1 && !self.flags[3] {
            b.se(self.signed(3));
            if self.flags[6] && !field {
                b.se(self.signed(4));
            }
        }
        if self.flags[9] {
            b.ue(self.number(5) % 128);
        }
        if bi {
            b.u(1, 1);
        }
        let mut refs = self.refs;
        if p || sp || bi {
            b.u(1, self.flags[11].into());
            if self.flags[11] {
                refs.0 = 1 + self.number(6) % 32;
                b.ue(refs.0 - 1);
                if bi {
                    refs.1 = 1 + self.number(7) % 32;
                    b.ue(refs.1 - 1);
                }
            }
        }
        for list in 0..usize::from(p || sp || bi) + usize::from(bi) {
            b.u(1, self.flags[12 + list].into());
            if self.flags[12 + list] {
                for n in 0..list + 4 {
                    b.ue(u32::try_from(n % 3).unwrap());
                    b.ue(self.number(n));
                }
                b.ue(3);
            }
        }
        if (self.flags[7] && (p || sp)) || (self.bipred == 1 && bi) {
            let has_chroma = self.chroma != 0 && !self.separate_planes();
            b.ue(5);
            if has_chroma {
                b.ue(7);
            }
            for n in 0..refs.0 + if bi { refs.1 } else { 0 } {
                let luma = self.flags[14] && n % 2 == 0;
                b.u(1, luma.into());
                if luma {
                    b.se(-128);
                    b.se(127);
                }
                if has_chroma {
                    let chroma = self.flags[15] && n % 3 == 0;
                    b.u(1, chroma.into());
                    if chroma {
                        [1, -2, 3, -4].iter().for_each(|w| b.se(*w));
                    }
                }
            }
        }
        if self.reference {
            if idr {
                b.u(2, 2);
            } else {
                b.u(1, self.flags[16].into());
                if self.flags[16] {
                    for (command, operands) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 0), (6, 1)] {
                        b.ue(command);
                        (0..operands).for_each(|n| b.ue(self.number(8 + n)));
                    }
                    b.ue(0);
                }
            }
        }
        if self.flags[5] && !i && !si {
            b.ue(self.number(9) % 3);
        }
        b.se(self.signed(10) % 26);
        if sp || si {
            if sp {
                b.u(1, 1);
            }
            b.se(4);
        }
        if self.flags[8] {
            let idc = self.number(11) % 3;
            b.ue(idc);
            if idc != 1 {
                b.se(-6);
                b.se(6);
            }
        }
        if self.groups > 0 && (3..=5).contains(&self.map_type) {
            // Ceil( Log2( PicSizeInMapUnits ÷ SliceGroupChangeRate + 1 ) ), by trial.
            let units = self.size.0 * self.size.1;
            let bits =
                (0..32).find(|n| ((1_u64 << n) - 1) * u64::from(self.rate) >= u64::from(units)).unwrap();
            b.u(bits, 0);
        }
        b
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_end_of_any_slice_header_is_found(shape in shape(), tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut sets = ParameterSets::new();
        sets.update(&shape.sps()).unwrap();
        sets.update(&shape.pps()).unwrap();
        let nal = shape.slice().nal(shape.nal_type | if shape.reference { 0x60 } else { 0 });
        let whole = [&nal[..], &tail[..]].concat();
        let header = SliceHeader::parse(&whole, &sets).unwrap();
        prop_assert_eq!(header.len, nal.len());
        prop_assert_eq!(header.first_mb, shape.number(0));
        prop_assert_eq!(header.pps_id, shape.pps_id);
        let kinds = [SliceKind::P, SliceKind::B, SliceKind::I, SliceKind::Sp, SliceKind::Si];
        prop_assert_eq!(header.kind, kinds[shape.slice_type as usize % 5]);
        // A byte less, and it is no longer whole.
        prop_assert!(SliceHeader::parse(&nal[..nal.len() - 1], &sets).is_err());
    }
}
