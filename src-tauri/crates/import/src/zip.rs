//! Reads zip archives that nobody vouches for: entries are streamed by number, nothing is ever written by
//! a name, and an archive that lies or swells is refused whole, before anything of it is used.
//!
//! The format is PKWARE's APPNOTE.TXT 6.3.10; of its methods the two that exports use (stored, deflated).

use domain::{Words, say};
use flate2::{Crc, read::DeflateDecoder};
use std::io::{self, Read, Seek, SeekFrom};

/// Most entries. An export holds some thousand pictures beside its conversations.
const MOST_ENTRIES: u64 = 100_000;
/// Largest table of contents.
const LARGEST_DIRECTORY: u64 = 64 * 1024 * 1024;
/// Most bytes in all, unpacked.
const MOST_BYTES: u64 = 20 * 1024 * 1024 * 1024;
/// Most times that data may become larger; text comes to 10 or so, a bomb to a thousand.
const MOST_SWELLING: u64 = 200;
/// Below this nothing is a bomb.
const SMALL: u64 = 1024 * 1024;
/// Below this not even all entries are, but for those that are read as conversations: a log of one line, repeated, and
/// a blank picture become a thousandth. What is read of such an entry has a limit of its own.
const SMALL_FILES: u64 = 256 * 1024 * 1024;
/// Largest comment after the table of contents, and the record before it.
const TAIL: u64 = 65_535 + 22;

/// Why an archive is refused.
#[derive(Debug)]
pub enum Hostile {
    /// It cannot be read as an archive.
    Broken(Words),
    /// It asks for something that no export asks for.
    Refused(Words),
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for Hostile {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Hostile> for Words {
    fn from(hostile: Hostile) -> Self {
        match hostile {
            Hostile::Broken(why) | Hostile::Refused(why) => why,
            Hostile::Io(error) => error.to_string().into(),
        }
    }
}

impl std::fmt::Display for Hostile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(why) | Self::Refused(why) => f.write_str(why),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// An entry of the table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, for choosing among entries and for nothing else.
    pub name: String,
    /// Bytes when unpacked.
    pub size: u64,
    packed: u64,
    offset: u64,
    method: u16,
    crc: u32,
    encrypted: bool,
}

#[cfg(test)]
impl Entry {
    /// An empty one of this name.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), size: 0, packed: 0, offset: 0, method: 0, crc: 0, encrypted: false }
    }
}

/// An archive whose table of contents has been found sound.
pub struct Archive<R> {
    input: R,
    entries: Vec<Entry>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn cut() -> Hostile {
    Hostile::Broken(say!("The archive's table of contents is cut off or damaged."))
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the table of contents and refuses what is hostile about it.
    pub fn open(mut input: R) -> Result<Self, Hostile> {
        let length = input.seek(SeekFrom::End(0))?;
        let (start, size, count) = directory(&mut input, length)?;
        if count > MOST_ENTRIES {
            return Err(Hostile::Refused(say!("The archive has more than 100,000 entries.")));
        }
        if size > LARGEST_DIRECTORY || start.checked_add(size).is_none_or(|end| end > length) {
            return Err(cut());
        }
        input.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; usize::try_from(size).map_err(|_| cut())?];
        input.read_exact(&mut bytes)?;
        let mut entries = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            let (entry, next) = entry(&bytes, at)?;
            at = next;
            entries.push(entry);
        }
        check(&entries, start)?;
        Ok(Self { input, entries })
    }

    /// Its entries, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Streams an entry. The stream fails where the data is not what the table of contents says: at a
    /// byte too many, or at the end if its sum is wrong.
    pub fn read(&mut self, place: usize) -> Result<impl Read + '_, Hostile> {
        let entry = self.entries.get(place).ok_or_else(cut)?.clone();
        if entry.encrypted {
            return Err(Hostile::Refused(say!(
                "The archive is encrypted. Unpack it first, then import the file."
            )));
        }
        self.input.seek(SeekFrom::Start(entry.offset))?;
        let mut header = [0; 30];
        self.input.read_exact(&mut header)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(cut());
        }
        let names = u16_at(&header, 26).zip(u16_at(&header, 28)).ok_or_else(cut)?;
        self.input.seek(SeekFrom::Current(i64::from(names.0) + i64::from(names.1)))?;
        let packed = (&mut self.input).take(entry.packed);
        let data: Box<dyn Read + '_> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            _ => {
                return Err(Hostile::Refused(say!("The archive is packed in a way that no export uses.")));
            }
        };
        Ok(Checked { data, left: entry.size, crc: Crc::new(), expected: entry.crc })
    }
}

