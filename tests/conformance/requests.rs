//! One request with everything in it, as each dialect sends it: golden files in `requests/`, each checked by
//! hand against the reference on wire formats (2026-11-21), section 3.
//!
//! `PARALLAX_GOLDEN=1` writes them anew, to be read before they are committed.

use domain::{
    Effort, Endpoint, EndpointId, Message, Params, Part, ProviderId, Quirks, Reasoning, Request,
    ResponseFormat, Role, Tool, ToolChoice,
};
use serde_json::{Value, json};
use std::path::Path;
use wire::{DIALECTS, Dialect};

/// Those with one form for all of their models.
fn dialects() -> impl Iterator<Item = &'static dyn Dialect> {
    DIALECTS.iter().copied().filter(|dialect| dialect.id() != "vertex")
}

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

fn file(name: &str, media_type: &str, data: &[u8]) -> Part {
    Part::File { name: name.into(), media_type: media_type.into(), data: data.into(), text: None }
}

fn everything() -> Request {
    let call = Part::ToolCall {
        id: "call_a".into(),
        name: "weather".into(),
        arguments: r#"{"place":"Kiel"}"#.into(),
        signature: None,
        issuer: String::new(),
    };
    let result = Part::ToolResult {
        id: "call_a".into(),
        name: "weather".into(),
        content: r#"{"sky":"rain"}"#.into(),
        is_error: false,
    };
    let foreign = Part::Reasoning {
        text: "Another model's thoughts.".into(),
        signature: Some("proof".into()),
        issuer: "other/model".into(),
    };
    let place = json!({
        "type": "object", "properties": { "place": { "type": "string" } },
        "required": ["place"], "additionalProperties": false,
    });
    Request {
        system: Some("Be brief.".into()),
        messages: vec![
            user(vec![
                text("What is this, and how is the weather there?"),
                Part::Image { media_type: "image/png".into(), data: vec![0, 1, 2].into() },
                file("a.pdf", "application/pdf", b"%PDF-1.7\xFF"),
                file("notes.md", "text/markdown", b"# Notes"),
            ]),
            Message { role: Role::Assistant, parts: vec![foreign, text("I look."), call] },
            user(vec![result, text("And?")]),
        ],
        params: Params {
            temperature: Some(0.5),
            top_p: Some(0.9),
            max_completion_tokens: Some(20_000),
            stop: vec!["END".into()],
            seed: Some(7),
            reasoning: Some(Reasoning::Effort(Effort::Medium)),
            response_format: Some(ResponseFormat::JsonSchema {
                name: "answer".into(),
                schema: place.clone(),
            }),
        },
        tools: vec![Tool { name: "weather".into(), description: "Looks outside.".into(), parameters: place }],
        tool_choice: Some(ToolChoice::Auto),
        ..Request::default()
    }
}

fn endpoint(upstream_model: &str) -> Endpoint {
    Endpoint {
        id: EndpointId::new("acme/m-1"),
        provider: ProviderId::from("acme"),
        model: "acme/m-1".parse().unwrap(),
        upstream_model: upstream_model.into(),
        context_length: Some(128_000),
        max_completion_tokens: Some(32_000),
        prices: None,
    }
}

/// The call as one JSON document.
fn sent(dialect: &dyn Dialect, request: &Request, quirks: &Quirks) -> Value {
    sent_to("m-1", dialect, request, quirks)
}

fn sent_to(model: &str, dialect: &dyn Dialect, request: &Request, quirks: &Quirks) -> Value {
    let encoded = dialect.encode(request, &endpoint(model), quirks).unwrap();
    let body: Value = serde_json::from_slice(&encoded.call.body).unwrap();
    let notices: Vec<&str> = encoded.notices.iter().map(|(_, detail)| &**detail).collect();
    json!({
        "path": encoded.call.path, "query": encoded.call.query, "headers": encoded.call.headers.0,
        "body": body, "notices": notices,
    })
}

fn golden(name: &str, found: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("conformance/requests/{name}.json"));
    #[expect(clippy::disallowed_methods, reason = "how the golden files are written; nothing else reads it")]
    if std::env::var("PARALLAX_GOLDEN").is_ok_and(|v| v == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(found).unwrap() + "\n").unwrap();
    }
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(*found, expected, "{name}: {found:#}");
}

#[test]
fn a_request_with_everything_is_sent_as_the_golden_files_say() {
    for dialect in dialects() {
        golden(dialect.id(), &sent(dialect, &everything(), &Quirks::default()));
    }
}

