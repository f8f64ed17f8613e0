use crate::{Catalog, DEMO, local_sheet};
use domain::{Meter, PicoUsd, PriceOrigin, Secret};

fn catalog() -> Catalog {
    Catalog::bundled().unwrap()
}

#[test]
fn demo_comes_last_and_is_free() {
    let catalog = catalog();
    assert_eq!(catalog.providers().last().unwrap().id.as_str(), DEMO);
    let (demo, others): (Vec<_>, Vec<_>) =
        catalog.models().iter().partition(|model| model.slug.author() == DEMO);
    assert_eq!(demo.len(), 4);
    assert!(others.iter().zip(catalog.models()).all(|(a, b)| a.slug == b.slug), "demo models are not last");
    for model in demo {
        let [endpoint] = catalog.endpoints(model.slug.as_str()) else {
            panic!("{} has one endpoint", model.slug)
        };
        let sheet = endpoint.prices.as_ref().unwrap();
        assert_eq!(sheet.source.origin, PriceOrigin::Demo);
        assert_eq!(sheet.rules[0].rates[&Meter::Output], PicoUsd::ZERO);
    }
}

#[test]
fn local_price_names_its_day() {
    let sheet = local_sheet("2026-11-21");
    assert_eq!((sheet.source.origin, sheet.source.checked.as_str()), (PriceOrigin::Local, "2026-11-21"));
}

#[test]
fn the_longest_key_prefix_wins() {
    let catalog = catalog();
    let of = |key: &str| catalog.provider_of_key(&Secret::new(key)).map(|provider| provider.id.to_string());
    assert_eq!(of("sk-ant-api03-abc").as_deref(), Some("anthropic"));
    assert_eq!(of("sk-proj-abc").as_deref(), Some("openai"));
    assert_eq!(of("AIzaSyabc").as_deref(), Some("google"));
    assert_eq!(of("hello"), None);
}

#[test]
fn what_is_not_there_is_not_found() {
    let catalog = catalog();
    assert!(catalog.model("nobody/nothing").is_none());
    assert!(catalog.endpoints("nobody/nothing").is_empty());
    assert!(catalog.endpoint("openai", "nothing").is_none());
    assert!(catalog.provider("").is_none());
}
