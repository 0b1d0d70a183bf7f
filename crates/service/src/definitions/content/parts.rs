//! Packing and unpacking: LZ4 frames, cut into parts that no row, message or buffer has to grow for.

use dayend_store::port::Content;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader, Read, Write};

/// The longest part.
const PART_MAX_BYTES: usize = 256 << 10;

/// Takes the text of a content.
pub(super) struct Packer {
    digest: Sha256,
    packed: FrameEncoder<Parts>,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { digest: Sha256::new(), packed: FrameEncoder::new(Parts::default()) }
    }

    /// All that was written.
    pub(super) fn finish(self) -> Content {
        let mut parts = self.packed.finish().expect("a frame in memory can always be ended");
        parts.cut();
        Content { digest: self.digest.finalize().into(), parts: parts.full.into() }
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.packed.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What was packed so far.
#[derive(Default)]
struct Parts {
    full: Vec<Box<[u8]>>,
    last: Vec<u8>,
}

impl Parts {
    fn cut(&mut self) {
        if !self.last.is_empty() {
            self.full.push(std::mem::take(&mut self.last).into_boxed_slice());
        }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = PART_MAX_BYTES - self.last.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.last.extend_from_slice(taken);
        if self.last.len() == PART_MAX_BYTES {
            self.cut();
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Gives the text of a content, line by line.
pub(super) struct Unpacker<'p> {
    digest: Sha256,
    text: BufReader<FrameDecoder<Pieces<'p>>>,
    line: String,
}

impl<'p> Unpacker<'p> {
    pub(super) fn new(parts: &'p [Box<[u8]>]) -> Self {
        let pieces = Pieces { rest: parts, at: 0 };
        Self {
            digest: Sha256::new(),
            text: BufReader::new(FrameDecoder::new(pieces)),
            line: String::new(),
        }
    }

    /// The next line without its end; none behind the last one.
    pub(super) fn next_line(&mut self) -> Result<Option<&str>, String> {
        self.line.clear();
        let read = self.text.read_line(&mut self.line);
        let count = read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
        self.digest.update(&self.line);
        Ok((count > 0).then(|| self.line.trim_end_matches('\n')))
    }

    /// Whether all lines were those that were packed.
    pub(super) fn finish(self, digest: &[u8; 32]) -> Result<(), String> {
        if self.digest.finalize().as_slice() == digest {
            Ok(())
        } else {
            Err("it does not match its digest".to_owned())
        }
    }
}

/// The parts, one after the other.
struct Pieces<'p> {
    rest: &'p [Box<[u8]>],
    at: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some((first, rest)) = self.rest.split_first() {
            let mut left = first.get(self.at..).unwrap_or_default();
            if left.is_empty() {
                (self.rest, self.at) = (rest, 0);
                continue;
            }
            let count = left.read(into)?;
            self.at += count;
            return Ok(count);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_line_by_line_whatever_its_size() {
        for lines in [0_u32, 1, 3, 100_000] {
            let mut packer = Packer::new();
            for line in 0..lines {
                // Digits that do not repeat, so that there is more than one part.
                writeln!(packer, "{line} {}", line.wrapping_mul(2_654_435_761)).unwrap();
            }
            let content = packer.finish();
            assert!(content.parts.iter().all(|part| part.len() <= PART_MAX_BYTES));
            assert_eq!(content.parts.len() > 1, lines > 50_000, "{lines} lines");
            let mut unpacker = Unpacker::new(&content.parts);
            let mut found = 0_u32;
            while let Some(line) = unpacker.next_line().unwrap() {
                assert_eq!(line, format!("{found} {}", found.wrapping_mul(2_654_435_761)));
                found += 1;
            }
            assert_eq!(found, lines);
            assert_eq!(unpacker.finish(&content.digest), Ok(()));
        }
    }

    #[test]
    fn a_missing_or_changed_part_is_noticed() {
        let mut packer = Packer::new();
        (0..100_000_u32)
            .for_each(|line| writeln!(packer, "{}", line.wrapping_mul(2_654_435_761)).unwrap());
        let content = packer.finish();
        let good = |parts: &[Box<[u8]>]| {
            let mut unpacker = Unpacker::new(parts);
            loop {
                match unpacker.next_line() {
                    Ok(Some(_)) => {}
                    Ok(None) => return unpacker.finish(&content.digest).is_ok(),
                    Err(_) => return false,
                }
            }
        };
        let parts = content.parts.to_vec();
        assert!(good(&parts));
        assert!(!good(parts.split_last().unwrap().1));
        let mut swapped = parts.clone();
        swapped.swap(0, 1);
        assert!(!good(&swapped));
        let mut changed = parts;
        changed[1][1000] ^= 1;
        assert!(!good(&changed));
    }
}
