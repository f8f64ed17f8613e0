//! What a body that passes says of reasoning, in the words of the model it goes to.

use super::{
    Asked, Protocol,
    read::text_of,
    splice::{Splice, fields, items, quoted},
};
use crate::{call, effort, json::Json, notices::Notices, openai_chat};
use domain::{Failure, Quirks, Reasoning, ReasoningForm, ReasoningSwitch, say};
use serde_json::Map;

/// What OpenRouter's object for reasoning holds besides that of the Responses API.
const UNIFIED: [&str; 3] = ["exclude", "enabled", "max_tokens"];

/// Puts the wish into the form's words; all else of the body stays.
pub(super) fn reasoning(
    asked: &Asked,
    model: &str,
    quirks: &Quirks,
    splice: &mut Splice<'_>,
    notices: &mut Notices,
) -> Result<(), Failure> {
    let form = effort::form(model, quirks);
    // Its object is OpenRouter's, and it takes OpenAI's word as well.
    if form.is_some_and(|form| form.switch == Some(ReasoningSwitch::Reasoning)) {
        return Ok(());
    }
    match asked.protocol {
        Protocol::OpenAiChat => chat(asked, model, quirks, splice, notices),
        Protocol::OpenAiResponses => return responses(asked, form, splice, notices),
        Protocol::AnthropicMessages | Protocol::Gemini => {}
    }
    Ok(())
}

fn chat(asked: &Asked, model: &str, quirks: &Quirks, splice: &mut Splice<'_>, notices: &mut Notices) {
    let form = effort::form(model, quirks);
    let object = splice.value("reasoning").filter(|_| asked.unified_reasoning);
    let wish = asked.request.params.reasoning;
    if object.is_none() && wish.is_none_or(|wish| says_the_same(wish, form)) {
        return;
    }
    let object = object.and_then(|text| Json::parse(text).ok());
    if object.as_ref().is_some_and(|object| is_switch(object, form)) {
        return;
    }
    splice.remove("reasoning");
    let mut said = Map::new();
    if let Some(wish) = wish {
        splice.remove("reasoning_effort");
        openai_chat::reason(wish, model, quirks, &mut said, notices);
    } else if let Some(word) = object.as_ref().and_then(|object| object.text("effort")) {
        // A word that is not known here is between the client and the provider.
        match form.is_none_or(|form| form.switch.is_none()) {
            true if splice.value("reasoning_effort").is_none() => {
                splice.set("reasoning_effort", &quoted(word));
            }
            true => {}
            false => notices.parameter(say!("{name}: this provider takes none.", name = "reasoning.effort")),
        }
    }
    for (name, value) in said {
        // What the client says in the provider's own words counts.
        let ours = ["reasoning", "reasoning_effort"].contains(&name.as_str());
        if ours || splice.value(&name).is_none() {
            splice.set(&name, &value.to_string());
        }
    }
}

/// Is it the form's own object, and no more than on or off?
fn is_switch(object: &Json<'_>, form: Option<&ReasoningForm>) -> bool {
    form.is_some_and(|form| form.switch == Some(ReasoningSwitch::Enabled))
        && object.fields().iter().all(|(name, value)| name == "enabled" && matches!(value, Json::Bool(_)))
}

/// Would the form have put the wish into the same words as the client has?
fn says_the_same(wish: Reasoning, form: Option<&ReasoningForm>) -> bool {
    let Some(form) = form else { return matches!(wish, Reasoning::Effort(_)) };
    let taken = |effort| form.efforts.as_ref().is_none_or(|efforts| efforts.contains(&effort));
    form.switch.is_none() && matches!(wish, Reasoning::Effort(effort) if taken(effort))
}

fn responses(
    asked: &Asked,
    form: Option<&ReasoningForm>,
    splice: &mut Splice<'_>,
    notices: &mut Notices,
) -> Result<(), Failure> {
    let Some(text) = splice.value("reasoning").filter(|text| text.starts_with('{')) else { return Ok(()) };
    let mut object = Splice::of_read(text)?;
    UNIFIED.iter().for_each(|key| object.remove(key));
    if let Some(wish) = asked.request.params.reasoning {
        let taken = form.and_then(|form| form.efforts.as_deref());
        if taken.is_some_and(<[_]>::is_empty) {
            notices.parameter(say!("reasoning: this model takes no wish for it."));
            splice.remove("reasoning");
            return Ok(());
        }
        let wish = effort::asked(wish, notices);
        object.set("effort", &quoted(effort::word(effort::nearest(wish, taken, notices))));
    }
    let bytes = object.finish();
    let object = text_of(&bytes)?;
    match fields(object)?.is_empty() && !fields(text)?.is_empty() {
        true => splice.remove("reasoning"),
        false => splice.set("reasoning", object),
    }
    Ok(())
}

/// Gives earlier answers an empty reasoning where the model refuses those that have none. What has one keeps it.
pub(super) fn answers(
    asked: &Asked,
    model: &str,
    quirks: &Quirks,
    splice: &mut Splice<'_>,
) -> Result<(), Failure> {
    // OpenRouter knows several fields for it.
    let any = call::takes(quirks, "include_reasoning");
    let lacks = if any { asked.unthought.1 } else { asked.unthought.0 };
    if !lacks || !quirks.wants_reasoning.iter().any(|part| model.contains(part.as_str())) {
        return Ok(());
    }
    let Some(text) = splice.value("messages") else { return Ok(()) };
    let (mut anew, mut at) = (String::with_capacity(text.len() + 256), 0);
    for place in items(text) {
        let mut message = Splice::of_read(&text[place.clone()])?;
        let said = |key: &str| message.value(key).is_some_and(|value| !["null", "[]"].contains(&value));
        let others = any && (said("reasoning") || said("reasoning_details"));
        let role = message.value("role").and_then(|role| Json::parse(role).ok());
        if role.is_some_and(|role| role.str() == Some("assistant")) && !said("reasoning_content") && !others {
            message.set("reasoning_content", "\"\"");
            anew.push_str(&text[at..place.start]);
            anew.push_str(text_of(&message.finish())?);
            at = place.end;
        }
    }
    anew.push_str(&text[at..]);
    splice.set("messages", &anew);
    Ok(())
}

#[cfg(test)]
#[path = "reword_tests.rs"]
mod tests;
