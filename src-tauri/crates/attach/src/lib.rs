//! What comes in as a file: known by its bytes and not by its name, cleaned, measured.
//!
//! A picture is decoded within limits and written anew from its pixels, turned the way its camera meant it. So
//! nothing that was not picture leaves this machine with it: no place, no camera, no owner, no thumbnail of what
//! was cut away. A PDF stays as it is; its text can be read for models that read no documents. Everything that is
//! UTF-8 or marked UTF-16 is text.
//!
//! Bytes in, bytes out: this crate **never** opens a file, asks a clock or starts anything. [`pdf_text`] can take
//! long and a lot of memory on a hostile document; the engine lets a process of its own do it.
#![deny(missing_docs)]

mod pdf;
mod picture;
mod words;

use domain::{Words, say};

pub use pdf::text as pdf_text;
pub use picture::preview;

/// Largest picture, in bytes, as it comes.
pub const PICTURE_LIMIT: usize = 20 * 1024 * 1024;
/// Largest PDF, in bytes.
pub const PDF_LIMIT: usize = 32 * 1024 * 1024;
/// Largest recording, in bytes.
pub const RECORDING_LIMIT: usize = 32 * 1024 * 1024;
/// Largest text, in bytes.
pub const TEXT_LIMIT: usize = 4 * 1024 * 1024;
/// Longest file name, in characters.
const NAME_LIMIT: usize = 120;

/// What sort of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Picture,
    /// A PDF.
    Pdf,
    /// Text of any sort.
    Text,
    /// Sound or moving pictures: kept as it is, and never sent.
    Recording,
}

/// A file as it will be kept and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Sort.
    pub kind: Kind,
    /// Its name, safe to show.
    pub name: String,
    /// IANA media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Pixels across and down, of a picture.
    pub size: Option<(u32, u32)>,
    /// A small JPEG of a picture.
    pub preview: Option<Vec<u8>>,
    /// What was changed in it, in a sentence each.
    pub notes: Vec<Words>,
}

/// Why a file is not taken: what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Words);

/// Takes a file in.
pub fn take(name: &str, data: Vec<u8>) -> Result<Taken, Refused> {
    let name = shown_name(name);
    let refuse = |why: Words| Err(Refused(say!("“{name}” {why}", name, why)));
    if data.is_empty() {
        return refuse(say!("is empty."));
    }
    if let Some(format) = picture::format(&data) {
        if data.len() > PICTURE_LIMIT {
            return refuse(say!("is larger than 20 MB. Make the picture smaller, then attach it again."));
        }
        return picture::take(name, &data, format);
    }
    if data.get(..1024).unwrap_or(&data).windows(5).any(|window| window == b"%PDF-") {
        if data.len() > PDF_LIMIT {
            return refuse(say!("is larger than 32 MB. Split the document, then attach a part of it."));
        }
        let media_type = "application/pdf";
        return Ok(Taken {
            kind: Kind::Pdf,
            name,
            media_type,
            data,
            size: None,
            preview: None,
            notes: Vec::new(),
        });
    }
    if let Some(other) = foreign(&data) {
        return refuse(say!(
            "is {other}, which cannot be attached. Save it as PDF, PNG or text first.",
            other
        ));
    }
    if data.len() > TEXT_LIMIT {
        return refuse(say!("is larger than 4 MB. Attach the part that matters."));
    }
    match words::utf8(data) {
        Some(text) => {
            let media_type = words::media_type(&name);
            let data = text.into_bytes();
            Ok(Taken {
                kind: Kind::Text,
                name,
                media_type,
                data,
                size: None,
                preview: None,
                notes: Vec::new(),
            })
        }
        None => refuse(say!("is neither a picture nor a PDF nor text. Save it as one of these first.")),
    }
}

/// Formats people do try to attach, by their first bytes.
fn foreign(data: &[u8]) -> Option<Words> {
    let at = |place: usize, mark: &[u8]| data.get(place..place + mark.len()) == Some(mark);
    if at(4, b"ftyphei") || at(4, b"ftypmif1") || at(4, b"ftyphev") {
        Some(say!("a HEIC picture"))
    } else if at(4, b"ftypavi") {
        Some(say!("an AVIF picture"))
    } else if let Some(media_type) = recorded(data) {
        Some(if media_type.starts_with("audio/") { say!("a sound recording") } else { say!("a video") })
    } else if at(0, b"PK\x03\x04") {
        Some(say!("an archive or office document"))
    } else if at(0, &[0xd0, 0xcf, 0x11, 0xe0]) {
        Some(say!("an old office document"))
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        Some(say!("a TIFF picture"))
    } else if at(0, b"\x7fELF") || at(0, b"MZ\x90") {
        Some(say!("a program"))
    } else {
        None
    }
}

