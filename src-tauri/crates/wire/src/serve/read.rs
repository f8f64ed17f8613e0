//! What the readers of requests share.

use super::{Asked, Protocol, ServedTools, seal};
use crate::{json::Json, media};
use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::{
    Effort, ErrorKind, Failure, KeepPrompt, Message, Part, Reasoning, Request, ResponseFormat, Role,
    RoutingPrefs, Tool, Upstream,
};
use serde_json::{Value, json};
use std::sync::Arc;

mod finish;
mod twice;

pub(super) use twice::unambiguous;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A request that is not what the protocol says; `param` is the field at fault.
pub(super) fn invalid(param: &str, words: impl Into<domain::Words>) -> Failure {
    let upstream = Upstream { param: Some(param.to_owned()), ..Upstream::default() };
    Failure::new(ErrorKind::RequestInvalid, words).with_upstream(upstream)
}

/// The body as text.
pub(super) fn text_of(body: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(body)
        .map(|text| text.trim_start_matches('\u{FEFF}'))
        .map_err(|_| invalid("body", "The body of the request is not UTF-8."))
}

/// The body as an object.
pub(super) fn object(text: &str) -> Result<Json<'_>, Failure> {
    let json = Json::parse_request(text).map_err(|bad| {
        invalid("body", format!("The body of the request is not JSON: {} at byte {}.", bad.why, bad.at))
    })?;
    if json.is_object() {
        Ok(json)
    } else {
        Err(invalid("body", "The body of the request is no JSON object."))
    }
}

/// A number of the request.
pub(super) fn number(json: &Json<'_>, key: &str) -> Result<Option<f64>, Failure> {
    match json.get(key) {
        None => Ok(None),
        Some(Json::Number(text)) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(invalid(key, format!("“{key}” is not a number that can be sent."))),
        },
        Some(_) => Err(invalid(key, format!("“{key}” must be a number."))),
    }
}

/// A count of the request.
pub(super) fn whole_number(json: &Json<'_>, key: &str) -> Result<Option<u64>, Failure> {
    match json.get(key) {
        None => Ok(None),
        Some(value) => value
            .index()
            .map(Some)
            .ok_or_else(|| invalid(key, format!("“{key}” must be a whole number, not negative."))),
    }
}

/// A whole number that may be negative.
pub(super) fn signed(json: &Json<'_>, key: &str) -> Result<Option<i64>, Failure> {
    match json.get(key) {
        None => Ok(None),
        Some(Json::Number(text)) => {
            text.parse().map(Some).map_err(|_| invalid(key, format!("“{key}” must be a whole number.")))
        }
        Some(_) => Err(invalid(key, format!("“{key}” must be a whole number."))),
    }
}

/// A yes or no; absent = no.
pub(super) fn flag(json: &Json<'_>, key: &str) -> Result<bool, Failure> {
    match json.get(key) {
        None => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(_) => Err(invalid(key, format!("“{key}” must be true or false."))),
    }
}

/// A list, or nothing.
pub(super) fn list<'a, 'b>(json: &'a Json<'b>, key: &str) -> Result<&'a [Json<'b>], Failure> {
    match json.get(key) {
        None => Ok(&[]),
        Some(Json::Array(items)) => Ok(items),
        Some(_) => Err(invalid(key, format!("“{key}” must be a list."))),
    }
}

/// Words that end the answer: one, or a list.
pub(super) fn stops(json: &Json<'_>, key: &str) -> Result<Vec<String>, Failure> {
    let bad = || invalid(key, format!("“{key}” must be a text or a list of texts."));
    match json.get(key) {
        None => Ok(Vec::new()),
        Some(Json::String(stop)) => Ok(vec![stop.clone().into_owned()]),
        Some(Json::Array(items)) => {
            items.iter().map(|item| item.str().map(str::to_owned).ok_or_else(bad)).collect()
        }
        Some(_) => Err(bad()),
    }
}

/// A value as other crates hold it. A number too large for them is refused rather than changed.
pub(super) fn value(json: &Json<'_>, param: &str) -> Result<Value, Failure> {
    serde_json::from_str(&json.to_text())
        .map_err(|_| invalid(param, format!("“{param}” holds a value that cannot be sent on.")))
}

