//! Which boxes of two lists are the same, in a time that hardly grows faster than the lists.

use crate::bytes::units::{len_u64, sort_pairs, to_len};

/// What a box is told by, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys {
    /// All that is in it.
    pub exact: u64,
    /// What it is about: a track, a system, a time; the same as `exact` where nothing says.
    pub identity: u64,
    /// What may be taken for it where nothing better is there.
    pub kind: u64,
}

/// A box of one list, or of both, by its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is in both; and where others keep their order, and it does not, it has moved.
    Both { this: usize, other: usize, moved: bool },
    /// The other list does not have it.
    Removed(usize),
    /// Only the other list has it.
    Added(usize),
}

/// Aligns two lists, in the order of this one. The other way round the same boxes belong together, and the same have moved.
pub fn align(this: &[Keys], other: &[Keys]) -> Vec<Step> {
    // Which of two boxes that changed places has moved, nobody can say: so the lists are always taken in the same order.
    if other < this {
        let pairs = paired(other, this);
        let kept = pairs.in_order();
        let (pairs, kept) = pairs.mirrored(&kept);
        return steps(&pairs, &kept);
    }
    let pairs = paired(this, other);
    steps(&pairs, &pairs.in_order())
}

/// Which boxes belong together.
struct Pairs {
    /// For each of the first list its number in the second.
    found: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Pairs {
    fn join(&mut self, this: usize, other: usize) {
        if let (Some(found), Some(taken)) = (self.found.get_mut(this), self.taken.get_mut(other)) {
            (*found, *taken) = (Some(other), true);
        }
    }

    /// Joins those with the same key that are left, the first with the first; where they are `alone`, only those that are the
    /// only ones of their key.
    fn by(&mut self, this: &dyn Fn(usize) -> u64, other: &dyn Fn(usize) -> u64, alone: bool) {
        let left = self.found.iter().enumerate().filter(|(_, found)| found.is_none());
        let mut ours: Vec<(u64, u64)> = left.map(|(number, _)| (this(number), len_u64(number))).collect();
        let left = self.taken.iter().enumerate().filter(|(_, taken)| !**taken);
        let mut theirs: Vec<(u64, u64)> = left.map(|(number, _)| (other(number), len_u64(number))).collect();
        sort_pairs(&mut ours);
        sort_pairs(&mut theirs);
        let (mut ours, mut theirs) = (&ours[..], &theirs[..]);
        while let (Some((a, _)), Some((b, _))) = (ours.first(), theirs.first()) {
            let key = *a.min(b);
            let run = |list: &[(u64, u64)]| list.partition_point(|(other, _)| *other <= key);
            let (own, rest) = ours.split_at(run(ours));
            let (their, more) = theirs.split_at(run(theirs));
            (ours, theirs) = (rest, more);
            if !alone || (own.len(), their.len()) == (1, 1) {
                own.iter().zip(their).for_each(|((_, a), (_, b))| self.join(to_len(*a), to_len(*b)));
            }
        }
    }

    /// The same from the second list to the first, with which of them keep their order.
    fn mirrored(&self, kept: &[bool]) -> (Self, Vec<bool>) {
        let mut found = vec![None; self.taken.len()];
        let mut theirs = vec![false; self.taken.len()];
        for (number, (place, kept)) in self.found.iter().zip(kept).enumerate() {
            let Some(place) = *place else { continue };
            if let (Some(found), Some(theirs)) = (found.get_mut(place), theirs.get_mut(place)) {
                (*found, *theirs) = (Some(number), *kept);
            }
        }
        (Self { found, taken: self.found.iter().map(Option::is_some).collect() }, theirs)
    }

    /// Which of the first list keep their order in the second: a longest list of such.
    fn in_order(&self) -> Vec<bool> {
        // The last box of the best list of each length, and which comes before each box.
        let mut ends: Vec<(usize, usize)> = Vec::new();
        let mut before: Vec<Option<usize>> = vec![None; self.found.len()];
        for (number, found) in self.found.iter().enumerate() {
            let Some(place) = *found else { continue };
            let at = ends.partition_point(|(end, _)| *end < place);
            if let Some(before) = before.get_mut(number) {
                *before = at.checked_sub(1).and_then(|at| ends.get(at)).map(|(_, number)| *number);
            }
            match ends.get_mut(at) {
                Some(end) => *end = (place, number),
                None => ends.push((place, number)),
            }
        }
        let mut kept = vec![false; self.found.len()];
        let mut next = ends.last().map(|(_, number)| *number);
        while let Some(number) = next {
            if let Some(kept) = kept.get_mut(number) {
                *kept = true;
            }
            next = before.get(number).copied().flatten();
        }
        kept
    }
}

fn paired(this: &[Keys], other: &[Keys]) -> Pairs {
    let mut pairs = Pairs { found: vec![None; this.len()], taken: vec![false; other.len()] };
    let same = |(a, b): &(&Keys, &Keys)| a.exact == b.exact;
    let front = this.iter().zip(other).take_while(same).count();
    (0..front).for_each(|number| pairs.join(number, number));
    let left = this.len().min(other.len()) - front;
    let back = this.iter().rev().zip(other.iter().rev()).take(left).take_while(same).count();
    (1..=back).for_each(|number| pairs.join(this.len() - number, other.len() - number));

    let of = |list: &[Keys], number: usize, key: fn(&Keys) -> u64| list.get(number).map_or(0, key);
    pairs.by(&|n| of(this, n, |keys| keys.exact), &|n| of(other, n, |keys| keys.exact), false);
    pairs.by(&|n| of(this, n, |keys| keys.identity), &|n| of(other, n, |keys| keys.identity), false);
    by_gaps(&mut pairs, this, other);
    // What was changed and moved.
    pairs.by(&|n| of(this, n, |keys| keys.kind), &|n| of(other, n, |keys| keys.kind), true);
    pairs
}

/// Joins those of a kind that are left between the same neighbours.
fn by_gaps(pairs: &mut Pairs, this: &[Keys], other: &[Keys]) {
    let kept = pairs.in_order();
    let mut ends: Vec<usize> = Vec::new();
    let mut ours: Vec<u64> = Vec::new();
    for (found, kept) in pairs.found.iter().zip(&kept) {
        ours.push(len_u64(ends.len()));
        ends.extend(found.filter(|_| *kept));
    }
    let in_gap = |keys: Option<&Keys>, gap: u64| {
        let kind = keys.map_or(0, |keys| keys.kind);
        kind ^ gap.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let our = |number: usize| in_gap(this.get(number), ours.get(number).copied().unwrap_or(0));
    let their = |number: usize| in_gap(other.get(number), len_u64(ends.partition_point(|end| *end < number)));
    pairs.by(&our, &their, false);
}

fn steps(pairs: &Pairs, kept: &[bool]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = 0;
    let added = |steps: &mut Vec<Step>, from: usize, to: usize| {
        let range = pairs.taken.iter().enumerate().take(to).skip(from);
        steps.extend(range.filter(|(_, taken)| !**taken).map(|(number, _)| Step::Added(number)));
    };
    for (this, (found, kept)) in pairs.found.iter().zip(kept).enumerate() {
        match *found {
            None => steps.push(Step::Removed(this)),
            Some(other) => {
                if *kept {
                    added(&mut steps, next, other);
                    next = other + 1;
                }
                steps.push(Step::Both { this, other, moved: !*kept });
            }
        }
    }
    added(&mut steps, next, pairs.taken.len());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &str) -> Vec<Keys> {
        // A small letter is of the kind of its capital.
        let key = |one: char| {
            let (exact, kind) = (u64::from(u32::from(one)), u64::from(u32::from(one.to_ascii_uppercase())));
            Keys { exact, identity: exact, kind }
        };
        text.chars().map(key).collect()
    }

    /// `A` for what is in both, `>A` moved, `-A` removed, `+A` added, `A/a` changed.
    fn told(this: &str, other: &str) -> String {
        let letter = |text: &str, number: usize| text.chars().nth(number).unwrap();
        let tell = |step: &Step| match *step {
            Step::Both { this: a, other: b, moved } => {
                let (a, b) = (letter(this, a), letter(other, b));
                let name = if a == b { a.to_string() } else { format!("{a}/{b}") };
                format!("{}{name}", if moved { ">" } else { "" })
            }
            Step::Removed(number) => format!("-{}", letter(this, number)),
            Step::Added(number) => format!("+{}", letter(other, number)),
        };
        align(&keys(this), &keys(other)).iter().map(tell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_the_same_belongs_together() {
        assert_eq!(told("ABC", "ABC"), "A B C");
        assert_eq!(told("ABC", "AC"), "A -B C");
        assert_eq!(told("AC", "ABC"), "A +B C");
        assert_eq!(told("ABC", "AbC"), "A B/b C");
        assert_eq!(told("AAA", "AA"), "A A -A");
        assert_eq!(told("FMXD", "FXDM"), "F >M X D");
        assert_eq!(told("FMXD", "FXDm"), "F >M/m X D");
        assert_eq!(told("ABCDE", "aBXDE"), "A/a B -C +X D E");
        assert_eq!(told("", "A"), "+A");
        assert_eq!(told("", ""), "");
    }

    #[test]
    fn a_hundred_thousand_are_soon_aligned() {
        let many: Vec<Keys> = (0..100_000_u64)
            .map(|n| n * 7919 % 100_003)
            .map(|n| Keys { exact: n, identity: n, kind: n % 7 })
            .collect();
        let mut other = many.clone();
        other.reverse();
        assert_eq!(align(&many, &other).len(), 100_000);
        other.iter_mut().for_each(|keys| (keys.exact, keys.identity) = (keys.exact + 200_000, keys.exact));
        assert_eq!(align(&many, &other).len(), 100_000);
    }

    fn pairs(this: &[Keys], other: &[Keys], mirrored: bool) -> Vec<(Option<usize>, Option<usize>, bool)> {
        let tell = |step: Step| {
            let (a, b, moved) = match step {
                Step::Both { this, other, moved } => (Some(this), Some(other), moved),
                Step::Removed(number) => (Some(number), None, false),
                Step::Added(number) => (None, Some(number), false),
            };
            if mirrored { (b, a, moved) } else { (a, b, moved) }
        };
        let mut all: Vec<_> = align(this, other).into_iter().map(tell).collect();
        let own = all.iter().filter_map(|(a, b, _)| if mirrored { *b } else { *a });
        assert!(own.is_sorted(), "in the order of this list");
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn every_box_has_one_place_and_the_other_way_round_it_is_the_same(this in "[ABCabc]{0,12}", other in "[ABCabc]{0,12}") {
            let (this, other) = (keys(&this), keys(&other));
            let found = pairs(&this, &other, false);
            prop_assert_eq!(&found, &pairs(&other, &this, true));
            let mut ours: Vec<usize> = found.iter().filter_map(|(a, _, _)| *a).collect();
            let mut theirs: Vec<usize> = found.iter().filter_map(|(_, b, _)| *b).collect();
            ours.sort_unstable();
            theirs.sort_unstable();
            prop_assert_eq!(ours, (0..this.len()).collect::<Vec<_>>());
            prop_assert_eq!(theirs, (0..other.len()).collect::<Vec<_>>());
            for (a, b, _) in found {
                if let (Some(a), Some(b)) = (a, b) {
                    prop_assert_eq!(this[a].kind, other[b].kind);
                }
            }
        }
    }
}
