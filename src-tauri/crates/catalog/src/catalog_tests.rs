use crate::{Catalog, DEMO, address_fields, local_sheet, with_address};
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
    assert_eq!(of("sk-or-v1-abc").as_deref(), Some("openrouter"));
    assert_eq!(of("sk-abc"), None, "several providers' keys begin so");
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

#[test]
fn an_account_fills_its_own_address() {
    let catalog = catalog();
    assert!(address_fields(catalog.provider("openai").unwrap()).is_empty());
    let vertex = catalog.provider("vertex").unwrap();
    assert_eq!(address_fields(vertex), ["location", "project"]);
    let filled = with_address(vertex, |field| Some(format!("my-{field}"))).unwrap();
    assert_eq!(
        filled.base_url,
        "https://my-location-aiplatform.googleapis.com/v1/projects/my-project/locations/my-location"
    );
    for evil in ["", "evil.com/", "a@evil.com", "a#", "a?b", "a b", "ä"] {
        assert!(with_address(vertex, |_| Some(evil.to_owned())).is_none(), "{evil:?}");
    }
    assert!(with_address(vertex, |_| None).is_none());
}

#[test]
fn one_model_is_found_by_every_spelling() {
    let catalog = catalog();
    let slug = "anthropic/claude-sonnet-4.5";
    for name in [slug, "anthropic/claude-sonnet-4-5", "Anthropic/Claude-Sonnet-4.5"] {
        assert_eq!(catalog.model(name).unwrap().slug.as_str(), slug, "{name}");
    }
    let hosts: Vec<&str> = catalog.endpoints(slug).iter().map(|e| e.provider.as_str()).collect();
    assert!(
        ["anthropic", "bedrock", "openrouter", "vertex"].iter().all(|host| hosts.contains(host)),
        "{hosts:?}"
    );
    assert!(hosts.is_sorted(), "{hosts:?}");
}

#[test]
fn a_dated_id_is_found_but_not_listed() {
    let catalog = catalog();
    let dated = "claude-sonnet-4-5-20250929";
    let endpoint = catalog.endpoint("anthropic", dated).unwrap();
    assert_eq!(endpoint.upstream_model, dated);
    assert_eq!(endpoint.model.as_str(), "anthropic/claude-sonnet-4.5");
    let usual = catalog.endpoint("anthropic", "anthropic/claude-sonnet-4.5").unwrap();
    assert_eq!(usual.upstream_model, "claude-sonnet-4-5");
    assert_eq!(usual.prices, endpoint.prices);
    assert!(catalog.all_endpoints().iter().all(|e| e.upstream_model != dated));
}

#[test]
fn every_endpoint_is_found_by_its_own_id() {
    let catalog = catalog();
    for endpoint in catalog.all_endpoints() {
        let found = catalog.endpoint(endpoint.provider.as_str(), &endpoint.upstream_model).unwrap();
        assert_eq!(found.id, endpoint.id);
        assert!(catalog.endpoints(endpoint.model.as_str()).contains(endpoint));
    }
}

#[test]
fn an_authors_own_service_is_known_by_data() {
    let catalog = catalog();
    let own = |provider, model| catalog.is_first_party(catalog.endpoint(provider, model).unwrap());
    assert!(
        own("xai", "x-ai/grok-4.6") && own("anthropic", "claude-haiku-4-5") && own("zai", "z-ai/glm-5.3")
    );
    assert!(!own("openrouter", "x-ai/grok-4.6") && !own("bedrock", "anthropic/claude-sonnet-4.5"));
}
