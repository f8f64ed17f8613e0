//! Finding what was said.

use crate::fixture::{NOW, conversation, lane, memory, options, text, uuid};
use domain::{
    ConversationId, MessageId, ModelRef, Part, PicoUsd, ProcessId, Role, Route, RunId, RunState, Saw,
    Timestamp, TurnId, VoteId, VoteOutcome,
};
use store::{Document, Find, Hit, Match, MessageRow, RunRow, Store, TurnRow, Tx, VoteRow};

/// A turn: prompt, answer, model, minutes after [`NOW`].
pub(crate) fn said(tx: &mut Tx<'_>, n: u128, prompt: &str, answer: &str, model: &str, minute: i64) {
    let chat = ConversationId::new(uuid(1));
    let at = Timestamp(NOW.0 + minute * 60_000);
    let asked = tx.put_content(&text(prompt)).unwrap();
    let answered = tx.put_content(&text(answer)).unwrap();
    let user = MessageRow {
        id: MessageId::new(uuid(n)),
        conversation: chat,
        parent: None,
        role: Role::User,
        content: asked.clone(),
        run: None,
        created_at: at,
    };
    let run = RunId::new(uuid(n));
    let reply = MessageRow {
        id: MessageId::new(uuid(n + 1_000)),
        parent: Some(user.id),
        role: Role::Assistant,
        content: answered,
        run: Some(run),
        ..user.clone()
    };
    tx.insert_message(&user).unwrap();
    tx.insert_message(&reply).unwrap();
    let turn = TurnRow { id: TurnId::new(uuid(n)), conversation: chat, prompt: asked, created_at: at };
    tx.insert_turn(&turn).unwrap();
    let mut target = lane(1, 0).target;
    target.model = ModelRef::parse(model).unwrap();
    let row = RunRow {
        id: run,
        turn: turn.id,
        lane: lane(1, 0).id,
        position: 0,
        target,
        user_message: user.id,
        message: reply.id,
        process: ProcessId::new(uuid(1)),
        state: RunState::Done,
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
    tx.insert_run(&row).unwrap();
}

const ANSWERS: [(&str, &str, &str); 6] = [
    ("What is a zebra?", "A striped animal. See getUserName().", "openai/gpt-5.1"),
    ("内存悬空指针是什么", "悬空指针 points to 释放的内存; 审计itgc控制.", "anthropic/claude-sonnet-4.5"),
    ("Un café à Montréal", "It costs US$5 – 100% \"fair\" AND nice.", "openai/gpt-5-mini"),
    ("hello world", "```rust\nfn main() {}\n```", "google/gemini-3-pro"),
    ("한국어로 안녕하세요", "ภาษาไทย is Thai. Zebras again.", "openai/gpt-4o"),
    ("!== or ===?", "Use ===.", "demo/echo"),
];

fn filled() -> Store {
    let store = memory();
    store
        .write(|tx| {
            tx.insert_conversation(&conversation(1))?;
            tx.put_lanes(ConversationId::new(uuid(1)), &[lane(1, 0)])?;
            for (n, (prompt, answer, model)) in (1..).zip(ANSWERS) {
                said(tx, n, prompt, answer, model, i64::try_from(n).unwrap());
                tx.index_run(RunId::new(uuid(n)))?;
                tx.index_run(RunId::new(uuid(n)))?;
            }
            Ok(())
        })
        .wait()
        .unwrap();
    store
}

pub(crate) fn hits(store: &Store, find: &Find, which: Match) -> Vec<Hit> {
    let find = find.clone();
    store.read(move |tx| tx.find(&find, which, None, 100)).wait().unwrap().hits
}

/// Numbers of what is found, an answer as `n`, a prompt as `-n`.
pub(crate) fn numbers(hits: &[Hit]) -> Vec<i64> {
    let number = |hit: &Hit| i64::try_from(hit.turn.uuid().as_u128()).unwrap();
    hits.iter().map(|hit| if hit.run.is_some() { number(hit) } else { -number(hit) }).collect()
}

pub(crate) fn terms(words: &[&str]) -> Find {
    Find { terms: words.iter().map(|word| (*word).to_owned()).collect(), ..Find::default() }
}

#[test]
fn messages_are_found_by_words_in_every_script_newest_first() {
    let store = filled();
    for (words, expected) in [
        (&["zebra"][..], &[-1][..]),
        (&["ANIMAL", "striped"], &[1]),
        (&["悬空"], &[2, -2]),
        (&["悬"], &[2, -2]),
        (&["悬空指针"], &[2, -2]),
        (&["指悬"], &[]),
        (&["itgc"], &[2]),
        (&["内存", "points"], &[2]),
        (&["cafe"], &[-3]),
        (&["café"], &[-3]),
        (&["안녕"], &[-5]),
        (&["ไทย"], &[5]),
        (&["US$5"], &[3]),
        (&["hello world"], &[-4]),
        (&["world hello"], &[]),
        (&["main"], &[4]),
    ] {
        assert_eq!(numbers(&hits(&store, &terms(words), Match::Words)), expected, "{words:?}");
    }
    let found = hits(&store, &terms(&["悬空"]), Match::Words);
    assert_eq!(found[0].message, MessageId::new(uuid(1_002)), "the very message");
    assert_eq!(
        (found[0].title.as_str(), found[0].model.as_deref()),
        ("Chat 1", Some("anthropic/claude-sonnet-4.5"))
    );
    assert!(found[0].snippet.contains(&("悬空".to_owned(), true)), "{:?}", found[0].snippet);
}

#[test]
fn parts_of_words_and_signs_are_found_beside_the_words() {
    let store = filled();
    for (words, expected) in [
        (&["zebra"][..], &[5][..]),
        (&["username"], &[1]),
        (&["ello"], &[-4]),
        (&["!=="], &[-6]),
        (&["==="], &[6, -6]),
        (&["ontr", "caf"], &[-3]),
        (&["%"], &[3]),
        (&["ebr", "stripe"], &[]),
        (&["悬空"], &[]),
    ] {
        assert_eq!(numbers(&hits(&store, &terms(words), Match::Parts)), expected, "{words:?}");
    }
}

/// Signs that belong to a name are looked for too: C++ is no C.
#[test]
fn a_name_with_signs_is_found_as_it_is_written() {
    let store = memory();
    let said_of = [
        ("Which one?", "Write it in C."),
        ("And then?", "C++ is older than c++17, C# is not."),
        ("Hello, world", "libc++ comes with it; so does .NET."),
        ("F#?", "net profit"),
    ];
    store
        .write(move |tx| {
            tx.insert_conversation(&conversation(1))?;
            tx.put_lanes(ConversationId::new(uuid(1)), &[lane(1, 0)])?;
            for (n, (prompt, answer)) in (1..).zip(said_of) {
                said(tx, n, prompt, answer, "demo/echo", i64::try_from(n).unwrap());
                tx.index_run(RunId::new(uuid(n)))?;
            }
            Ok(())
        })
        .wait()
        .unwrap();
    for (words, whole, parts) in [
        (&["C"][..], &[2, 1][..], &[][..]),
        (&["C++"], &[2], &[3]),
        (&["c++17"], &[2], &[]),
        (&["C#"], &[2], &[]),
        (&["f#"], &[-4], &[]),
        (&[".net"], &[3], &[]),
        (&["hello,"], &[-3], &[]),
        (&["C++", "older"], &[2], &[]),
        (&["++"], &[], &[3, 2]),
    ] {
        assert_eq!(numbers(&hits(&store, &terms(words), Match::Words)), whole, "{words:?}");
        // One letter is a part of many words.
        if words != ["C"] {
            assert_eq!(numbers(&hits(&store, &terms(words), Match::Parts)), parts, "{words:?}");
        }
    }
}

#[test]
fn nothing_a_person_types_is_syntax() {
    let store = filled();
    for word in [
        "\"",
        "\"\"",
        "*",
        "a*",
        "AND",
        "OR NOT",
        "NEAR(a b)",
        "text:x",
        "{text}:",
        "(",
        ")",
        "-",
        "^",
        "+",
        "\0",
        "a\0b",
        "'",
        ";",
        "--",
        "%_",
        "\\",
        "col : \"x\" OR \"",
        "😀",
        "\u{202e}",
        "",
    ] {
        for which in [Match::Words, Match::Parts] {
            let _ = hits(&store, &terms(&[word]), which);
            let facets =
                Find { models: vec![word.to_owned()], providers: vec![word.to_owned()], ..Find::default() };
            let _ = hits(&store, &facets, which);
        }
    }
    assert_eq!(numbers(&hits(&store, &terms(&["AND"]), Match::Words)), [3]);
    assert_eq!(numbers(&hits(&store, &terms(&["\"fair\""]), Match::Words)), [3]);
}

#[test]
fn facets_narrow_what_is_found() {
    let store = filled();
    let model = |name: &str| Find { models: vec![name.to_owned()], ..Find::default() };
    assert_eq!(numbers(&hits(&store, &model("gpt-5"), Match::Words)), [3, 1]);
    assert_eq!(numbers(&hits(&store, &model("claude"), Match::Words)), [2]);
    assert_eq!(numbers(&hits(&store, &Find { code: true, ..Find::default() }, Match::Words)), [4]);
    let from = Some(Timestamp(NOW.0 + 5 * 60_000));
    assert_eq!(numbers(&hits(&store, &Find { from, ..Find::default() }, Match::Words)), [6, -6, 5, -5]);
    let until = Some(Timestamp(NOW.0 + 2 * 60_000));
    assert_eq!(numbers(&hits(&store, &Find { until, ..Find::default() }, Match::Words)), [1, -1]);
    assert_eq!(
        numbers(&hits(&store, &Find { terms: vec!["zebra".to_owned()], ..model("gpt-4o") }, Match::Parts)),
        [5]
    );
    assert_eq!(
        numbers(&hits(&store, &Find { dearer_than: Some(PicoUsd::ZERO), ..Find::default() }, Match::Words)),
        [0_i64; 0]
    );
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let store = memory();
    store
        .write(|tx| {
            tx.insert_conversation(&conversation(1))?;
            tx.put_lanes(ConversationId::new(uuid(1)), &[lane(1, 0)])?;
            for n in 1..=50 {
                // Several of one minute, and not in the order of time.
                said(tx, n, "the same word", "the same word", "a/b", i64::try_from(n * 7 % 10).unwrap());
                tx.index_run(RunId::new(uuid(n)))?;
            }
            Ok(())
        })
        .wait()
        .unwrap();
    let find = terms(&["same"]);
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let wanted = find.clone();
        let page = store.read(move |tx| tx.find(&wanted, Match::Words, next, 7)).wait().unwrap();
        all.extend(page.hits);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 100);
    assert!(all.windows(2).all(|two| two[0].place > two[1].place && two[0].at >= two[1].at));
}

