//! What follows the uncompressed headers of VP9, read from the specification's syntax tables (6.1, 6.2, annex B) with no
//! code of the core. It keeps what it knows from the first sample of a track to the last.

use super::Res;
use super::wanted::Ranges;

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn f(&mut self, n: usize) -> Res<usize> {
        let mut value = 0;
        for _ in 0..n {
            let byte = self.bytes.get(self.at / 8).ok_or("a frame ends too early")?;
            value = value << 1 | usize::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn is(&mut self) -> Res<bool> {
        Ok(self.f(1)? == 1)
    }

    fn s(&mut self, n: usize) -> Res<()> {
        self.f(n + 1).map(drop)
    }

    fn prob(&mut self) -> Res<()> {
        if self.is()? { self.f(8).map(drop) } else { Ok(()) }
    }
}

/// Sizes of the kept frames.
#[derive(Clone, Default)]
pub struct Vp9 {
    kept: [Option<(usize, usize)>; 8],
    /// Bytes of each frame's uncompressed header.
    pub headers: Vec<usize>,
}

impl Vp9 {
    /// What follows the uncompressed headers of the frames of a sample.
    pub fn ranges(&mut self, sample: &[u8]) -> Res<Ranges> {
        let Some(&last) = sample.last() else { return Ok(Ranges::new()) };
        let mut sizes = vec![sample.len()];
        if last & 0xe0 == 0xc0 {
            let (frames, bytes) = (usize::from(last & 7) + 1, usize::from((last >> 3) & 3) + 1);
            let index = sample.len().checked_sub(2 + frames * bytes).ok_or("no room for the index")?;
            if sample[index] != last {
                return Err("an index with another beginning".to_owned());
            }
            let size = |number: usize| {
                let at = index + 1 + number * bytes;
                sample[at..at + bytes].iter().rev().fold(0, |sum, byte| sum * 256 + usize::from(*byte))
            };
            sizes = (0..frames).map(size).collect();
            if sizes.iter().sum::<usize>() != index {
                return Err("frames that do not end where the index begins".to_owned());
            }
        }
        let (mut found, mut start) = (Ranges::new(), 0);
        for size in sizes.into_iter().filter(|size| *size > 0) {
            let frame = &sample[start..start + size];
            let (header, compressed) = self.uncompressed_header(frame)?;
            self.headers.push(header);
            if let Some(compressed) = compressed {
                if compressed == 0 || header + compressed > size {
                    return Err("a compressed header of a wrong size".to_owned());
                }
                found.push((start + header, start + size));
            }
            start += size;
        }
        Ok(found)
    }

    fn uncompressed_header(&mut self, frame: &[u8]) -> Res<(usize, Option<usize>)> {
        let b = &mut Bits { bytes: frame, at: 0 };
        if b.f(2)? != 2 {
            return Err("no frame marker".to_owned());
        }
        let (low, high) = (b.f(1)?, b.f(1)?);
        let profile = 2 * high + low;
        if profile == 3 && b.is()? {
            return Err("a reserved profile".to_owned());
        }
        if b.is()? {
            b.f(3)?;
            return Ok((b.at.div_ceil(8), None));
        }
        let (key, shown, resilient) = (!b.is()?, b.is()?, b.is()?);
        let intra_only = !key && !shown && b.is()?;
        if !key && !resilient {
            b.f(2)?;
        }
        if key || intra_only {
            if b.f(24)? != 0x49_83_42 {
                return Err("no sync code".to_owned());
            }
            if key || profile > 0 {
                color_config(b, profile)?;
            }
        }
        let refresh = if key { 255 } else { b.f(8)? };
        let size;
        if key || intra_only {
            size = (b.f(16)? + 1, b.f(16)? + 1);
            render_size(b)?;
        } else {
            let refs = (0..3).map(|_| Ok(b.f(4)? >> 1)).collect::<Res<Vec<_>>>()?;
            let mut of = None;
            for one in refs {
                if b.is()? {
                    of = Some(self.kept[one].ok_or("a reference that is not there")?);
                    break;
                }
            }
            size = match of {
                Some(size) => size,
                None => (b.f(16)? + 1, b.f(16)? + 1),
            };
            render_size(b)?;
            b.f(1)?;
            if !b.is()? {
                b.f(2)?;
            }
        }
        if !resilient {
            b.f(2)?;
        }
        b.f(2)?;
        // loop_filter_params( )
        b.f(9)?;
        if b.is()? && b.is()? {
            for _ in 0..6 {
                if b.is()? {
                    b.s(6)?;
                }
            }
        }
        // quantization_params( )
        b.f(8)?;
        for _ in 0..3 {
            if b.is()? {
                b.s(4)?;
            }
        }
        segmentation_params(b)?;
        // tile_info( )
        let sb64_cols = ((((size.0 + 7) >> 3) + 7) >> 3).max(1);
        let min_log2 = (0..).find(|log2| 64 << log2 >= sb64_cols).unwrap();
        let max_log2 = (1..).find(|log2| sb64_cols >> log2 < 4).unwrap() - 1;
        let mut log2 = min_log2;
        while log2 < max_log2 && b.is()? {
            log2 += 1;
        }
        if b.is()? {
            b.f(1)?;
        }
        let compressed = b.f(16)?;
        while !b.at.is_multiple_of(8) {
            if b.is()? {
                return Err("a trailing bit that is 1".to_owned());
            }
        }
        for (i, kept) in self.kept.iter_mut().enumerate() {
            if refresh >> i & 1 == 1 {
                *kept = Some(size);
            }
        }
        Ok((b.at / 8, Some(compressed)))
    }
}

fn color_config(b: &mut Bits<'_>, profile: usize) -> Res<()> {
    if profile > 1 {
        b.f(1)?;
    }
    let rgb = b.f(3)? == 7;
    if !rgb {
        b.f(1)?;
    }
    match (profile % 2 == 1, rgb) {
        (true, true) => b.f(1).map(drop),
        (true, false) => b.f(3).map(drop),
        (false, true) => Err("RGB in a profile without".to_owned()),
        (false, false) => Ok(()),
    }
}

fn render_size(b: &mut Bits<'_>) -> Res<()> {
    if b.is()? { b.f(32).map(drop) } else { Ok(()) }
}

fn segmentation_params(b: &mut Bits<'_>) -> Res<()> {
    if !b.is()? {
        return Ok(());
    }
    if b.is()? {
        for _ in 0..7 {
            b.prob()?;
        }
        if b.is()? {
            for _ in 0..3 {
                b.prob()?;
            }
        }
    }
    if b.is()? {
        b.f(1)?;
        for _ in 0..8 {
            for (bits, signed) in [(8, true), (6, true), (2, false), (0, false)] {
                if b.is()? {
                    if signed { b.s(bits)? } else { b.f(bits).map(drop)? }
                }
            }
        }
    }
    Ok(())
}