/// A schema; nothing given takes no arguments.
pub(super) fn schema(json: Option<&Json<'_>>, param: &str) -> Result<Value, Failure> {
    match json {
        None => Ok(json!({ "type": "object", "properties": {} })),
        Some(schema @ Json::Object(_)) => value(schema, param),
        Some(_) => Err(invalid(param, format!("“{param}” must be a JSON Schema."))),
    }
}

/// A tool of the client's own.
pub(super) fn tool(function: &Json<'_>, parameters: &str) -> Result<Tool, Failure> {
    let name = function.text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("tools", "A tool has no name."))?;
    Ok(Tool {
        name: name.to_owned(),
        description: function.text("description").unwrap_or_default().to_owned(),
        parameters: schema(function.get(parameters), parameters)?,
    })
}

/// A form of the answer by `json_schema`.
pub(super) fn json_schema(format: &Json<'_>) -> Result<ResponseFormat, Failure> {
    let name = format.text("name").filter(|name| !name.is_empty()).unwrap_or("answer").to_owned();
    Ok(ResponseFormat::JsonSchema { name, schema: schema(format.get("schema"), "schema")? })
}

/// How hard to think, by anyone's word for it.
fn effort(word: &str) -> Option<Effort> {
    Some(match word.to_ascii_lowercase().as_str() {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::XHigh,
        "max" => Effort::Max,
        _ => return None,
    })
}

/// A name of a conversation, as much of it as OpenRouter takes.
pub(super) fn session(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.chars().take(256).collect())
}

/// A request while it is being read.
pub(super) struct Draft {
    pub(super) asked: Asked,
    /// Fields of the body that were understood or mean nothing here; every other is told as dropped.
    known: Vec<&'static str>,
    /// Names of the tools called so far, by the ids of the calls.
    calls: Vec<(String, String)>,
}

/// OpenRouter's own fields, which are for us and for no provider.
pub(super) const OURS: &[&str] = &[
    "provider",
    "models",
    "route",
    "transforms",
    "plugins",
    "preset",
    "usage",
    "debug",
    "trace",
    "session_id",
    "include_reasoning",
    "fallbacks",
];

/// Those of them that ask for something more than a route, as lists: nobody but OpenRouter does it.
pub(super) const ADDED: &[&str] = &["plugins", "transforms"];

impl Draft {
    /// The request as far as it is read; nobody else has it yet.
    pub(super) fn request(&mut self) -> &mut Request {
        Arc::make_mut(&mut self.asked.request)
    }

    pub(super) fn new(protocol: Protocol) -> Self {
        let asked = Asked {
            protocol,
            model: String::new(),
            prefs: RoutingPrefs::default(),
            request: Arc::default(),
            embeds: false,
            stream: false,
            include_usage: false,
            include_cost: false,
            hide_reasoning: false,
            session: None,
            outputs: 1,
            dropped: Vec::new(),
            bound: None,
            served: ServedTools::default(),
            tier: None,
            sealed: false,
            unified_reasoning: false,
            old_calls: false,
            openrouter: false,
            unthought: (false, false),
        };
        Self { asked, known: Vec::new(), calls: Vec::new() }
    }