#[test]
fn what_is_deleted_is_not_found_and_what_is_purged_leaves_no_trace() {
    let store = filled();
    let chat = ConversationId::new(uuid(1));
    store.write(move |tx| tx.set_conversation_deleted(chat, Some(NOW))).wait().unwrap();
    assert_eq!(hits(&store, &terms(&["zebra"]), Match::Words), []);
    store.write(move |tx| tx.set_conversation_deleted(chat, None)).wait().unwrap();
    assert_eq!(numbers(&hits(&store, &terms(&["zebra"]), Match::Words)), [-1]);
    store.write(move |tx| tx.purge_conversation(chat)).wait().unwrap();
    store.write(|tx| tx.insert_conversation(&conversation(1))).wait().unwrap();
    assert_eq!(hits(&store, &terms(&["zebra"]), Match::Words), []);
    assert_eq!(hits(&store, &terms(&["ebra"]), Match::Parts), []);
}

#[test]
fn what_was_said_before_there_was_an_index_is_found_after_the_first_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options(1)).unwrap();
    store
        .write(|tx| {
            tx.insert_conversation(&conversation(1))?;
            tx.put_lanes(ConversationId::new(uuid(1)), &[lane(1, 0)])?;
            for (n, (prompt, answer, model)) in (1..).zip(ANSWERS) {
                said(tx, n, prompt, answer, model, i64::try_from(n).unwrap());
            }
            Ok(())
        })
        .wait()
        .unwrap();
    store.close();
    // As if the index had been made by the migration just now.
    let raw = rusqlite::Connection::open(dir.path().join("parallax.db")).unwrap();
    raw.execute_batch("UPDATE search_backlog SET until = (SELECT max(place) FROM turns)").unwrap();
    drop(raw);
    let store = Store::open(dir.path(), options(2)).unwrap();
    assert_eq!(hits(&store, &terms(&["zebra"]), Match::Words), []);
    while !store.write(|tx| tx.index_backlog()).wait().unwrap() {}
    assert_eq!(numbers(&hits(&store, &terms(&["zebra"]), Match::Words)), [-1]);
    assert_eq!(numbers(&hits(&store, &terms(&["悬空"]), Match::Words)), [2, -2]);
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
}

