//! What a command writes: into its log up to the limit, and its last line for the operator.

use crate::attempt_dir::AttemptDir;
use crate::log::BoundedLog;
use std::io::{self, PipeReader, Read};

/// How much of the output's end is kept to find the last line in it.
const TAIL_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 64 * 1024;

/// Reads a command's output, never more than one chunk at a time.
pub(super) struct Output {
    pub(super) pipe: Option<PipeReader>,
    log: BoundedLog,
    tail: Vec<u8>,
    chunk: Vec<u8>,
    /// Why part of the log is missing (a full disk, for example).
    pub(super) defect: Option<io::Error>,
}

impl Output {
    pub(super) fn open(dir: &AttemptDir, max_bytes: u64, pipe: PipeReader) -> io::Result<Self> {
        let log = BoundedLog::open(dir, max_bytes)?;
        Ok(Self {
            pipe: Some(pipe),
            log,
            tail: Vec::new(),
            chunk: vec![0; CHUNK_BYTES],
            defect: None,
        })
    }

    /// Reads what is there; call it only when reading does not block.
    pub(super) fn read(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        match pipe.read(&mut self.chunk) {
            Ok(0) => self.pipe = None,
            Ok(length) => self.take(length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.pipe = None,
        }
    }

    /// The last line that is not blank.
    pub(super) fn last_line(&self) -> String {
        let tail = String::from_utf8_lossy(&self.tail);
        tail.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }

    fn take(&mut self, length: usize) {
        let bytes = self.chunk.get(..length).unwrap_or_default();
        if let Err(error) = self.log.write(bytes) {
            self.defect.get_or_insert(error);
        }
        // Blanks at the end count only if they end the line, so that they cannot push the last line out.
        let text = bytes.trim_ascii_end();
        self.tail.extend_from_slice(text);
        let ends_line = bytes.get(text.len()..).is_some_and(|blanks| blanks.contains(&b'\n'));
        if ends_line && self.tail.last() != Some(&b'\n') {
            self.tail.push(b'\n');
        }
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_last_line_is_found_however_the_output_is_cut() {
        let cases: [(&[&[u8]], &str); 8] = [
            (&[b"one\ntwo\n"], "two"),
            (&[b"one\ntw", b"o\n\n \n"], "two"),
            (&[b"one\n", b"\n", b"\n"], "one"),
            (&[b"one", b"\n", b"two"], "two"),
            (&[b"one\n  ", b"two"], "two"),
            (&[b"no newline"], "no newline"),
            (&[], ""),
            (&[b"\xff\xfe\n"], "\u{fffd}\u{fffd}"),
        ];
        for (pieces, want) in cases {
            let root = tempfile::tempdir().unwrap();
            let (reader, mut writer) = io::pipe().unwrap();
            let mut output =
                Output::open(&AttemptDir::at(root.path().to_path_buf()), 5, reader).unwrap();
            for piece in pieces {
                writer.write_all(piece).unwrap();
                output.read();
            }
            drop(writer);
            output.read();
            assert!(output.pipe.is_none());
            assert_eq!(output.last_line(), want, "{pieces:?}");
        }
    }
}
