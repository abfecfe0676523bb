//! AES-128 for 128-bit SIMD without AES instructions: WebAssembly. Counter mode, and chains side by side. Knows nothing of
//! media.
//!
//! Eight blocks at a time, bitsliced: bit `b` of byte `p` of plane `i` is bit `i` of state byte `p` of block `b`. All
//! work is on whole planes, so there are no tables, and no branch or address depends on a secret. Bytes stand row by
//! row, not column by column as in FIPS 197, which makes the rotations of MixColumns shuffles of 32-bit lanes.
//!
//! - The S-box is the published circuit of 113 gates that came of Boyar and Peralta, "A new combinational logic
//!   minimization technique with applications to cryptology", 2010. Its inverters, the 0x63, are in the round keys.
//! - The first round is done once for 256 blocks: only the lowest byte of their counter blocks differs, and the
//!   difference it makes to the state after the first round depends on the key alone (Bernstein and Schwabe, "New AES
//!   software speed records", 2008, 4.2). The key holds these differences.
//!
//! Compiled for other targets only to be tested, on a stand-in for the SIMD type: `protect/cipher.rs` does not use it
//! there.

mod chain;
mod lanes;

use core::array::from_fn;

use zeroize::{Zeroize, ZeroizeOnDrop};

pub use chain::Chain;
use lanes::Lanes;

/// Bytes in a block.
const BLOCK: usize = 16;
/// Blocks that are worked on together.
pub const WIDTH: usize = 8;
/// Groups of [`WIDTH`] blocks that differ only in the lowest byte of the counter.
const GROUPS: usize = 256 / WIDTH;
/// Bytes in a group.
const GROUP: usize = WIDTH * BLOCK;
/// Rounds of AES-128.
const ROUNDS: usize = 10;

type Planes = [Lanes; 8];

/// A key ready for use. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    /// Before the first round, after it, and so on; without the last.
    rounds: [Planes; ROUNDS],
    /// The last, not sliced.
    last: Lanes,
    /// What the lowest byte of the counter changes after the first round.
    low: [Planes; GROUPS],
}

/// A keystream and a place in it. Wiped when dropped, as its state can tell about the key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Stream<'k> {
    #[zeroize(skip)]
    key: &'k Key,
    /// The half of the counter block that stays.
    fixed: u64,
    /// The half that counts, in the first block of the stream.
    start: u64,
    /// The half that counts, in the first block of the group in use: a multiple of [`WIDTH`].
    count: u64,
    /// The state after the first round of a block like those of the group, but whose lowest counter byte is 0.
    first: Planes,
    /// The blocks of the group in use.
    group: [Lanes; WIDTH],
    /// How many bytes of them are used.
    used: usize,
}

impl Key {
    /// Expands the key schedule.
    pub fn new(key: &[u8; BLOCK]) -> Self {
        let mut this =
            Self { rounds: Default::default(), last: Lanes::default(), low: [Planes::default(); GROUPS] };
        let mut key = *key;
        let mut constant: u8 = 1;
        for (round, to) in this.rounds.iter_mut().enumerate() {
            // Every S-box before a round key leaves 0x63 to be added; MixColumns keeps it as it is.
            let add = if round == 0 { 0 } else { 0x63 };
            *to = slice(rows(key.map(|byte| byte ^ add)));
            next_round_key(&mut key, constant);
            constant = (constant << 1) ^ if constant & 0x80 == 0 { 0 } else { 0x1b };
        }
        this.last = Lanes::new(key.map(|byte| byte ^ 0x63));
        key.zeroize();
        let base = this.first_round(0, 0);
        for (group, to) in this.low.iter_mut().enumerate() {
            // The lowest byte is the last, by rows as by columns.
            let state =
                low_byte(group).map(|bits| Lanes::new(from_fn(|at| if at == BLOCK - 1 { bits } else { 0 })));
            *to = xor(first_round(state, &this.rounds), base);
        }
        this
    }

