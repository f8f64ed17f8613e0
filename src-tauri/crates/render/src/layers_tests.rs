//! Each wall alone, with the other one switched off.

use crate::{clean, document, emit, text};

#[path = "../../../../tests/hostile.rs"]
mod hostile;

#[test]
fn the_writer_alone_lets_nothing_through() {
    for document in hostile::documents() {
        for open in [true, false] {
            for raw in document::written(&document, open).raws {
                assert_eq!(raw.html.matches(emit::SLOT).count(), raw.slots.len(), "{document:?}");
                let html = raw.html.replace(emit::SLOT, "");
                assert_eq!(hostile::judge(&html), Ok(()), "{document:?}\n{html}");
            }
        }
    }
}

#[test]
fn the_cleaner_alone_lets_nothing_through() {
    for payload in hostile::payloads() {
        for html in [
            payload.to_owned(),
            format!("<p>{payload}</p>"),
            format!("<table><tr><td>{payload}"),
            format!("<a href=\"{payload}\" title=\"{payload}\">{payload}</a>"),
            format!("<a href='{payload}' class=\"{payload}\">"),
            format!("<div class=\"fn\"><sup class=\"fn-ref\">{payload}</div>"),
        ] {
            let clean = clean::cleaned(&html);
            // Hidden characters, empty classes and the mark of a place are the writer's business.
            let judged: String = clean
                .replace(" class=\"\"", "")
                .replace(emit::SLOT, "")
                .chars()
                .filter(|c| !c.is_control() && !text::is_format(*c))
                .collect();
            assert_eq!(hostile::judge(&judged), Ok(()), "{html:?}");
            assert_eq!(clean::cleaned(&clean), clean, "cleaning is done in one go: {html:?}");
        }
    }
}

#[test]
fn cleaning_what_was_written_changes_nothing_but_links() {
    for document in hostile::documents() {
        for raw in document::written(&document, false).raws {
            let clean = clean::cleaned(&raw.html);
            assert_eq!(clean::cleaned(&clean), clean, "{document:?}");
            let places = clean.matches(emit::SLOT).count();
            assert_eq!(places, raw.slots.len(), "no place is lost: {document:?}");
        }
    }
}

#[test]
fn a_block_whose_places_do_not_add_up_is_shown_as_text() {
    let raw = document::Raw {
        html: format!("<p>a</p>{}{}", emit::SLOT, emit::SLOT),
        slots: vec![document::Slot::Code { language: "rust".into(), text: "fn f() {}".into(), closed: true }],
    };
    let html = clean::finish(&raw, &Default::default(), &mut Default::default());
    assert!(html.as_str().starts_with("<p class=\"raw-html\">&lt;p&gt;a"), "{}", html.as_str());
    assert!(html.as_str().contains("<code>fn f() {}</code>"), "{}", html.as_str());
    assert_eq!(hostile::judge(html.as_str()), Ok(()));
}
