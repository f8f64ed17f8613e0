//! The demo models on the whole real path but the network: catalogue, encoder, transport, decoder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use catalog::Catalog;
use domain::{
    BlockKind, ErrorKind, FinishReason, Message, Params, Part, Request, Role, StreamEvent, Usage, UsageSource,
};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use transport::{Deadlines, Http, Origin, ProxyChoice, Transport};
use wire::Ending;

fn said(role: Role, text: &str) -> Message {
    Message { role, parts: vec![Part::Text { text: text.to_owned() }] }
}

/// What a lane would show.
#[derive(Default)]
struct Shown {
    order: Vec<BlockKind>,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

fn fold(events: &[StreamEvent]) -> Shown {
    let mut shown = Shown::default();
    let mut kinds = BTreeMap::new();
    for event in events {
        match event {
            StreamEvent::BlockOpen { block, kind } => {
                kinds.insert(*block, kind.clone());
                shown.order.push(kind.clone());
            }
            StreamEvent::BlockDelta { block, text } => match kinds[block] {
                BlockKind::Reasoning => shown.reasoning += text,
                _ => shown.text += text,
            },
            StreamEvent::Usage(usage) => shown.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, .. } => shown.finish = Some(*reason),
            StreamEvent::Unknown { name, .. } => panic!("the decoder does not know {name}"),
            StreamEvent::Started { .. } | StreamEvent::BlockClose { .. } | StreamEvent::Notice { .. } => {}
        }
    }
    shown
}

/// Sends `messages` to a demo model as the engine would, and decodes the answer cut at every `cut` bytes.
async fn ask(model: &str, messages: &[Message], cut: usize) -> (Vec<StreamEvent>, Ending) {
    let catalog = Catalog::bundled().unwrap();
    let provider = catalog.provider("demo").unwrap();
    let endpoint = catalog.endpoint("demo", model).unwrap();
    let dialect = wire::dialect(provider.dialect.as_str()).unwrap();
    let request = Request { messages: messages.to_vec(), params: Params::default(), ..Request::default() };
    let encoded = dialect.encode(&request, endpoint, &provider.quirks).unwrap();
    let to = Origin {
        base_url: provider.base_url.clone(),
        auth: provider.auth.clone(),
        provider: provider.id.clone(),
        extra_headers: provider.quirks.extra_headers.clone(),
        now: domain::Timestamp(0),
    };
    let http = Http::new(ProxyChoice::None).unwrap().with_demo_speed(2000);
    let mut response = http.send(&to, encoded.call, None, Deadlines::default()).await.unwrap();
    assert_eq!(response.status, 200, "{model}");
    let mut bytes = Vec::new();
    while let Some(piece) = response.body.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let mut decoder = wire::decoder_for(dialect, response.headers.get("content-type"), &provider.quirks);
    let mut events = Vec::new();
    for piece in bytes.chunks(cut) {
        decoder.push(piece, &mut events);
    }
    let ending = decoder.finish(&mut events);
    (events, ending)
}

#[test]
fn the_catalogue_and_the_transport_list_the_same_demo_models() {
    let catalog = Catalog::bundled().unwrap();
    let mut listed: Vec<&str> = catalog
        .all_endpoints()
        .filter(|endpoint| endpoint.provider.as_str() == "demo")
        .map(|endpoint| endpoint.upstream_model.as_str())
        .collect();
    let mut served: Vec<&str> = transport::demo::models().collect();
    listed.sort_unstable();
    served.sort_unstable();
    assert_eq!(listed, served);
}

#[tokio::test]
async fn a_demo_answer_decodes_to_text_usage_and_an_end() {
    for (model, thinks) in [("quick", false), ("steady", false), ("thinker", true)] {
        let (events, ending) = ask(model, &[said(Role::User, "Good morning")], 7).await;
        assert_eq!(ending, Ending::Complete, "{model}");
        let shown = fold(&events);
        assert!(shown.text.contains("Good morning") && shown.text.contains("not an AI"), "{model}");
        assert_eq!(shown.finish, Some(FinishReason::Stop), "{model}");
        let expected: &[BlockKind] =
            if thinks { &[BlockKind::Reasoning, BlockKind::Text] } else { &[BlockKind::Text] };
        assert_eq!(shown.order, expected, "{model}");
        assert_eq!(shown.reasoning.is_empty(), !thinks, "{model}");
        let usage = shown.usage.unwrap();
        assert_eq!(usage.source, UsageSource::Reported, "{model}");
        assert!(usage.input.total.unwrap() >= 6, "{model}");
        let output = usage.output.total.unwrap();
        assert!(usage.output.reasoning.unwrap_or(0) < output, "{model}");
        assert_eq!(usage.output.reasoning.unwrap_or(0) > 0, thinks, "{model}");
    }
}

#[tokio::test]
async fn the_flaky_demo_fails_in_mid_answer_with_its_text_kept() {
    let (events, ending) = ask("flaky", &[said(Role::User, "Good morning")], 1000).await;
    let Ending::Failed(failure) = ending else { panic!("{ending:?}") };
    assert_eq!(failure.kind, ErrorKind::UpstreamInternal, "{failure:?}");
    let shown = fold(&events);
    assert!(shown.text.contains("Good morning"));
    assert_eq!(shown.finish, Some(FinishReason::Error));
    assert!(shown.usage.is_none(), "a broken answer counts nothing");
}

#[tokio::test]
async fn each_lane_remembers_its_own_number() {
    for number in ["4711", "17"] {
        let history = [
            said(Role::User, &format!("Remember the number {number}.")),
            said(Role::Assistant, "I counted 99 words."),
            said(Role::User, "Which number was it?"),
        ];
        for model in ["quick", "steady", "thinker"] {
            let shown = fold(&ask(model, &history, 4096).await.0);
            assert!(shown.text.contains(&format!("**{number}**")), "{model}: {}", shown.text);
        }
    }
}