#[test]
fn a_second_that_is_full_overflows_into_the_next() {
    let store = memory();
    let chat = ConversationId::new(uuid(1));
    store
        .write(move |tx| {
            tx.insert_conversation(&conversation(1))?;
            tx.put_lanes(chat, &[lane(1, 0)])?;
            said(tx, 1, "p", "a", "a/b", 0);
            let document = Document {
                at: NOW,
                message: MessageId::new(uuid(1)),
                conversation: chat,
                turn: TurnId::new(uuid(1)),
                run: None,
                cost: None,
                model: String::new(),
                provider: String::new(),
                parts: vec![Part::Text { text: "word".to_owned() }],
            };
            tx.index(vec![document; 5_000])
        })
        .wait()
        .unwrap();
    let found = store.read(|tx| tx.find(&terms(&["word"]), Match::Words, None, 9_999)).wait().unwrap().hits;
    assert_eq!(found.len(), 5_000);
    assert_eq!((found[0].at, found[4_999].at), (Timestamp(NOW.0 + 1_000), NOW));
}

#[test]
fn answers_are_found_by_their_cost_alone_the_newest_first() {
    let store = filled();
    let chat = ConversationId::new(uuid(1));
    store
        .write(move |tx| {
            let document = |n: u128, cost| Document {
                at: Timestamp(NOW.0 + 60_000 * i64::try_from(n).unwrap()),
                message: MessageId::new(uuid(n + 1_000)),
                conversation: chat,
                turn: TurnId::new(uuid(n)),
                run: Some(RunId::new(uuid(n))),
                cost: Some(PicoUsd::new(cost)),
                model: String::new(),
                provider: String::new(),
                parts: vec![Part::Text { text: "word".to_owned() }],
            };
            tx.index((1..=5).map(|n| document(n, 10 * i64::try_from(n).unwrap())).collect())
        })
        .wait()
        .unwrap();
    let above = Find { dearer_than: Some(PicoUsd::new(20)), ..Find::default() };
    assert_eq!(numbers(&hits(&store, &above, Match::Words)), [5, 4, 3]);
    let between = Find { cheaper_than: Some(PicoUsd::new(50)), ..above };
    assert_eq!(numbers(&hits(&store, &between, Match::Words)), [4, 3]);
    let until = Find { until: Some(Timestamp(NOW.0 + 200_000)), ..between };
    assert_eq!(numbers(&hits(&store, &until, Match::Words)), [3]);
}