    /// The keystream that starts with this counter block, of which only the lower half counts.
    pub fn stream(&self, block: [u8; BLOCK]) -> Stream<'_> {
        let [fixed, start] = halves(block);
        let (count, used) = place(start, 0);
        let first = self.first_round(fixed, count);
        Stream { key: self, fixed, start, count, group: self.blocks(&first, count), first, used }
    }

    /// Decrypts eight blocks that have nothing to do with each other, in place: the inverse cipher, round by round (FIPS 197
    /// 5.3).
    pub fn decrypt(&self, blocks: &mut [[u8; BLOCK]; WIDTH]) {
        let mut state = transpose(blocks.map(|block| (Lanes::new(block) ^ self.last).columns_to_rows()));
        for key in self.rounds[1..].iter().rev() {
            state = xor(unsubstituted(state), *key);
            // Four times it changes nothing, so three times is its reverse.
            state = mix_columns(mix_columns(mix_columns(state)));
        }
        let state = xor(unsubstituted(state), self.rounds[0]);
        // Rows that are shifted on their way to columns are shifted back before.
        *blocks =
            transpose(state.map(|plane| shift_rows_back(plane).shift_rows_to_columns())).map(Lanes::bytes);
    }

    /// The state after the first round of eight equal blocks whose lowest counter byte is 0.
    #[inline(never)]
    fn first_round(&self, fixed: u64, count: u64) -> Planes {
        let block = (u128::from(fixed) << 64 | u128::from(count & !0xff)).to_be_bytes();
        first_round(slice(rows(block)), &self.rounds)
    }

    /// The group of blocks at `count`, from what [`first_round`](Self::first_round) gave.
    #[inline(always)]
    fn blocks(&self, first: &Planes, count: u64) -> [Lanes; WIDTH] {
        self.rounds(xor(*first, self.low[low(count) / WIDTH]), 2)
    }

    /// The rounds from number `from` on.
    // Inlined, it would be in the page four times.
    #[inline(never)]
    fn rounds(&self, mut state: Planes, from: usize) -> [Lanes; WIDTH] {
        for key in &self.rounds[from..] {
            state = round(state, *key);
        }
        let blocks = transpose(sub_bytes(state).map(Lanes::shift_rows_to_columns));
        blocks.map(|block| block ^ self.last)
    }
}

impl Stream<'_> {
    /// Goes to byte `position` of the keystream.
    pub fn seek(&mut self, position: u64) {
        (self.count, self.used) = place(self.start, position);
        self.first = self.key.first_round(self.fixed, self.count);
        self.group = self.key.blocks(&self.first, self.count);
    }

    /// Adds the next bytes of the keystream to `data`.
    pub fn apply(&mut self, mut data: &mut [u8]) {
        while !data.is_empty() {
            if self.used == GROUP {
                // The groups that are used whole are kept nowhere.
                let (whole, rest) = data.as_chunks_mut::<GROUP>();
                for group in whole {
                    let keystream = self.next_group();
                    for (block, keystream) in group.as_chunks_mut().0.iter_mut().zip(keystream) {
                        add(block, keystream);
                    }
                }
                data = rest;
                if data.is_empty() {
                    return;
                }
                self.group = self.next_group();
                self.used = 0;
            }
            let (part, rest) = data.split_at_mut(data.len().min(GROUP - self.used));
            self.apply_part(part);
            self.used += part.len();
            data = rest;
        }
    }

    /// Adds a part of the group in use.
    fn apply_part(&self, mut data: &mut [u8]) {
        let mut used = self.used;
        while !data.is_empty() {
            let (keystream, within) = (self.group[used / BLOCK], used % BLOCK);
            let (part, rest) = data.split_at_mut(data.len().min(BLOCK - within));
            used += part.len();
            if let Ok(block) = (&mut *part).try_into() {
                add(block, keystream);
            } else {
                for (data, keystream) in part.iter_mut().zip(&keystream.bytes()[within..]) {
                    *data ^= keystream;
                }
            }
            data = rest;
        }
    }

    #[inline(always)]
    fn next_group(&mut self) -> [Lanes; WIDTH] {
        self.count = self.count.wrapping_add(WIDTH as u64);
        if low(self.count) == 0 {
            self.first = self.key.first_round(self.fixed, self.count);
        }
        self.key.blocks(&self.first, self.count)
    }
}

/// Adds a block of keystream.
#[inline(always)]
fn add(data: &mut [u8; BLOCK], keystream: Lanes) {
    *data = (Lanes::new(*data) ^ keystream).bytes();
}

/// The upper and the lower half of a counter block.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is left")]
fn halves(block: [u8; BLOCK]) -> [u64; 2] {
    let block = u128::from_be_bytes(block);
    [(block >> 64) as u64, block as u64]
}

/// The counter of the first block of the group with byte `position` of a stream, and the bytes of it before that.
fn place(start: u64, position: u64) -> (u64, usize) {
    let count = start.wrapping_add(position / BLOCK as u64);
    let before = low(count) % WIDTH;
    (count - before as u64, before * BLOCK + low(position) % BLOCK)
}

/// The lowest byte.
fn low(number: u64) -> usize {
    usize::from(number.to_le_bytes()[0])
}

