//! Tables: what goes in comes out.

use crate::fixture::{NOW, conversation, lane, memory, scene, text, uuid};
use domain::{
    AccountLabel, AttemptId, AuthScheme, Candidate, ContentId, ConversationId, ErrorKind, ExperimentId,
    Failure, FinishReason, LaneId, MessageId, Millis, NoticeKind, Outcome, Part, Provider, ProviderId,
    Reason, Role, Route, RunId, RunState, Saw, Timestamp, TurnId, Upstream, Usage,
};
use std::collections::BTreeMap;
use store::{
    AccountRow, AttemptRow, CellRow, CellState, ConversationRow, EntryRow, ExperimentRow, MessageRow,
    ProviderStateRow, RunRow, Shelf, Store, TurnRow,
};

fn at(offset: i64) -> Timestamp {
    Timestamp(NOW.0 + offset)
}

fn ids(store: &Store, shelf: Shelf) -> Vec<u128> {
    let rows = store.read(move |tx| tx.conversations(10, shelf)).wait().unwrap();
    rows.iter().map(|c| c.id.uuid().as_u128()).collect()
}

#[test]
fn conversations_are_listed_newest_first_without_the_archived() {
    let store = memory();
    store
        .write(|tx| {
            for n in 1..=3 {
                let updated_at = at(i64::try_from(n).unwrap());
                tx.insert_conversation(&ConversationRow { updated_at, ..conversation(n) })?;
            }
            let first = ConversationId::new(uuid(1));
            tx.set_conversation_title(first, "Sky", store::Titled::User)?;
            tx.touch_conversation(first, at(9))?;
            tx.touch_conversation(first, at(5))?;
            tx.set_conversation_archived(ConversationId::new(uuid(2)), Some(at(10)))
        })
        .wait()
        .unwrap();
    assert_eq!(ids(&store, Shelf::Listed), [1, 3]);
    assert_eq!(ids(&store, Shelf::Kept), [1, 3, 2]);
    let first = store.read(|tx| tx.conversation(ConversationId::new(uuid(1)))).wait().unwrap().unwrap();
    assert_eq!((first.title.as_str(), first.updated_at), ("Sky", at(9)), "never backwards");
    store.write(|tx| tx.set_conversation_archived(ConversationId::new(uuid(2)), None)).wait().unwrap();
    assert_eq!(ids(&store, Shelf::Listed), [1, 3, 2]);
    assert_eq!(store.read(|tx| tx.conversation(ConversationId::new(uuid(9)))).wait().unwrap(), None);
}

#[test]
fn a_lane_leaves_the_line_up_and_can_come_back() {
    let store = memory();
    let chat = ConversationId::new(uuid(1));
    let head = Some(MessageId::new(uuid(1)));
    store.write(|tx| scene(tx, 1, 1)).wait().unwrap();
    store
        .write(move |tx| {
            tx.put_lanes(chat, &[lane(11, 0), lane(12, 1)])?;
            tx.set_lane_head(LaneId::new(uuid(12)), head)
        })
        .wait()
        .unwrap();
    let lanes = store.read(move |tx| tx.lanes(chat)).wait().unwrap();
    assert_eq!(lanes.iter().map(|l| l.id.uuid().as_u128()).collect::<Vec<_>>(), [11, 12]);
    assert_eq!(lanes[1].head, head);
    let kept = lanes[1].clone();
    store.write(move |tx| tx.put_lanes(chat, &[lane(13, 0)])).wait().unwrap();
    assert_eq!(store.read(move |tx| tx.lanes(chat)).wait().unwrap(), [lane(13, 0)]);
    let id = kept.id;
    assert_eq!(store.read(move |tx| tx.lane(id)).wait().unwrap().as_ref(), Some(&kept));
    let back = kept.clone();
    store.write(move |tx| tx.put_lanes(chat, &[back])).wait().unwrap();
    assert_eq!(store.read(move |tx| tx.lanes(chat)).wait().unwrap(), [kept]);
    // A lane does not move to another conversation.
    store.write(|tx| tx.insert_conversation(&conversation(2))).wait().unwrap();
    let stolen = store.write(|tx| tx.put_lanes(ConversationId::new(uuid(2)), &[lane(13, 0)])).wait();
    assert_eq!(stolen.unwrap_err().kind, ErrorKind::Bug);
}

