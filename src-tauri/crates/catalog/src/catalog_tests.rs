use crate::{Catalog, DEMO, local_sheet, reach, refuse_value};
use domain::{Meter, PicoUsd, PriceOrigin, Secret};
use std::collections::BTreeMap;

#[test]
fn every_models_line_can_be_read() {
    catalog().check().unwrap();
    assert!(catalog().models().count() > 400);
}

fn catalog() -> Catalog {
    Catalog::bundled().unwrap()
}

#[test]
fn models_meant_by_a_name_are_those_found_by_going_through_all() {
    let catalog = catalog();
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for model in catalog.models() {
        let slug = model.slug.as_str();
        let ids = catalog.endpoints(slug).iter().map(|endpoint| endpoint.upstream_model.as_str());
        for name in slug.split_once('/').map(|(_, name)| name).into_iter().chain(ids) {
            let slugs = by_name.entry(name).or_default();
            if slugs.last() != Some(&slug) {
                slugs.push(slug);
            }
        }
    }
    assert!(by_name.len() > 1_000 && by_name.values().any(|slugs| slugs.len() > 1));
    for (name, slugs) in &by_name {
        assert_eq!(
            catalog.meant(name).map(|model| model.slug.as_str()).collect::<Vec<_>>(),
            *slugs,
            "{name}"
        );
        for other in [format!("{name}-"), name[..name.len() - 1].to_owned(), format!(" {name}")] {
            let known = by_name.contains_key(other.as_str());
            assert_eq!(catalog.meant(&other).next().is_some(), known, "{other}");
        }
    }
    assert!(catalog.meant("").next().is_none());
}

