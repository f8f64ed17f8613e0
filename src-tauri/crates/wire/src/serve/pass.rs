//! Requests that go on as they came, to an endpoint that speaks the client's own protocol.

use super::{
    Asked, Protocol, embed,
    read::{ADDED, OURS, text_of},
    reword,
    splice::{Splice, fields, quoted},
};
use crate::{anthropic_messages, forms, gemini, json::Json, notices::Notices};
use domain::{
    AlsoSpoken, Call, Endpoint, Failure, Headers, Method, ModelForm, NoticeKind, Part, Quirks, StreamUsage,
    ToolChoice,
};

/// A request ready to be sent on.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// The call.
    pub call: Call,
    /// How its client is told the usage of a stream (see [`super::Tap`]).
    pub usage: ToldUsage,
    /// What was left out and why.
    pub notices: Vec<(NoticeKind, domain::Words)>,
    /// The longest answer the call itself allows, in tokens; `None` = it names no limit.
    pub output_limit: Option<u64>,
}

/// How a client of Chat Completions is told the usage of a stream. We ask the provider for it always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToldUsage {
    /// As it comes: in OpenAI's way every chunk but the last says `"usage": null`.
    #[default]
    AsItComes,
    /// In OpenRouter's way: in a chunk at the end, and no other names it.
    AtTheEnd,
    /// It did not ask: no chunk names it.
    Never,
}

/// Do this provider's models answer in that dialect too, at that dialect's own path?
fn also_speaks(dialect: &str, model: &str, quirks: &Quirks) -> bool {
    let answers = |other: &AlsoSpoken| !other.except.iter().any(|part| model.contains(part.as_str()));
    quirks.path.is_none()
        && quirks.also.iter().any(|other| other.dialect.as_str() == dialect && answers(other))
}

/// May the request go on as it is to this model of an endpoint of this dialect with these quirks? What its quirks
/// would have written otherwise inside the messages, and what our own earlier answers marked, has to be put into its
/// words instead.
pub fn passes(asked: &Asked, dialect: &str, model: &str, quirks: &Quirks) -> bool {
    if asked.embeds {
        return embed::pass(asked, dialect, model, quirks);
    }
    // A form is the dialect's own call or it is not: a path or a body of its own has to be written.
    let own = |form: &ModelForm| form.path.is_none() && form.body.is_empty() && form.omit.is_empty();
    let formed = forms::form(model, quirks);
    let usual =
        asked.protocol.dialect() == dialect && formed.is_none_or(|form| own(form) && quirks.path.is_none());
    if !usual && !also_speaks(asked.protocol.dialect(), model, quirks) {
        return false;
    }
    if asked.bound.is_some() {
        return true;
    }
    if asked.sealed {
        return false;
    }
    match asked.protocol {
        Protocol::OpenAiChat => {}
        // Here the wish is in OpenRouter's words; in the other two it is the protocol's own.
        Protocol::OpenAiResponses => return !asked.hide_reasoning,
        Protocol::AnthropicMessages | Protocol::Gemini => return true,
    }
    let forced = matches!(asked.request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. }));
    let answered = asked.request.messages.iter().any(|message| message.role == domain::Role::Assistant);
    // Each of these changes what stands inside the messages, or what of the answer is told.
    !(quirks.system_role.is_some()
        || (quirks.tool_id_length.is_some() && answered)
        || quirks.document_url
        || (crate::call::is_listed(&quirks.answer_after_tools, model) && goes_on_after_tools(asked))
        || (quirks.tools_by_choice && forced)
        // Whoever knows the wish obeys it.
        || (asked.hide_reasoning && !crate::call::takes(quirks, "include_reasoning")))
}

/// Does the user say something right behind what tools gave?
fn goes_on_after_tools(asked: &Asked) -> bool {
    let turns = asked.request.messages.chunk_by(|one, next| one.role == next.role);
    let result = |part: &Part| matches!(part, Part::ToolResult { .. });
    // An answer's turn has no results.
    turns.into_iter().any(|turn| {
        let mut parts = turn.iter().flat_map(|message| &message.parts);
        parts.any(result) && parts.any(|part| !result(part) && !matches!(part, Part::Kept { .. }))
    })
}