#[test]
fn a_branch_is_read_from_its_root_and_equal_contents_are_stored_once() {
    let store = memory();
    let chat = ConversationId::new(uuid(1));
    let branch = store
        .write(move |tx| {
            tx.insert_conversation(&conversation(1))?;
            let mut parent = None;
            for n in 1..=100_u128 {
                let words = if n % 2 == 1 { "again".to_owned() } else { format!("answer {n}") };
                let content = tx.put_content(&text(&words))?;
                let role = if n % 2 == 1 { Role::User } else { Role::Assistant };
                let id = MessageId::new(uuid(n));
                let (conversation, run, created_at) = (chat, None, NOW);
                tx.insert_message(&MessageRow { id, conversation, parent, role, content, run, created_at })?;
                parent = Some(id);
            }
            tx.branch(MessageId::new(uuid(50)))
        })
        .wait()
        .unwrap();
    let order: Vec<u128> = branch.iter().map(|(m, _)| m.id.uuid().as_u128()).collect();
    assert_eq!(order, (1..=50).collect::<Vec<_>>());
    assert_eq!(branch[49].1, text("answer 50"));
    assert_eq!(branch[0].0.content, branch[48].0.content);
    assert_eq!(branch[0].0.content, store::content_id(&text("again")).unwrap());
    assert!(store.read(|tx| tx.branch(MessageId::new(uuid(404)))).wait().unwrap().is_empty());
    let final_words = vec![
        Part::Reasoning { text: "hm".to_owned(), signature: Some("s".to_owned()), issuer: "a/b".to_owned() },
        Part::Image { media_type: "image/png".to_owned(), data: vec![0, 255, 7].into() },
    ];
    let words = final_words.clone();
    let content = store
        .write(move |tx| {
            let id = tx.put_content(&words)?;
            tx.set_message_content(MessageId::new(uuid(100)), &id)?;
            Ok(id)
        })
        .wait()
        .unwrap();
    let found = store.read(|tx| tx.message(MessageId::new(uuid(100)))).wait().unwrap().unwrap();
    assert_eq!(found.content, content);
    assert_eq!(store.read(move |tx| tx.content(&content)).wait().unwrap(), Some(final_words));
    assert_eq!(store.read(|tx| tx.content(&ContentId::from("none"))).wait().unwrap(), None);
}

fn finished(run: &RunRow) -> RunRow {
    RunRow {
        state: RunState::Failed,
        route: Route {
            planned: vec![Candidate {
                account: Some("work".into()),
                ..Candidate::new("openai/gpt-5".into(), vec![Reason::OnlyOne])
            }],
            policy: Some("private".to_owned()),
            ..Route::default()
        },
        finish_reason: Some(FinishReason::ToolCalls),
        failure: Some(Failure::new(ErrorKind::TimeIdle, "silent").with_upstream(Upstream {
            status: Some(200),
            retry_after: Some(Millis(1)),
            ..Upstream::default()
        })),
        notices: vec![(NoticeKind::DroppedParameter, "top_p".into())],
        started_at: Some(at(1)),
        ttft: Some(Millis(2)),
        duration: Some(Millis(3)),
        usage: Some(Usage { web_searches: Some(1), ..Usage::default() }),
        ..run.clone()
    }
}

