//! A picture.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A PNG of one pixel with a note inside: `Secret` and `Location`.
pub fn png() -> Vec<u8> {
    let text = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAD3RFWHRTZWNyZXQATG9jYXRp\
                b25CsNUtAAAADElEQVR4nGMwSJgAAAHkASHKbNIyAAAAAElFTkSuQmCC";
    let bytes = STANDARD.decode(text.replace(' ', "")).unwrap();
    assert!(bytes.windows(6).any(|window| window == b"Secret"));
    bytes
}
