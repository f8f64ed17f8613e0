//! What every protocol's body may hold besides its own words.

use super::{ADDED, Draft, OURS, invalid, list};
use crate::{
    json::Json,
    serve::{Asked, Protocol, marks},
};
use domain::{Failure, Part, Role};
use std::borrow::Cow;

/// How many models may stand in for the one that is asked for, in whichever list they are named.
const STAND_INS: usize = 16;

impl Draft {
    /// What every protocol's body may hold, and the check that there is something to ask.
    pub(in crate::serve) fn finish(
        mut self,
        json: &Json<'_>,
        path_model: Option<&str>,
    ) -> Result<Asked, Failure> {
        let mut model = path_model.or_else(|| json.text("model")).unwrap_or_default().trim();
        // OpenRouter takes a list without a first name: the first of the list is it.
        if model.is_empty() {
            model = list(json, "models")?.first().and_then(Json::str).unwrap_or_default().trim();
        }
        let model = model.strip_prefix("models/").unwrap_or(model);
        if model.is_empty() {
            return Err(invalid("model", "The request names no model."));
        }
        if model.len() > 256 || model.chars().any(char::is_control) {
            return Err(invalid("model", "The model's name is not one."));
        }
        self.asked.model = model.to_owned();
        self.routing(json)?;
        self.asked.tier = tier(self.asked.protocol, json);
        let session = ["session_id", "prompt_cache_key"].iter().find_map(|key| json.text(key));
        self.asked.session = session.and_then(super::session);
        if self.request().messages.is_empty() && self.asked.bound.is_none() {
            self.nothing_asked(json)?;
        }
        self.request().keep_prompt = marks::at(json);
        self.request().kept_tools = marks::of_tools(json);
        let read = ["model", "stream", "prompt_cache_key", "cache_control"];
        let ours = |key: &str| OURS.contains(&key) || read.contains(&key);
        for (key, value) in json.fields() {
            let said = !value.is_null() && *value != Json::Bool(false);
            if said && !ours(key) && !self.known.contains(&key.as_ref()) {
                self.lose(key.chars().take(80).collect::<String>());
            }
        }
        if self.asked.all_required()
            && let Some(lost) = self.asked.dropped.first()
        {
            let what = format!("“{lost}”, since every parameter is required,");
            self.bind(&what);
        }
        Ok(self.asked)
    }

    /// No message is left. In OpenAI's protocols what stands as system prompt alone is a question, and an empty
    /// message is between the client and its provider.
    fn nothing_asked(&mut self, json: &Json<'_>) -> Result<(), Failure> {
        let failure = invalid("messages", "There is nothing to answer: every message is empty.");
        if !matches!(self.asked.protocol, Protocol::OpenAiChat | Protocol::OpenAiResponses) {
            return Err(failure);
        }
        if let Some(text) = self.request().system.take() {
            self.message(Role::User, vec![Part::Text { text }]);
        } else if ["messages", "input"].iter().all(|key| json.list(key).is_empty()) {
            return Err(failure);
        } else {
            self.asked.bound = Some(failure);
        }
        Ok(())
    }

    /// OpenRouter's ways of saying where a request may go.
    fn routing(&mut self, json: &Json<'_>) -> Result<(), Failure> {
        if let Some(prefs) = json.get("provider") {
            if !prefs.is_object() {
                return Err(invalid("provider", "“provider” must be an object."));
            }
            // What is not understood is not obeyed in part: a misspelt rule would permit what it forbids.
            self.asked.prefs = serde_json::from_str(&said(prefs).to_text())
                .map_err(|bad| invalid("provider", format!("“provider” cannot be obeyed: {bad}.")))?;
            self.asked.prefs.models.truncate(STAND_INS);
        }
        let named = |item: &Json<'_>, key: &str| {
            let name = item.str().or_else(|| item.text("model")).filter(|name| !name.is_empty());
            name.map(str::to_owned).ok_or_else(|| invalid(key, format!("“{key}” must name models.")))
        };
        for key in ["models", "fallbacks"] {
            for item in list(json, key)? {
                let name = named(item, key)?;
                let models = &mut self.asked.prefs.models;
                if name != self.asked.model && !models.contains(&name) && models.len() < STAND_INS {
                    models.push(name);
                }
            }
        }
        if let Some(preset) = json.get("preset") {
            let word = preset.str().unwrap_or_default();
            return Err(invalid("preset", format!("There are no presets here, so “{word}” is not one.")));
        }
        for key in ADDED {
            if !list(json, key)?.is_empty() {
                self.lose(*key);
            }
        }
        Ok(())
    }
}

/// OpenRouter's rules without what says nothing: its clients write `null` for every rule that they do not set.
fn said<'a>(prefs: &Json<'a>) -> Json<'a> {
    let nothing = |name: &str, value: &Json<'_>| {
        value.is_null() || name == "enforce_distillable_text" && *value == Json::Bool(false)
    };
    let fields = prefs.fields().iter().filter(|(name, value)| !nothing(name, value));
    Json::Object(
        fields
            .map(|(name, value)| {
                (name.clone(), if name == "max_price" { price(value) } else { value.clone() })
            })
            .collect(),
    )
}

/// The fee for a request is read as a text, so that it is exact.
fn price<'a>(limits: &Json<'a>) -> Json<'a> {
    let exact = |(name, value): &(Cow<'a, str>, Json<'a>)| {
        let value = match value {
            Json::Number(text) if name == "request" => Json::String(Cow::Borrowed(*text)),
            other => other.clone(),
        };
        (name.clone(), value)
    };
    match limits {
        Json::Object(fields) => {
            Json::Object(fields.iter().filter(|(_, value)| !value.is_null()).map(exact).collect())
        }
        other => other.clone(),
    }
}

/// The tier that a request names: in the Messages API by how fast and where it is to be answered.
fn tier(protocol: Protocol, json: &Json<'_>) -> Option<String> {
    let named = if protocol == Protocol::AnthropicMessages {
        ["inference_geo", "speed"]
            .iter()
            .find_map(|key| json.text(key).filter(|word| ["us", "fast"].contains(word)))
    } else {
        ["service_tier", "serviceTier"].iter().find_map(|key| json.text(key))
    };
    named.map(|word| word.chars().take(40).collect::<String>().to_ascii_lowercase())
}
