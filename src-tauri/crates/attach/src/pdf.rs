//! The text of a PDF.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most text that is read out of a document, in bytes.
const TEXT_LIMIT: usize = 2 * 1024 * 1024;

/// The text of a PDF, paragraph by paragraph; `None` = it has none (a scan), is locked, or cannot be read.
///
/// Foreign code reads a foreign file here: it may panic (caught), or take long and much memory (not).
pub fn text(data: &[u8]) -> Option<String> {
    let read = catch_unwind(AssertUnwindSafe(|| pdf_extract::extract_text_from_mem(data)));
    let text = read.ok()?.ok()?;
    let mut clean = String::with_capacity(text.len().min(TEXT_LIMIT));
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank > 1 {
            continue;
        }
        if clean.len() + line.len() > TEXT_LIMIT {
            clean.push_str("\n[The rest of the document is too long and was left out.]");
            break;
        }
        clean.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
        clean.push('\n');
    }
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_out_of_a_document_and_nothing_out_of_rubbish() {
        let stream = "BT /F1 24 Tf 72 700 Td (Hello from page one) Tj ET";
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
                .to_owned(),
            format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        ];
        let mut file = "%PDF-1.4\n".to_owned();
        let mut places = Vec::new();
        for (number, object) in objects.iter().enumerate() {
            places.push(file.len());
            file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
        }
        let start = file.len();
        file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
        for place in places {
            file.push_str(&format!("{place:010} 00000 n \n"));
        }
        file.push_str(&format!("trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"));
        assert_eq!(text(file.as_bytes()).as_deref(), Some("Hello from page one"));
        assert_eq!(text(b"%PDF-1.4\nnothing"), None);
        assert_eq!(text(&file.as_bytes()[..200]), None);
    }
}
