use super::*;
use crate::{
    serve::{parse, passes, retarget},
    trial::endpoint,
};
use domain::Effort;
use serde_json::{Value, json};

/// What goes out of a body with these fields, without those that stay in every one, and how much of it was told.
fn sent(protocol: Protocol, fields: &Value, quirks: &Quirks) -> (Value, usize) {
    let mut body = match protocol {
        Protocol::OpenAiResponses => json!({ "model": "m", "input": "x" }),
        _ => json!({ "model": "m", "messages": [{ "role": "user", "content": "x" },
            { "role": "assistant", "content": "y" }, { "role": "user", "content": "z" }] }),
    };
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let text = body.to_string();
    let asked = parse(protocol, None, false, text.as_bytes()).unwrap();
    assert!(passes(&asked, protocol.dialect(), "m-1", quirks), "{fields}");
    let passed = retarget(&asked, text.as_bytes(), &endpoint("m-1"), quirks, None).unwrap();
    let mut sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
    ["model", "messages", "input"].iter().for_each(|name| drop(sent.as_object_mut().unwrap().remove(*name)));
    (sent, passed.notices.len())
}

fn chat(fields: &Value, form: Option<ReasoningForm>) -> (Value, usize) {
    let quirks = Quirks { reasoning: form.into_iter().collect(), ..Quirks::default() };
    sent(Protocol::OpenAiChat, fields, &quirks)
}

fn few(efforts: &[Effort]) -> Option<ReasoningForm> {
    Some(ReasoningForm { efforts: Some(efforts.to_vec()), ..ReasoningForm::default() })
}

fn switch(switch: ReasoningSwitch, efforts: Option<&[Effort]>) -> Option<ReasoningForm> {
    let efforts = efforts.map(<[Effort]>::to_vec);
    Some(ReasoningForm { switch: Some(switch), efforts, ..ReasoningForm::default() })
}

