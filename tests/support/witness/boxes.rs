//! Boxes and numbers (ISO/IEC 14496-12 clause 4.2), with an error for all that is not there.

use super::Res;

/// Bytes of a file from one place to another, read from front to back.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(file: &'a [u8], at: usize, end: usize) -> Res<Self> {
        if at <= end && end <= file.len() {
            Ok(Self { file, at, end })
        } else {
            Err(format!("bytes {at} to {end} are not in a file of {}", file.len()))
        }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn left(&self) -> usize {
        self.end - self.at
    }

    pub fn take(&mut self, len: usize) -> Res<&'a [u8]> {
        if len > self.left() {
            return Err(format!("{len} bytes wanted at {}, {} there", self.at, self.left()));
        }
        self.at += len;
        Ok(&self.file[self.at - len..self.at])
    }

    pub fn number(&mut self, bytes: usize) -> Res<u64> {
        Ok(self.take(bytes)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub fn u8(&mut self) -> Res<u8> {
        Ok(self.number(1)? as u8)
    }

    pub fn u16(&mut self) -> Res<u16> {
        Ok(self.number(2)? as u16)
    }

    pub fn u32(&mut self) -> Res<u32> {
        Ok(self.number(4)? as u32)
    }

    pub fn u64(&mut self) -> Res<u64> {
        self.number(8)
    }

    pub fn id(&mut self) -> Res<[u8; 16]> {
        Ok(self.take(16)?.try_into().unwrap())
    }
}

/// One box.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub kind: [u8; 4],
    /// The user type of a `uuid` box.
    pub user: Option<[u8; 16]>,
    pub start: usize,
    /// Where its content begins.
    pub inner: usize,
    pub end: usize,
    pub file: &'a [u8],
}

impl<'a> Node<'a> {
    pub fn is(&self, kind: &[u8; 4]) -> bool {
        self.kind == *kind
    }

    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn cursor(&self) -> Cursor<'a> {
        Cursor { file: self.file, at: self.inner, end: self.end }
    }

    /// Version, flags and what is behind them.
    pub fn full(&self) -> Res<(u8, u32, Cursor<'a>)> {
        let mut cursor = self.cursor();
        let word = cursor.u32().map_err(|e| format!("{}: {e}", self.name()))?;
        Ok(((word >> 24) as u8, word & 0xff_ffff, cursor))
    }

    pub fn name(&self) -> String {
        format!("{} at {}", String::from_utf8_lossy(&self.kind), self.start)
    }

    /// The boxes inside, behind `skip` bytes of fields.
    pub fn children(&self, skip: usize) -> Res<Vec<Node<'a>>> {
        let inside =
            walk(self.file, self.inner + skip, self.end).map_err(|e| format!("in {}: {e}", self.name()))?;
        Ok(inside)
    }

    /// Like [`Self::children`], of one type only.
    pub fn all(&self, kind: &[u8; 4]) -> Res<Vec<Node<'a>>> {
        Ok(self.children(0)?.into_iter().filter(|child| child.is(kind)).collect())
    }

    /// The one box of a type; none is as good as an answer, two are not.
    pub fn maybe(&self, kind: &[u8; 4]) -> Res<Option<Node<'a>>> {
        let found = self.all(kind)?;
        if found.len() > 1 {
            return Err(format!(
                "{} has {} {} boxes",
                self.name(),
                found.len(),
                String::from_utf8_lossy(kind)
            ));
        }
        Ok(found.first().copied())
    }

    pub fn only(&self, kind: &[u8; 4]) -> Res<Node<'a>> {
        self.maybe(kind)?.ok_or_else(|| format!("{} has no {}", self.name(), String::from_utf8_lossy(kind)))
    }

    /// The one `uuid` box of a user type.
    pub fn user(&self, user: &[u8; 16]) -> Res<Option<Node<'a>>> {
        let found: Vec<_> = self.children(0)?.into_iter().filter(|child| child.user == Some(*user)).collect();
        if found.len() > 1 {
            return Err(format!("{} has {} boxes of one user type", self.name(), found.len()));
        }
        Ok(found.first().copied())
    }
}

fn one(file: &[u8], start: usize, end: usize, to_the_end: bool) -> Res<Node<'_>> {
    let mut cursor = Cursor::new(file, start, end)?;
    let mut size = u64::from(cursor.u32()?);
    let kind: [u8; 4] = cursor.take(4)?.try_into().unwrap();
    if size == 1 {
        size = cursor.u64()?;
    } else if size == 0 && to_the_end {
        size = (end - start) as u64;
    }
    let user = if &kind == b"uuid" { Some(cursor.id()?) } else { None };
    let inner = cursor.at();
    let room = (end - start) as u64;
    if size < (inner - start) as u64 || size > room {
        let name = String::from_utf8_lossy(&kind).into_owned();
        return Err(format!("{name} at {start} has size {size}, and there is room for {room}"));
    }
    Ok(Node { kind, user, start, inner, end: start + size as usize, file })
}

/// The boxes of a place. Behind the last there may be bytes too few for another, which all readers pass over.
pub fn walk(file: &[u8], mut at: usize, end: usize) -> Res<Vec<Node<'_>>> {
    let mut found = Vec::new();
    while at + 8 <= end {
        let node = one(file, at, end, false)?;
        at = node.end;
        found.push(node);
    }
    if at > end {
        return Err(format!("fields end at {at}, their box at {end}"));
    }
    Ok(found)
}

/// The boxes of a whole file, and where they stop making sense: all that is left is not boxes.
pub fn top(file: &[u8]) -> (Vec<Node<'_>>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Ok(node) = one(file, at, file.len(), true) {
        at = node.end;
        found.push(node);
    }
    (found, at)
}
