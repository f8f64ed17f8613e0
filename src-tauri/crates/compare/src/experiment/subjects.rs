//! The models of a file: promptfoo's names of them as ours, and their settings by the names we use.

use super::{
    asserts::is_program,
    cases::{File, program},
    suite::{BadSuite, Subject, bad, plain, several},
};
use serde_json::{Map, Value};

/// Parts of a model that are read.
const KNOWN: &[&str] = &["id", "model", "label", "config", "params", "prompts"];

/// What says how a provider is reached, not what it is asked; it goes by our own list of providers and keys.
const REACHED: &[&str] = &[
    "apiKey",
    "apiKeyEnvar",
    "accessKeyId",
    "secretAccessKey",
    "sessionToken",
    "profile",
    "organization",
    "projectId",
    "region",
    "accountId",
    "apiVersion",
    "anthropic_version",
    "stream",
    "user",
    "maxRetries",
    "timeout",
    "timeoutMs",
    "showThinking",
    "cost",
    "debug",
    "inferenceModelType",
];

/// What names an address, which would be asked in the place of the provider's own.
const ADDRESS: &[&str] = &["apiHost", "apiBaseUrl", "apiEndpoint", "baseUrl", "base_url", "url"];

/// Other makers' names of a setting by ours.
const SAME: &[(&str, &[&str])] = &[
    (
        "max_tokens",
        &[
            "maxTokens",
            "max_completion_tokens",
            "max_output_tokens",
            "maxOutputTokens",
            "max_new_tokens",
            "max_gen_len",
            "num_predict",
            "maxTokenCount",
        ],
    ),
    ("top_p", &["topP"]),
    ("stop", &["stop_sequences", "stopSequences"]),
    ("system", &["instructions", "systemInstruction", "systemPrompt"]),
    ("response_format", &["responseFormat"]),
];

/// Parts that only hold settings.
const HOLDS: &[&str] = &["generationConfig", "inferenceConfig", "textGenerationConfig"];

/// Ways to ask a provider for text, between its name and the model's.
const TEXT: &[&str] = &["chat", "completion", "completions", "messages", "responses"];

/// Ways to ask for something else.
const NOT_TEXT: &[&str] = &[
    "image",
    "embedding",
    "embeddings",
    "realtime",
    "assistant",
    "moderation",
    "transcription",
    "speech",
    "audio",
    "video",
    "live",
    "agents",
    "feature-extraction",
    "text-classification",
    "token-classification",
    "sentence-similarity",
];

/// Beginnings of names that stand for programs or addresses.
const PROGRAMS: &[&str] = &[
    "file://", "exec:", "python:", "golang:", "ruby:", "package:", "http:", "https:", "ws:", "wss:",
    "webhook",
];

/// How the names of files of values end.
const LISTS: &[&str] = &[".yaml", ".yml", ".json"];

/// Names without a provider that are none of models.
const NO_MODELS: &[&str] =
    &["http", "https", "websocket", "ws", "browser", "echo", "mcp", "manual-input", "sequence"];

/// Providers that are called otherwise here.
const CALLED: &[(&str, &str)] = &[
    ("azureopenai", "azure"),
    ("togetherai", "together"),
    ("llama.cpp", "llamacpp"),
    ("dashscope", "alibaba"),
    ("alicloud", "alibaba"),
    ("moonshot", "moonshotai"),
];

impl File<'_> {
    /// One model, or those of a file that is named.
    pub(super) fn subjects(
        &mut self,
        value: &Value,
        at: &str,
        into: &mut Vec<Subject>,
    ) -> Result<(), BadSuite> {
        let file = value.as_str().and_then(|id| id.strip_prefix("file://"));
        let file = file.filter(|name| LISTS.iter().any(|end| name.ends_with(end)));
        let from = into.len();
        match file {
            None => into.push(subject(value, at, self.unused)?),
            Some(name) => {
                let listed = self.listed(name, at)?;
                for (n, value) in several(Some(&listed)).enumerate() {
                    into.push(subject(value, &format!("{name}[{n}]"), self.unused)?);
                }
            }
        }
        // A schema or a system prompt may lie in a file of its own.
        for value in into.iter_mut().skip(from).flat_map(|subject| subject.settings.values_mut()) {
            let Some(name) = value.as_str().and_then(|value| value.strip_prefix("file://")) else { continue };
            if is_program(name) {
                return Err(program(at, name));
            }
            *value = if LISTS.iter().any(|end| name.ends_with(end)) {
                self.listed(name, at)?
            } else {
                let text = self.load.read(name).map_err(|why| bad(at, format!("{name}: {why}")))?;
                Value::from(text.trim())
            };
        }
        Ok(())
    }
}

