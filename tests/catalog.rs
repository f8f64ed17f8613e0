//! The bundled catalogue: every provider and price file holds, and well-known prices are their sources'.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use catalog::{Catalog, refuse_value};
use domain::{Endpoint, Meter, Modality, PicoUsd, PriceOrigin, PriceSheet, Provider, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// Every provider that the program promises, besides the demo and what a user adds.
const PROMISED: &[&str] = &[
    "alibaba",
    "anthropic",
    "azure",
    "bedrock",
    "cerebras",
    "cohere",
    "databricks",
    "deepinfra",
    "deepseek",
    "fireworks",
    "github",
    "google",
    "groq",
    "huggingface",
    "jan",
    "llamacpp",
    "lmstudio",
    "minimax",
    "mistral",
    "moonshotai",
    "novita",
    "nvidia",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "sambanova",
    "snowflake",
    "together",
    "vercel",
    "vertex",
    "vllm",
    "xai",
    "zai",
];

/// The dialects a provider file may name.
const DIALECTS: &[&str] = &[
    "anthropic-messages",
    "bedrock-converse",
    "cohere",
    "gemini",
    "ollama",
    "openai-chat",
    "openai-responses",
    "vertex",
];

/// The request parameters a provider file may drop.
const PARAMETERS: &[&str] = &[
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream_options",
    "temperature",
    "tool_choice",
    "top_k",
    "top_p",
];

const DAY: i64 = 86_400_000;
/// Tuesday, 10 November 2026, 00:00 UTC: the day of the newest price source.
const TUESDAY: i64 = 1_794_268_800_000;

fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::bundled().expect("the bundled data is sound"));
    &CATALOG
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    text.len() == 10 && parts.len() == 3 && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()))
}

fn sheets(catalog: &Catalog) -> impl Iterator<Item = (&Endpoint, &PriceSheet)> {
    catalog.all_endpoints().filter_map(|endpoint| Some((endpoint, endpoint.prices.as_ref()?)))
}

#[test]
fn every_promised_provider_has_a_file_and_demo_is_last() {
    let catalog = catalog();
    let ids: Vec<&str> = catalog.providers().iter().map(|p| p.id.as_str()).collect();
    let missing: Vec<_> = PROMISED.iter().filter(|id| !ids.contains(id)).collect();
    assert!(missing.is_empty(), "no file for {missing:?}");
    assert_eq!(ids.last(), Some(&"demo"));
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    assert_eq!(ids.len(), PROMISED.len() + 1, "a provider that nobody promised: {ids:?}");
}

#[test]
fn provider_files_say_only_what_can_be() {
    for provider in catalog().providers() {
        let id = &provider.id;
        assert!(DIALECTS.contains(&provider.dialect.as_str()), "{id}: {}", provider.dialect);
        for name in &provider.quirks.drop_params {
            assert!(PARAMETERS.contains(&name.as_str()), "{id} drops {name}");
        }
        // Elsewhere none of OpenRouter's own fields is documented.
        let own = ["cache_control", "plugins", "provider", "session_id", "transforms", "usage"];
        let takes = |name: &&str| provider.quirks.take_params.iter().any(|taken| taken == name);
        let taken = own.iter().filter(|name| takes(name)).count();
        assert_eq!(taken, if id.as_str() == "openrouter" { own.len() } else { 0 }, "{id}");
        assert!(provider.quirks.usage_paths.iter().all(|path| path.starts_with('/')), "{id}");
        assert!(provider.key_prefixes.iter().all(|prefix| prefix.len() >= 3), "{id}");
        assert!(!provider.custom, "{id}");
        address_is_safe(provider);
        let policy = &provider.data_policy;
        // Of these nothing was found, which is not "no".
        let silent = ["github", "novita"];
        let told = policy.source.is_some();
        assert_eq!(told, !provider.local && !silent.contains(&id.as_str()) && id.as_str() != "demo", "{id}");
        if told {
            assert!(policy.source.as_deref().is_some_and(|s| s.starts_with("https://")), "{id}");
            assert!(policy.checked.as_deref().is_some_and(is_day), "{id}");
        }
        let urls = provider.docs_url.iter().chain(&provider.keys_url);
        assert!(urls.clone().all(|url| url.starts_with("https://")), "{id}");
        let needs_key = !provider.local && id.as_str() != "demo";
        assert_eq!(provider.keys_url.is_some(), needs_key, "{id}: where is its key made?");
    }
}

