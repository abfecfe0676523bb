//! Work orders for workers: tasks as bytes. Nobody but the engine reads them, and only in the version that wrote them.

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, Reader, Result, Writer};

use super::samples::FragmentTask;

/// Tasks as bytes.
pub fn to_bytes(mut tasks: Vec<FragmentTask>) -> Result<Vec<u8>> {
    let mut wire = Writing(Writer::new());
    tasks.iter_mut().try_for_each(|task| fields(task, &mut wire))?;
    Ok(wire.0.into_bytes())
}

/// The tasks of these bytes.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<FragmentTask>> {
    let mut wire = Reading(Reader::new(bytes, 0));
    let mut tasks = Vec::new();
    while !wire.0.is_empty() {
        let mut task = FragmentTask::default();
        fields(&mut task, &mut wire)?;
        tasks.push(task);
    }
    Ok(tasks)
}

/// One number after the other, on the way out or in.
trait Wire {
    fn number(&mut self, n: &mut u64) -> Result<()>;

    /// The length of a list whose entries have `each` numbers.
    fn len(&mut self, len: usize, each: usize) -> Result<usize>;

    /// 0 for none, else one more.
    fn maybe(&mut self, n: &mut Option<u32>) -> Result<()> {
        let mut wide = n.map_or(0, |n| u64::from(n) + 1);
        self.number(&mut wide)?;
        let there = wide.checked_sub(1).map(u32::try_from);
        *n = there.transpose().map_err(|_| malformed())?;
        Ok(())
    }

    fn short(&mut self, n: &mut u32) -> Result<()> {
        let mut wide = u64::from(*n);
        self.number(&mut wide)?;
        *n = u32::try_from(wide).map_err(|_| malformed())?;
        Ok(())
    }
}

struct Writing(Writer);

impl Wire for Writing {
    fn number(&mut self, n: &mut u64) -> Result<()> {
        self.0.u64(*n);
        Ok(())
    }

    fn len(&mut self, len: usize, _: usize) -> Result<usize> {
        self.0.u64(len_u64(len));
        Ok(len)
    }
}

struct Reading<'a>(Reader<'a>);

impl Wire for Reading<'_> {
    fn number(&mut self, n: &mut u64) -> Result<()> {
        *n = self.0.u64("A task")?;
        Ok(())
    }

    fn len(&mut self, _: usize, each: usize) -> Result<usize> {
        let len = to_len(self.0.u64("A task")?);
        // No more entries than there are bytes for.
        if len > self.0.remaining() / (8 * each) { Err(malformed()) } else { Ok(len) }
    }
}

fn malformed() -> Error {
    Error::caller("bad-task", "", "A task has numbers that no task has.")
}

/// Goes over all of a task, for both ways alike.
fn fields(task: &mut FragmentTask, wire: &mut dyn Wire) -> Result<()> {
    let FragmentTask {
        start,
        moof_len,
        end,
        first_sample,
        decode_times,
        digest,
        period,
        usual,
        edits,
        extents,
    } = task;
    for number in [start, moof_len, end, first_sample] {
        wire.number(number)?;
    }
    wire.short(digest)?;
    wire.maybe(period)?;
    let mut style = usual.map(u32::from);
    wire.maybe(&mut style)?;
    *usual = style.map(u8::try_from).transpose().map_err(|_| malformed())?;
    decode_times.resize(wire.len(decode_times.len(), 1)?, 0);
    decode_times.iter_mut().try_for_each(|time| wire.number(time))?;
    edits.resize(wire.len(edits.len(), 2)?, (0, 0));
    for (at, value) in edits {
        wire.short(at)?;
        wire.short(value)?;
    }
    extents.resize(wire.len(extents.len(), 2)?, (0, None));
    for (here, there) in extents {
        wire.number(here)?;
        let mut place = there.unwrap_or(NOWHERE);
        wire.number(&mut place)?;
        *there = Some(place).filter(|place| *place != NOWHERE);
    }
    Ok(())
}

/// No file has a byte there.
const NOWHERE: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task() -> impl Strategy<Value = FragmentTask> {
        let place = (any::<u64>(), proptest::option::of(0..NOWHERE));
        let lists = (
            proptest::collection::vec(any::<u64>(), 0..4),
            proptest::collection::vec(any::<(u32, u32)>(), 0..4),
            proptest::collection::vec(place, 0..4),
        );
        let maybe = (any::<Option<u32>>(), any::<Option<u8>>());
        let of_all = (any::<[u64; 4]>(), any::<u32>(), maybe, lists);
        of_all.prop_map(|(numbers, digest, (period, usual), (times, edits, extents))| {
            let [start, moof_len, end, first_sample] = numbers;
            let decode_times = times;
            FragmentTask {
                start,
                moof_len,
                end,
                first_sample,
                decode_times,
                digest,
                period,
                usual,
                edits,
                extents,
            }
        })
    }

    proptest! {
        #[test]
        fn tasks_come_in_as_they_went_out(tasks in proptest::collection::vec(task(), 0..5)) {
            let bytes = to_bytes(tasks.clone()).unwrap();
            prop_assert_eq!(from_bytes(&bytes).unwrap(), tasks);
        }

        #[test]
        fn bytes_that_are_no_tasks_are_refused(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            // Numbers of eight bytes and lists of them: what is not whole cannot be one.
            if bytes.len() % 8 != 0 {
                prop_assert!(from_bytes(&bytes).is_err());
            }
        }
    }
}
