//! Bytes looked through in words instead of one by one: every byte of every answer passes here.

use std::borrow::Cow;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Place of the first byte that is one of the two.
pub(crate) fn find(bytes: &[u8], one: u8, other: u8) -> Option<usize> {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (one_8, other_8) = (ONES * u64::from(one), ONES * u64::from(other));
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Of each the lowest bit is exact; a borrow can only set bits above it.
        let hit = zeros(word ^ one_8) | zeros(word ^ other_8);
        if hit != 0 {
            return Some(at * 8 + (hit.trailing_zeros() / 8) as usize);
        }
    }
    let tail = rest.iter().position(|&byte| byte == one || byte == other)?;
    Some(bytes.len() - rest.len() + tail)
}

/// The bytes as text; what is no UTF-8 becomes U+FFFD. Good text is only looked at.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_of_two_bytes_is_found(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0x0B), Just(0x8A), any::<u8>()], 0..60),
            one in any::<u8>(),
        ) {
            for other in [b'\n', b'\r', 0, 0x80, 0xFF] {
                let expected = bytes.iter().position(|&b| b == one || b == other);
                prop_assert_eq!(find(&bytes, one, other), expected);
            }
        }

        #[test]
        fn text_is_what_a_lossy_reading_gives(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(text(&bytes), String::from_utf8_lossy(&bytes));
        }
    }
}
