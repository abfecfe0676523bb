//! Where reading goes on behind bytes of a file that are no box: at the next box that can be one, and that another follows.

use crate::boxes::header::{BoxHeader, BoxId, SizeForm};
use crate::boxes::tree::{home, resized};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, Reader, Result, limits};

use super::foreign::shown;
use super::indexer::{Indexer, Need, body_limit, is_known};

/// Bytes that are looked through at once, and in all.
const WINDOW: u64 = 1 << 20;
const MOST: u64 = 32 << 20;

/// A search behind a place where there is no box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Search {
    /// Where there is none.
    pub from: u64,
    /// The byte that is looked at next.
    at: u64,
    /// What may be a box, when what follows it is looked at.
    candidate: Option<(u64, u64)>,
    file_len: u64,
}

/// What came of a step.
pub(super) enum Step {
    /// There is more to look at.
    More(Search),
    /// Here is a box.
    Found(u64),
    /// There is none, as far as is looked.
    Nothing,
}

impl Search {
    pub fn new(from: u64, file_len: u64) -> Self {
        Self { from, at: from + 1, candidate: None, file_len }
    }

    /// The bytes that it looks at next.
    pub fn need(&self) -> Need {
        match self.candidate {
            Some((_, end)) => Need { start: end, len: BoxHeader::MAX_LEN.min(self.file_len - end) },
            None => Need { start: self.at, len: WINDOW.min(self.file_len - self.at) },
        }
    }

    /// Looks at these bytes, which are those that are needed.
    pub fn step(mut self, bytes: &[u8]) -> Step {
        if let Some((start, end)) = self.candidate.take() {
            if header(bytes, self.file_len - end).is_some_and(|(code, _)| can_follow(code)) {
                return Step::Found(start);
            }
            self.at = start + 1;
            return self.more();
        }
        let from = self.at;
        let mut place = 0;
        while let Some(word) = bytes.get(place + 4..place + 8) {
            let start = from + len_u64(place);
            let rest = bytes.get(place..).unwrap_or_default();
            if is_anchor(word)
                && let Some((_, size)) = header(rest, self.file_len - start)
            {
                if start + size == self.file_len {
                    return Step::Found(start);
                }
                self.candidate = Some((start, start + size));
                return self.more();
            }
            place += 1;
        }
        self.at = from + len_u64(place.max(1));
        self.more()
    }

    fn more(self) -> Step {
        let is_over = self.at - self.from > MOST || self.file_len.saturating_sub(self.at) < 8;
        if is_over && self.candidate.is_none() { Step::Nothing } else { Step::More(self) }
    }
}

/// Type and size of what may be a box, of which so many bytes are there.
fn header(bytes: &[u8], rest: u64) -> Option<(FourCc, u64)> {
    let header =
        BoxHeader::read(&mut Reader::new(bytes.get(..to_len(BoxHeader::MAX_LEN)).unwrap_or(bytes), 0), rest);
    let header = header.ok()?;
    let code = header.id.four_cc();
    let most = if code.0 == *b"mdat" { rest } else { limits::MOOV_LEN };
    (header.size <= most).then_some((code, header.size))
}

/// Boxes of the top that stand nowhere else, and no other word in media is likely to be.
fn is_anchor(code: &[u8]) -> bool {
    let anchors: [&[u8]; 8] = [b"moof", b"mdat", b"moov", b"mfra", b"sidx", b"styp", b"emsg", b"imda"];
    anchors.contains(&code)
}

fn can_follow(code: FourCc) -> bool {
    let others = [b"free", b"skip", b"wide", b"uuid", b"meta", b"ssix", b"prft", b"ftyp"];
    is_anchor(&code.0) || others.contains(&&code.0)
}

impl Indexer {
    /// Goes on at `next` behind a place where there is no box: what is between is one that has the rest of what it claims or
    /// lacks, when its type is known.
    pub(super) fn resume(&mut self, start: u64, next: u64, bytes: &[u8]) -> Result<()> {
        let mut head = Reader::new(bytes, start);
        let claimed = u64::from(head.u32("A box size")?);
        let id = BoxId::Four(FourCc(head.array("A box type")?));
        let is_long = claimed == 1;
        let claimed = if is_long { head.u64("A 64-bit box size")? } else { claimed };
        let size = next - start;
        let header = BoxHeader { id, form: if is_long { SizeForm::Long } else { SizeForm::Short }, size };
        let is_box = is_known(id) && !id.is(b"uuid") && size >= header.header_len();
        if is_box && body_limit(&header).is_some_and(|limit| size <= limit) {
            let Some(body) = bytes.get(..to_len(size)) else {
                self.want(start, size);
                return Ok(());
            };
            self.take_body(start, header, &resized(body.to_vec()));
        }
        self.note(if is_box {
            let message = format!(
                "Box '{id}' at byte {start} claims {claimed} bytes, and the next box that can be one begins {size} bytes behind \
                 its first, at byte {next}: its size is wrong, or bytes were lost. Get a sound copy of the file."
            );
            Error::file("bad-box-size", message).at(start)
        } else {
            let message = format!(
                "Bytes {start} to {next} are no box that is known: they begin with {}. The box before them has a wrong size, or \
                 bytes were lost. Get a sound copy of the file.",
                shown(bytes)
            );
            Error::file("unknown-bytes", message).at(start)
        });
        if self.index.top.len() == limits::TOP_BOXES {
            let message = format!("The file has more than {} top-level boxes.", limits::TOP_BOXES);
            return Err(Error::limit("too-many-boxes", message).at(start));
        }
        if is_box {
            self.extend_fragment(start, &header);
        }
        self.push_top(start, &header);
        self.walk_from(next);
        Ok(())
    }

    /// A box that stands in another alone is at the top when that has a wrong size.
    pub(super) fn check_place(&mut self, header: &BoxHeader) {
        let Some(Some(home)) = home(&header.id.four_cc()) else { return };
        let before = self.index.top.len().checked_sub(1).and_then(|last| self.index.top.get(last));
        if let Some(before) = before.filter(|before| before.id.is(home)) {
            let message = format!(
                "Box '{}' claims {} bytes, and behind it stands a box '{}', which must be in it: its size is wrong.",
                before.id, before.size, header.id
            );
            self.note(Error::file("bad-box-size", message).at(before.start));
        }
    }
}
