//! Small reads of the opened file.

use web_sys::{Blob, FileReaderSync};

use crate::fragmenter::Piece;
use crate::report::{Range, number};
use crate::session::Session;

use super::{JsResult, to_js};

/// The last range that was read, which is most often wanted again.
#[derive(Default)]
pub struct SmallReads {
    start: u64,
    bytes: Vec<u8>,
}

impl SmallReads {
    /// The bytes of a range of the open file, which is in `blob` or made of what is; none for `None`.
    pub fn read(&mut self, blob: &Blob, session: &Session, range: Option<Range>) -> JsResult<&[u8]> {
        let Some(Range { start, len }) = range else { return Ok(&[]) };
        if self.start != start || crate::bytes::units::len_u64(self.bytes.len()) != len {
            let slice = |start, len| blob.slice_with_f64_and_f64(number(start), number(start + len));
            let wanted = match session.merged() {
                None => slice(start, len)?,
                Some(merged) => {
                    let parts = js_sys::Array::new();
                    for piece in merged.pieces(start, len).map_err(to_js)? {
                        match piece {
                            Piece::Made(bytes) => parts.push(&js_sys::Uint8Array::from(&bytes[..])),
                            Piece::Found { start, len } => parts.push(&slice(start, len)?.into()),
                        };
                    }
                    Blob::new_with_blob_sequence(&parts)?
                }
            };
            let buffer = FileReaderSync::new()?.read_as_array_buffer(&wanted)?;
            (self.start, self.bytes) = (start, js_sys::Uint8Array::new(&buffer).to_vec());
        }
        Ok(&self.bytes)
    }
}
