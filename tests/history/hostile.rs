//! Files that mean harm: refused whole, or costing no more than themselves.

use crate::{bench::Bench, samples};
use domain::ErrorKind;
use parallax_suite::support::{
    chatgpt::Numbers,
    zip::{Entry, archive},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_archives_are_refused_with_nothing_written() {
    let good = json!([samples::chatgpt()]).to_string();
    let good = good.as_bytes();
    let inner = archive(&[Entry::new("conversations.json", good)]);
    let shorter = u32::try_from(good.len()).unwrap() - 1;
    let many: Vec<String> = (0..65_000).map(|n| n.to_string()).collect();
    let mut many: Vec<Entry<'_>> = many.iter().map(|name| Entry::new(name, b"")).collect();
    many.push(Entry { says: Some(u32::MAX - 1), ..Entry::new("conversations.json", good) });
    let archives = [
        ("traversal", archive(&[Entry::new("conversations.json", good), Entry::new("../../.bashrc", b"x")])),
        ("absolute", archive(&[Entry::new("conversations.json", good), Entry::new("/etc/passwd", b"x")])),
        ("backslash", archive(&[Entry::new("conversations.json", good), Entry::new("..\\x", b"x")])),
        (
            "symlink",
            archive(&[
                Entry::new("conversations.json", good),
                Entry { mode: 0o120_777, ..Entry::new("l", b"/") },
            ]),
        ),
        ("bomb", archive(&[Entry { says: Some(4_000_000_000), ..Entry::new("conversations.json", good) }])),
        ("lie", archive(&[Entry { says: Some(shorter), ..Entry::new("conversations.json", good) }])),
        ("twice", archive(&[Entry::new("conversations.json", good), Entry::new("conversations.json", good)])),
        ("nested", archive(&[Entry::new("inner.zip", &inner)])),
        ("disguised", archive(&[Entry::new("conversations.json", &inner)])),
        ("empty", archive(&[])),
        ("many", archive(&many)),
        ("cut", archive(&[Entry::new("conversations.json", good)])[..good.len()].to_vec()),
    ];
    let bench = Bench::new().await;
    for (what, bytes) in archives {
        let failure = bench.try_import(&bytes, false).await.expect_err(what);
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{what}: {}", failure.message);
        assert!(bench.conversations().await.is_empty(), "{what}");
        let imports = bench.engine.store().read(|tx| tx.imports()).await.unwrap();
        assert!(imports.is_empty(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_export_is_named_and_not_taken() {
    let bench = Bench::new().await;
    for bytes in [
        "",
        "hello",
        "[]",
        "{}",
        "[1,2,{\"a\":",
        "{\"mapping\":{}}",
        "\u{0}\u{1}",
        "[{\"uuid\":\"u\",\"email\":\"e\"}]",
    ] {
        let failure = bench.try_import(bytes.as_bytes(), false).await.expect_err(bytes);
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{bytes}: {}", failure.message);
    }
    let missing = bench.engine.import("/nowhere/at/all".into(), false, Default::default()).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::RequestInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_conversation_costs_only_itself() {
    let bench = Bench::new().await;
    let good = samples::chatgpt().to_string();
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let text = format!(
        "[{good}, {{\"mapping\": tru}}, {{\"mapping\":{deep},\"id\":\"x\"}}, {{\"title\":\"half \\ud83d\",\"mapping\":{{\"a\":{{\"message\":\
         {{\"author\":{{\"role\":\"user\"}},\"content\":{{\"parts\":[\"kept\"]}}}}}}}},\"id\":\"h\"}}, {}",
        samples::claude()
    );
    let report = bench.import(text.as_bytes()).await;
    assert_eq!(
        (report.added, report.skipped.get(&engine::ImportReason::Unreadable), report.cut_off),
        (3, Some(&2), true)
    );
    assert!(!report.complete());
}

#[tokio::test(flavor = "multi_thread")]
async fn content_sets_nothing() {
    let bench = Bench::new().await;
    let before = bench.settings();
    let mut hostile = samples::chatgpt();
    for key in
        ["settings", "base_url", "providers", "api_key", "mcpServers", "budgets", "accounts", "view.theme"]
    {
        hostile[key] = json!({ "base_url": "http://169.254.169.254/", "command": "sh", "enabled": true });
    }
    bench.import(hostile.to_string().as_bytes()).await;
    let mut ours = bench.only().await;
    ours["id"] = json!("01890000-0000-7000-8000-000000000009");
    assert_eq!(bench.settings(), before);
    let system = &bench.only().await["turns"][0]["answers"][0]["system"];
    assert!(system.is_null());
}

#[test]
fn no_bytes_break_an_importer() {
    let mut numbers = Numbers::new(5);
    let samples = [samples::chatgpt(), samples::claude(), samples::open_webui(), samples::librechat()];
    for round in 0..4_000_usize {
        let mut bytes = samples[round % samples.len()].to_string().into_bytes();
        for _ in 0..=numbers.below(6) {
            damage(&mut bytes, &mut numbers);
        }
        // Whatever comes of it, it ends, and what it calls a conversation holds together.
        if let Ok(conversation) = import::read(&bytes) {
            assert!(!conversation.turns.is_empty());
            for turn in &conversation.turns {
                let fits = |answer: &import::Answer| {
                    answer.lane < conversation.lanes.len() && answer.node < turn.nodes.len()
                };
                assert!(turn.answers.iter().all(fits), "round {round}");
            }
        }
        let mut elements = import::Elements::new(&bytes[..]);
        while elements.next_element().unwrap().is_some() {}
        let mut packed = archive(&[Entry::new("conversations.json", &bytes)]);
        let place = usize::try_from(numbers.below(packed.len() as u64)).unwrap();
        packed[place] ^= 1 << numbers.below(8);
        if let Ok(mut archive) = import::Archive::open(std::io::Cursor::new(packed)) {
            for entry in 0..archive.entries().len() {
                if let Ok(mut data) = archive.read(entry) {
                    // A damaged entry fails; that is all that may come of it.
                    let _ = std::io::copy(&mut data, &mut std::io::sink());
                }
            }
        }
    }
}

fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let mut below = |limit: usize| usize::try_from(numbers.below(limit as u64)).unwrap();
    let place = below(bytes.len());
    match below(4) {
        0 => bytes[place] = u8::try_from(below(256)).unwrap(),
        1 => bytes.truncate(place.max(1)),
        2 => {
            let end = (place + below(40)).min(bytes.len());
            let piece = bytes[place..end].to_vec();
            let to = below(bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => bytes[place] = b"\"{}[],:0"[below(8)],
    }
}
