//! Bytes inside JSON: data URLs and what sort of file something is.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// `data:<type>;base64,<data>` taken apart.
pub(crate) fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?.split(';').next().unwrap_or_default();
    (!media_type.is_empty()).then_some((media_type, data))
}

/// `data:<type>;base64,<data>` of these bytes.
pub(crate) fn to_data_url(media_type: &str, data: &[u8]) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(data))
}

/// Base64 of these bytes.
pub(crate) fn base64(data: &[u8]) -> String {
    STANDARD.encode(data)
}

/// The text of a document that is text, whatever its type says: such a document needs no model that
/// reads files.
pub(crate) fn file_text<'a>(media_type: &str, data: &'a [u8]) -> Option<&'a str> {
    let media = media_type.split(';').next().unwrap_or_default().trim();
    let textual = media.starts_with("text/")
        || media.ends_with("+json")
        || media.ends_with("+xml")
        || matches!(
            media,
            "application/json"
                | "application/xml"
                | "application/yaml"
                | "application/toml"
                | "application/javascript"
                | "application/x-sh"
                | "application/sql"
        );
    let text = std::str::from_utf8(data).ok()?;
    (textual && !text.contains('\0')).then_some(text)
}

/// A text document as words for the model.
pub(crate) fn quote_file(name: &str, text: &str) -> String {
    let mut fence = String::from("```");
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{name}:\n{fence}\n{text}\n{fence}")
}

/// The media type of a picture by the ending of its address, if that tells.
pub(crate) fn image_by_name(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit('/').next().unwrap_or_default().rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "heif" => "image/heif",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_are_taken_apart_and_put_together() {
        assert_eq!(data_url("data:image/png;base64,AAEC"), Some(("image/png", "AAEC")));
        assert_eq!(data_url(&to_data_url("image/png", &[0, 1, 2])), Some(("image/png", "AAEC")));
        for none in ["https://x/y.png", "data:,x", "data:text/plain,x", "data:;base64,AA", ""] {
            assert_eq!(data_url(none), None, "{none}");
        }
    }

    #[test]
    fn only_text_counts_as_text() {
        assert_eq!(file_text("text/markdown; charset=utf-8", b"# x"), Some("# x"));
        assert_eq!(file_text("application/json", b"{}"), Some("{}"));
        assert_eq!(file_text("application/pdf", b"%PDF"), None);
        assert_eq!(file_text("text/plain", b"\xFF\xFE"), None);
        assert_eq!(quote_file("a.md", "```\nx\n```"), "a.md:\n````\n```\nx\n```\n````");
    }
}
