//! Properties that hold for every set of endpoints, every policy and every history.

use crate::world::{World, endpoint};
use domain::{DataCollection, EndpointId, ErrorKind, MaxPrice, PicoUsd, Route, RoutingPrefs, Sort};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::collections::BTreeSet;

const NAMES: &[&str] = &["a", "b", "c", "d", "local", "author", "keyless", "alien", "trains", "clean"];
const PRICES: &[(&str, &str)] = &[("0", "0"), ("0.1", "0.4"), ("1", "3"), ("1", "3"), ("5", "25")];

prop_compose! {
    fn an_endpoint()(name in select(NAMES), price in option::of(select(PRICES)), context in option::of(1u64..200))
        -> domain::Endpoint {
        let mut endpoint = endpoint(name, price);
        endpoint.context_length = context;
        endpoint
    }
}

fn endpoints() -> impl Strategy<Value = Vec<domain::Endpoint>> {
    vec(an_endpoint(), 0..12).prop_map(|mut all| {
        let mut seen = BTreeSet::new();
        all.retain(|endpoint| seen.insert(endpoint.id.clone()));
        all
    })
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(select(NAMES).prop_map(str::to_owned), 0..5)
}

prop_compose! {
    fn prefs()(
        order in names(),
        only in option::of(names()),
        ignore in names(),
        allow_fallbacks in option::of(any::<bool>()),
        deny in option::of(any::<bool>()),
        zdr in option::of(any::<bool>()),
        quantizations in option::of(vec(select(&["fp8", "unknown"][..]).prop_map(str::to_owned), 0..3)),
        sort in option::of(select(&[Sort::Price, Sort::Throughput, Sort::Latency][..])),
        price in option::of(0i64..6_000_000),
        local_only in prop::bool::weighted(0.1),
        regions in option::weighted(0.1, names()),
    ) -> RoutingPrefs {
        RoutingPrefs {
            order, only, ignore, allow_fallbacks, zdr, quantizations, sort, local_only, regions,
            data_collection: deny.map(|deny| if deny { DataCollection::Deny } else { DataCollection::Allow }),
            max_price: MaxPrice { prompt: price.map(PicoUsd::new), ..MaxPrice::default() },
            ..RoutingPrefs::default()
        }
    }
}

prop_compose! {
    fn a_world()(
        endpoints in endpoints(),
        history in vec((select(NAMES), select(ErrorKind::ALL), 0usize..3, 50u64..20_000), 0..8),
        prompt in 0u64..300,
        seed in any::<u64>(),
        named in option::weighted(0.2, select(NAMES)),
    ) -> World {
        let mut world = World::new(endpoints).prompt(prompt).seed(seed);
        for (name, kind, times, first) in history {
            world.fail(name, kind, times);
            world.answered(name, first, usize::from(times == 0));
        }
        match named {
            Some(named) => world.named(named),
            None => world,
        }
    }
}

/// Who may be asked, which may be fewer than are planned.
fn asked(route: &Route) -> BTreeSet<&EndpointId> {
    route.asked().map(|candidate| &candidate.endpoint).collect()
}