fn address_is_safe(provider: &Provider) {
    let (id, url) = (&provider.id, provider.base_url.as_str());
    if id.as_str() == "demo" {
        assert_eq!(url, "demo:");
        return;
    }
    let host = url.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if provider.local {
        assert!(url.starts_with("http://127.0.0.1:"), "{id}: a local provider is on this machine only");
    } else {
        assert!(url.starts_with("https://") && !host.contains('@') && !host.contains(':'), "{id}: {url}");
    }
    fields_are_sound(provider);
    for also in &provider.quirks.also {
        assert!(DIALECTS.contains(&also.dialect.as_str()) && also.dialect != provider.dialect, "{id}");
    }
    let forms = &provider.quirks.forms;
    // A dialect that is nothing but forms needs one for every model, each with a path; of any other they are
    // for some models only.
    let only = provider.dialect.as_str() == "vertex";
    assert!(!only || !forms.is_empty(), "{id}");
    for (at, form) in forms.iter().enumerate() {
        assert!(DIALECTS.contains(&form.dialect.as_str()) && form.dialect != provider.dialect, "{id}");
        assert!(form.path.as_deref().map_or(!only, |path| path.starts_with('/')), "{id}");
        let last = only && at + 1 == forms.len();
        assert_eq!(form.models.is_empty(), last, "{id}: the last form is for the rest");
    }
}

/// A model is told to reason in the first form that fits, so one for all the rest stands last, and none stands
/// behind one that fits whatever it does.
#[test]
fn every_form_of_reasoning_can_be_reached() {
    let with_forms = ["openai-chat", "gemini", "vertex", "bedrock-converse"];
    for provider in catalog().providers() {
        let (id, forms) = (&provider.id, &provider.quirks.reasoning);
        for (at, form) in forms.iter().enumerate() {
            assert!(!form.models.is_empty() || at + 1 == forms.len(), "{id}");
            let earlier = || forms[..at].iter().flat_map(|form| &form.models);
            for part in &form.models {
                assert!(earlier().all(|first| !part.contains(first.as_str())), "{id}: {part}");
            }
            assert!(form.budgets.is_none_or(|(least, most)| least < most), "{id}");
            assert!(!form.always || form.budgets.is_some(), "{id}: what is its least?");
        }
        assert!(forms.is_empty() || with_forms.contains(&provider.dialect.as_str()), "{id}");
    }
}

/// Every name in braces is a field that is asked for, every field stands in an address, and what its help
/// shows can be given.
fn fields_are_sound(provider: &Provider) {
    let id = &provider.id;
    let account = &provider.account;
    let mut texts = vec![provider.base_url.as_str()];
    for form in &account.forms {
        assert!(form.base_url.starts_with("https://") && !form.base_url.ends_with('/'), "{id}");
        texts.push(&form.base_url);
        texts.extend(form.path.as_deref());
        texts.extend(form.models_path.as_deref());
        for (name, value) in &form.when {
            let field = account.fields.iter().find(|field| field.name == *name);
            let field = field.unwrap_or_else(|| panic!("{id}: no field {name}"));
            assert_eq!(refuse_value(field, value), None, "{id}");
        }
    }
    let mut named = BTreeSet::new();
    for text in texts {
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{id}: {text}");
        let names = text.split('{').skip(1).filter_map(|part| part.split('}').next());
        named.extend(names.filter(|name| *name != "model"));
    }
    named.extend(account.forms.iter().flat_map(|form| form.when.keys()).map(String::as_str));
    let placed = account.fields.iter().filter(|field| !field.names_models);
    let asked: BTreeSet<&str> = placed.map(|field| field.name.as_str()).collect();
    assert_eq!(named, asked, "{id}");
    for field in &account.fields {
        assert!(field.name.bytes().all(|b| b.is_ascii_lowercase()), "{id}");
        assert!(!field.label.is_empty() && field.help.ends_with('.'), "{id}: {}", field.name);
        for value in field.example.iter().chain(&field.default).chain(&field.choices) {
            assert_eq!(refuse_value(field, value), None, "{id}: {value}");
        }
        assert!(field.hosts.iter().all(|ending| ending.starts_with('.')), "{id}");
    }
}

#[test]
fn local_servers_are_at_their_usual_ports() {
    let catalog = catalog();
    let local = [("ollama", 11434), ("lmstudio", 1234), ("llamacpp", 8080), ("vllm", 8000), ("jan", 1337)];
    for (id, port) in local {
        let provider = catalog.provider(id).expect(id);
        assert!(provider.local && provider.base_url.contains(&format!(":{port}")), "{id}");
    }
    assert_eq!(catalog.providers().iter().filter(|p| p.local).count(), local.len());
}

