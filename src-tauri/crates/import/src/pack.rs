//! Writes zip archives that [`crate::Archive`] reads: one entry after the other, each of any length, so every
//! record has its 64-bit fields.
//!
//! The format is PKWARE's APPNOTE.TXT 6.3.10, with version 4.5 for those fields.

use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Read and written at once.
const BUFFER: usize = 256 * 1024;
const VERSION: u16 = 45;
const NOTHING: u32 = u32::MAX;
/// Well below what the reader refuses.
const MOST_SWELLING: u64 = 100;
/// 1 January 1980, the first day the format knows: what is in a backup has its times inside.
const DAY: u16 = 0x0021;

/// How an entry is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is: pictures and documents are packed already.
    Stored,
    /// Deflated.
    Deflated,
}

struct Written {
    name: String,
    size: u64,
    packed: u64,
    offset: u64,
    method: u16,
    crc: u32,
}

/// An archive that is being written.
pub struct Packer<W> {
    out: W,
    entries: Vec<Written>,
}

impl<W: Write + Seek> Packer<W> {
    /// Begins at the place where `out` is, which is its start.
    pub fn new(out: W) -> Self {
        Self { out, entries: Vec::new() }
    }

    /// Adds what `data` gives. `went` is told of every piece and ends the whole with `false`
    /// ([`io::ErrorKind::Interrupted`]). Gives the bytes that were read.
    pub fn add(
        &mut self,
        name: &str,
        packing: Packing,
        data: &mut dyn Read,
        went: &mut dyn FnMut(usize) -> bool,
    ) -> io::Result<u64> {
        let offset = self.out.stream_position()?;
        let method = match packing {
            Packing::Stored => 0,
            Packing::Deflated => 8,
        };
        let entry = Written { name: name.to_owned(), size: 0, packed: 0, offset, method, crc: 0 };
        self.out.write_all(&local(&entry))?;
        let start = self.out.stream_position()?;
        let (size, crc) = match packing {
            Packing::Stored => pump(data, &mut self.out, went)?,
            Packing::Deflated => {
                let mut encoder = DeflateEncoder::new(&mut self.out, Compression::new(4));
                let sums = pump(data, &mut encoder, went)?;
                encoder.finish()?;
                sums
            }
        };
        let end = self.out.stream_position()?;
        let entry = Written { size, packed: end - start, crc, ..entry };
        // What was not known before is written over the beginning.
        self.out.seek(SeekFrom::Start(offset))?;
        self.out.write_all(&local(&entry))?;
        self.out.seek(SeekFrom::Start(end))?;
        self.entries.push(entry);
        Ok(size)
    }