    /// Fields that are not lost.
    pub(super) fn know(&mut self, fields: &[&'static str]) {
        self.known.extend_from_slice(fields);
    }

    /// Something that only the same protocol can carry.
    pub(super) fn bind(&mut self, what: &str) {
        self.asked.bound.get_or_insert_with(|| {
            let words = format!(
                "{what} can only be sent to a provider that speaks the same protocol, and none that may serve this model does. Choose another model, or leave it out."
            );
            Failure::new(ErrorKind::RequestUnsupported, words)
        });
    }

    /// The same of what the model reads there, however long that is.
    pub(super) fn keep(&mut self, what: &str) {
        self.asked.served.kept = true;
        self.bind(what);
    }

    /// Content of a type that only the same protocol has. Unless all of it is known to stand in the request (`held`), it
    /// may be an address, and what is there of any length.
    pub(super) fn stranger(&mut self, what: &str, kind: &str, held: &[&str]) {
        let words: String = kind.chars().take(40).collect();
        let words = format!("{what} of the type “{words}”");
        match held.contains(&kind) {
            true => self.bind(&words),
            false => self.keep(&words),
        }
    }

    /// Something that gets lost in another protocol.
    pub(super) fn lose(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.asked.dropped.contains(&what) {
            self.asked.dropped.push(what);
        }
    }

    /// How hard to think. A word that is not known here is between the client and a provider of its protocol.
    pub(super) fn effort(&mut self, word: &str, what: &str) -> Option<Effort> {
        let known = effort(word);
        if known.is_none() {
            self.lose(what);
        }
        known
    }

    /// A request for several answers.
    pub(super) fn outputs(&mut self, count: Option<u64>) {
        self.asked.outputs = count.unwrap_or(1).max(1);
        if self.asked.outputs > 1 {
            self.bind("A request for several answers at once");
        }
    }

    /// OpenRouter's `reasoning`, or OpenAI's with its `summary`.
    pub(super) fn reasoning(&mut self, json: &Json<'_>) -> Result<(), Failure> {
        let asked = match (whole_number(json, "max_tokens")?, json.text("effort")) {
            (Some(tokens), _) => Some(Reasoning::Budget(tokens)),
            (None, Some(word)) => self.effort(word, "reasoning.effort").map(Reasoning::Effort),
            (None, None) => match json.get("enabled") {
                Some(Json::Bool(true)) => Some(Reasoning::Effort(Effort::Medium)),
                Some(Json::Bool(false)) => Some(Reasoning::Effort(Effort::None)),
                _ => None,
            },
        };
        self.request().params.reasoning = asked;
        self.asked.hide_reasoning |= flag(json, "exclude")?;
        Ok(())
    }

    /// A picture by its address: in the address itself, or elsewhere.
    pub(super) fn image(&mut self, url: &str) -> Result<Option<Part>, Failure> {
        match media::data_url(url) {
            Some((media_type, data)) => {
                Ok(Some(Part::Image { media_type: media_type.to_owned(), data: bytes(data)?.into() }))
            }
            None if url.starts_with("data:") => {
                Err(invalid("image_url", "A picture's address is no data URL with a media type and base64."))
            }
            None if url.starts_with("https://") || url.starts_with("http://") => {
                Ok(Some(Part::ImageUrl { url: url.to_owned() }))
            }
            None => {
                self.bind("A picture given by its address");
                Ok(None)
            }
        }
    }

    /// How closely a picture is to be looked at: elsewhere there is no word for it.
    pub(super) fn detail(&mut self, wish: Option<&Json<'_>>, what: &str) {
        if wish.and_then(Json::str).is_some_and(|wish| wish != "auto") {
            self.lose(what);
        }
    }

    /// A document by its name and content: a data URL, or bare base64.
    pub(super) fn file(&mut self, name: Option<&str>, data: &str) -> Result<Part, Failure> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or("document.pdf");
        let (media_type, data) = match media::data_url(data) {
            Some((media_type, data)) => (media_type, data),
            None => (by_name(name), data),
        };
        Ok(Part::File {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            data: bytes(data)?.into(),
            text: None,
        })
    }

    /// A call of a tool in an earlier answer.
    pub(super) fn call(&mut self, id: &str, name: &str, arguments: String) -> Part {
        self.calls.push((id.to_owned(), name.to_owned()));
        let (id, name) = (id.to_owned(), name.to_owned());
        Part::ToolCall { id, name, arguments, signature: None, issuer: String::new() }
    }

    /// A tool's answer; the name is that of the call it answers.
    pub(super) fn result(&self, id: &str, content: String, is_error: bool) -> Part {
        let name = self.calls.iter().rev().find(|(call, _)| call == id).map(|(_, name)| name.clone());
        Part::ToolResult { id: id.to_owned(), name: name.unwrap_or_default(), content, is_error }
    }

    /// A tool's answer by the tool's name: the first call of it that has none yet.
    pub(super) fn take_call(&mut self, name: &str) -> Option<String> {
        let place = self.calls.iter().position(|(_, called)| called == name)?;
        Some(self.calls.remove(place).0)
    }

