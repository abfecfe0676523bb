//! Which group of one kind each sample is in (ISO/IEC 14496-12:2022 8.9.2, 8.9.5). The boxes stay as they stand: a long file
//! has millions of samples.

use core::iter;

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{FourCc, Reader, Result};

use super::groups::FIRST_LOCAL_GROUP;
use super::header::four;
use super::wire::FullHead;
use super::{Node, Tree};

/// One `sbgp` or `csgp`.
#[derive(Clone, Debug)]
pub struct Groups<'t> {
    /// Grouping type.
    pub kind: FourCc,
    /// Its parameter, where there is one.
    pub parameter: Option<u32>,
    /// Whether the box ends before what it says that it has.
    pub is_cut: bool,
    form: Form<'t>,
}

#[derive(Clone, Debug)]
enum Form<'t> {
    /// Pairs of a count and a group.
    Runs(&'t [u8]),
    Patterns(Patterns<'t>),
}

/// A place in a column of runs: entry, and samples of it that are behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    entry: u32,
    used: u32,
    /// Groups in the patterns before.
    passed: u64,
}

impl Place {
    /// The value for the next sample in a column of runs of two numbers: how many, and what.
    pub fn next(&mut self, column: &[u8]) -> Option<u32> {
        while word(column, self.entry, 2, 0)? <= self.used {
            (self.entry, self.used) = (self.entry + 1, 0);
        }
        self.used += 1;
        word(column, self.entry, 2, 1)
    }
}

/// A number of four bytes: the one of this place in an entry that has so many.
pub fn word(column: &[u8], entry: u32, words: usize, word: usize) -> Option<u32> {
    let at = (to_len(entry.into()) * words + word).checked_mul(4)?;
    column.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

impl<'t> Groups<'t> {
    /// The boxes that tell groups in a `traf` or `stbl`.
    pub fn nodes(parent: &Node) -> impl Iterator<Item = &Node> {
        parent.children.iter().filter(|node| [four(b"sbgp"), four(b"csgp")].contains(&node.id()))
    }

    /// Reads an `sbgp` or `csgp`. Fails when it ends before its entries begin.
    pub fn read(tree: &'t Tree<'_>, node: &Node) -> Result<Self> {
        let mut fields = tree.fields(node);
        let head = FullHead::read(&mut fields)?;
        let kind = FourCc(fields.array("grouping_type")?);
        let is_compact = node.id().is(b"csgp");
        let has_parameter = if is_compact { head.has(HAS_PARAMETER) } else { head.version == 1 };
        let parameter = if has_parameter { Some(fields.u32("grouping_type_parameter")?) } else { None };
        if is_compact {
            let patterns = Patterns::read(head.flags, &mut fields)?;
            let is_cut = patterns.is_cut();
            return Ok(Self { kind, parameter, is_cut, form: Form::Patterns(patterns) });
        }
        let len = u64::from(fields.u32("entry_count")?).saturating_mul(8);
        let is_cut = len > len_u64(fields.remaining());
        let runs = fields.sub(len.min(len_u64(fields.remaining())), "entries")?.rest();
        Ok(Self { kind, parameter, is_cut, form: Form::Runs(runs) })
    }

    /// The group of the next sample; 0 is no group, and `None` a sample of which the box does not speak.
    pub fn next(&self, place: &mut Place) -> Option<u32> {
        match &self.form {
            Form::Runs(runs) => place.next(runs),
            Form::Patterns(patterns) => patterns.next(place),
        }
    }

    /// Of how many samples it speaks.
    pub fn samples(&self) -> u64 {
        match &self.form {
            Form::Runs(runs) => (0..).map_while(|entry| word(runs, entry, 2, 0)).map(u64::from).sum(),
            Form::Patterns(patterns) => {
                (0..).map_while(|number| patterns.head(number)).map(|(_, count, _)| u64::from(count)).sum()
            }
        }
    }

    /// The first number of a group among all that it names of which this is so.
    pub fn find(&self, is_it: &dyn Fn(u32) -> bool) -> Option<u32> {
        match &self.form {
            Form::Runs(runs) => (0..).map_while(|entry| word(runs, entry, 2, 1)).find(|group| is_it(*group)),
            Form::Patterns(patterns) => {
                let lengths = (0..).map_while(|number| patterns.head(number));
                let all = lengths.map(|(length, ..)| u64::from(length)).sum();
                (0..all).map_while(|number| patterns.group(number)).find(|group| is_it(*group))
            }
        }
    }

    /// Samples in a row, and the group that they are in. Of `most` samples at most: a pattern may claim four billion.
    pub fn runs(&self, most: u64) -> impl Iterator<Item = (u32, u32)> {
        let (mut place, mut left) = (Place::default(), most);
        iter::from_fn(move || {
            let (mut count, mut group) = (0, None);
            while left > 0 {
                let before = place;
                let next = self.next(&mut place);
                if next.is_none() || group.is_some_and(|group| Some(group) != next) {
                    place = before;
                    break;
                }
                // A run is of one group to its end.
                let more = match &self.form {
                    Form::Runs(runs) => word(runs, place.entry, 2, 0).map_or(0, |all| all - place.used),
                    Form::Patterns(_) => 0,
                };
                let all = u32::try_from(left).unwrap_or(u32::MAX).min(more.saturating_add(1));
                place.used = place.used.saturating_add(all - 1);
                left -= u64::from(all);
                (count, group) = (all.saturating_add(count), next);
            }
            Some((count, group?))
        })
    }
}

/// `grouping_type_parameter_present`.
const HAS_PARAMETER: u32 = 0x40;
/// `index_msb_indicates_fragment_local_description`.
const TELLS_LOCAL: u32 = 0x80;

/// The patterns of a `csgp`: a length and a count of samples for each, then the groups of each. Numbers have 4, 8, 16 or 32
/// bits, so they are told by half bytes.
#[derive(Clone, Debug)]
pub struct Patterns<'t> {
    /// How many.
    pub count: u32,
    bytes: &'t [u8],
    /// Half bytes of a length, of a count, and of a group.
    widths: [u8; 3],
    tells_local: bool,
}

