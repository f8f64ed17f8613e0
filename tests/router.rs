//! Scenarios of routing and recovery: which endpoint is asked, why, and what follows a failure.
#![allow(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

use domain::{
    DialectId, Endpoint, EndpointId, ErrorKind, Failure, Meter, Millis, PicoUsd, PriceOrigin, PriceRule,
    PriceSheet, PriceSource, ProviderId, Reason, Route, Upstream, When,
};
use router::{Facts, Next, PATIENCE, Ready, plan, recover};
use std::collections::BTreeMap;

/// `provider`, and dollars per million prompt and completion tokens.
fn endpoint(provider: &str, price: Option<(&str, &str)>) -> Endpoint {
    let rates = |(input, output): (&str, &str)| {
        BTreeMap::from([
            (Meter::Input, PicoUsd::per_million(input).expect("a price")),
            (Meter::Output, PicoUsd::per_million(output).expect("a price")),
        ])
    };
    Endpoint {
        id: EndpointId::new(format!("{provider}/m")),
        provider: ProviderId::from(provider),
        model: "author/m".parse().expect("a slug"),
        upstream_model: "m".into(),
        context_length: Some(100_000),
        max_completion_tokens: None,
        prices: price.map(|price| PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::Bundled,
                source: "made up".into(),
                checked: "2026-01-01".into(),
            },
            rules: vec![PriceRule { when: When::default(), rates: rates(price) }],
        }),
    }
}

/// Facts by name: `author` is the model's author, `local` runs here, `keyless` has no key, `alien` speaks
/// a dialect that is not built in.
fn planned(endpoints: &[Endpoint], named: Option<&str>, prompt_tokens: u64) -> Route {
    let named = named.map(ProviderId::from);
    plan(
        endpoints,
        &Facts {
            provider_ready: &|p| if p.as_str() == "keyless" { Ready::NoKey } else { Ready::Yes },
            named: named.as_ref(),
            prompt_tokens,
            dialect_built: &|d| d.as_str() != "unbuilt",
            first_party: &|e| e.provider.as_str() == "author",
            local: &|p| p.as_str() == "local",
            dialect_of: &|p| match p.as_str() {
                "nobody" => None,
                "alien" => Some(DialectId::from("unbuilt")),
                _ => Some(DialectId::from("built")),
            },
        },
    )
}

fn order(route: &Route) -> Vec<&str> {
    route.planned.iter().map(|c| c.endpoint.as_str().trim_end_matches("/m")).collect()
}

fn rejection(route: &Route, provider: &str) -> Option<Reason> {
    let id = EndpointId::new(format!("{provider}/m"));
    route.rejected.iter().find(|r| r.endpoint == id).map(|r| r.reason)
}

#[test]
fn the_named_provider_serves_and_no_other_stands_in() {
    let route = planned(
        &[endpoint("cheap", Some(("1", "1"))), endpoint("dear", Some(("9", "9"))), endpoint("local", None)],
        Some("dear"),
        10,
    );
    assert_eq!(order(&route), ["dear"]);
    assert_eq!(route.planned[0].because, [Reason::Named, Reason::OnlyOne]);
    assert_eq!(rejection(&route, "cheap"), Some(Reason::NotNamed));
    assert_eq!(rejection(&route, "local"), Some(Reason::NotNamed));
}

#[test]
fn what_cannot_serve_is_left_out_with_its_reason() {
    let mut small = endpoint("small", Some(("0", "0")));
    small.context_length = Some(10);
    let mut unknown = endpoint("unknown", Some(("2", "2")));
    unknown.context_length = None;
    let all = [
        endpoint("keyless", None),
        endpoint("alien", None),
        endpoint("nobody", None),
        small,
        unknown.clone(),
    ];
    let route = planned(&all, None, 10);
    assert_eq!(order(&route), ["unknown"]);
    assert_eq!(rejection(&route, "keyless"), Some(Reason::NoKey));
    assert_eq!(rejection(&route, "alien"), Some(Reason::DialectMissing));
    assert_eq!(rejection(&route, "nobody"), Some(Reason::DialectMissing));
    assert_eq!(rejection(&route, "small"), Some(Reason::ContextTooSmall));
    // Nine tokens leave one for the answer.
    assert_eq!(order(&planned(&all, None, 9)), ["small", "unknown"]);
    // A named provider without a key says so; it is not "another provider was named".
    assert_eq!(rejection(&planned(&all, Some("keyless"), 9), "keyless"), Some(Reason::NoKey));
}

