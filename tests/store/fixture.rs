//! Rows to write, and stores to write them to.

use domain::{
    AttemptId, ConversationId, Cost, EndpointId, EntryId, Lane, LaneId, LaneTarget, MessageId, ModelRef,
    Part, PicoUsd, PriceOrigin, PriceSheet, PriceSource, ProcessId, ProviderId, Role, Route, RunId, RunState,
    Saw, Timestamp, TurnId, Usage,
};
use std::{path::Path, time::Duration};
use store::{
    ConversationRow, EntryRow, MessageRow, Options, Purpose, RunRow, Spender, Store, Tuning, TurnRow, Tx,
};
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp(1_791_158_400_000);

pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn options(process: u128) -> Options {
    Options { process: ProcessId::new(uuid(process)), now: NOW, version: "0.1.0" }
}

pub(crate) fn open(dir: &Path, process: u128) -> Store {
    Store::open(dir, options(process)).unwrap()
}

/// Gives up on locks soon, so that tests of waiting do not wait for long.
pub(crate) fn hasty() -> Tuning {
    Tuning { busy: Duration::from_millis(200), ..Tuning::default() }
}

pub(crate) fn memory() -> Store {
    Store::in_memory(options(1)).unwrap()
}

pub(crate) fn text(words: &str) -> Vec<Part> {
    vec![Part::Text { text: words.to_owned() }]
}

pub(crate) fn conversation(n: u128) -> ConversationRow {
    ConversationRow {
        id: ConversationId::new(uuid(n)),
        title: format!("Chat {n}"),
        created_at: NOW,
        updated_at: NOW,
        archived_at: None,
        deleted_at: None,
    }
}

pub(crate) fn lane(n: u128, position: u32) -> Lane {
    Lane {
        id: LaneId::new(uuid(n)),
        position,
        target: LaneTarget {
            model: ModelRef::parse("demo/echo").unwrap(),
            system: None,
            params: Default::default(),
            policy: None,
        },
        head: None,
    }
}

/// A conversation with one lane, one turn and one run, all of them numbered `n`.
pub(crate) fn scene(tx: &mut Tx<'_>, n: u128, process: u128) -> Result<RunRow, domain::Failure> {
    let chat = conversation(n);
    tx.insert_conversation(&chat)?;
    let lane = lane(n, 0);
    tx.put_lanes(chat.id, std::slice::from_ref(&lane))?;
    let prompt = tx.put_content(&text("Why is the sky blue?"))?;
    let nothing = tx.put_content(&[])?;
    let user = MessageRow {
        id: MessageId::new(uuid(n)),
        conversation: chat.id,
        parent: None,
        role: Role::User,
        content: prompt.clone(),
        run: None,
        created_at: NOW,
    };
    let run = RunId::new(uuid(n));
    let answer = MessageRow {
        id: MessageId::new(uuid(n + (1 << 64))),
        parent: Some(user.id),
        role: Role::Assistant,
        content: nothing,
        run: Some(run),
        ..user.clone()
    };
    tx.insert_message(&user)?;
    tx.insert_message(&answer)?;
    let turn = TurnRow { id: TurnId::new(uuid(n)), conversation: chat.id, prompt, created_at: NOW };
    tx.insert_turn(&turn)?;
    let run = RunRow {
        id: run,
        turn: turn.id,
        lane: lane.id,
        position: 0,
        target: lane.target,
        user_message: user.id,
        message: answer.id,
        process: ProcessId::new(uuid(process)),
        state: RunState::Pending,
        saw: Saw::PromptOnly,
        route: Route::default(),
        retry_of: None,
        finish_reason: None,
        failure: None,
        notices: Vec::new(),
        started_at: None,
        ttft: None,
        duration: None,
        usage: None,
    };
    tx.insert_run(&run)?;
    Ok(run)
}

/// An entry of `pico` for attempt `n`; `None` = its cost is unknown.
pub(crate) fn entry(n: u128, pico: Option<i64>) -> EntryRow {
    let cost = match pico {
        Some(pico) => Cost::known(PicoUsd::new(pico)),
        None => Cost::unknown(),
    };
    let mut usage = Usage::default();
    usage.input.total = Some(10);
    usage.output.total = Some(20);
    EntryRow {
        id: EntryId::new(uuid(n)),
        attempt: AttemptId::new(uuid(n)),
        conversation: None,
        at: NOW,
        provider: ProviderId::from("openai"),
        endpoint: EndpointId::from("openai/gpt-5"),
        account: None,
        model: "openai/gpt-5".parse().unwrap(),
        upstream_model: "gpt-5".to_owned(),
        origin: "window".to_owned(),
        outcome: "completed".to_owned(),
        usage: Some(usage),
        cost,
        price_sheet: Some(PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::Bundled,
                source: "test".to_owned(),
                checked: "2026-10-01".to_owned(),
            },
            rules: Vec::new(),
        }),
        adjusts: None,
        purpose: Purpose::default(),
    }
}

/// Who spends in [`entry`].
pub(crate) fn spender() -> Spender {
    Spender {
        provider: "openai".into(),
        model: "openai/gpt-5".parse().unwrap(),
        conversation: None,
        app: None,
        key: None,
    }
}