#[test]
fn turns_and_runs_come_back_as_written() {
    let store = memory();
    let run = store.write(|tx| scene(tx, 1, 1)).wait().unwrap();
    let (id, turn) = (run.id, run.turn);
    assert_eq!(store.read(move |tx| tx.run(id)).wait().unwrap().as_ref(), Some(&run));
    let end = finished(&run);
    let update = end.clone();
    store.write(move |tx| tx.update_run(&update)).wait().unwrap();
    assert_eq!(store.read(move |tx| tx.run(id)).wait().unwrap(), Some(end.clone()));
    let repeated = RunRow {
        id: RunId::new(uuid(2)),
        retry_of: Some(id),
        saw: Saw::Other { model: "a/b".to_owned(), turns: 2 },
        ..run.clone()
    };
    let left = RunRow { id: RunId::new(uuid(3)), position: 1, ..run };
    let (again, other) = (repeated.clone(), left.clone());
    store
        .write(move |tx| {
            tx.insert_run(&other)?;
            tx.insert_run(&again)
        })
        .wait()
        .unwrap();
    assert_eq!(store.read(move |tx| tx.runs(turn)).wait().unwrap(), [end, repeated.clone(), left]);
    store.write(|tx| tx.set_run_state(RunId::new(uuid(3)), RunState::Done)).wait().unwrap();
    let (process, id) = (repeated.process, repeated.id);
    assert_eq!(store.read(move |tx| tx.runs_of_process(process)).wait().unwrap(), [id]);
    let turns = store.read(|tx| tx.turns(ConversationId::new(uuid(1)))).wait().unwrap();
    let one = store.read(|tx| tx.turn(TurnId::new(uuid(1)))).wait().unwrap();
    assert_eq!(turns, one.into_iter().collect::<Vec<TurnRow>>());
    assert_eq!(turns.len(), 1);
}

fn attempt(n: u128) -> AttemptRow {
    AttemptRow {
        id: AttemptId::new(uuid(n)),
        run: None,
        n: 1,
        endpoint: "openai/gpt-5".into(),
        provider: "openai".into(),
        account: Some("work".into()),
        model: "openai/gpt-5".parse().unwrap(),
        upstream_model: "gpt-5".to_owned(),
        origin: "window".to_owned(),
        started_at: NOW,
        first_byte: None,
        first_content: None,
        reasoned: None,
        duration: None,
        outcome: None,
        upstream: None,
        usage: None,
        cost: None,
    }
}

#[test]
fn attempts_come_back_as_written() {
    let store = memory();
    let run = store.write(|tx| scene(tx, 1, 1)).wait().unwrap().id;
    let begun = AttemptRow { run: Some(run), ..attempt(1) };
    let ended = AttemptRow {
        first_byte: Some(Millis(1)),
        first_content: Some(Millis(2)),
        reasoned: Some(Millis(1)),
        duration: Some(Millis(3)),
        outcome: Some(Outcome::Completed { finish_reason: FinishReason::Stop }),
        upstream: Some(Upstream { request_id: Some("r".to_owned()), ..Upstream::default() }),
        usage: Some(Usage::default()),
        cost: Some(domain::Cost::unknown()),
        ..begun.clone()
    };
    let second = AttemptRow { id: AttemptId::new(uuid(2)), n: 2, ..begun.clone() };
    let from_outside = AttemptRow { id: AttemptId::new(uuid(3)), run: None, ..begun.clone() };
    let (first, end, more, outside) = (begun, ended.clone(), second.clone(), from_outside.clone());
    store
        .write(move |tx| {
            for attempt in [&more, &first, &outside] {
                tx.insert_attempt(attempt)?;
            }
            tx.finish_attempt(&end)
        })
        .wait()
        .unwrap();
    assert_eq!(store.read(move |tx| tx.attempts(run)).wait().unwrap(), [ended, second]);
    let found = store.read(|tx| tx.attempt(AttemptId::new(uuid(3)))).wait().unwrap();
    assert_eq!(found, Some(from_outside));
}