#[test]
fn answers_that_won_a_vote_are_found_by_that() {
    let store = filled();
    let vote = |n: u128, best: u128, blind: bool| VoteRow {
        id: VoteId::new(uuid(n + u128::from(blind) * 100)),
        turn: TurnId::new(uuid(n)),
        at: NOW,
        blind,
        outcome: VoteOutcome::Best,
        best: Some(MessageId::new(uuid(best + 1_000))),
        shown: Vec::new(),
        ranking: None,
        withdrawn_at: None,
    };
    store
        .write(move |tx| {
            // One is found best both ways, one vote is taken back.
            for vote in [vote(1, 1, false), vote(1, 1, true), vote(3, 3, false), vote(5, 5, true)] {
                tx.cast_vote(&vote)?;
            }
            tx.withdraw_vote(TurnId::new(uuid(3)), false, NOW)
        })
        .wait()
        .unwrap();
    let won = Find { won: true, ..Find::default() };
    assert_eq!(numbers(&hits(&store, &won, Match::Words)), [5, 1]);
    let zebra = Find { won: true, ..terms(&["animal"]) };
    assert_eq!(numbers(&hits(&store, &zebra, Match::Words)), [1]);
    let part = Find { won: true, ..terms(&["ebra"]) };
    assert_eq!(numbers(&hits(&store, &part, Match::Parts)), [5]);
    let sign = Find { won: true, ..terms(&["()"]) };
    assert_eq!(numbers(&hits(&store, &sign, Match::Parts)), [1]);
}