/// Makes the next round key of the key schedule.
fn next_round_key(key: &mut [u8; BLOCK], constant: u8) {
    let word = [key[13], key[14], key[15], key[12]];
    let mut wide = [0; BLOCK];
    wide[..4].copy_from_slice(&word);
    // All eight blocks are equal: bit `i` of the result stands in any bit of plane `i`.
    let planes = sub_bytes(slice(wide)).map(Lanes::bytes);
    let mut word: [u8; 4] =
        from_fn(|at| planes.iter().zip(0..).fold(0x63, |byte, (plane, bit)| byte ^ (plane[at] & 1) << bit));
    word[0] ^= constant;
    for at in 0..BLOCK {
        key[at] ^= word[at % 4];
        word[at % 4] = key[at];
    }
}

/// Bytes that stand column by column, row by row.
fn rows(columns: [u8; BLOCK]) -> [u8; BLOCK] {
    from_fn(|at| columns[at % 4 * 4 + at / 4])
}

/// The planes of eight blocks that are equal.
fn slice(block: [u8; BLOCK]) -> Planes {
    let block = Lanes::new(block);
    from_fn(|bit| block.spread(1 << bit))
}

/// The planes of the lowest counter byte of each block of a group.
fn low_byte(group: usize) -> [u8; 8] {
    // The lowest three bits count the blocks, the others the groups.
    from_fn(|bit| match bit {
        0 => 0b1010_1010,
        1 => 0b1100_1100,
        2 => 0b1111_0000,
        _ if group >> (bit - 3) & 1 == 1 => 0xff,
        _ => 0,
    })
}

// Inlined, it would be in the page twice.
#[inline(never)]
fn first_round(state: Planes, keys: &[Planes; ROUNDS]) -> Planes {
    round(xor(state, keys[0]), keys[1])
}

#[inline(always)]
fn round(state: Planes, key: Planes) -> Planes {
    xor(mix_columns(sub_bytes(state).map(Lanes::shift_rows)), key)
}

/// The reverse of ShiftRows and SubBytes, of a state to which 0x63 is added.
// Inlined, the S-box would be in the page twice more.
#[inline(never)]
fn unsubstituted(state: Planes) -> Planes {
    // An S-box is the inverse in GF(2^8), then bits are added up; so the inverse is an S-box between two reverses of that.
    let undone = |state: Planes| -> Planes {
        from_fn(|bit| state[(bit + 2) % 8] ^ state[(bit + 5) % 8] ^ state[(bit + 7) % 8])
    };
    undone(sub_bytes(undone(state.map(shift_rows_back))))
}

/// Four times it changes nothing, so three times is its reverse.
fn shift_rows_back(plane: Lanes) -> Lanes {
    plane.shift_rows().shift_rows().shift_rows()
}

#[inline(always)]
fn xor(a: Planes, b: Planes) -> Planes {
    from_fn(|i| a[i] ^ b[i])
}

/// Each column times the matrix of FIPS 197 5.1.3: with `t` the sum of a byte and the one below it, twice `t`, plus
/// the byte below, plus the two below those, which are `t` two rows on.
#[inline(always)]
fn mix_columns(state: Planes) -> Planes {
    let below = state.map(Lanes::up_a_row);
    let t = xor(state, below);
    let twice = [t[7], t[0] ^ t[7], t[1], t[2] ^ t[7], t[3] ^ t[7], t[4], t[5], t[6]];
    from_fn(|i| twice[i] ^ below[i] ^ t[i].up_two_rows())
}

/// Planes to blocks: turns the 8 by 8 bits of every byte position.
#[inline(always)]
fn transpose(mut planes: Planes) -> [Lanes; WIDTH] {
    for (a, b) in [(0, 1), (2, 3), (4, 5), (6, 7)] {
        (planes[a], planes[b]) = planes[a].swap::<1>(planes[b], 0x55);
    }
    for (a, b) in [(0, 2), (1, 3), (4, 6), (5, 7)] {
        (planes[a], planes[b]) = planes[a].swap::<2>(planes[b], 0x33);
    }
    for (a, b) in [(0, 4), (1, 5), (2, 6), (3, 7)] {
        (planes[a], planes[b]) = planes[a].swap::<4>(planes[b], 0x0f);
    }
    planes
}

