use super::*;
use proptest::prelude::*;

#[test]
fn reads_what_providers_write() {
    let json =
        Json::parse(r#" {"a":[1,-2.5e3,"x\n\u00e9\ud83d\ude00"],"b":null,"c":{"d":true},"c":{"d":false}} "#);
    let json = json.unwrap();
    assert_eq!(json.at("/a/2").unwrap().str(), Some("x\né😀"));
    assert_eq!(json.get("b"), None);
    assert_eq!(json.at("/c/d"), Some(&Json::Bool(false)), "of duplicate keys the last counts");
    assert_eq!(json.at("/a/7"), None);
    assert_eq!(json.at("/a/x"), None);
}

#[test]
fn half_surrogates_and_absurd_numbers_do_not_lose_the_document() {
    let json = Json::parse(r#"{"s":"a\ud83d","t":"\ude00b","u":"\ud83d\u0041","n":1e400,"m":NaN}"#).unwrap();
    assert_eq!(json.text("s"), Some("a\u{FFFD}"));
    assert_eq!(json.text("t"), Some("\u{FFFD}b"));
    assert_eq!(json.text("u"), Some("\u{FFFD}A"));
    assert_eq!(json.get("n").unwrap().count(), Count::Bad);
    assert_eq!(json.get("m").unwrap().count(), Count::Bad);
}

#[test]
fn counts_that_are_no_counts_are_not_believed() {
    for bad in ["-1", "-0.0", "1.5", "1.0e3", "1e30", "\"12\"", "99999999999999", "true", "[]", "NaN"] {
        assert_eq!(Json::parse(bad).unwrap().count(), Count::Bad, "{bad}");
    }
    assert_eq!(Json::parse("0").unwrap().count(), Count::Said(0));
    assert_eq!(Json::parse("12.0").unwrap().count(), Count::Said(12));
    assert_eq!(Json::parse("null").unwrap().count(), Count::Silent);
}

#[test]
fn dollars_come_from_the_text_and_never_through_a_float() {
    for (text, pico) in [
        ("0.0003287", Some(328_700_000)),
        ("2.325e-05", Some(23_250_000)),
        ("5E-05", Some(50_000_000)),
        ("1", Some(1_000_000_000_000)),
        ("0", Some(0)),
        ("0.0", Some(0)),
        ("0.00000000000049", Some(0)),
        ("0.0000000000005", Some(1)),
        ("0.30000000000000004", Some(300_000_000_000)),
        ("1e-400", Some(0)),
        ("1e7", None),
        ("1e400", None),
        ("1e99999999999999999999", None),
        ("-0.1", None),
        ("NaN", None),
    ] {
        assert_eq!(Json::Number(text).dollars().map(PicoUsd::get), pico, "{text}");
    }
}

#[test]
fn cut_text_is_told_from_wrong_text() {
    for cut in ["", "{", "{\"a", "{\"a\":", "[1,", "\"\\u12", "tru", "{\"a\":1", "-"] {
        assert!(Json::parse(cut).unwrap_err().cut, "{cut:?}");
    }
    for wrong in ["x", "{1}", "[1 2]", "truth", "\"\\q\"", "{\"a\"=1}", "[1]]"] {
        assert!(!Json::parse(wrong).unwrap_err().cut, "{wrong:?}");
    }
}

#[test]
fn depth_and_nodes_are_capped() {
    let deep = "[".repeat(100_000);
    assert_eq!(Json::parse(&deep).unwrap_err().why, "nested too deeply");
    let many = format!("[{}1]", "1,".repeat(5_000_000));
    assert_eq!(Json::parse(&many).unwrap_err().why, "too many values");
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_a_general_parser(value in tree()) {
        let text = value.to_string();
        let ours = Json::parse(&text).unwrap().to_text();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), value);
    }

    #[test]
    fn no_text_panics(text in "[\\[\\]{}:,\"\\\\utrfn0-9eE+. \\-é😀]{0,40}") {
        if let Ok(json) = Json::parse(&text) {
            prop_assert!(Json::parse(&json.to_text()).is_ok());
        }
    }
}