/// The call that sends the body on, which is the one that `asked` was read from. `limit` is the longest answer a budget leaves, in tokens: it stands in place of
/// the client's own limit.
pub fn retarget(
    asked: &Asked,
    body: &[u8],
    to: &Endpoint,
    quirks: &Quirks,
    limit: Option<u64>,
) -> Result<Passed, Failure> {
    let mut splice = Splice::of_read(text_of(body)?)?;
    let mut notices = Notices::default();
    let chat = matches!(asked.protocol, Protocol::OpenAiChat | Protocol::OpenAiResponses);
    // In other protocols this one is their own.
    let kept = ["cache_control"].into_iter().filter(|_| chat);
    for key in OURS.iter().copied().chain(kept).filter(|key| !crate::call::takes(quirks, key)) {
        let said = splice.value(key).is_some_and(|value| !["null", "[]"].contains(&value));
        if said && ADDED.contains(&key) {
            notices.parameter(format!("{key}: only OpenRouter does this."));
        } else if said && !OURS.contains(&key) {
            notices.parameter(crate::call::not_kept());
        }
        splice.remove(key);
    }
    // A gateway behind us must not choose where we have chosen.
    ["models", "fallbacks", "route"].iter().for_each(|key| splice.remove(key));
    if crate::call::takes(quirks, "provider") {
        behind(&mut splice, to)?;
    }
    if asked.protocol == Protocol::Gemini {
        splice.remove("model");
        splice.remove("stream");
    } else {
        splice.set("model", &quoted(crate::call::name(to, quirks)));
    }
    if asked.embeds {
        let path = embed::retarget(asked, crate::call::name(to, quirks), &mut splice)?;
        let call = Call { path, ..call(asked, to, quirks, splice.finish()) };
        return Ok(Passed { call, usage: ToldUsage::AsItComes, notices: Vec::new(), output_limit: Some(0) });
    }
    let output_limit = match asked.protocol {
        Protocol::OpenAiChat => {
            // Of a server of the user's own nobody knows which of the two it takes: it is asked as the client asks.
            let said = count(splice.value("max_tokens")).is_none()
                && count(splice.value("max_completion_tokens")).is_some();
            let own = if said { "max_completion_tokens" } else { "max_tokens" };
            chat_limit(&mut splice, quirks.max_tokens_field.as_deref().unwrap_or(own), limit)
        }
        Protocol::OpenAiResponses => set_limit(&mut splice, "max_output_tokens", limit),
        Protocol::AnthropicMessages => set_limit(&mut splice, "max_tokens", limit),
        Protocol::Gemini => gemini_limit(&mut splice, limit)?,
    };
    reword::reasoning(asked, &to.upstream_model, quirks, &mut splice, &mut notices)?;
    reword::answers(asked, &to.upstream_model, quirks, &mut splice)?;
    let chunks = asked.protocol == Protocol::OpenAiChat && asked.stream;
    if chunks {
        ask_usage(&mut splice, quirks)?;
    }
    for name in &quirks.drop_params {
        if splice.value(name).is_some() && name != "stream_options" {
            notices.parameter(format!("{name}: this provider takes none."));
        }
        splice.remove(name);
    }
    for (name, value) in &quirks.body {
        if splice.value(name).is_none() {
            splice.set(name, &value.to_string());
        }
    }
    let call = call(asked, to, quirks, splice.finish());
    let usage = match asked.include_usage {
        _ if !chunks => ToldUsage::AsItComes,
        false => ToldUsage::Never,
        true if asked.openrouter => ToldUsage::AtTheEnd,
        true => ToldUsage::AsItComes,
    };
    Ok(Passed { call, usage, notices: notices.0, output_limit })
}

/// What of `provider` is left to choose for a gateway behind us: who may be asked here was settled here, by our names.
fn behind(splice: &mut Splice<'_>, to: &Endpoint) -> Result<(), Failure> {
    let Some(text) = splice.value("provider").filter(|text| text.starts_with('{')) else { return Ok(()) };
    let mut prefs = Splice::of_read(text)?;
    for key in ["models", "local_only", "regions", "continue_once", "hedge"] {
        prefs.remove(key);
    }
    // Other names may be of those behind it: whom `only` leaves out here may not be asked there either.
    for key in ["only", "order"] {
        let Some(list) = prefs.value(key).and_then(|text| Json::parse(text).ok()) else { continue };
        let own =
            |name: &&Json<'_>| name.str().is_some_and(|name| name.eq_ignore_ascii_case(to.provider.as_str()));
        let others = list.items().iter().filter(|name| !own(name));
        let others: Vec<String> = others.map(Json::to_text).collect();
        match others.is_empty() {
            true => prefs.remove(key),
            false => prefs.set(key, &format!("[{}]", others.join(","))),
        }
    }
    let prefs = String::from_utf8(prefs.finish()).unwrap_or_default();
    match fields(&prefs)?.is_empty() {
        true => splice.remove("provider"),
        false => splice.set("provider", &prefs),
    }
    Ok(())
}