/// A provider file may leave `unverified` out only where real traffic of that provider in that dialect
/// was recorded, and must not call itself unverified where it was.
#[test]
fn unverified_means_no_recording() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [tests.join("../../shared/recordings/open"), tests.join("recordings/registry")];
    if !folders[0].exists() {
        println!("skipped: no open recordings beside this checkout");
        return;
    }
    let names: Vec<String> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|files| files.flatten())
        .filter(|file| {
            // Some were written by hand after a provider's documentation: those prove nothing.
            let text = std::fs::read_to_string(file.path()).unwrap_or_default();
            let recording: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            recording["provenance"] == "real"
        })
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.len() > 200, "{} recordings of real traffic", names.len());
    let recorded: BTreeSet<(&str, &str)> = names
        .iter()
        .filter_map(|name| {
            let mut parts = name.split("__");
            Some((parts.next()?, parts.next()?))
        })
        .collect();
    for provider in catalog().providers().iter().filter(|p| p.id.as_str() != "demo") {
        let id = match provider.id.as_str() {
            "vercel" => "vercel-gateway",
            id => id,
        };
        let wires: &[&str] = match provider.dialect.as_str() {
            "gemini" => &["google-generate"],
            "cohere" => &["cohere-v2"],
            "ollama" => &["ollama-chat"],
            "vertex" => &["google-generate", "anthropic-messages"],
            dialect => &[dialect],
        };
        let has = wires.iter().any(|wire| recorded.contains(&(id, wire)));
        assert_eq!(provider.unverified, !has, "{id} {wires:?}");
    }
}

#[test]
fn models_are_many_and_well_formed() {
    let catalog = catalog();
    assert!(catalog.models().count() >= 400);
    let endpoints = catalog.all_endpoints().count();
    assert!(endpoints >= 1000, "{endpoints} endpoints");
    assert!(is_day(catalog.data_date()));
    let order = |slug: &str| (slug.starts_with("demo/"), slug.to_owned());
    let slugs: Vec<&str> = catalog.models().map(|m| m.slug.as_str()).collect();
    assert!(slugs.windows(2).all(|pair| order(pair[0]) < order(pair[1])), "unsorted or twice");
    for model in catalog.models() {
        let slug = model.slug.as_str();
        assert!(
            slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/.-_:".contains(&b)),
            "{slug}"
        );
        assert_eq!(slug.matches('/').count(), 1, "{slug}");
        assert!(!model.name.trim().is_empty(), "{slug}");
        assert!(
            model.output.contains(&Modality::Text) && !model.input.is_empty(),
            "{slug} does not converse"
        );
        assert!(model.context_length != Some(0) && model.max_completion_tokens != Some(0), "{slug}");
        assert!(model.retires.as_deref().is_none_or(is_day), "{slug} {:?}", model.retires);
        assert!(!catalog.endpoints(slug).is_empty(), "{slug} is served by nobody");
        assert!(slug.starts_with("demo/") || model.checked.is_some(), "{slug}");
    }
    let known = |test: fn(&domain::Model) -> bool| catalog.models().filter(|m| test(m)).count();
    assert!(known(|m| m.context_length.is_some()) > 600);
    assert!(known(|m| m.knowledge_cutoff.is_some()) > 200);
    assert!(known(|m| m.open_weights == Some(true)) > 150);
    assert!(known(|m| m.retires.is_some()) >= 30);
    assert!(known(|m| m.capabilities.tools) > 300 && known(|m| m.capabilities.reasoning) > 200);
}

#[test]
fn endpoints_are_unique_and_belong() {
    let catalog = catalog();
    let mut seen = BTreeSet::new();
    for endpoint in catalog.all_endpoints() {
        assert!(seen.insert(endpoint.id.as_str()), "{} twice", endpoint.id);
        assert_eq!(endpoint.id.as_str(), format!("{}/{}", endpoint.provider, endpoint.upstream_model));
        let provider = catalog.provider(endpoint.provider.as_str()).expect("a provider file");
        assert!(!provider.local, "{}: local models are found, not listed", endpoint.id);
        assert!(catalog.model(endpoint.model.as_str()).is_some(), "{}", endpoint.id);
    }
}