/// Where the table of contents is: start, size, entries.
fn directory<R: Read + Seek>(input: &mut R, length: u64) -> Result<(u64, u64, u64), Hostile> {
    let tail = length.min(TAIL);
    input.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    input.take(tail).read_to_end(&mut bytes)?;
    let at = bytes.windows(22).rposition(|window| window.starts_with(b"PK\x05\x06")).ok_or_else(cut)?;
    let field = |offset| u32_at(&bytes, at + offset).map(u64::from);
    let (Some(size), Some(start)) = (field(12), field(16)) else {
        return Err(cut());
    };
    let count = u16_at(&bytes, at + 10).map(u64::from).ok_or_else(cut)?;
    if start != u64::from(u32::MAX) && size != u64::from(u32::MAX) && count != u64::from(u16::MAX) {
        return Ok((start, size, count));
    }
    // ZIP64: its locator stands before this record and names the larger one.
    let locator = at.checked_sub(20).ok_or_else(cut)?;
    if !bytes[locator..].starts_with(b"PK\x06\x07") {
        return Err(cut());
    }
    input.seek(SeekFrom::Start(u64_at(&bytes, locator + 8).filter(|at| *at < length).ok_or_else(cut)?))?;
    let mut record = [0; 56];
    input.read_exact(&mut record)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(cut());
    }
    match (u64_at(&record, 48), u64_at(&record, 40), u64_at(&record, 32)) {
        (Some(start), Some(size), Some(count)) => Ok((start, size, count)),
        _ => Err(cut()),
    }
}

/// One record of the table of contents, and where the next begins.
fn entry(bytes: &[u8], at: usize) -> Result<(Entry, usize), Hostile> {
    let header = bytes.get(at..at + 46).filter(|header| header.starts_with(b"PK\x01\x02")).ok_or_else(cut)?;
    let short = |offset| u16_at(header, offset).unwrap_or(0);
    let long = |offset| u64::from(u32_at(header, offset).unwrap_or(0));
    let (name_length, extra_length, comment) = (short(28), short(30), short(32));
    let name_at = at + 46;
    let extra_at = name_at + usize::from(name_length);
    let next = extra_at + usize::from(extra_length) + usize::from(comment);
    let name = bytes.get(name_at..extra_at).ok_or_else(cut)?;
    let extra = bytes.get(extra_at..extra_at + usize::from(extra_length)).ok_or_else(cut)?;
    if bytes.len() < next {
        return Err(cut());
    }
    let (mut packed, mut size, mut offset) = (long(20), long(24), long(42));
    let mut large = zip64(extra).into_iter();
    for field in [&mut size, &mut packed, &mut offset] {
        if *field == u64::from(u32::MAX) {
            *field = large.next().ok_or_else(cut)?;
        }
    }
    // The upper half of the attributes is a Unix mode when the archive was made on such a system.
    let mode = if header[5] == 3 { long(38) >> 16 } else { 0 };
    if mode & 0o170_000 == 0o120_000 {
        return Err(Hostile::Refused(say!("The archive holds a link to another place.")));
    }
    let name = String::from_utf8_lossy(name).into_owned();
    if astray(&name) {
        return Err(Hostile::Refused(say!("The archive names a place outside of itself.")));
    }
    let crc = u32_at(header, 16).ok_or_else(cut)?;
    let encrypted = short(8) & 0x2041 != 0;
    Ok((Entry { name, size, packed, offset, method: short(10), crc, encrypted }, next))
}