#[test]
fn this_machine_comes_before_any_price() {
    let route = planned(&[endpoint("free", Some(("0", "0"))), endpoint("local", None)], None, 10);
    assert_eq!(order(&route), ["local", "free"]);
    assert_eq!(route.planned[0].because, [Reason::Local]);
}

#[test]
fn price_is_compared_at_three_prompt_tokens_to_one_completion_token() {
    // 3·1 + 10 = 13 against 3·3 + 5 = 14: the cheaper prompt wins although its completion is dearer.
    let prompt = endpoint("prompt", Some(("1", "10")));
    let completion = endpoint("completion", Some(("3", "5")));
    let route = planned(&[completion, prompt], None, 10);
    assert_eq!(order(&route), ["prompt", "completion"]);
    assert_eq!(route.planned[0].because, [Reason::Cheaper]);
    assert_eq!(route.planned[1].because, []);
}

#[test]
fn an_unknown_price_is_not_free() {
    let mut half = endpoint("half", Some(("1", "1")));
    if let Some(sheet) = &mut half.prices {
        sheet.rules[0].rates.remove(&Meter::Output);
    }
    let route = planned(&[endpoint("a-unknown", None), half, endpoint("dear", Some(("99", "99")))], None, 1);
    assert_eq!(order(&route), ["dear", "a-unknown", "half"]);
}

#[test]
fn among_equal_prices_the_author_serves_first_and_then_the_id_decides() {
    let same = Some(("1", "2"));
    let route = planned(&[endpoint("b", same), endpoint("a", same), endpoint("author", same)], None, 10);
    assert_eq!(order(&route), ["author", "a", "b"]);
    assert_eq!(route.planned[0].because, [Reason::FirstParty]);
    // An author who is dearer gains nothing by being the author.
    assert_eq!(
        order(&planned(&[endpoint("b", same), endpoint("author", Some(("1", "3")))], None, 10)),
        ["b", "author"]
    );
}

#[test]
fn a_long_prompt_is_compared_at_the_price_of_long_prompts() {
    let mut tiered = endpoint("tiered", Some(("1", "1")));
    if let Some(sheet) = &mut tiered.prices {
        let long = When { prompt_tokens_gt: Some(1_000), ..When::default() };
        let rates = BTreeMap::from([(Meter::Input, PicoUsd::per_million("5").expect("a price"))]);
        sheet.rules.push(PriceRule { when: long, rates });
    }
    let all = [tiered, endpoint("flat", Some(("2", "2")))];
    assert_eq!(order(&planned(&all, None, 1_000)), ["tiered", "flat"]);
    assert_eq!(order(&planned(&all, None, 1_001)), ["flat", "tiered"]);
}

#[test]
fn a_rate_that_depends_on_the_hour_or_a_tier_never_makes_an_endpoint_look_cheaper() {
    let with = |when: When, rate: &str| {
        let mut endpoint = endpoint("timed", Some(("3", "3")));
        if let Some(sheet) = &mut endpoint.prices {
            let rate = PicoUsd::per_million(rate).expect("a price");
            let rates = BTreeMap::from([(Meter::Input, rate), (Meter::Output, rate)]);
            sheet.rules.push(PriceRule { when, rates });
        }
        order(&planned(&[endpoint, self::endpoint("z-flat", Some(("4", "4")))], None, 10))[0] == "timed"
    };
    let night = || When { utc: Some((0, 60)), ..When::default() };
    assert!(with(night(), "1"), "a discount at night keeps the day's price of 3");
    assert!(!with(night(), "5"), "a surcharge at night counts");
    let tier = When { service_tier: Some("priority".into()), ..When::default() };
    assert!(with(tier, "9"), "a tier that is not asked for does not count");
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let all = [
        endpoint("a", Some(("2", "2"))),
        endpoint("local", Some(("0", "0"))),
        endpoint("author", Some(("2", "2"))),
        endpoint("keyless", Some(("1", "1"))),
        endpoint("b", None),
        endpoint("c", None),
    ];
    let expected = planned(&all, None, 10);
    assert_eq!(order(&expected), ["local", "author", "a", "b", "c"]);
    for turn in 0..all.len() {
        let mut rotated = all.to_vec();
        rotated.rotate_left(turn);
        assert_eq!(planned(&rotated, None, 10), expected);
        rotated.reverse();
        assert_eq!(planned(&rotated, None, 10), expected);
    }
    assert_eq!(expected.planned.len() + expected.rejected.len(), all.len(), "nobody is lost");
}