#[test]
fn every_price_has_its_source_and_day() {
    let catalog = catalog();
    let documented = include_str!("../src-tauri/crates/catalog/data/SOURCES.md");
    let mut sources = BTreeMap::new();
    for (endpoint, sheet) in sheets(catalog) {
        let source = &sheet.source;
        assert!(is_day(&source.checked), "{}", endpoint.id);
        if source.origin == PriceOrigin::Bundled {
            assert!(source.checked.as_str() <= catalog.data_date(), "{}", endpoint.id);
            *sources.entry((source.source.clone(), source.checked.clone())).or_insert(0) += 1;
        } else {
            assert_eq!((source.origin, endpoint.provider.as_str()), (PriceOrigin::Demo, "demo"));
        }
    }
    for ((source, checked), count) in &sources {
        let (name, package) = source.trim_end_matches(')').split_once(" (").expect("name (package)");
        let line = format!("| {name} | {package} | {checked} |");
        assert!(documented.contains(&line), "{count} prices from {source}, of which SOURCES.md says nothing");
    }
    assert!(sources.values().sum::<usize>() > 1_400);
}

#[test]
fn rules_can_apply_and_rates_are_believable() {
    let catalog = catalog();
    let ceiling = PicoUsd::per_million("2000").expect("a price");
    for (endpoint, sheet) in sheets(catalog) {
        let id = &endpoint.id;
        for rule in &sheet.rules {
            let when = &rule.when;
            assert!(when.prompt_tokens_gt != Some(0), "{id}");
            assert!(when.from.iter().chain(&when.until).all(|day| is_day(day)), "{id}");
            assert!(when.from.is_none() || when.until.is_none() || when.from < when.until, "{id} {when:?}");
            assert!(when.utc.is_none_or(|(start, end)| start < 1440 && end < 1440 && start != end), "{id}");
            let days = when.weekdays.iter().flatten();
            assert!(days.clone().all(|day| (1..=7).contains(day)), "{id}");
            assert!(!rule.rates.is_empty(), "{id} has an empty rule");
            for (meter, rate) in &rule.rates {
                let per_token = !matches!(meter, Meter::Request | Meter::WebSearch);
                assert!(
                    *rate >= PicoUsd::ZERO && (!per_token || *rate <= ceiling),
                    "{id} {meter:?} {rate:?}"
                );
            }
        }
        let now = ledger::rates(sheet, 1_000, None, Timestamp(TUESDAY));
        assert!(
            now.contains_key(&Meter::Input) && now.contains_key(&Meter::Output),
            "{id} has no price today"
        );
        let zero = now.values().all(|rate| *rate == PicoUsd::ZERO);
        let free = endpoint.model.as_str().ends_with(":free") || endpoint.provider.as_str() == "demo";
        assert_eq!(zero, free, "{id}: zero is a price only where the name says so");
    }
}