    /// Reasoning that came back, with its proof if it has one.
    pub(super) fn thought(&mut self, text: String, proof: &str, message: &mut Vec<Part>) {
        let Some(opened) = seal::open(proof) else {
            let signature = (!proof.is_empty()).then(|| proof.to_owned());
            message.push(Part::Reasoning { text, signature, issuer: String::new() });
            return;
        };
        self.asked.sealed = true;
        let Some(call) = opened.call else {
            // Without a proof it can go nowhere; the mark alone told that it was ours.
            message.push(Part::Reasoning { text, signature: opened.signature, issuer: opened.issuer });
            return;
        };
        if call == seal::EARLIER {
            let unproved = message.iter_mut().rev().find_map(|part| match part {
                Part::Reasoning { text, signature: signature @ None, issuer }
                    if *issuer == opened.issuer && !text.is_empty() =>
                {
                    Some(signature)
                }
                _ => None,
            });
            match unproved {
                Some(signature) => *signature = opened.signature,
                None => {
                    message.push(Part::Reasoning {
                        text,
                        signature: opened.signature,
                        issuer: opened.issuer,
                    });
                }
            }
            return;
        }
        for part in message.iter_mut() {
            if let Part::ToolCall { id, signature, issuer, .. } = part
                && *id == call
            {
                signature.clone_from(&opened.signature);
                issuer.clone_from(&opened.issuer);
            }
        }
    }

    /// Adds what the system says: a piece of its prompt or, in the middle of a conversation, a piece of the user's turn
    /// there. Moved to the front it would change what every provider keeps of the prompt, and mean something else.
    pub(super) fn system(&mut self, text: &str) {
        if !self.request().messages.is_empty() {
            if !text.trim().is_empty() {
                self.extend(Role::User, Part::System { text: text.to_owned() });
            }
            return;
        }
        if text.is_empty() {
            return;
        }
        match &mut self.request().system {
            Some(system) => {
                system.push_str("\n\n");
                system.push_str(text);
            }
            none => *none = Some(text.to_owned()),
        }
    }

    /// The same of its prompt, of which so many bytes stand before a mark to keep them.
    pub(super) fn system_kept(&mut self, text: &str, marked: Option<(usize, KeepPrompt)>) {
        self.system(text);
        let length = self.request().system.as_ref().map_or(0, String::len);
        if let Some((bytes, keep)) = marked.filter(|_| !text.is_empty()) {
            self.request().kept_system = Some((length - text.len() + bytes, keep));
        }
    }

    /// What the system said so far is to be kept or, in the middle of a conversation, all before this place.
    pub(super) fn kept(&mut self, long: KeepPrompt) {
        if self.request().messages.is_empty() {
            let length = self.request().system.as_ref().map(String::len);
            self.request().kept_system = length.map(|length| (length, long));
        } else if let Some(last) = self.request().messages.last_mut() {
            last.parts.push(Part::Kept { long });
        }
    }

    /// Adds a message; one without content is left out. The user's joins the turn in which the system spoke: some models
    /// take no two of them in a row.
    pub(super) fn message(&mut self, role: Role, mut parts: Vec<Part>) {
        let mark = |part: &&Part| matches!(part, Part::Kept { .. });
        match self.request().messages.last_mut() {
            _ if parts.iter().all(|part| mark(&part)) => {}
            Some(Message { role: Role::User, parts: turn })
                if role == Role::User
                    && matches!(turn.iter().rfind(|part| !mark(part)), Some(Part::System { .. })) =>
            {
                turn.append(&mut parts);
            }
            _ => self.request().messages.push(Message { role, parts }),
        }
    }

    /// Adds to the last message if it is of the same role, or begins one.
    pub(super) fn extend(&mut self, role: Role, part: Part) {
        match self.request().messages.last_mut() {
            Some(message) if message.role == role => message.parts.push(part),
            _ => self.request().messages.push(Message { role, parts: vec![part] }),
        }
    }
}

/// Bytes of base64.
pub(super) fn bytes(data: &str) -> Result<Vec<u8>, Failure> {
    let bad = |_| invalid("data", "An attachment is not base64.");
    if data.bytes().any(|b| b.is_ascii_whitespace()) {
        let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        return BASE64.decode(data).map_err(bad);
    }
    BASE64.decode(data).map_err(bad)
}

fn by_name(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        _ => "application/pdf",
    }
}
