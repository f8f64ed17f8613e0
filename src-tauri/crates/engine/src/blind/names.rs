//! What tells who speaks, and the text without it.

use crate::inner::Inner;
use domain::{Failure, ModelRef, RunId};
use store::Tx;

/// Makers whose names are words too: only what is written so is a name.
const WRITTEN: &[&str] = &["Meta"];

/// Families and makers of models, as people know them.
const FAMILIES: &[&str] = &[
    "GPT",
    "ChatGPT",
    "Claude",
    "Gemini",
    "Gemma",
    "Llama",
    "Mistral",
    "Mixtral",
    "Codestral",
    "Qwen",
    "Qwen3",
    "Qwen2.5",
    "DeepSeek",
    "Grok",
    "Kimi",
    "GLM",
    "Command R",
    "Command A",
    "Nova",
    "Phi",
    "Granite",
    "Nemotron",
    "Jamba",
    "Sonar",
    "Sonnet",
    "Opus",
    "Haiku",
    "Bard",
    "Copilot",
    "Anthropic",
    "OpenAI",
    "Google DeepMind",
    "DeepMind",
    "Google",
    "Meta AI",
    "Meta-Llama",
    "Microsoft",
    "Mistral AI",
    "Alibaba Cloud",
    "Alibaba",
    "xAI",
    "Moonshot AI",
    "Moonshot",
    "Zhipu",
    "Z.ai",
    "Cohere",
    "Amazon",
    "NVIDIA",
    "IBM",
    "AI21",
    "Perplexity",
    "MiniMax",
    "Tongyi",
    "通义千问",
    "文心一言",
    "ERNIE",
    "Baidu",
    "Hunyuan",
    "Tencent",
    "Doubao",
    "ByteDance",
];

/// Names that would tell who speaks: of the models that were asked and of those that `served` them, of every author
/// and provider there is, and the families the user may know them by.
pub(crate) fn names(inner: &Inner, asked: &[ModelRef], served: &[String]) -> Vec<String> {
    let registry = inner.registry();
    let mut names: Vec<String> = FAMILIES.iter().map(|name| (*name).to_owned()).collect();
    names.extend(registry.providers().map(|known| known.provider.name.clone()));
    // "author/name": both, and the whole.
    let both = |model: &str| model.split('/').map(str::to_owned).collect::<Vec<_>>();
    for model in asked {
        names.extend(model.provider.iter().map(ToString::to_string));
        // A name that leaves the choice to us is nobody's.
        if !model.model.starts_with("auto/") {
            names.push(registry.model_name(model));
            names.extend(both(&model.model));
        }
    }
    names.extend(served.iter().flat_map(|model| both(model)));
    names
}

/// The models that attempts at an answer went to, by ours and by the provider's name.
pub(crate) fn served(tx: &Tx<'_>, run: RunId) -> Result<Vec<String>, Failure> {
    let attempts = tx.attempts(run)?;
    Ok(attempts.into_iter().flat_map(|row| [row.model.to_string(), row.upstream_model]).collect())
}

/// The same of several answers.
pub(super) fn served_all(tx: &Tx<'_>, runs: &[RunId]) -> Result<Vec<String>, Failure> {
    Ok(runs.iter().map(|run| served(tx, *run)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// A text without these names.
pub(crate) fn masked(names: &[String], text: &str) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    compare::text::mask(text, &names, WRITTEN).text
}
