use super::*;

fn catalog() -> Catalog {
    Catalog::bundled().unwrap()
}

fn list(name: &str) -> &'static Feed {
    FEEDS.iter().find(|feed| feed.name == name).unwrap()
}

fn rate(quotes: &Quotes, id: &str, meter: Meter) -> Option<PicoUsd> {
    let quote = quotes.quotes.iter().find(|q| format!("{}/{}", q.provider, q.upstream_model) == id)?;
    quote.sheet.rules[0].rates.get(&meter).copied()
}

#[test]
fn a_flat_list_changes_what_came_from_it_and_nothing_else() {
    let catalog = catalog();
    let body = r#"{"nvidia":{"api":"https://evil.example","models":{}},
        "xai":{"id":"xai","models":{"grok-4.6":{"cost":{"input":1,"output":1}}}},
        "alibaba":{"models":{"qwen3-next-80b-a3b-instruct":
            {"cost":{"input":0.4,"output":1.75,"cache_read":0,"context_over_200k":{"input":0.8,"output":3.5}}},
            "new-model":{"cost":{"input":1,"output":1}}}}}"#;
    let found = read(list("models.dev"), body.as_bytes(), &catalog, "2026-11-21").unwrap();
    let ids: Vec<_> = found.quotes.iter().map(|q| q.upstream_model.as_str()).collect();
    assert_eq!(
        ids,
        ["qwen3-next-80b-a3b-instruct"],
        "xai's prices come from elsewhere; a model is not added"
    );
    let sheet = &found.quotes[0].sheet;
    assert_eq!((sheet.source.origin, sheet.source.checked.as_str()), (PriceOrigin::Live, "2026-11-21"));
    assert_eq!(sheet.rules[0].rates[&Meter::Input], PicoUsd::new(400_000));
    assert!(!sheet.rules[0].rates.contains_key(&Meter::InputCacheRead), "zero means none stated");
    assert_eq!(sheet.rules[1].when.prompt_tokens_gt, Some(200_000));
    assert_eq!(sheet.rules[1].rates[&Meter::Output], PicoUsd::new(3_500_000));
}

#[test]
fn openrouters_decimal_texts_are_exact() {
    let body = r#"{"data":[{"id":"openai/gpt-4o","pricing":{"prompt":"0.0000025","completion":"0.00001",
        "input_cache_read":"0.00000125","web_search":"0.01","request":"0","image":"0.003613",
        "overrides":[{"min_prompt_tokens":200000,"prompt":"0.000005","completion":"0.00002"},
                     {"utc_start":2300,"utc_end":130,"prompt":"0.000001"}]}}]}"#;
    let found = read(list("OpenRouter"), body.as_bytes(), &catalog(), "2026-11-21").unwrap();
    assert_eq!(rate(&found, "openrouter/openai/gpt-4o", Meter::Input), Some(PicoUsd::new(2_500_000)));
    assert_eq!(
        rate(&found, "openrouter/openai/gpt-4o", Meter::WebSearch),
        Some(PicoUsd::new(10_000_000_000))
    );
    assert_eq!(rate(&found, "openrouter/openai/gpt-4o", Meter::Request), None);
    let sheet = &found.quotes[0].sheet;
    assert_eq!(sheet.rules[1].when.prompt_tokens_gt, Some(200_000));
    assert_eq!(sheet.rules[2].when.utc, Some((23 * 60, 90)));
}

