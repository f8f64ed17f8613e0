//! Text files.

/// The text as UTF-8 without its mark; `None` = it is not text.
pub(crate) fn utf8(data: Vec<u8>) -> Option<String> {
    let wide = |little: bool| {
        let units: Vec<u16> = data
            .get(2..)
            .unwrap_or_default()
            .chunks_exact(2)
            .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
            .map(|pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
            .collect();
        String::from_utf16(&units).ok()
    };
    let text = match data.get(..2) {
        Some([0xff, 0xfe]) => wide(true)?,
        Some([0xfe, 0xff]) => wide(false)?,
        _ => {
            let text = String::from_utf8(data).ok()?;
            match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            }
        }
    };
    // Bytes that happen to be UTF-8 but hold controls are data.
    let data = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    (!text.contains(data)).then_some(text)
}

/// The media type of a text, by its name's ending.
pub(crate) fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "md" | "markdown" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "xml" | "svg" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "toml" => "application/toml",
        _ => "text/plain",
    }
}