#[test]
fn demo_comes_last_and_is_free() {
    let catalog = catalog();
    assert_eq!(catalog.providers().last().unwrap().id.as_str(), DEMO);
    let (demo, others): (Vec<_>, Vec<_>) = catalog.models().partition(|model| model.slug.author() == DEMO);
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
    let of = |key: &str| {
        let found = crate::provider_of_key(catalog.providers(), &Secret::new(key));
        found.map(|provider| provider.id.to_string())
    };
    assert_eq!(of("sk-ant-api03-abc").as_deref(), Some("anthropic"));
    assert_eq!(of("sk-proj-abc").as_deref(), Some("openai"));
    assert_eq!(of("AIzaSyabc").as_deref(), Some("google"));
    assert_eq!(of("sk-or-v1-abc").as_deref(), Some("openrouter"));
    assert_eq!(of("sk-abc"), None, "several providers' keys begin so");
    assert_eq!(of("sk-parallax-abc"), None, "a key of this gateway is no provider's");
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

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn an_account_fills_its_own_address() {
    let catalog = catalog();
    let openai = reach(catalog.provider("openai").unwrap(), &values(&[("project", "p")]));
    assert_eq!((&openai.provider, openai.missing.len()), (catalog.provider("openai").unwrap(), 0));
    let vertex = catalog.provider("vertex").unwrap();
    let bare = reach(vertex, &values(&[]));
    assert_eq!(bare.missing, ["project"]);
    assert!(bare.provider.base_url.ends_with("/v1/projects/{project}/locations/global"));
    let at =
        |location| reach(vertex, &values(&[("project", "my-p"), ("location", location)])).provider.base_url;
    assert_eq!(
        at("europe-west1"),
        "https://europe-west1-aiplatform.googleapis.com/v1/projects/my-p/locations/europe-west1"
    );
    assert_eq!(at("global"), "https://aiplatform.googleapis.com/v1/projects/my-p/locations/global");
    assert_eq!(at("eu"), "https://aiplatform.eu.rep.googleapis.com/v1/projects/my-p/locations/eu");
    for evil in ["", "evil.com/", "a@evil.com", "a#", "a?b", "a b", "ä", "..", "{x}", "a:1"] {
        assert!(refuse_value(&vertex.account.fields[0], evil).is_some(), "{evil:?}");
        assert_eq!(reach(vertex, &values(&[("project", evil)])).missing, ["project"], "{evil:?}");
    }
}

#[test]
fn the_older_azure_addresses_are_chosen_by_a_field() {
    let catalog = catalog();
    let azure = catalog.provider("azure").unwrap();
    let v1 = reach(azure, &values(&[("resource", "res")]));
    assert_eq!(
        (v1.provider.base_url.as_str(), v1.provider.quirks.path),
        ("https://res.openai.azure.com/openai/v1", None)
    );
    let older = reach(
        azure,
        &values(&[("resource", "res"), ("api", "deployments"), ("version", "2025-01-01-preview")]),
    );
    assert_eq!(older.missing, [""; 0]);
    assert_eq!(older.provider.base_url, "https://res.openai.azure.com/openai");
    assert_eq!(
        older.provider.quirks.path.as_deref(),
        Some("/deployments/{model}/chat/completions?api-version=2025-01-01-preview")
    );
    assert_eq!(older.provider.models_path.as_deref(), Some("/models?api-version=2025-01-01-preview"));
    assert!(
        refuse_value(&azure.account.fields[1], "v2").is_some_and(|why| why.contains("v1 or deployments"))
    );
    let named = values(&[("resource", "res"), ("deployments", "gpt-5=chat, gpt-4.1 = fast-1")]);
    let names: Vec<_> = reach(azure, &named).provider.quirks.deployments.into_iter().collect();
    assert_eq!(names, [("gpt-4.1", "fast-1"), ("gpt-5", "chat")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let field = azure.account.fields.iter().find(|field| field.names_models).unwrap();
    for wrong in ["", "gpt-5", "gpt-5=", "=chat", "gpt-5=a,gpt-5=b", "gpt-5=a/../b", "gpt-5=a@b", "gpt-5=a,"]
    {
        assert!(refuse_value(field, wrong).is_some(), "{wrong:?}");
    }
}

#[test]
fn a_key_stays_with_what_it_was_made_for() {
    let catalog = catalog();
    let origin =
        |id: &str, pairs: &[(&str, &str)]| reach(catalog.provider(id).unwrap(), &values(pairs)).key_origin;
    // A region or a project does not change whose host it is.
    let bedrock = origin("bedrock", &[]);
    assert_eq!(bedrock.as_deref(), Some("https://bedrock-runtime.{region}.amazonaws.com:443"));
    assert_eq!(origin("bedrock", &[("region", "eu-west-1")]), bedrock);
    assert_eq!(origin("vertex", &[("location", "global"), ("project", "a")]), origin("vertex", &[]));
    // A resource, a workspace and an account have keys of their own.
    assert_eq!(origin("azure", &[]), None);
    assert_eq!(
        origin("azure", &[("resource", "Mine")]).as_deref(),
        Some("https://mine.openai.azure.com:443")
    );
    let workspace = |host| origin("databricks", &[("workspace", host)]);
    assert_eq!(workspace("a.cloud.databricks.com").as_deref(), Some("https://a.cloud.databricks.com:443"));
    for elsewhere in
        ["evil.com", "cloud.databricks.com", ".cloud.databricks.com", "cloud.databricks.com.evil.com"]
    {
        assert_eq!(workspace(elsewhere), None, "{elsewhere}");
    }
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
    assert!(catalog.all_endpoints().all(|e| e.upstream_model != dated));
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

#[test]
fn whoever_knows_an_id_is_found_by_it() {
    let catalog = catalog();
    let slugs: Vec<&str> = catalog.models().map(|model| model.slug.as_str()).collect();
    let mut looked = 0;
    for endpoint in catalog.all_endpoints().filter(|endpoint| endpoint.provider.as_str() != DEMO) {
        let id = endpoint.upstream_model.as_str();
        let of = |name: &str| crate::bundle::upstream(name, id).map(|(model, _)| model);
        let known: Vec<(&str, usize)> = crate::bundle::called(id).collect();
        let expected: Vec<(&str, usize)> = catalog
            .providers()
            .iter()
            .filter_map(|provider| Some((provider.id.as_str(), of(provider.id.as_str())?)))
            .collect();
        for found in &expected {
            assert!(known.contains(found), "{id}");
        }
        assert_eq!(known.len(), expected.len(), "{id}");
        assert!(known.iter().any(|(_, model)| slugs[*model] == endpoint.model.as_str()), "{id}");
        looked += 1;
    }
    assert!(looked > 1_000, "{looked}");
    assert_eq!(crate::bundle::called("nobody calls a model so").count(), 0);
    assert_eq!(crate::bundle::called("").count(), 0);
}