fn planned(route: &Route) -> BTreeSet<&EndpointId> {
    route.planned.iter().map(|candidate| &candidate.endpoint).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_is_a_subset_of_what_is_allowed(world in a_world(), prefs in prefs()) {
        let route = world.clone().with(prefs.clone()).plan();
        let mut seen = BTreeSet::new();
        for candidate in &route.planned {
            prop_assert!(seen.insert(&candidate.endpoint), "{:?} twice", candidate.endpoint);
            let endpoint = world.endpoints.iter().find(|e| e.id == candidate.endpoint);
            prop_assert!(endpoint.is_some(), "{:?} was never offered", candidate.endpoint);
            let name = endpoint.unwrap().provider.as_str();
            prop_assert!(name != "keyless" && name != "alien");
            prop_assert!(!prefs.ignore.iter().any(|slug| slug == name));
            prop_assert!(prefs.only.as_ref().is_none_or(|only| only.iter().any(|slug| slug == name)));
            prop_assert!(!prefs.local_only || name == "local");
            if prefs.data_collection == Some(DataCollection::Deny) {
                prop_assert!(name == "clean" || name == "local", "{name} may train");
            }
            if prefs.zdr == Some(true) {
                prop_assert!(name == "clean" || name == "local", "{name} may keep it");
            }
        }
        for rejected in &route.rejected {
            prop_assert!(!rejected.reasons.is_empty(), "{:?} without a reason", rejected.endpoint);
        }
        prop_assert_eq!(route.planned.len() + route.rejected.len(), world.endpoints.len(), "nobody is lost");
    }

    #[test]
    fn a_stricter_policy_never_adds_a_candidate(world in a_world(), a in prefs(), b in prefs()) {
        let both = world.clone().with(a.meet(&b)).plan();
        let (one, other) = (world.clone().with(a.clone()).plan(), world.clone().with(b.clone()).plan());
        let common: BTreeSet<_> = planned(&one).intersection(&planned(&other)).copied().collect();
        // Who has no fallbacks and no order may ask one; joined with an order that is who comes first in it.
        let lone = |prefs: &RoutingPrefs| prefs.allow_fallbacks == Some(false) && prefs.order.is_empty();
        if lone(&a) && !b.order.is_empty() || lone(&b) && !a.order.is_empty() {
            prop_assert!(planned(&both).is_subset(&common));
        } else {
            prop_assert_eq!(planned(&both), common, "exactly what both permit");
        }
        for (side, alone) in [(&a, &one), (&b, &other)] {
            if side.listed().is_some() {
                prop_assert!(asked(&both).is_subset(&asked(alone)), "nobody else is asked");
            } else if lone(side) {
                prop_assert!(both.no_fallbacks || a.listed().or(b.listed()).is_some());
            }
        }
        let (twice, turned) = (world.clone().with(a.meet(&a)).plan(), world.with(b.meet(&a)).plan());
        prop_assert_eq!(planned(&twice), planned(&one), "joined with itself");
        prop_assert_eq!(planned(&turned), planned(&both), "in either order");
    }

    #[test]
    fn history_never_permits_and_never_forbids(world in a_world(), prefs in prefs()) {
        let mut fresh = world.clone();
        fresh.health = router::Health::default();
        let (with, without) = (world.with(prefs.clone()).plan(), fresh.with(prefs).plan());
        prop_assert_eq!(planned(&with), planned(&without));
        prop_assert_eq!(with.rejected, without.rejected);
    }

    #[test]
    fn the_same_seed_gives_the_same_route_in_whatever_order(
        world in a_world(), prefs in prefs(), turn in 0usize..12,
    ) {
        let world = world.with(prefs);
        let route = world.plan();
        let mut turned = world.clone();
        if !turned.endpoints.is_empty() {
            let by = turn % turned.endpoints.len();
            turned.endpoints.rotate_left(by);
        }
        prop_assert_eq!(&turned.plan(), &route);
        turned.endpoints.reverse();
        prop_assert_eq!(&turned.plan(), &route);
    }

    #[test]
    fn a_named_order_is_kept(world in a_world(), order in names()) {
        let prefs = RoutingPrefs { order: order.clone(), ..RoutingPrefs::default() };
        let route = world.with(prefs).plan();
        let places: Vec<usize> = route
            .planned
            .iter()
            .map(|candidate| {
                let name = candidate.endpoint.as_str().trim_end_matches("/m");
                order.iter().position(|slug| slug == name).unwrap_or(usize::MAX)
            })
            .collect();
        prop_assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn no_price_limit_is_ever_passed(world in a_world(), limit in 0i64..6_000_000) {
        let prefs = RoutingPrefs {
            max_price: MaxPrice { prompt: Some(PicoUsd::new(limit)), ..MaxPrice::default() },
            ..RoutingPrefs::default()
        };
        let endpoints = world.endpoints.clone();
        for candidate in world.with(prefs).plan().planned {
            let endpoint = endpoints.iter().find(|e| e.id == candidate.endpoint).unwrap();
            let rate = endpoint.prices.as_ref().map(|sheet| sheet.rules[0].rates[&domain::Meter::Input]);
            prop_assert!(rate.is_some_and(|rate| rate.get() <= limit), "{rate:?} over {limit}");
        }
    }
}