    /// The newest entry has become so much smaller that an archive with it is taken for a bomb
    /// ([`crate::Archive`]).
    pub fn swells(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.size / MOST_SWELLING > entry.packed)
    }

    /// Takes the newest entry back; what comes next stands in its place and must not be shorter.
    pub fn undo(&mut self) -> io::Result<()> {
        if let Some(entry) = self.entries.pop() {
            self.out.seek(SeekFrom::Start(entry.offset))?;
        }
        Ok(())
    }

    /// Writes the table of contents and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        let start = self.out.stream_position()?;
        for entry in &self.entries {
            self.out.write_all(&central(entry))?;
        }
        let end = self.out.stream_position()?;
        let count = self.entries.len() as u64;
        let mut tail = Vec::with_capacity(98);
        tail.extend(b"PK\x06\x06");
        tail.extend(44_u64.to_le_bytes());
        tail.extend(VERSION.to_le_bytes());
        tail.extend(VERSION.to_le_bytes());
        tail.extend([0; 8]);
        for field in [count, count, end - start, start] {
            tail.extend(field.to_le_bytes());
        }
        tail.extend(b"PK\x06\x07\0\0\0\0");
        tail.extend(end.to_le_bytes());
        tail.extend(1_u32.to_le_bytes());
        tail.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
        tail.extend(NOTHING.to_le_bytes());
        tail.extend(NOTHING.to_le_bytes());
        tail.extend([0, 0]);
        self.out.write_all(&tail)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn pump(
    data: &mut dyn Read,
    out: &mut dyn Write,
    went: &mut dyn FnMut(usize) -> bool,
) -> io::Result<(u64, u32)> {
    let (mut size, mut crc, mut buffer) = (0_u64, Crc::new(), vec![0; BUFFER]);
    loop {
        let read = data.read(&mut buffer)?;
        if read == 0 {
            return Ok((size, crc.sum()));
        }
        let piece = &buffer[..read];
        crc.update(piece);
        out.write_all(piece)?;
        size += read as u64;
        if !went(read) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
}

/// The fields that both records of an entry share: version to read it, flags (names are UTF-8), method, time.
fn head(entry: &Written) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    for field in [VERSION, 0x0800, entry.method, 0, DAY] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(entry.crc.to_le_bytes());
    bytes.extend(NOTHING.to_le_bytes());
    bytes.extend(NOTHING.to_le_bytes());
    bytes.extend(u16::try_from(entry.name.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes
}

fn local(entry: &Written) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(head(entry));
    bytes.extend(20_u16.to_le_bytes());
    bytes.extend(entry.name.as_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(entry.size.to_le_bytes());
    bytes.extend(entry.packed.to_le_bytes());
    bytes
}

fn central(entry: &Written) -> Vec<u8> {
    let mut bytes = b"PK\x01\x02".to_vec();
    // Made on a system with Unix modes: 0600 in the upper half of the attributes.
    bytes.extend((0x0300 | VERSION).to_le_bytes());
    bytes.extend(head(entry));
    bytes.extend(28_u16.to_le_bytes());
    bytes.extend([0; 6]);
    bytes.extend((0o100_600_u32 << 16).to_le_bytes());
    bytes.extend(NOTHING.to_le_bytes());
    bytes.extend(entry.name.as_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(24_u16.to_le_bytes());
    for field in [entry.size, entry.packed, entry.offset] {
        bytes.extend(field.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Archive;
    use std::io::Cursor;

    #[test]
    fn what_is_packed_is_read_again() {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        let words: Vec<u8> = (0..40_000_u32).flat_map(|n| format!("the {n}th word, ").into_bytes()).collect();
        let mut told = 0;
        let mut went = |bytes| {
            told += bytes;
            true
        };
        assert_eq!(
            packer.add("a.txt", Packing::Deflated, &mut words.as_slice(), &mut went).ok(),
            Some(words.len() as u64)
        );
        assert_eq!(packer.add("b/c", Packing::Stored, &mut &b"abc"[..], &mut went).ok(), Some(3));
        assert_eq!(packer.add("empty", Packing::Deflated, &mut &b""[..], &mut went).ok(), Some(0));
        assert_eq!(told, words.len() + 3);
        let made = packer.finish().map(Cursor::into_inner).unwrap_or_default();
        let mut archive = Archive::open(Cursor::new(made)).map_err(|e| e.to_string()).unwrap();
        let names: Vec<String> = archive.entries().iter().map(|entry| entry.name.clone()).collect();
        assert_eq!(names, ["a.txt", "b/c", "empty"]);
        for (place, expected) in [words.as_slice(), b"abc", b""].into_iter().enumerate() {
            let mut read = Vec::new();
            archive.read(place).map_err(|e| e.to_string()).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, expected, "{place}");
        }
    }

    #[test]
    fn what_swells_is_stored_instead() {
        let zeros = vec![0; 4_000_000];
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        assert!(packer.add("a", Packing::Deflated, &mut zeros.as_slice(), &mut |_| true).is_ok());
        assert!(packer.swells());
        assert!(packer.undo().is_ok());
        assert!(packer.add("a", Packing::Stored, &mut zeros.as_slice(), &mut |_| true).is_ok());
        assert!(!packer.swells());
        let made = packer.finish().map(Cursor::into_inner).unwrap_or_default();
        let mut archive = Archive::open(Cursor::new(made)).map_err(|e| e.to_string()).unwrap();
        let mut read = Vec::new();
        archive.read(0).map_err(|e| e.to_string()).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, zeros);
    }

    #[test]
    fn it_ends_where_it_is_told_to() {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        let stopped = packer.add("a", Packing::Stored, &mut &b"abc"[..], &mut |_| false);
        assert_eq!(stopped.map_err(|e| e.kind()), Err(io::ErrorKind::Interrupted));
    }
}
