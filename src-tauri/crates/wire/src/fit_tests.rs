use super::*;
use crate::trial::{ask, assistant, text, user};
use domain::{Message, Tool};
use serde_json::json;

const TEXT: &[Modality] = &[Modality::Text];

fn to<'a>(input: &'a [Modality], capabilities: Option<&'a Capabilities>) -> Declared<'a> {
    Declared { name: "Model", input, capabilities, max_completion_tokens: Some(100) }
}

fn picture() -> Part {
    Part::Image { media_type: "image/png".into(), data: vec![1].into() }
}

fn file(media_type: &str, data: &[u8]) -> Part {
    Part::File { name: "a".into(), media_type: media_type.into(), data: data.into(), text: None }
}

fn everything() -> Request {
    let mut request = ask(vec![user(vec![text("Hi")])]);
    request.params = Params {
        temperature: Some(0.5),
        top_p: Some(0.9),
        max_completion_tokens: Some(5_000),
        reasoning: Some(Reasoning::Effort(Effort::High)),
        response_format: Some(ResponseFormat::JsonSchema { name: "x".into(), schema: json!({}) }),
        ..Params::default()
    };
    request.tools = vec![Tool { name: "t".into(), description: String::new(), parameters: json!({}) }];
    request
}

#[test]
fn what_a_model_cannot_do_is_left_out_and_told() {
    let can = Capabilities { temperature: Some(false), ..Capabilities::default() };
    let (request, notices) = fit(&everything(), &to(TEXT, Some(&can))).unwrap();
    assert!(request.tools.is_empty());
    assert_eq!(request.params, Params { max_completion_tokens: Some(100), ..Params::default() });
    let told: Vec<&str> = notices.iter().map(|(_, detail)| detail.split(':').next().unwrap()).collect();
    assert_eq!(
        told,
        ["tools", "reasoning", "response_format", "temperature", "top_p", "max_completion_tokens"]
    );
    assert!(notices.iter().all(|(kind, _)| *kind == NoticeKind::DroppedParameter));
}

#[test]
fn what_it_can_do_or_nothing_is_known_of_is_sent() {
    let can = Capabilities { tools: true, structured_output: true, reasoning: true, temperature: None };
    let mut asked = everything();
    asked.params.max_completion_tokens = Some(100);
    asked.messages.push(user(vec![picture(), file("application/pdf", b"%PDF\xFF")]));
    let all = [Modality::Text, Modality::Image, Modality::File];
    for declared in [to(&all, Some(&can)), to(&[], None)] {
        assert_eq!(fit(&asked, &declared).unwrap(), (asked.clone(), Vec::new()));
    }
}

#[test]
fn not_reasoning_is_no_loss_where_there_is_none() {
    let can = Capabilities::default();
    let mut asked = ask(vec![user(vec![text("Hi")])]);
    asked.params.reasoning = Some(Reasoning::Effort(Effort::None));
    let (request, notices) = fit(&asked, &to(TEXT, Some(&can))).unwrap();
    assert_eq!((request.params.reasoning, notices.len()), (None, 0));
}

#[test]
fn a_question_about_a_picture_is_not_answered_without_it() {
    for (part, word) in [
        (picture(), "pictures"),
        (file("application/pdf", b"%PDF\xFF"), "documents"),
        (file("audio/wav", b"RIFF\xFF"), "sound"),
        (file("video/mp4", b"\xFF"), "video"),
    ] {
        let asked = |messages: Vec<Message>| fit(&ask(messages), &to(TEXT, None));
        let refused = asked(vec![user(vec![text("What is it?"), part.clone()])]).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::RequestUnsupported);
        assert!(refused.message.contains(word), "{}", refused.message);
        // Of an earlier question it is left out, and told once.
        let earlier =
            vec![user(vec![part.clone(), part]), assistant(vec![text("A")]), user(vec![text("And?")])];
        let (request, notices) = asked(earlier).unwrap();
        assert!(request.messages[0].parts.is_empty());
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(notices[0].0, NoticeKind::DroppedContent);
    }
    // Text needs no model that reads documents.
    let notes = file("text/markdown", b"# x");
    let asked = ask(vec![user(vec![notes])]);
    assert_eq!(fit(&asked, &to(TEXT, None)).unwrap(), (asked.clone(), Vec::new()));
}

#[test]
fn a_tool_that_must_be_called_is_not_left_out() {
    let can = Capabilities::default();
    let mut asked = everything();
    asked.tool_choice = Some(ToolChoice::Required);
    assert_eq!(fit(&asked, &to(TEXT, Some(&can))).unwrap_err().kind, ErrorKind::RequestUnsupported);
}