/// The S-box of every byte, without its constant 0x63. The names are those of the published circuit, where bit 0 is
/// the highest.
#[inline(always)]
fn sub_bytes([x7, x6, x5, x4, x3, x2, x1, x0]: Planes) -> Planes {
    // The top linear layer.
    let y14 = x3 ^ x5;
    let y13 = x0 ^ x6;
    let y9 = x0 ^ x3;
    let y8 = x0 ^ x5;
    let t0 = x1 ^ x2;
    let y1 = t0 ^ x7;
    let y4 = y1 ^ x3;
    let y12 = y13 ^ y14;
    let y2 = y1 ^ x0;
    let y5 = y1 ^ x6;
    let y3 = y5 ^ y8;
    let t1 = x4 ^ y12;
    let y15 = t1 ^ x5;
    let y20 = t1 ^ x1;
    let y6 = y15 ^ x7;
    let y10 = y15 ^ t0;
    let y11 = y20 ^ y9;
    let y7 = x7 ^ y11;
    let y17 = y10 ^ y11;
    let y19 = y10 ^ y8;
    let y16 = t0 ^ y11;
    let y21 = y13 ^ y16;
    let y18 = x0 ^ y16;
    // The inverse in GF(2^8).
    let t2 = y12 & y15;
    let t3 = y3 & y6;
    let t4 = t3 ^ t2;
    let t5 = y4 & x7;
    let t6 = t5 ^ t2;
    let t7 = y13 & y16;
    let t8 = y5 & y1;
    let t9 = t8 ^ t7;
    let t10 = y2 & y7;
    let t11 = t10 ^ t7;
    let t12 = y9 & y11;
    let t13 = y14 & y17;
    let t14 = t13 ^ t12;
    let t15 = y8 & y10;
    let t16 = t15 ^ t12;
    let t17 = t4 ^ y20;
    let t18 = t6 ^ t16;
    let t19 = t9 ^ t14;
    let t20 = t11 ^ t16;
    let t21 = t17 ^ t14;
    let t22 = t18 ^ y19;
    let t23 = t19 ^ y21;
    let t24 = t20 ^ y18;
    let t25 = t21 ^ t22;
    let t26 = t21 & t23;
    let t27 = t24 ^ t26;
    let t28 = t25 & t27;
    let t29 = t28 ^ t22;
    let t30 = t23 ^ t24;
    let t31 = t22 ^ t26;
    let t32 = t31 & t30;
    let t33 = t32 ^ t24;
    let t34 = t23 ^ t33;
    let t35 = t27 ^ t33;
    let t36 = t24 & t35;
    let t37 = t36 ^ t34;
    let t38 = t27 ^ t36;
    let t39 = t29 & t38;
    let t40 = t25 ^ t39;
    let t41 = t40 ^ t37;
    let t42 = t29 ^ t33;
    let t43 = t29 ^ t40;
    let t44 = t33 ^ t37;
    let t45 = t42 ^ t41;
    let z0 = t44 & y15;
    let z1 = t37 & y6;
    let z2 = t33 & x7;
    let z3 = t43 & y16;
    let z4 = t40 & y1;
    let z5 = t29 & y7;
    let z6 = t42 & y11;
    let z7 = t45 & y17;
    let z8 = t41 & y10;
    let z9 = t44 & y12;
    let z10 = t37 & y3;
    let z11 = t33 & y4;
    let z12 = t43 & y13;
    let z13 = t40 & y5;
    let z14 = t29 & y2;
    let z15 = t42 & y9;
    let z16 = t45 & y14;
    let z17 = t41 & y8;
    // The bottom linear layer.
    let tc1 = z15 ^ z16;
    let tc2 = z10 ^ tc1;
    let tc3 = z9 ^ tc2;
    let tc4 = z0 ^ z2;
    let tc5 = z1 ^ z0;
    let tc6 = z3 ^ z4;
    let tc7 = z12 ^ tc4;
    let tc8 = z7 ^ tc6;
    let tc9 = z8 ^ tc7;
    let tc10 = tc8 ^ tc9;
    let tc11 = tc6 ^ tc5;
    let tc12 = z3 ^ z5;
    let tc13 = z13 ^ tc1;
    let tc14 = tc4 ^ tc12;
    let tc16 = z6 ^ tc8;
    let tc17 = z14 ^ tc10;
    let tc18 = tc13 ^ tc14;
    let tc20 = z15 ^ tc16;
    let tc21 = tc2 ^ z11;
    let tc26 = tc17 ^ tc20;
    let s3 = tc3 ^ tc11;
    [z12 ^ tc18, tc10 ^ tc18, tc21 ^ tc17, tc14 ^ s3, s3, tc26 ^ z17, s3 ^ tc16, tc3 ^ tc16]
}