#[test]
fn a_row_that_points_nowhere_is_refused() {
    let store = memory();
    let run = store.write(|tx| scene(tx, 1, 1)).wait().unwrap();
    let orphan = RunRow { id: RunId::new(uuid(5)), turn: TurnId::new(uuid(404)), ..run };
    assert_eq!(store.write(move |tx| tx.insert_run(&orphan)).wait().unwrap_err().kind, ErrorKind::Bug);
    let missing = store.write(|tx| tx.append_journal(RunId::new(uuid(404)), 0, "[]")).wait();
    assert_eq!(missing.unwrap_err().kind, ErrorKind::Bug);
}

#[test]
fn settings_and_providers_come_back_as_written() {
    let store = memory();
    let provider = Provider {
        id: "home".into(),
        name: "Home".to_owned(),
        dialect: "openai-chat".into(),
        base_url: "http://127.0.0.1:8080/v1".to_owned(),
        account: Default::default(),
        auth: AuthScheme::Header { name: "x-key".to_owned() },
        quirks: Default::default(),
        models_path: Some("/models".to_owned()),
        key_check: None,
        data_policy: Default::default(),
        docs_url: None,
        keys_url: None,
        key_prefixes: Vec::new(),
        local: true,
        unverified: true,
        custom: true,
    };
    let id = provider.id.clone();
    let state = ProviderStateRow {
        provider: id.clone(),
        enabled: true,
        test: Some("{\"ok\":true}".to_owned()),
        listed_models: None,
        listed_at: Some(at(5)),
    };
    let (p, s) = (provider.clone(), state.clone());
    store
        .write(move |tx| {
            tx.set_setting("a", Some("1"))?;
            tx.set_setting("a", Some("2"))?;
            tx.set_setting("b", Some("3"))?;
            tx.set_setting("b", None)?;
            tx.put_provider(&Provider { name: "Old".to_owned(), ..p.clone() })?;
            tx.put_provider(&p)?;
            tx.put_provider_state(&ProviderStateRow { enabled: false, ..s.clone() })?;
            tx.put_provider_state(&s)
        })
        .wait()
        .unwrap();
    assert_eq!(store.read(|tx| tx.setting("a")).wait().unwrap().as_deref(), Some("2"));
    assert_eq!(store.read(|tx| tx.setting("b")).wait().unwrap(), None);
    assert_eq!(store.read(|tx| tx.custom_providers()).wait().unwrap(), [provider]);
    let home = ProviderId::from("home");
    assert_eq!(store.read(move |tx| tx.provider_state(&home)).wait().unwrap(), Some(state.clone()));
    assert_eq!(store.read(|tx| tx.provider_states()).wait().unwrap(), [state]);
    store.write(move |tx| tx.remove_provider(&id)).wait().unwrap();
    assert!(store.read(|tx| tx.custom_providers()).wait().unwrap().is_empty());
    assert!(store.read(|tx| tx.provider_states()).wait().unwrap().is_empty());
    // More of a key than its last four characters does not fit.
    let leak = AccountRow { last_four: Some("sk-123".to_owned()), ..account("openai", "default") };
    assert!(store.write(move |tx| tx.put_account(&leak)).wait().is_err());
}

fn account(provider: &str, label: &str) -> AccountRow {
    AccountRow {
        provider: provider.into(),
        label: label.into(),
        key_origin: "https://api.openai.com:443".to_owned(),
        last_four: Some("wxyz".to_owned()),
        test: None,
    }
}

