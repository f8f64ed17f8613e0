use super::*;
use crate::{serve::parse, trial::endpoint};
use domain::{DialectId, Effort};
use serde_json::{Value, json};

fn asked(protocol: Protocol, body: &Value) -> Asked {
    parse(protocol, None, false, body.to_string().as_bytes()).unwrap()
}

#[test]
fn what_a_provider_words_differently_is_put_into_its_words() {
    let ask = |more: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" },
            { "role": "assistant", "content": "y" }, { "role": "user", "content": "z" }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked(Protocol::OpenAiChat, &body)
    };
    let switch = |switch| ReasoningForm { switch: Some(switch), ..ReasoningForm::default() };
    let quirks = |form| Quirks { reasoning: vec![form], ..Quirks::default() };
    let chat = "openai-chat";
    let unified = json!({ "reasoning": { "effort": "low" } });
    assert!(!passes(&ask(unified.clone()), chat, "m", &Quirks::default()));
    assert!(passes(&ask(unified), chat, "m", &quirks(switch(ReasoningSwitch::Reasoning))));
    let effort = json!({ "reasoning_effort": "low" });
    assert!(passes(&ask(effort.clone()), chat, "m", &Quirks::default()));
    assert!(!passes(&ask(effort.clone()), chat, "m", &quirks(switch(ReasoningSwitch::Thinking))));
    let few = |efforts: &[Effort]| ReasoningForm { efforts: Some(efforts.to_vec()), ..Default::default() };
    assert!(passes(&ask(effort.clone()), chat, "m", &quirks(few(&[Effort::Low]))));
    assert!(!passes(&ask(effort.clone()), chat, "m", &quirks(few(&[Effort::High]))));
    let other = ReasoningForm { models: vec!["x".into()], ..few(&[Effort::High]) };
    assert!(passes(&ask(effort), chat, "m", &quirks(other)), "a form of other models");
    // A form in another dialect is for its own models; one with a path or a body has to be written.
    let form = |path: Option<&str>| Quirks {
        forms: vec![ModelForm {
            models: vec!["pro".into()],
            dialect: DialectId::from("openai-responses"),
            path: path.map(str::to_owned),
            body: Default::default(),
            omit: Vec::new(),
        }],
        ..Quirks::default()
    };
    assert!(passes(&ask(json!({})), chat, "m", &form(None)));
    let items = asked(Protocol::OpenAiResponses, &json!({ "model": "pro", "input": "x" }));
    assert!(passes(&items, "openai-responses", "pro", &form(None)));
    assert!(!passes(&items, "openai-responses", "pro", &form(Some("/p"))));
    let short = Quirks { tool_id_length: Some(9), ..Quirks::default() };
    assert!(!passes(&ask(json!({})), chat, "m", &short));
}

#[test]
fn what_a_provider_takes_none_of_is_left_out_of_a_passing_body_and_told() {
    let body = json!({ "model": "m", "temperature": 0.5, "messages": [{ "role": "user", "content": "x" }] });
    let asked = asked(Protocol::OpenAiChat, &body);
    let quirks = Quirks { drop_params: vec!["temperature".into(), "top_p".into()], ..Quirks::default() };
    let passed = retarget(&asked, body.to_string().as_bytes(), &endpoint("m-1"), &quirks, None).unwrap();
    let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
    assert_eq!((sent.get("temperature"), passed.notices.len()), (None, 1), "{:?}", passed.notices);
    let body = json!({ "model": "m", "plugins": [{ "id": "web" }], "transforms": [],
        "messages": [{ "role": "user", "content": "x" }] });
    let searching = self::asked(Protocol::OpenAiChat, &body);
    let pass = |quirks: &Quirks| {
        let passed =
            retarget(&searching, body.to_string().as_bytes(), &endpoint("m-1"), quirks, None).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        (sent.get("plugins").is_some(), passed.notices.len())
    };
    assert_eq!(pass(&Quirks::default()), (false, 1));
    let form = ReasoningForm { switch: Some(ReasoningSwitch::Reasoning), ..ReasoningForm::default() };
    assert_eq!(pass(&Quirks { reasoning: vec![form], ..Quirks::default() }), (true, 0));
    let forced = Quirks { tools_by_choice: true, ..Quirks::default() };
    assert!(passes(&asked, "openai-chat", "m", &forced));
}