/// The one with forms of its own for each maker's models goes by its provider's data.
#[test]
fn each_makers_form_is_sent_as_the_golden_files_say() {
    let catalog = catalog::Catalog::bundled().unwrap();
    let quirks = &catalog.provider("vertex").unwrap().quirks;
    let vertex = wire::dialect("vertex").unwrap();
    for model in
        ["gemini-2.5-flash", "claude-sonnet-4-5@20250929", "meta/llama-4-maverick-17b-128e-instruct-maas"]
    {
        let name = format!("vertex-{}", model.split(['-', '/']).next().unwrap());
        golden(&name, &sent_to(model, vertex, &everything(), quirks));
    }
}

/// Which models a provider serves by another dialect alone is its data.
#[test]
fn models_of_the_responses_api_alone_are_asked_by_it() {
    let catalog = catalog::Catalog::bundled().unwrap();
    for (id, model, dialect) in [
        ("openai", "o1-pro", "openai-responses"),
        ("openai", "gpt-5.3-codex-spark", "openai-responses"),
        ("openai", "gpt-5.4", "openai-chat"),
        ("azure", "gpt-5-pro", "openai-responses"),
        ("azure", "deepseek-v4-pro", "openai-chat"),
        ("xai", "grok-4.20-multi-agent-0309", "openai-responses"),
    ] {
        let provider = catalog.provider(id).unwrap();
        let spoken = wire::dialect_for(provider.dialect.as_str(), model, &provider.quirks).unwrap();
        assert_eq!(spoken.id(), dialect, "{id} {model}");
        let sent =
            sent_to(model, spoken, &everything(), &Quirks { forms: Vec::new(), ..provider.quirks.clone() });
        let own = wire::dialect(provider.dialect.as_str()).unwrap();
        assert_eq!(sent_to(model, own, &everything(), &provider.quirks), sent, "{id} {model}");
    }
}

/// What a provider's own data changes.
#[test]
fn providers_departures_are_sent_as_the_golden_files_say() {
    let catalog = catalog::Catalog::bundled().unwrap();
    for (id, model) in
        [("mistral", "mistral-medium-3.5"), ("deepseek", "deepseek-v4-pro"), ("minimax", "MiniMax-M3")]
    {
        let provider = catalog.provider(id).unwrap();
        let dialect = wire::dialect(provider.dialect.as_str()).unwrap();
        golden(&format!("provider-{id}"), &sent_to(model, dialect, &everything(), &provider.quirks));
    }
}

/// A model that takes an effort where others take a budget, and a provider with names of its own.
#[test]
fn the_same_under_quirks_is_sent_as_the_golden_files_say() {
    let quirks = Quirks {
        max_tokens_field: Some("max_completion_tokens".into()),
        seed_field: Some("random_seed".into()),
        system_role: Some("developer".into()),
        effort_models: vec!["m-1".into()],
        ..Quirks::default()
    };
    let mut request = everything();
    request.params.reasoning = Some(Reasoning::Budget(9_000));
    request.params.response_format = Some(ResponseFormat::JsonObject);
    request.tool_choice = Some(ToolChoice::Named { name: "weather".into() });
    for dialect in dialects().filter(|dialect| dialect.id() != "bedrock-converse") {
        let quirks = match dialect.id() {
            "openai-chat" => quirks.clone(),
            _ => Quirks { effort_models: quirks.effort_models.clone(), ..Quirks::default() },
        };
        golden(&format!("{}-quirks", dialect.id()), &sent(dialect, &request, &quirks));
    }
}

/// Whatever a dialect has no word for is told: every setting, tool and attachment is in the body or in a
/// notice.
#[test]
fn nothing_is_left_out_in_silence() {
    let marks: [(&str, &[&str]); 8] = [
        ("temperature", &["temperature"]),
        ("top_p", &["top_p", "topP", "\"p\""]),
        ("stop", &["END", "stop:"]),
        ("seed", &["\"seed\"", "seed:"]),
        ("reasoning", &["effort", "thinking", "think", "reasoning"]),
        ("schema", &["additionalProperties", "responseSchema", "response_format:"]),
        ("a.pdf", &["JVBERi0xLjf", "a.pdf"]),
        ("image", &["AAEC"]),
    ];
    for dialect in dialects() {
        let all = sent(dialect, &everything(), &Quirks::default());
        let said = format!("{} {}", all["body"], all["notices"]);
        for (what, words) in marks {
            assert!(
                words.iter().any(|word| said.contains(word)),
                "{}: {what} is nowhere in {all:#}",
                dialect.id()
            );
        }
    }
}