#[test]
fn the_keys_of_a_provider_keep_their_order() {
    let store = memory();
    let labels = |store: &Store| -> Vec<String> {
        let rows = store.read(|tx| tx.accounts()).wait().unwrap();
        rows.into_iter().map(|row| format!("{}/{}", row.provider, row.label)).collect()
    };
    let put = |row: AccountRow| store.write(move |tx| tx.put_account(&row)).wait().unwrap();
    for label in ["work", "home", "spare"] {
        put(account("openai", label));
    }
    put(account("anthropic", "default"));
    put(AccountRow { test: Some("{}".to_owned()), ..account("openai", "work") });
    assert_eq!(labels(&store), ["anthropic/default", "openai/work", "openai/home", "openai/spare"]);
    let order = ["spare", "unknown", "work"].map(AccountLabel::from);
    store.write(move |tx| tx.order_accounts(&"openai".into(), &order)).wait().unwrap();
    assert_eq!(labels(&store), ["anthropic/default", "openai/spare", "openai/work", "openai/home"]);
    store.write(|tx| tx.remove_account(&"openai".into(), &"work".into())).wait().unwrap();
    put(account("openai", "new"));
    assert_eq!(labels(&store), ["anthropic/default", "openai/spare", "openai/home", "openai/new"]);
    let found = store.read(|tx| tx.account(&"openai".into(), &"home".into())).wait().unwrap();
    assert_eq!(found, Some(account("openai", "home")));
}

#[test]
fn fields_of_an_account_come_back_and_go_with_their_provider() {
    let store = memory();
    let (home, other) = (ProviderId::from("home"), ProviderId::from("other"));
    let written = |tx: &mut store::Tx<'_>, (home, other): (ProviderId, ProviderId)| {
        tx.set_provider_field(&home, "region", Some("old"))?;
        tx.set_provider_field(&home, "region", Some("new"))?;
        tx.set_provider_field(&home, "zone", Some("a"))?;
        tx.set_provider_field(&home, "zone", None)?;
        tx.set_provider_field(&other, "region", Some("there"))
    };
    let ids = (home.clone(), other.clone());
    store.write(move |tx| written(tx, ids)).wait().unwrap();
    let fields = store.read(|tx| tx.provider_fields()).wait().unwrap();
    let region = |value: &str| BTreeMap::from([("region".to_owned(), value.to_owned())]);
    assert_eq!(fields, [(home.clone(), region("new")), (other.clone(), region("there"))].into());
    store.write(move |tx| tx.remove_provider(&home)).wait().unwrap();
    assert_eq!(store.read(|tx| tx.provider_fields()).wait().unwrap(), [(other, region("there"))].into());
    let empty = store.write(|tx| tx.set_provider_field(&"x".into(), "a", Some(""))).wait();
    assert!(empty.is_err(), "an empty value is none");
}

#[test]
fn a_model_keeps_its_mark_and_the_ninth_takes_the_one_unused_longest() {
    let store = memory();
    let assign = |model: &'static str, time: i64, in_use: &[&str]| {
        let in_use: Vec<String> = in_use.iter().map(|m| (*m).to_owned()).collect();
        store.write(move |tx| tx.assign_mark(model, Timestamp(time), &in_use)).wait().unwrap()
    };
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for (time, name) in (1..).zip(names) {
        assert_eq!(i64::from(assign(name, time, &[])), time, "the lowest free one");
    }
    assert_eq!(assign("a", 20, &[]), 1, "kept");
    // "b" is unused longest but in view; "c" follows.
    assert_eq!(assign("i", 21, &["b"]), 3);
    assert_eq!(store.read(|tx| tx.mark_of("c")).wait().unwrap(), None);
    assert_eq!(store.read(|tx| tx.mark_of("i")).wait().unwrap(), Some(3));
    assert_eq!(assign("j", 22, &["a", "b", "d", "e", "f", "g", "h", "i"]), 0, "drawn in neutral");
    assert_eq!(store.read(|tx| tx.mark_of("j")).wait().unwrap(), None);
    assert_eq!(assign("c", 23, &[]), 2);
    assert_eq!(store.read(|tx| tx.marks()).wait().unwrap().len(), usize::from(store::MARKS));
}