/// What sort of recording it is, by its first bytes; `None` = it is none.
fn recorded(data: &[u8]) -> Option<&'static str> {
    let at = |place: usize, mark: &[u8]| data.get(place..place + mark.len()) == Some(mark);
    if at(0, b"RIFF") && at(8, b"WAVE") {
        Some("audio/wav")
    } else if at(0, b"ID3") || at(0, &[0xff, 0xfb]) || at(0, &[0xff, 0xf3]) || at(0, &[0xff, 0xf2]) {
        Some("audio/mpeg")
    } else if at(0, b"OggS") {
        Some("audio/ogg")
    } else if at(0, b"fLaC") {
        Some("audio/flac")
    } else if at(4, b"ftypM4A") {
        Some("audio/mp4")
    } else if at(4, b"ftyp") && !["hei", "mif", "hev", "avi"].iter().any(|brand| at(8, brand.as_bytes())) {
        Some("video/mp4")
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        Some("video/webm")
    } else {
        None
    }
}

/// Takes a recording in that comes with a conversation: it is kept as it is and sent nowhere, so nothing is taken out.
pub fn recording(name: &str, data: Vec<u8>) -> Result<Taken, Refused> {
    let name = shown_name(name);
    let refuse = |why: Words| Err(Refused(say!("“{name}” {why}", name, why)));
    let Some(media_type) = recorded(&data) else { return refuse(say!("is no recording.")) };
    if data.len() > RECORDING_LIMIT {
        return refuse(say!("is larger than 32 MB."));
    }
    let kind = Kind::Recording;
    Ok(Taken { kind, name, media_type, data, size: None, preview: None, notes: Vec::new() })
}

/// The last piece of a path, without what would mislead where it is shown.
pub fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(NAME_LIMIT)
        .collect();
    let clean = clean.trim();
    if clean.is_empty() { "file".to_owned() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let text = take("../../etc/notes.md", b"# Hi".to_vec()).unwrap();
        assert_eq!(
            (text.kind, text.name.as_str(), text.media_type),
            (Kind::Text, "notes.md", "text/markdown")
        );
        let pdf = take("a.txt", b"%PDF-1.7\n...".to_vec()).unwrap();
        assert_eq!((pdf.kind, pdf.media_type), (Kind::Pdf, "application/pdf"));
        assert_eq!(take("gnp.\u{202e}exe.png", b"x".to_vec()).unwrap().name, "gnp.exe.png");
        let wide = take("w.txt", [&[0xff, 0xfe][..], &[b'H', 0, b'i', 0]].concat()).unwrap();
        assert_eq!(wide.data, b"Hi");
    }

    #[test]
    fn a_recording_is_kept_for_its_conversation_and_attached_to_nothing() {
        for (data, media_type) in [
            (&b"RIFF\x24\0\0\0WAVEfmt "[..], "audio/wav"),
            (b"ID3\x04", "audio/mpeg"),
            (b"\xff\xfb\x90", "audio/mpeg"),
            (b"OggS", "audio/ogg"),
            (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
            (b"\0\0\0\x18ftypisom", "video/mp4"),
            (b"\x1a\x45\xdf\xa3", "video/webm"),
        ] {
            let taken = recording("../a.wav", data.to_vec()).unwrap();
            assert_eq!(
                (taken.kind, taken.name.as_str(), taken.media_type),
                (Kind::Recording, "a.wav", media_type)
            );
            assert_eq!(taken.data, data);
            assert!(take("a.wav", data.to_vec()).is_err());
        }
        for other in [&b"\0\0\0\x18ftypheic"[..], b"RIFF\0\0\0\0WEBP", b"words", b""] {
            assert!(recording("a.wav", other.to_vec()).is_err());
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_what_to_do() {
        for (name, data, word) in [
            ("a.docx", b"PK\x03\x04rest".to_vec(), "office document"),
            ("a.heic", b"\0\0\0\x18ftypheic".to_vec(), "HEIC"),
            ("a.bin", vec![0, 1, 2, 255], "neither"),
            ("a.txt", Vec::new(), "empty"),
            ("a.txt", vec![b'x'; TEXT_LIMIT + 1], "4 MB"),
            ("a.png", b"\x89PNG\r\n\x1a\nbroken".to_vec(), "cannot be read"),
        ] {
            let Refused(words) = take(name, data).unwrap_err();
            assert!(words.contains(word) && words.contains(name), "{words:?}");
        }
    }
}
