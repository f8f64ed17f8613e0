//! "Route and request" of an answer: everything in it is what happened.

use crate::twelve::{CLEAN, MODEL, TRAINS, Twelve, failing};
use domain::{ErrorKind, Reason, RoutingPrefs, Timestamp};
use engine::AuditFilter;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_who_was_planned_tried_and_left_out_and_what_was_sent() {
    let world = Twelve::start().await;
    let prefs =
        RoutingPrefs { order: vec![CLEAN[0].to_owned(), CLEAN[1].to_owned()], ..RoutingPrefs::default() };
    world.policy("mine", prefs).await;
    world.engine.use_policy("private").await.unwrap();
    world.server(CLEAN[0]).first(failing(1));
    let mut target = world.target(MODEL, Some("mine"));
    target.system = Some("Answer briefly. ".repeat(30));
    let (view, _) = world.watch(&[target.clone()]).await;
    let receipt = world.engine.receipt(view.runs[0].id).await.unwrap();
    assert_eq!(receipt.route.policy.as_deref(), Some("private+mine"));
    assert!(receipt.route.planned[0].because.contains(&Reason::Ordered));
    let left_out: Vec<&str> = receipt
        .route
        .rejected
        .iter()
        .filter(|rejected| rejected.says(Reason::MayTrain))
        .map(|rejected| rejected.endpoint.as_str())
        .collect();
    assert!(TRAINS.iter().all(|id| left_out.iter().any(|endpoint| endpoint.starts_with(id))), "{left_out:?}");
    assert_eq!(receipt.attempts.len(), 2);
    let [first, second] = &receipt.attempts[..] else { panic!("two attempts") };
    assert_eq!(first.row.upstream.as_ref().unwrap().status, Some(503));
    assert!(second.row.cost.is_some() && second.prices.is_some() && second.row.first_content.is_some());
    assert_eq!((receipt.system, receipt.messages.len()), (target.system, 1));
    assert_eq!(receipt.messages[0].beginning, "Hi");

    for (tried, id) in receipt.attempts.iter().zip(CLEAN) {
        let sent = world.engine.sent_request(tried.row.id).await.unwrap();
        let seen = world.server(id).seen().pop().unwrap();
        assert_eq!(sent.body.as_bytes(), seen.body, "to the byte");
        assert_eq!(sent.url, format!("{}/v1/chat/completions", world.server(id).url()));
        assert!(sent.curl.contains(&sent.url) && sent.curl.contains("Answer briefly."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_on_behind_a_seam_can_be_seen_too() {
    let world = Twelve::start().await;
    let order: Vec<String> = CLEAN[..2].iter().map(|id| (*id).to_owned()).collect();
    let prefs =
        RoutingPrefs { only: Some(order.clone()), order, continue_once: Some(true), ..Default::default() };
    world.policy("two", prefs).await;
    let long = "A long beginning of an answer. ".repeat(20);
    world.server(CLEAN[0]).first(crate::twelve::broken(&long));
    let result = world.ask(MODEL, Some("two")).await;
    for (attempt, id) in result.attempts.iter().zip(CLEAN) {
        let sent = world.engine.sent_request(attempt.id).await.unwrap();
        assert_eq!(sent.body.as_bytes(), world.server(id).seen().pop().unwrap().body);
    }
    let nothing = domain::AttemptId::new(uuid::Uuid::from_u128(7));
    assert_eq!(world.engine.sent_request(nothing).await.unwrap_err().kind, ErrorKind::RequestInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_by_pages_and_filtered() {
    let world = Twelve::start().await;
    world.engine.use_policy("private").await.unwrap();
    world.server(CLEAN[0]).first(failing(0));
    for _ in 0..3 {
        world.ask(MODEL, None).await;
    }
    let page = |filter| world.engine.audit_page(filter);
    let all = page(AuditFilter { limit: 50, ..AuditFilter::default() }).await.unwrap();
    assert!(all.len() >= 3 && all.is_sorted_by(|a, b| a.seq > b.seq), "newest first");
    let older = AuditFilter { before: Some(all[1].seq), limit: 1, ..AuditFilter::default() };
    assert_eq!(page(older).await.unwrap(), all[2..3]);
    let provider = all[0].row.provider.clone();
    let own = AuditFilter { provider: Some(provider.clone()), limit: 50, ..AuditFilter::default() };
    let own = page(own).await.unwrap();
    assert!(!own.is_empty() && own.iter().all(|line| line.row.provider == provider));
    let under =
        |policy: &str| AuditFilter { policy: Some(policy.to_owned()), limit: 50, ..Default::default() };
    assert_eq!(page(under("private")).await.unwrap().len(), all.len());
    assert!(page(under("local")).await.unwrap().is_empty());
    let later = AuditFilter { from: Timestamp(i64::MAX), limit: 50, ..AuditFilter::default() };
    assert!(page(later).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_has_a_policy_of_its_own() {
    let world = Twelve::start().await;
    let (view, _) = world.watch(&[world.target(MODEL, None)]).await;
    let conversation = world.conversation_of(view.id).await;
    let unknown = world.engine.set_conversation_policy(conversation, Some("nobody".to_owned())).await;
    assert_eq!(unknown.unwrap_err().kind, ErrorKind::RequestInvalid);
    world.engine.set_conversation_policy(conversation, Some("private".to_owned())).await.unwrap();
    let model = domain::ModelRef::parse(MODEL).unwrap();
    let explained = world.engine.explain(&model, None, Some(conversation), "Hi").await.unwrap();
    assert_eq!(explained.route.policy.as_deref(), Some("private"));
    let next = world.follow_up(view.id).await;
    let receipt = world.engine.receipt(next.runs[0].id).await.unwrap();
    assert_eq!(receipt.route.policy.as_deref(), Some("private"));
    assert_eq!(receipt.messages.len(), 3, "prompt, answer, prompt");
    assert_eq!(receipt.messages[1].author.as_deref(), Some(MODEL));
    world.engine.set_conversation_policy(conversation, None).await.unwrap();
    let explained = world.engine.explain(&model, None, Some(conversation), "Hi").await.unwrap();
    assert_eq!(explained.route.policy.as_deref(), Some("everyday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_models_is_in_the_log_before_it_is_asked_for() {
    let world = Twelve::start().await;
    let groq = domain::ProviderId::from(CLEAN[0]);
    world.engine.test_provider(&groq, None).await.unwrap();
    let log = world.engine.audit(Timestamp(0)).await.unwrap();
    assert!(!log.is_empty() && world.server(CLEAN[0]).seen().len() == log.len(), "{log:?}");
    for line in &log {
        assert_eq!((line.purpose, line.provider.as_str()), ("models", CLEAN[0]));
        assert_eq!((line.host.as_str(), line.messages), (world.server(CLEAN[0]).url().as_str(), 0));
    }
}
