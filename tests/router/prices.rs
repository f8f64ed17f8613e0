//! The router compares by the very rates that are booked.

use crate::world::{NOW, World};
use catalog::Catalog;
use domain::{InputUsage, MaxPrice, OutputUsage, PicoUsd, Reason, RoutingPrefs, Timestamp, Usage};

const HOUR: i64 = 3_600_000;

/// What a request of this length with an answer of 700 tokens is booked with.
fn booked(endpoint: &domain::Endpoint, prompt: u64, at: Timestamp) -> Option<PicoUsd> {
    let usage = Usage {
        input: InputUsage { total: Some(prompt), ..InputUsage::default() },
        output: OutputUsage { total: Some(700), ..OutputUsage::default() },
        ..Usage::default()
    };
    ledger::cost(&usage, endpoint.prices.as_ref(), at).total
}

#[test]
fn every_bundled_endpoint_is_compared_at_what_would_be_booked() {
    let catalog = Catalog::bundled().expect("the catalogue");
    let mut seen = 0;
    for endpoint in catalog.all_endpoints().filter(|endpoint| endpoint.prices.is_some()) {
        let mut endpoint = endpoint.clone();
        endpoint.context_length = None;
        // Days before and after prices fell and rose, and every part of a day.
        for at in [-400 * 24, -100 * 24, -56 * 24, 0, 7, 13, 19].map(|hours| Timestamp(NOW.0 + hours * HOUR))
        {
            for prompt in [10, 250_000] {
                let route = World::new([endpoint.clone()]).prompt(prompt).at(at).plan();
                let expected = route.planned.first().and_then(|one| one.expected).expect("it is planned");
                let booked = booked(&endpoint, prompt, at);
                assert_eq!(expected.cost, booked, "{}, {prompt} tokens, {at:?}", endpoint.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 10_000, "only {seen}");
}

/// Every endpoint that has a price has one to show, and it is the one that is booked.
#[test]
fn every_bundled_price_can_be_shown_today() {
    let catalog = Catalog::bundled().expect("the catalogue");
    for endpoint in catalog.all_endpoints() {
        let Some(sheet) = &endpoint.prices else { continue };
        let shown = |meter| sheet.list_price(meter, NOW);
        let (input, output) = (shown(domain::Meter::Input), shown(domain::Meter::Output));
        let fee = shown(domain::Meter::Request).unwrap_or(PicoUsd::ZERO);
        let sum = input.zip(output).map(|(input, output)| {
            let tokens = |rate: PicoUsd, count| rate.checked_times(count).expect("in range");
            tokens(input, 10).checked_add(tokens(output, 700)).and_then(|all| all.checked_add(fee))
        });
        assert_eq!(sum.flatten(), booked(endpoint, 10, NOW), "{}", endpoint.id);
        assert!(sum.is_some(), "{} has a price that cannot be shown", endpoint.id);
    }
}

#[test]
fn what_has_become_cheaper_is_within_a_price_limit() {
    let catalog = Catalog::bundled().expect("the catalogue");
    let o3 = catalog.endpoint("openai", "o3").expect("o3").clone();
    // $10 a million until June 2025, $2 since.
    let under = |dollars: &str| RoutingPrefs {
        max_price: MaxPrice { prompt: PicoUsd::per_million(dollars).ok(), ..MaxPrice::default() },
        ..RoutingPrefs::default()
    };
    let route = World::new([o3.clone()]).with(under("3")).plan();
    assert_eq!(route.planned.len(), 1, "{:?}", route.rejected);
    let route = World::new([o3]).with(under("1")).plan();
    assert_eq!(route.rejected[0].reasons, [Reason::MaxPrice]);
}