#[test]
fn a_list_with_dates_tiers_and_variants_becomes_rules() {
    let body = r#"[{"id":"openai","models":[{"id":"o3","match":{"or":[{"equals":"o3"},{"regex":"^o3-\\d{4}-\\d{2}-\\d{2}$"}]},
        "prices":[{"prices":{"input_mtok":10,"output_mtok":40}},
                  {"constraint":{"type":"start_date","start_date":"2025-06-10"},
                   "prices":{"input_mtok":{"base":2,"tiers":[{"start":272000,"price":4}]},"output_mtok":8,
                             "web_searches_kcount":10}}],
        "price_variants":[{"when":{"service_tier":"flex"},"prices":{"input_mtok":1,"output_mtok":4}},
                          {"when":{"route":"eu"},"prices":{"input_mtok":99,"output_mtok":99}}]}]}]"#;
    let found = read(list("genai-prices"), body.as_bytes(), &catalog(), "2026-11-21").unwrap();
    let quote = found.quotes.iter().find(|q| q.upstream_model == "o3").unwrap();
    let rules = &quote.sheet.rules;
    assert_eq!(rules.len(), 4, "{rules:?}");
    assert_eq!(rules[0].when.until.as_deref(), Some("2025-06-10"));
    assert_eq!(
        (rules[2].when.prompt_tokens_gt, rules[2].when.from.as_deref()),
        (Some(272_000), Some("2025-06-10"))
    );
    assert_eq!(rules[3].when.service_tier.as_deref(), Some("flex"));
    assert_eq!(rules[1].rates[&Meter::WebSearch], PicoUsd::from_dollars("0.01").unwrap());
    assert!(found.quotes.iter().all(|q| q.provider.as_str() == "openai" || q.provider.as_str() == "azure"));
}

#[test]
fn nonsense_is_refused_and_told() {
    let catalog = catalog();
    let of = |input: &str| {
        let body = format!(
            r#"{{"data":[{{"id":"openai/gpt-4o","pricing":{{"prompt":{input},"completion":"0.00001"}}}}]}}"#
        );
        read(list("OpenRouter"), body.as_bytes(), &catalog, "2026-11-21")
    };
    for bad in [
        "\"-0.1\"",
        "\"NaN\"",
        "1e30",
        "\"1e999999999999\"",
        "\"0x1\"",
        "\"\"",
        "\"0.0000000000001\"",
        "\"1,5\"",
    ] {
        let found = of(bad).unwrap();
        assert!(found.quotes.is_empty(), "{bad}: {found:?}");
        assert_eq!(found.refused.len(), 1, "{bad}");
    }
    assert!(of("NaN").is_err(), "no JSON");
    assert_eq!(of("1e-7").unwrap().quotes[0].sheet.rules[0].rates[&Meter::Input], PicoUsd::new(100_000));
    let twice =
        br#"{"data":[{"id":"openai/gpt-4o","pricing":{"prompt":"1","prompt":"0","completion":"1"}}]}"#;
    let found = read(list("OpenRouter"), twice, &catalog, "2026-11-21").unwrap();
    assert!(found.quotes.is_empty() && found.refused.len() == 1, "{found:?}");
    for junk in [&b""[..], b"[", b"{}", b"null", b"\xff", b"<html>"] {
        assert!(read(list("OpenRouter"), junk, &catalog, "2026-11-21").is_err(), "{junk:?}");
    }
}

#[test]
fn a_list_nested_without_end_is_refused_without_a_crash() {
    let deep = "[".repeat(200_000);
    for feed in FEEDS {
        assert!(read(feed, deep.as_bytes(), &catalog(), "2026-11-21").is_err());
    }
}

#[test]
fn a_list_that_names_no_price_for_an_hour_does_not_take_it_away() {
    let catalog = catalog();
    let hour = |prices: &str| {
        let body = format!(r#"{{"data":[{{"id":"anthropic/claude-opus-4.5","pricing":{prices}}}]}}"#);
        let found = read(list("OpenRouter"), body.as_bytes(), &catalog, "2026-11-21").unwrap();
        rate(&found, "openrouter/anthropic/claude-opus-4.5", Meter::InputCacheWrite1h).map(PicoUsd::get)
    };
    let with = |more: &str| format!(r#"{{"prompt":"0.000004","completion":"0.00002",{more}}}"#);
    assert_eq!(hour(&with(r#""input_cache_write":"0.000005""#)), Some(8_000_000));
    let said = r#""input_cache_write":"0.000005","input_cache_write_1h":"0.000007""#;
    assert_eq!(hour(&with(said)), Some(7_000_000));
    assert_eq!(hour(&with(r#""input_cache_write":"0.000006""#)), None, "another ratio says nothing");
}
