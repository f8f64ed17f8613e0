use super::*;
use unicode_normalization::{IsNormalized, char::decompose_compatible, is_nfc_quick};

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/fold.json")).unwrap()
}

/// What is the same to whoever looks for it, and what must not become the same: pairs.
fn pairs(name: &str) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = serde_json::from_value(vectors()[name].clone()).unwrap();
    assert!(pairs.len() >= 20, "{name}: {}", pairs.len());
    pairs
}

#[test]
fn every_script_is_folded_as_the_window_folds_it() {
    for (text, folded) in pairs("folds") {
        assert_eq!(fold(&text), folded, "{text} = {}", text.escape_unicode());
    }
}

#[test]
fn another_word_stays_another_word() {
    for (one, other) in pairs("differ") {
        assert_ne!(fold(&one), fold(&other), "{one} {other}");
    }
}

#[test]
fn what_is_written_in_parts_is_what_is_written_whole() {
    for (text, folded) in pairs("folds") {
        for again in [text.nfd().collect::<String>(), text.nfc().collect(), format!("\u{200b}{text}\u{ad}")] {
            assert_eq!(fold(&again), folded, "{text}");
        }
    }
}

#[test]
fn any_character_folded_twice_is_folded_once() {
    for c in (0..=0x10_ffff).filter_map(char::from_u32) {
        let once = fold(&c.to_string());
        assert_eq!(fold(&once), once, "{}", c.escape_unicode());
        assert!(
            once.chars().all(|c| !c.is_uppercase() || c.to_lowercase().eq([c])),
            "{}",
            c.escape_unicode()
        );
        // Taken apart it is the same, but for the few that are left as they are.
        if !stays(c) && !is_unseen(c) {
            let apart: String = [c].into_iter().nfkd().collect();
            assert_eq!(fold(&apart), once, "{}", c.escape_unicode());
        }
    }
}

#[test]
fn where_a_letter_begins_is_known_before_it_is_taken_apart() {
    for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| !stays(*c) && !is_unseen(*c)) {
        let mut first = None;
        decompose_compatible(c, |part| first = first.or(Some(part)));
        let hangs = first.is_some_and(|first| {
            is_combining_mark(first) || is_nfc_quick([first].into_iter()) == IsNormalized::Maybe
        });
        assert!(continues(c) || !hangs, "{}", c.escape_unicode());
    }
}

#[test]
fn each_letter_keeps_the_place_of_what_it_stands_for() {
    let places = |text: &str| {
        let mut all = Vec::new();
        letters(text.chars(), |c, at| all.push((c, at)));
        all
    };
    assert_eq!(
        places("aße\u{301}!"),
        [('a', (0, 1)), ('s', (1, 2)), ('s', (1, 2)), ('e', (2, 4)), ('!', (4, 5))]
    );
    assert_eq!(places("\u{feff}u\u{ad}n"), [('u', (1, 2)), ('n', (3, 4))]);
    assert_eq!(places("\u{1112}\u{1161}\u{11ab}か\u{3099}"), [('한', (0, 3)), ('が', (3, 5))]);
    assert_eq!(places("\u{301}x"), [('x', (1, 2))]);
}

#[test]
fn it_takes_time_in_proportion() {
    // A letter under a million marks is one letter.
    assert_eq!(fold(&format!("e{}x", "\u{301}".repeat(1_000_000))), "ex");
    let stacked = format!("क{}", "\u{93c}\u{951}".repeat(100_000));
    assert_eq!(fold(&stacked).chars().count(), 200_001);
    assert_eq!(fold(&"Größe ".repeat(100_000)), "grosse ".repeat(100_000));
}
