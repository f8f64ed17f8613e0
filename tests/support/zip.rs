//! Zip archives, stored, as an export or an attacker writes them.

/// One entry.
pub struct Entry<'a> {
    /// Name.
    pub name: &'a str,
    /// Bytes.
    pub data: &'a [u8],
    /// Unix mode.
    pub mode: u32,
    /// What the table of contents says of its size, if that is a lie.
    pub says: Option<u32>,
}

impl<'a> Entry<'a> {
    /// An honest file.
    pub const fn new(name: &'a str, data: &'a [u8]) -> Self {
        Self { name, data, mode: 0o100_644, says: None }
    }
}

/// CRC-32 (IEEE), bit by bit.
fn crc(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// An archive of these entries.
pub fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let length = u32::try_from(entry.data.len()).unwrap();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc(entry.data).to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend(entry.says.unwrap_or(length).to_le_bytes());
        common.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let offset = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(entry.name.as_bytes());
        out.extend(entry.data);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