/// The 64-bit fields of an entry.
fn zip64(mut extra: &[u8]) -> Vec<u64> {
    while let (Some(tag), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        let Some(data) = extra.get(4..end) else { break };
        if tag == 1 {
            return data.chunks_exact(8).filter_map(|chunk| u64_at(chunk, 0)).collect();
        }
        extra = &extra[end..];
    }
    Vec::new()
}

/// A name that would leave the folder it is unpacked in. Nothing is unpacked here; who writes such names
/// means harm.
fn astray(name: &str) -> bool {
    name.starts_with(['/', '\\'])
        || name.contains('\0')
        || name.as_bytes().get(1) == Some(&b':')
        || name.split(['/', '\\']).any(|step| step == "..")
}

/// Only such an entry may hold conversations.
fn is_json(name: &str) -> bool {
    name.len()
        .checked_sub(5)
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(".json"))
}

fn check(entries: &[Entry], directory: u64) -> Result<(), Hostile> {
    let bomb = |small: u64, size: u64, packed: u64| size > small && size / MOST_SWELLING > packed;
    let swelling = || Hostile::Refused(say!("The archive would swell to more than 200 times its size."));
    let (mut total, mut packed): (u64, u64) = (0, 0);
    let (mut told, mut told_packed): (u64, u64) = (0, 0);
    let mut ranges = Vec::new();
    let mut names = std::collections::HashSet::new();
    for entry in entries {
        total = total.saturating_add(entry.size);
        packed = packed.saturating_add(entry.packed);
        if is_json(&entry.name) {
            told = told.saturating_add(entry.size);
            told_packed = told_packed.saturating_add(entry.packed);
            if bomb(SMALL, entry.size, entry.packed) {
                return Err(swelling());
            }
        }
        if !names.insert(&entry.name) {
            return Err(Hostile::Refused(say!("The archive holds two entries of the same name.")));
        }
        let end = entry.offset.checked_add(entry.packed).filter(|end| *end <= directory).ok_or_else(cut)?;
        ranges.push((entry.offset, end));
    }
    if total > MOST_BYTES {
        return Err(Hostile::Refused(say!("The archive would unpack to more than 20 GB.")));
    }
    if bomb(SMALL, told, told_packed) || bomb(SMALL_FILES, total, packed) {
        return Err(swelling());
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|two| two[0].1 > two[1].0) {
        return Err(Hostile::Refused(say!("The archive's entries lie over each other.")));
    }
    Ok(())
}