impl<'t> Patterns<'t> {
    /// Reads from the count on; all that follows is theirs.
    pub fn read(flags: u32, fields: &mut Reader<'t>) -> Result<Self> {
        let count = fields.u32("pattern_count")?;
        let bytes = fields.take(fields.remaining(), "patterns")?;
        let widths = [4, 2, 0].map(|shift| 1 << (flags >> shift & 3));
        Ok(Self { count, bytes, widths, tells_local: flags & TELLS_LOCAL != 0 })
    }

    /// `pattern_length` and `sample_count` of a pattern, and the half byte at which they begin.
    pub fn head(&self, number: u32) -> Option<(u32, u32, u64)> {
        let [length, count, _] = self.widths;
        let at = u64::from(number) * u64::from(length + count);
        let of = |at, width| (number < self.count).then(|| self.number(at, width)).flatten();
        Some((of(at, length)?, of(at + u64::from(length), count)?, at))
    }

    /// The group of this number among those of all patterns.
    pub fn group(&self, number: u64) -> Option<u32> {
        let [length, count, width] = self.widths;
        let first = u64::from(self.count) * u64::from(length + count);
        let index = self.number(first.checked_add(number.checked_mul(width.into())?)?, width)?;
        let local = 1 << (u32::from(width) * 4 - 1);
        Some(if self.tells_local && index & local != 0 && index != local {
            // Its own numbers begin with 1.
            (index ^ local).saturating_add(FIRST_LOCAL_GROUP - 1)
        } else {
            index
        })
    }

    /// All behind the count.
    pub fn bytes(&self) -> &'t [u8] {
        self.bytes
    }

    /// Half bytes of a pattern's head.
    pub fn head_width(&self) -> u64 {
        u64::from(self.widths[0] + self.widths[1])
    }

    fn number(&self, at: u64, width: u8) -> Option<u32> {
        (at..at + u64::from(width)).try_fold(0, |number: u32, at| {
            let byte = self.bytes.get(to_len(at / 2))?;
            Some(number << 4 | u32::from(if at % 2 == 0 { byte >> 4 } else { byte & 15 }))
        })
    }

    /// Whether its bytes end before the last group.
    pub fn is_cut(&self) -> bool {
        let mut groups = 0_u64;
        for number in 0..self.count {
            let Some((length, ..)) = self.head(number) else { return true };
            groups += u64::from(length);
        }
        groups.checked_sub(1).is_some_and(|last| self.group(last).is_none())
    }

    fn next(&self, place: &mut Place) -> Option<u32> {
        let (length, _, _) = loop {
            let head = self.head(place.entry)?;
            if head.1 > place.used {
                break head;
            }
            *place = Place { entry: place.entry + 1, used: 0, passed: place.passed + u64::from(head.0) };
        };
        let number = place.used.checked_rem(length);
        place.used += 1;
        // A pattern without groups says of its samples that they are in none.
        number.map_or(Some(0), |number| self.group(place.passed + u64::from(number)))
    }
}