fn subject(value: &Value, at: &str, unused: &mut Vec<String>) -> Result<Subject, BadSuite> {
    let nothing = Map::new();
    let (id, said) = match value {
        Value::String(id) => (id.clone(), &nothing),
        Value::Object(named) => match named.get("id").or_else(|| named.get("model")) {
            Some(id) => (plain(id), named),
            // {"openai:gpt-5": {"config": {…}}}
            None => {
                let (id, inner) = named.iter().next().ok_or_else(|| bad(at, "it is empty"))?;
                (id.clone(), inner.as_object().unwrap_or(&nothing))
            }
        },
        _ => return Err(bad(at, "it is neither a name nor has an id")),
    };
    if said.get("transform").is_some_and(|code| !code.is_null()) {
        let why = "transform: its answers would go through code first, which is not run; take the line out";
        return Err(bad(at, why));
    }
    let mut tell = |what: String| {
        if !unused.contains(&what) {
            unused.push(what);
        }
    };
    said.keys().filter(|key| !KNOWN.contains(&key.as_str())).for_each(|key| tell(format!("models: {key}")));
    let model = model(&id).map_err(|why| bad(at, format!("{id:?} {why}")))?;
    let mut settings = Map::new();
    let config = said.get("config").or_else(|| said.get("params")).and_then(Value::as_object);
    for (name, value) in config.into_iter().flatten() {
        match name.as_str() {
            name if ADDRESS.contains(&name) => {
                let why = "models are asked at the addresses of your providers; add this one (`parallax provider add`), \
                           name the model there, and take the line out";
                return Err(bad(at, format!("config.{name}: {why}")));
            }
            name if REACHED.contains(&name) => tell(format!("models: config.{name}")),
            name if HOLDS.contains(&name) && value.is_object() => {
                let inner = value.as_object().into_iter().flatten();
                settings.extend(inner.map(|(name, value)| set(name, value)));
            }
            name => settings.extend([set(name, value)]),
        }
    }
    Ok(Subject {
        label: said.get("label").map_or_else(|| model.clone(), plain),
        model,
        settings,
        prompts: several(said.get("prompts")).map(plain).collect(),
    })
}

/// A setting by our name.
fn set(name: &str, value: &Value) -> (String, Value) {
    if let ("reasoning", Some(effort), Some(1)) = (name, value.get("effort"), value.as_object().map(Map::len))
    {
        return ("reasoning_effort".to_owned(), effort.clone());
    }
    // {"parts": [{"text": …}]}
    let parts = value.get("parts").and_then(Value::as_array).filter(|_| name == "systemInstruction");
    let words = parts.map(|parts| parts.iter().map(|part| part["text"].as_str()).collect::<Option<Vec<_>>>());
    if let Some(Some(words)) = words {
        return ("system".to_owned(), Value::from(words.join("\n")));
    }
    let ours = SAME.iter().find(|(_, others)| others.contains(&name)).map_or(name, |(ours, _)| *ours);
    (ours.to_owned(), value.clone())
}

/// `openai:chat:gpt-5` and the like as `gpt-5@openai`; other names as they are. An error goes on after the name.
pub(super) fn model(id: &str) -> Result<String, &'static str> {
    if PROGRAMS.iter().any(|start| id.starts_with(start)) || is_program(id) && !id.contains('@') {
        return Err(
            "names a program or an address, not a model: name a model, or add the address as a provider",
        );
    }
    if NO_MODELS.contains(&id) {
        return Err("is no model: name one in its place");
    }
    if id.contains("{{") {
        return Err("is a template, which names of models are not: write the name itself");
    }
    let Some((provider, rest)) = id.split_once(':') else { return Ok(id.to_owned()) };
    if provider.contains(['/', '@']) {
        return Ok(id.to_owned());
    }
    let name = match rest.split_once(':') {
        Some((way, name)) if TEXT.contains(&way) => name,
        Some(("text-generation", name)) if provider == "huggingface" => name,
        Some((way, _)) if NOT_TEXT.contains(&way) => {
            return Err("does not answer with text to a prompt, which is what is compared here");
        }
        _ => rest,
    };
    let provider = CALLED.iter().find(|(theirs, _)| *theirs == provider).map_or(provider, |(_, ours)| *ours);
    Ok(format!("{name}@{provider}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_models_are_read_and_what_is_none_says_so() {
        for (theirs, ours) in [
            ("openai:gpt-5", "gpt-5@openai"),
            ("openai:responses:gpt-5", "gpt-5@openai"),
            ("ollama:chat:llama3.3:8b", "llama3.3:8b@ollama"),
            ("ollama:llama2:13b", "llama2:13b@ollama"),
            ("openrouter:openai/gpt-5", "openai/gpt-5@openrouter"),
            ("togetherai:meta/llama", "meta/llama@together"),
            ("huggingface:text-generation:gpt2", "gpt2@huggingface"),
            ("openai/gpt-5", "openai/gpt-5"),
            ("meta/llama:free@openrouter", "meta/llama:free@openrouter"),
        ] {
            assert_eq!(model(theirs).as_deref(), Ok(ours), "{theirs}");
        }
        for none in [
            "openai:image:dall-e-3",
            "exec:./a.sh",
            "./mine.js",
            "https://a.example",
            "echo",
            "azure:chat:{{env.MODEL}}",
        ] {
            assert!(model(none).is_err(), "{none}");
        }
    }

    #[test]
    fn settings_of_other_makers_are_ours() {
        let mut unused = Vec::new();
        let written = json!({"id": "google:gemini-pro", "config": {
            "apiKey": "not told", "region": "us-east-1", "topP": 0.5, "tools": [],
            "generationConfig": {"maxOutputTokens": 9, "stopSequences": ["x"]}, "reasoning": {"effort": "low"},
            "systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]}}});
        let read = subject(&written, "models[0]", &mut unused).unwrap();
        let settings = json!({"top_p": 0.5, "tools": [], "max_tokens": 9, "stop": ["x"], "reasoning_effort": "low",
            "system": "a\nb"});
        assert_eq!(Value::Object(read.settings), settings);
        assert_eq!(unused, ["models: config.apiKey", "models: config.region"]);
        let through = json!({"id": "openai:gpt-5", "transform": "output.x"});
        assert!(subject(&through, "models[0]", &mut unused).unwrap_err().why.contains("transform"));
        let elsewhere = json!({"id": "openai:gpt-5", "config": {"apiHost": "a.example"}});
        assert!(subject(&elsewhere, "models[0]", &mut unused).unwrap_err().why.contains("provider add"));
    }
}