/// The rate in dollars per million tokens (per unit for requests and searches), as text.
fn price(provider: &str, model: &str, prompt: u64, tier: Option<&str>, at: i64, meter: Meter) -> String {
    let catalog = catalog();
    let endpoint = catalog.endpoint(provider, model).unwrap_or_else(|| panic!("{provider} {model}"));
    let sheet = endpoint.prices.as_ref().unwrap_or_else(|| panic!("{provider} {model} has no price"));
    let rates = ledger::rates(sheet, prompt, tier, Timestamp(at));
    let rate = ledger::rate(&rates, meter).unwrap_or_else(|| panic!("{provider} {model} {meter:?}"));
    let million = if matches!(meter, Meter::Request | Meter::WebSearch) { 1 } else { 1_000_000 };
    let dollars = rate.checked_times(million).expect("a small number").to_string();
    dollars.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Read by hand from genai-prices 0.2.3 (data of 2026-11-10), whose own references are the providers'
/// price pages.
#[test]
fn well_known_prices_are_their_sources() {
    use Meter::{Input, InputCacheRead, InputCacheWrite1h, InputCacheWrite5m, Output, Request, WebSearch};
    let known: &[(&str, &str, Meter, &str)] = &[
        ("openai", "gpt-4o", Input, "2.5"),
        ("openai", "gpt-4o", InputCacheRead, "1.25"),
        ("openai", "gpt-4o", Output, "10"),
        ("openai", "gpt-4o", WebSearch, "0.01"),
        ("openai", "gpt-4o-mini", Input, "0.15"),
        ("openai", "gpt-4o-mini", Output, "0.6"),
        ("openai", "openai/gpt-4.1", Output, "8"),
        ("openai", "gpt-5", InputCacheRead, "0.125"),
        ("anthropic", "claude-haiku-4-5", Input, "1"),
        ("anthropic", "claude-haiku-4-5", InputCacheWrite5m, "1.25"),
        ("anthropic", "claude-haiku-4-5", InputCacheWrite1h, "2"),
        ("anthropic", "claude-haiku-4-5", InputCacheRead, "0.1"),
        ("anthropic", "anthropic/claude-haiku-4.5", Output, "5"),
        ("anthropic", "claude-sonnet-4-5-20250929", Output, "15"),
        ("google", "gemini-2.5-pro", Input, "1.25"),
        ("google", "gemini-2.5-flash", Output, "2.5"),
        ("google", "gemini-2.5-flash", Meter::InputAudio, "1"),
        ("xai", "grok-4.6", Output, "6"),
        ("mistral", "mistral-large-2512", Output, "1.5"),
        ("groq", "meta-llama/llama-3.3-70b-instruct", Input, "0.59"),
        ("groq", "llama-3.3-70b-versatile", Output, "0.79"),
        ("cerebras", "gpt-oss-120b", Output, "0.75"),
        ("perplexity", "sonar", Request, "0.012"),
        ("moonshotai", "kimi-k3", Output, "15"),
    ];
    for (provider, model, meter, expected) in known {
        let found = price(provider, model, 1_000, None, TUESDAY, *meter);
        assert_eq!(found, *expected, "{provider} {model} {meter:?}");
    }
}

/// genai-prices 0.2.3, 2026-11-10.
#[test]
fn long_prompts_reprice_strictly_above_the_threshold() {
    let sonnet = |prompt, meter| price("anthropic", "claude-sonnet-4-5", prompt, None, TUESDAY, meter);
    assert_eq!(sonnet(200_000, Meter::Input), "3");
    assert_eq!(sonnet(200_001, Meter::Input), "6");
    assert_eq!(sonnet(200_001, Meter::Output), "22.5");
    assert_eq!(sonnet(200_001, Meter::InputCacheWrite1h), "12");
    let coder = |prompt| price("openrouter", "qwen/qwen3-coder-flash", prompt, None, TUESDAY, Meter::Input);
    assert_eq!([coder(32_000), coder(32_001), coder(128_001)], ["0.195", "0.325", "0.52"]);
}

/// genai-prices 0.2.3, 2026-11-10.
#[test]
fn the_tier_that_served_prices() {
    let gpt = |prompt, tier| price("openai", "gpt-5.4", prompt, tier, TUESDAY, Meter::Output);
    assert_eq!(gpt(1_000, None), "15");
    assert_eq!(gpt(1_000, Some("default")), "15");
    assert_eq!(gpt(1_000, Some("flex")), "7.5");
    assert_eq!(gpt(300_000, Some("flex")), "11.25");
    assert_eq!(gpt(1_000, Some("priority")), "30");
    assert_eq!(price("anthropic", "claude-opus-4-8", 1_000, Some("fast"), TUESDAY, Meter::Output), "50");
    assert_eq!(price("anthropic", "claude-haiku-4-5", 1_000, Some("batch"), TUESDAY, Meter::Input), "0.5");
}

/// genai-prices 0.2.3 (2026-11-10) for the hours, LiteLLM 1.109.1 (2026-11-12) for the weekdays.
#[test]
fn peak_hours_are_of_the_day_and_the_week() {
    let at = |day: i64, hour: i64, minute: i64| {
        price(
            "deepseek",
            "deepseek-flash",
            1_000,
            None,
            TUESDAY + day * DAY + (hour * 60 + minute) * 60_000,
            Meter::Input,
        )
    };
    assert_eq!(at(0, 0, 59), "0.15");
    assert_eq!(at(0, 1, 0), "0.3");
    assert_eq!(at(0, 3, 59), "0.3");
    assert_eq!(at(0, 4, 0), "0.15");
    assert_eq!(at(0, 7, 0), "0.3");
    assert_eq!(at(4, 7, 0), "0.15", "Saturday has no peak");
    assert_eq!(at(5, 2, 0), "0.15", "nor has Sunday");
}

/// genai-prices 0.2.3: one price to 2026-03-12, another after; the old one's tier goes with it.
#[test]
fn a_dated_price_ends_where_the_next_begins() {
    let opus = |at, prompt| price("anthropic", "claude-opus-4-6", prompt, None, at, Meter::Output);
    let before = TUESDAY - 300 * DAY;
    assert_eq!(opus(before, 200_001), "37.5");
    assert_eq!(opus(TUESDAY, 200_001), "25");
    let o3 = |at| price("openai", "o3", 1_000, None, at, Meter::Input);
    assert_eq!((o3(TUESDAY - 700 * DAY), o3(TUESDAY)), ("10".to_owned(), "2".to_owned()));
}