fn call(asked: &Asked, to: &Endpoint, quirks: &Quirks, body: Vec<u8>) -> Call {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    let mut query = Vec::new();
    let path = match asked.protocol {
        Protocol::OpenAiChat => "/chat/completions".to_owned(),
        Protocol::OpenAiResponses => "/responses".to_owned(),
        Protocol::AnthropicMessages => {
            if !quirks.extra_headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("anthropic-version")) {
                headers.push("anthropic-version", anthropic_messages::VERSION);
            }
            "/v1/messages".to_owned()
        }
        Protocol::Gemini => gemini::path(&to.upstream_model),
    };
    let own = quirks.path.as_ref();
    let mut path = own
        .map_or(path, |path| path.replace("{model}", &crate::call::segment(crate::call::name(to, quirks))));
    if asked.protocol == Protocol::Gemini {
        if asked.stream {
            query.push(("alt".to_owned(), "sse".to_owned()));
        } else {
            path = path.replace(":streamGenerateContent", ":generateContent");
        }
    }
    Call { method: Method::Post, path, query, headers, body }
}

/// The limit in this field, after `limit` has taken its place.
fn set_limit(splice: &mut Splice<'_>, field: &str, limit: Option<u64>) -> Option<u64> {
    match limit {
        Some(limit) => {
            splice.set(field, &limit.to_string());
            Some(limit)
        }
        None => count(splice.value(field)),
    }
}

/// The chat protocol has two names for its limit, and servers know one, the other, or both.
fn chat_limit(splice: &mut Splice<'_>, field: &str, limit: Option<u64>) -> Option<u64> {
    const NAMES: [&str; 2] = ["max_completion_tokens", "max_tokens"];
    let Some(other) = NAMES.iter().find(|name| **name != field).filter(|_| NAMES.contains(&field)) else {
        return set_limit(splice, field, limit);
    };
    if let Some(limit) = limit {
        splice.remove(other);
        splice.set(field, &limit.to_string());
        return Some(limit);
    }
    match (count(splice.value(field)), count(splice.value(other))) {
        (Some(said), _) => {
            splice.remove(other);
            Some(said)
        }
        (None, Some(said)) => {
            splice.remove(field);
            splice.rename(other, field);
            Some(said)
        }
        (None, None) => None,
    }
}

fn gemini_limit(splice: &mut Splice<'_>, limit: Option<u64>) -> Result<Option<u64>, Failure> {
    const FIELD: &str = "maxOutputTokens";
    const OTHER: &str = "max_output_tokens";
    let key =
        if splice.value("generation_config").is_some() { "generation_config" } else { "generationConfig" };
    let Some(text) = splice.value(key).filter(|text| text.starts_with('{')) else {
        if let Some(limit) = limit {
            splice.set(key, &format!("{{\"{FIELD}\":{limit}}}"));
        }
        return Ok(limit);
    };
    let mut config = Splice::of_read(text)?;
    let said = count(config.value(FIELD)).or_else(|| count(config.value(OTHER)));
    let Some(limit) = limit else { return Ok(said) };
    config.remove(OTHER);
    config.set(FIELD, &limit.to_string());
    let config = String::from_utf8(config.finish()).unwrap_or_default();
    splice.set(key, &config);
    Ok(Some(limit))
}

/// Asks for usage in a stream, where the provider does not send it unasked.
fn ask_usage(splice: &mut Splice<'_>, quirks: &Quirks) -> Result<(), Failure> {
    if quirks.stream_usage == StreamUsage::Always {
        return Ok(());
    }
    match splice.value("stream_options") {
        Some(text) if text.starts_with('{') => {
            let mut options = Splice::of_read(text)?;
            options.set("include_usage", "true");
            let options = String::from_utf8(options.finish()).unwrap_or_default();
            splice.set("stream_options", &options);
        }
        _ => splice.set("stream_options", "{\"include_usage\":true}"),
    }
    Ok(())
}

fn count(text: Option<&str>) -> Option<u64> {
    Json::parse(text?).ok()?.index()
}

#[cfg(test)]
#[path = "pass_tests.rs"]
mod tests;