#[test]
fn openrouters_object_becomes_the_models_own_words_and_all_else_stays() {
    let rest = json!({ "top_k": 5, "logit_bias": { "1": 2 }, "logprobs": true, "service_tier": "flex",
        "user": "u", "metadata": { "a": "b" }, "prompt_cache_key": "k", "min_p": 0.1 });
    let with = |more: Value| {
        let mut all = rest.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let unified = |object: Value| with(json!({ "reasoning": object }));
    let low = with(json!({ "reasoning_effort": "low" }));
    assert_eq!(chat(&unified(json!({ "effort": "low" })), None), (low.clone(), 0));
    assert_eq!(chat(&unified(json!({})), None), (rest.clone(), 0), "it asks for nothing");
    assert_eq!(chat(&unified(json!({ "max_tokens": 900 })), None), (low.clone(), 1));
    assert_eq!(chat(&unified(json!({ "effort": "new" })), None).0["reasoning_effort"], "new");
    assert_eq!(chat(&unified(json!({ "effort": "minimal" })), few(&[Effort::Low])), (low, 1));
    assert_eq!(chat(&unified(json!({ "effort": "low" })), few(&[])), (rest.clone(), 1));
    let thinking = switch(ReasoningSwitch::Thinking, Some(&[]));
    let on = with(json!({ "thinking": { "type": "enabled" } }));
    assert_eq!(chat(&unified(json!({ "effort": "low" })), thinking.clone()), (on, 1));
    let off = with(json!({ "thinking": { "type": "disabled" } }));
    assert_eq!(chat(&unified(json!({ "enabled": false })), thinking), (off, 0));
    // Where the object is at home, or a part of it.
    let kept = unified(json!({ "effort": "low", "exclude": false }));
    assert_eq!(chat(&kept, switch(ReasoningSwitch::Reasoning, None)), (kept, 0));
    let kept = unified(json!({ "enabled": true }));
    assert_eq!(chat(&kept, switch(ReasoningSwitch::Enabled, None)), (kept, 0));
    let bound = with(json!({ "n": 2, "reasoning": { "effort": "low" } }));
    assert_eq!(chat(&bound, None), (with(json!({ "n": 2, "reasoning_effort": "low" })), 0));
}

#[test]
fn an_effort_becomes_one_that_the_model_takes_and_all_else_stays() {
    let asked = json!({ "reasoning_effort": "minimal", "service_tier": "flex", "store": true });
    assert_eq!(chat(&asked, few(&[Effort::Minimal])), (asked.clone(), 0));
    let low = json!({ "reasoning_effort": "low", "service_tier": "flex", "store": true });
    assert_eq!(chat(&asked, few(&[Effort::Low])), (low, 1));
    let own = ReasoningForm { on: Some("default".into()), ..few(&[Effort::None]).unwrap() };
    let default = json!({ "reasoning_effort": "default", "service_tier": "flex", "store": true });
    assert_eq!(chat(&asked, Some(own)).0, default);
    // What the client says in its provider's words is not said otherwise.
    let both = json!({ "reasoning_effort": "high", "thinking": { "type": "disabled" } });
    assert_eq!(chat(&both, switch(ReasoningSwitch::Thinking, None)), (both, 0));
    let other = ReasoningForm { models: vec!["other".into()], ..few(&[Effort::High]).unwrap() };
    assert_eq!(chat(&asked, Some(other)), (asked, 0), "a form of other models");
}

#[test]
fn responses_are_asked_in_their_own_words_alone() {
    let responses = |object: Value, form: Option<ReasoningForm>| {
        let quirks = Quirks { reasoning: form.into_iter().collect(), ..Quirks::default() };
        let fields = json!({ "reasoning": object, "store": false });
        let (mut sent, told) = sent(Protocol::OpenAiResponses, &fields, &quirks);
        assert_eq!(sent["store"], false);
        (sent.as_object_mut().unwrap().remove("reasoning"), told)
    };
    let plain = json!({ "effort": "low", "summary": "auto" });
    assert_eq!(responses(plain.clone(), None), (Some(plain.clone()), 0));
    let more = json!({ "effort": "low", "summary": "auto", "exclude": false });
    assert_eq!(responses(more.clone(), None), (Some(plain.clone()), 0));
    assert_eq!(responses(more, few(&[Effort::Low])), (Some(plain), 0));
    let high = json!({ "effort": "high" });
    assert_eq!(responses(json!({ "effort": "low" }), few(&[Effort::High])), (Some(high), 1));
    let low = json!({ "effort": "low" });
    assert_eq!(responses(json!({ "max_tokens": 900 }), None), (Some(low), 1));
    assert_eq!(responses(json!({ "exclude": false }), None), (None, 0));
    assert_eq!(responses(json!({ "effort": "low" }), few(&[])), (None, 1));
    let new = json!({ "effort": "new" });
    assert_eq!(responses(new.clone(), few(&[Effort::Low])), (Some(new), 0));
}

#[test]
fn reasoning_that_is_not_to_be_told_does_not_pass_where_nobody_obeys() {
    for fields in [json!({ "reasoning": { "exclude": true } }), json!({ "include_reasoning": false })] {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let asked = parse(Protocol::OpenAiChat, None, false, body.to_string().as_bytes()).unwrap();
        assert!(!passes(&asked, "openai-chat", "m-1", &Quirks::default()));
        let obeys = Quirks { take_params: vec!["include_reasoning".into()], ..Quirks::default() };
        assert!(passes(&asked, "openai-chat", "m-1", &obeys));
    }
    let body = json!({ "model": "m", "input": "x", "reasoning": { "exclude": true } });
    let asked = parse(Protocol::OpenAiResponses, None, false, body.to_string().as_bytes()).unwrap();
    assert!(!passes(&asked, "openai-responses", "m-1", &Quirks::default()));
}

#[test]
fn a_conversation_passes_with_the_reasoning_that_came_with_it() {
    let thinks = Quirks { wants_reasoning: vec!["deep".into()], ..Quirks::default() };
    let router = Quirks { take_params: vec!["include_reasoning".into()], ..thinks.clone() };
    let answer = |fields: Value| {
        let mut answer = json!({ "role": "assistant", "content": "a" });
        answer.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        answer
    };
    let with = |mut answer: Value| {
        answer["reasoning_content"] = "".into();
        answer
    };
    let details =
        answer(json!({ "reasoning_details": [{ "type": "reasoning.text", "text": "t", "signature": "s" }] }));
    let content = answer(json!({ "reasoning_content": "t" }));
    let plain = answer(json!({}));
    let nothing = answer(json!({ "reasoning_content": null, "reasoning_details": [] }));
    let question = json!({ "role": "user", "content": "x, [y]" });
    let body = json!({ "model": "m", "top_k": 3,
        "messages": [question, details, content, question, plain, nothing, question] });
    let text = format!(" {}", serde_json::to_string_pretty(&body).unwrap());
    let asked = parse(Protocol::OpenAiChat, None, false, text.as_bytes()).unwrap();
    let sent = |model: &str, quirks: &Quirks| {
        assert!(passes(&asked, "openai-chat", model, quirks));
        let passed = retarget(&asked, text.as_bytes(), &endpoint(model), quirks, None).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        assert_eq!((&sent["top_k"], passed.notices.len()), (&json!(3), 0));
        sent["messages"].as_array().unwrap().clone()
    };
    let all = body["messages"].as_array().unwrap().clone();
    assert_eq!(sent("plain-1", &thinks), all, "that model asks for none");
    let (plain, nothing) = (with(plain), with(nothing));
    let here = [&question, &with(details.clone()), &content, &question, &plain, &nothing, &question];
    assert_eq!(sent("deep-1", &thinks).iter().collect::<Vec<_>>(), here);
    let there = [&question, &details, &content, &question, &plain, &nothing, &question];
    assert_eq!(sent("deep-1", &router).iter().collect::<Vec<_>>(), there);
}