#[test]
fn one_endpoint_says_that_it_is_the_only_one_and_none_is_an_empty_plan() {
    assert_eq!(planned(&[endpoint("a", None)], None, 1).planned[0].because, [Reason::OnlyOne]);
    assert_eq!(planned(&[], None, 1), Route::default());
}

/// What the table of the architecture asks for on a first attempt without anything else said.
fn expected(kind: ErrorKind) -> Next {
    use ErrorKind::*;
    let retry = Next::Retry { after: Millis(500) };
    match kind {
        AuthMissing | AuthRejected | AuthForbidden | BillingCredits => Next::Advance,
        LimitRate | LimitContext | NetRedirect => Next::Advance,
        TimeConnect | TimeFirstByte | TimeIdle | TimeTotal => Next::Advance,
        StreamTruncated | StreamMalformed => Next::Advance,
        LimitOverloaded | UpstreamInternal | NetDns | NetConnect | NetTls | NetProxy => retry,
        RequestInvalid | RequestUnsupported | RequestNoModel => Next::Stop,
        PolicyRefused | PolicyFiltered => Next::Stop,
        BillingBudget | Cancelled | Interrupted | Bug => Next::Stop,
        StoreBusy | StoreFull | StoreNewer | StoreCorrupt | StoreDenied => Next::Stop,
        VaultLocked | VaultUnavailable => Next::Stop,
    }
}

#[test]
fn every_kind_of_failure_has_its_answer() {
    for &kind in ErrorKind::ALL {
        let failure = Failure::new(kind, "x");
        let first = expected(kind);
        assert_eq!(recover(&failure, false, 1, 1), first, "{kind:?}");
        let second = if let Next::Retry { .. } = first { Next::Advance } else { first };
        assert_eq!(recover(&failure, false, 2, 1), second, "{kind:?} at the second attempt");
        let last = if first == Next::Advance { Next::Stop } else { first };
        assert_eq!(recover(&failure, false, 1, 0), last, "{kind:?} with nothing left");
        assert_eq!(recover(&failure, false, 2, 0), Next::Stop, "{kind:?} with nothing left, twice");
        assert_eq!(recover(&failure, true, 1, 9), Next::Stop, "{kind:?} after something was shown");
    }
}

fn asking(kind: ErrorKind, wait: Millis) -> Failure {
    Failure::new(kind, "x").with_upstream(Upstream { retry_after: Some(wait), ..Upstream::default() })
}

#[test]
fn a_short_wait_is_waited_for_and_a_long_one_is_not() {
    let at = |wait: u64| recover(&asking(ErrorKind::LimitRate, Millis(wait)), false, 1, 3);
    assert_eq!(at(0), Next::Retry { after: Millis(0) });
    assert_eq!(at(PATIENCE.0), Next::Retry { after: PATIENCE });
    assert_eq!(at(PATIENCE.0 + 1), Next::Advance);
    assert_eq!(at(u64::MAX), Next::Advance);
    let short = asking(ErrorKind::LimitRate, Millis(1));
    assert_eq!(recover(&short, false, 2, 3), Next::Advance, "two attempts at one endpoint at most");
    assert_eq!(recover(&short, true, 1, 3), Next::Stop, "never after something was shown");
    assert_eq!(recover(&asking(ErrorKind::LimitRate, Millis(9_000)), false, 1, 0), Next::Stop);
}

#[test]
fn an_overloaded_provider_is_given_the_time_it_asks_for() {
    let at = |wait: u64| recover(&asking(ErrorKind::LimitOverloaded, Millis(wait)), false, 1, 1);
    assert_eq!(at(10), Next::Retry { after: Millis(500) });
    assert_eq!(at(3_000), Next::Retry { after: Millis(3_000) });
    assert_eq!(at(60_000), Next::Advance);
}

#[test]
fn an_unsupported_parameter_is_this_endpoints_matter_alone() {
    let named = Failure::new(ErrorKind::RequestUnsupported, "x")
        .with_upstream(Upstream { param: Some("seed".into()), ..Upstream::default() });
    assert_eq!(recover(&named, false, 1, 1), Next::Advance);
    assert_eq!(recover(&named, false, 1, 0), Next::Stop);
}