#[test]
fn a_purged_conversation_leaves_nothing_but_what_was_spent() {
    let store = memory();
    let chat = ConversationId::new(uuid(1));
    store
        .write(move |tx| {
            let run = scene(tx, 1, 1)?;
            scene(tx, 2, 1)?;
            let other = text("Only here");
            let content = tx.put_content(&other)?;
            tx.set_message_content(run.message, &content)?;
            tx.update_run(&finished(&run))?;
            tx.insert_attempt(&AttemptRow { run: Some(run.id), ..attempt(1) })?;
            tx.settle(&EntryRow { conversation: Some(chat), ..crate::fixture::entry(1, Some(7)) })?;
            tx.set_setting(&format!("view.draft.{chat}"), Some("\"half a sentence\""))?;
            tx.set_conversation_deleted(chat, Some(at(1)))
        })
        .wait()
        .unwrap();
    assert_eq!(ids(&store, Shelf::Listed), [2]);
    assert_eq!(ids(&store, Shelf::Trash), [1]);
    let spent = store.read(move |tx| tx.conversation_spend(chat)).wait().unwrap();
    let old = store.read(|tx| tx.trash_before(at(2), 9)).wait().unwrap();
    assert_eq!(old, [chat]);
    store.write(move |tx| tx.purge_conversation(chat)).wait().unwrap();
    assert_eq!(ids(&store, Shelf::Trash), [0_u128; 0]);
    store
        .read(move |tx| {
            assert_eq!(tx.conversation_spend(chat)?, spent);
            assert!(tx.verify_chain()? && tx.cells_agree()?);
            assert!(tx.turns(chat)?.is_empty() && tx.lanes(chat)?.is_empty());
            assert_eq!(
                tx.content(&store::content_id(&text("Only here"))?)?,
                None,
                "its content goes with it"
            );
            let shared = store::content_id(&text("Why is the sky blue?"))?;
            assert!(tx.content(&shared)?.is_some(), "what another conversation says as well stays");
            assert_eq!(tx.attempt(AttemptId::new(uuid(1)))?.unwrap().run, None, "the attempt stays");
            assert_eq!(tx.setting(&format!("view.draft.{chat}"))?, None);
            tx.run(RunId::new(uuid(2)))
        })
        .wait()
        .unwrap()
        .unwrap();
    // One that is still answering is not taken apart.
    let busy = store.write(|tx| tx.purge_conversation(ConversationId::new(uuid(2)))).wait();
    assert_eq!(busy.unwrap_err().kind, ErrorKind::RequestInvalid);
}

#[test]
fn a_purge_leaves_the_prompts_that_experiments_name() {
    let store = memory();
    let chat = ConversationId::new(uuid(1));
    let content = store
        .write(move |tx| {
            let run = scene(tx, 1, 1)?;
            tx.update_run(&finished(&run))?;
            let (experiment, conversation) = (ExperimentId::new(uuid(7)), ConversationId::new(uuid(8)));
            let title = "Skies".to_owned();
            tx.insert_experiment(&ExperimentRow {
                id: experiment,
                title,
                conversation,
                cap: None,
                created_at: NOW,
                deleted_at: None,
            })?;
            // Contents are shared: a cell that waits asks what the conversation has asked.
            let content = tx.put_content(&text("Why is the sky blue?"))?;
            tx.insert_cell(&CellRow {
                experiment,
                position: 0,
                cell: "0".repeat(32),
                request: "0".repeat(32),
                prompt: "p".to_owned(),
                label: "m".to_owned(),
                target: run.target,
                vars: BTreeMap::new(),
                sample: 0,
                content: content.clone(),
                checks: Vec::new(),
                state: CellState::Queued,
                run: None,
                reused: false,
                found: None,
                failure: None,
            })?;
            tx.set_conversation_deleted(chat, Some(at(1)))?;
            tx.purge_conversation(chat)?;
            Ok(content)
        })
        .wait()
        .unwrap();
    let kept = store.read(move |tx| tx.content(&content)).wait().unwrap();
    assert_eq!(kept, Some(text("Why is the sky blue?")));
}