/// Gives out what was promised, or fails.
struct Checked<'a> {
    data: Box<dyn Read + 'a>,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let lie = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        let read = self.data.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| lie("an entry of the archive is larger than it says"))?;
        self.crc.update(&buffer[..read]);
        if read == 0 && (self.left > 0 || self.crc.sum() != self.expected) {
            return Err(lie("an entry of the archive is damaged"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write as _};

    /// An archive as a program for exports writes it, with one thing wrong.
    struct Made {
        bytes: Vec<u8>,
        directory: Vec<u8>,
        count: u16,
    }

    impl Made {
        fn new() -> Self {
            Self { bytes: Vec::new(), directory: Vec::new(), count: 0 }
        }

        fn add(mut self, name: &str, data: &[u8], says: Option<u32>, mode: u32) -> Self {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            let packed = encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default();
            let mut crc = Crc::new();
            crc.update(data);
            let size = says.unwrap_or(u32::try_from(data.len()).unwrap_or(0));
            let name_length = u16::try_from(name.len()).unwrap_or(0).to_le_bytes();
            let offset = u32::try_from(self.bytes.len()).unwrap_or(0);
            let packed_length = u32::try_from(packed.len()).unwrap_or(0);
            let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
            common.extend(crc.sum().to_le_bytes());
            common.extend(packed_length.to_le_bytes());
            common.extend(size.to_le_bytes());
            common.extend(name_length);
            common.extend([0, 0]);
            self.bytes.extend(b"PK\x03\x04");
            self.bytes.extend(&common);
            self.bytes.extend(name.as_bytes());
            self.bytes.extend(packed);
            self.directory.extend(b"PK\x01\x02\x14\x03");
            self.directory.extend(&common);
            self.directory.extend([0; 6]);
            self.directory.extend((mode << 16).to_le_bytes());
            self.directory.extend(offset.to_le_bytes());
            self.directory.extend(name.as_bytes());
            self.count += 1;
            self
        }

        fn done(self) -> Vec<u8> {
            let Self { mut bytes, directory, count } = self;
            let start = u32::try_from(bytes.len()).unwrap_or(0);
            let size = u32::try_from(directory.len()).unwrap_or(0);
            bytes.extend(directory);
            bytes.extend(b"PK\x05\x06\0\0\0\0");
            bytes.extend(count.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(size.to_le_bytes());
            bytes.extend(start.to_le_bytes());
            bytes.extend([0, 0]);
            bytes
        }
    }

    fn outcome(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut archive = Archive::open(Cursor::new(bytes)).map_err(|e| e.to_string())?;
        (0..archive.entries().len())
            .map(|n| {
                let mut data = Vec::new();
                archive
                    .read(n)
                    .map_err(|e| e.to_string())?
                    .read_to_end(&mut data)
                    .map_err(|e| e.to_string())?;
                Ok(data)
            })
            .collect()
    }

    #[test]
    fn what_was_packed_comes_out() {
        let made =
            Made::new().add("conversations.json", b"[1]", None, 0o100_644).add("a/b.txt", b"", None, 0);
        assert_eq!(outcome(&made.done()), Ok(vec![b"[1]".to_vec(), Vec::new()]));
    }

    #[test]
    fn a_file_that_swells_beside_conversations_is_no_bomb_unless_it_is_large() {
        let log = b"GET /health 200 OK\n".repeat(200_000);
        let made =
            Made::new().add("conversations.json", b"[1]", None, 0).add("server.log", &log, None, 0).done();
        assert_eq!(outcome(&made), Ok(vec![b"[1]".to_vec(), log]));
        let large = u32::try_from(SMALL_FILES).unwrap_or(0) + 1;
        let made = Made::new().add("x", &vec![0; 100_000], Some(large), 0).done();
        assert!(outcome(&made).err().unwrap_or_default().contains("200 times"));
    }

    #[test]
    fn hostile_archives_are_refused() {
        let says = |made: Made| outcome(&made.done()).err().unwrap_or_default();
        for name in ["../x", "/etc/x", "a/../../x", "C:\\x", "a\\..\\x", "x\0y"] {
            assert!(says(Made::new().add(name, b"x", None, 0)).contains("outside"), "{name}");
        }
        assert!(says(Made::new().add("x", b"/etc/passwd", None, 0o120_777)).contains("link"));
        for name in ["conversations.json", "a/b.JSON"] {
            assert!(says(Made::new().add(name, &vec![0; 4_000_000], None, 0)).contains("200 times"));
        }
        assert!(says(Made::new().add("x", &vec![0; 4_000_000], Some(9), 0)).contains("larger than it says"));
        assert!(says(Made::new().add("x", b"abc", Some(9), 0)).contains("damaged"));
        assert!(says(Made::new().add("x", b"a", None, 0).add("x", b"b", None, 0)).contains("same name"));
        let good = Made::new().add("x", b"some words that are packed", None, 0).done();
        for cut in 0..good.len() {
            assert!(outcome(&good[..cut]).is_err(), "cut at {cut}");
        }
        for place in 0..good.len() {
            // Whatever one byte is changed to: no panic, and never other data than was packed.
            let mut bad = good.clone();
            bad[place] ^= 0x55;
            if let Ok(data) = outcome(&bad) {
                assert!(data.is_empty() || data == [b"some words that are packed".to_vec()], "{place}");
            }
        }
    }

    #[test]
    fn entries_over_each_other_are_refused() {
        let mut made = Made::new().add("a", b"0123456789", None, 0);
        let first = made.directory.clone();
        made.directory.extend(&first);
        let last = made.directory.len() - 1;
        made.directory[last] = b'b';
        made.count = 2;
        let made = made.done();
        assert!(outcome(&made).err().unwrap_or_default().contains("over each other"));
    }
}
