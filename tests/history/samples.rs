//! Small exports of each program, written after the forms they are known by.

use serde_json::{Value, json};

pub(crate) fn chatgpt_node(
    id: &str,
    parent: Option<&str>,
    role: &str,
    content: &Value,
    at: f64,
) -> (String, Value) {
    let message = json!({
        "id": id,
        "author": { "role": role, "name": if role == "tool" { json!("python") } else { Value::Null } },
        "create_time": at,
        "content": content,
        "status": "finished_successfully",
        "metadata": { "model_slug": if role == "assistant" { json!("gpt-4o") } else { Value::Null } },
        "recipient": "all",
    });
    (id.to_owned(), json!({ "id": id, "message": message, "parent": parent, "children": [] }))
}

fn says(text: &str) -> Value {
    json!({ "content_type": "text", "parts": [text] })
}

pub(crate) fn chatgpt() -> Value {
    let mut nodes = vec![
        ("root".to_owned(), json!({ "id": "root", "message": null, "parent": null, "children": ["s"] })),
        chatgpt_node("s", Some("root"), "system", &says("You are ChatGPT."), 0.0),
        chatgpt_node("u1", Some("s"), "user", &says("Draw a\u{e0041} plot"), 1_700_000_000.5),
        chatgpt_node("old", Some("u1"), "assistant", &says("First try"), 1_700_000_001.0),
        chatgpt_node(
            "t",
            Some("u1"),
            "assistant",
            &json!({ "content_type": "thoughts", "thoughts": [{ "summary": "Think", "content": "hard" }] }),
            1_700_000_002.0,
        ),
        chatgpt_node(
            "tool",
            Some("t"),
            "tool",
            &json!({ "content_type": "execution_output", "text": "42" }),
            1_700_000_003.0,
        ),
        chatgpt_node(
            "a1",
            Some("tool"),
            "assistant",
            &says("Done\u{e200}cite\u{e202}turn0\u{e201}."),
            1_700_000_004.0,
        ),
        chatgpt_node(
            "u2",
            Some("a1"),
            "user",
            &json!({ "content_type": "multimodal_text", "parts": [
                { "content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1" }, "And this?",
            ] }),
            1_700_000_100.0,
        ),
        chatgpt_node("a2", Some("u2"), "assistant", &says("A cat."), 1_700_000_101.0),
        chatgpt_node("u2b", Some("a1"), "user", &says("Edited away"), 1_700_000_050.0),
        chatgpt_node("a2b", Some("u2b"), "assistant", &says("Lost branch"), 1_700_000_051.0),
    ];
    nodes.reverse();
    json!({
        "title": "Plots",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_101.0,
        "mapping": nodes.into_iter().collect::<serde_json::Map<String, Value>>(),
        "current_node": "a2",
        "conversation_id": "c-1",
    })
}

pub(crate) const CHATGPT: [&str; 3] = [
    "Draw a plot → gpt-4o: First try | gpt-4o: Think\n\nhard+42+Done.",
    "Edited away → gpt-4o: Lost branch",
    "[Picture, not imported: file-service://file-1]+And this? → gpt-4o: A cat.",
];

pub(crate) fn claude() -> Value {
    json!({
        "uuid": "0198-claude",
        "name": "Letters",
        "created_at": "2026-05-06T07:08:09.123456Z",
        "updated_at": "2026-05-06T07:09:00Z",
        "account": { "uuid": "x" },
        "chat_messages": [
            { "uuid": "m1", "sender": "human", "text": "Hello", "content": [{ "type": "text", "text": "Hello" }],
              "created_at": "2026-05-06T07:08:10Z",
              "attachments": [{ "file_name": "a.txt", "extracted_content": "inside" }], "files": [{ "file_name": "p.png" }] },
            { "uuid": "m2", "sender": "assistant", "text": "", "created_at": "2026-05-06T07:08:12Z", "content": [
                { "type": "thinking", "thinking": "hm" },
                { "type": "tool_use", "name": "search", "input": { "q": 1 } },
                { "type": "tool_result", "name": "search", "content": [{ "type": "text", "text": "found" }] },
                { "type": "text", "text": "Hi!" } ], "attachments": [], "files": [] },
        ],
    })
}

pub(crate) const CLAUDE: [&str; 1] =
    ["Hello+[a.txt]\n\ninside+[File, not imported: p.png] → claude: hm+{\"q\":1}+found+Hi!"];

pub(crate) fn open_webui() -> Value {
    let message = |id: &str, parent: Value, role: &str, model: &str, content: &str, at: i64| json!({ "id": id, "parentId": parent, "childrenIds": [], "role": role, "model": model, "content": content, "timestamp": at });
    json!({
        "id": "owui-1", "user_id": "u", "title": "Two models", "archived": true,
        "created_at": 1_750_000_000, "updated_at": 1_750_000_100,
        "chat": { "title": "Two models", "models": ["llama3", "qwen3"], "params": { "system": "Be brief" },
            "history": { "currentId": "a2", "messages": {
                "u1": message("u1", Value::Null, "user", "", "Which?", 1_750_000_000),
                "a1": message("a1", json!("u1"), "assistant", "llama3", "This.", 1_750_000_001),
                "a2": message("a2", json!("u1"), "assistant", "qwen3", "That.", 1_750_000_002),
            } } },
    })
}

pub(crate) fn librechat() -> Value {
    json!({
        "conversationId": "libre-1", "endpoint": "openAI", "title": "Tree", "exportAt": "x", "branches": true, "recursive": true,
        "options": { "model": "gpt-5-mini", "promptPrefix": "Be kind" },
        "messages": [{ "messageId": "1", "parentMessageId": "00000000-0000-0000-0000-000000000000", "sender": "User",
            "text": "Why?", "isCreatedByUser": true, "createdAt": "2026-01-02T03:04:05.000Z", "children": [
                { "messageId": "2", "parentMessageId": "1", "sender": "GPT", "text": "", "isCreatedByUser": false,
                  "createdAt": "2026-01-02T03:04:06.000Z",
                  "content": [{ "type": "think", "think": "so" }, { "type": "text", "text": { "value": "Because." } }],
                  "children": [] } ] }],
    })
}

/// A log of `llm` with two conversations.
pub(crate) fn llm(path: &std::path::Path) {
    let log = rusqlite::Connection::open(path).unwrap();
    log.execute_batch(
        "CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
         CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT,
             options_json TEXT, response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER,
             datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER);
         INSERT INTO conversations VALUES ('c1', 'Counting', 'gpt-4o');
         INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc) VALUES
             ('r2', 'gpt-4o', 'Two?', NULL, 'Three.', 'c1', '2026-03-01T10:00:05.123456+00:00'),
             ('r1', 'gpt-4o', 'One?', 'Count on', 'Two.', 'c1', '2026-03-01T10:00:00'),
             ('r3', 'mistral', 'Alone?', '', 'Yes.', NULL, '2026-03-02T10:00:00');",
    )
    .unwrap();
}

/// A conversation of so many turns after each other.
pub(crate) fn line(turns: usize) -> Value {
    let root = json!({ "id": "root", "message": null, "parent": null, "children": [] });
    let mut nodes = vec![("root".to_owned(), root)];
    let mut parent = "root".to_owned();
    for turn in 0..turns {
        let (asked, answered) = (format!("u{turn}"), format!("a{turn}"));
        let at = 1_700_000_000.0 + turn as f64 * 60.0;
        let (question, answer) = (format!("Question {turn}"), format!("Answer **{turn}**"));
        nodes.push(chatgpt_node(&asked, Some(&parent), "user", &says(&question), at));
        nodes.push(chatgpt_node(&answered, Some(&asked), "assistant", &says(&answer), at + 1.0));
        parent = answered;
    }
    let mapping: serde_json::Map<String, Value> = nodes.into_iter().collect();
    json!({
        "title": "A long one", "create_time": 1_700_000_000.0, "update_time": 1_700_100_000.0,
        "mapping": mapping, "current_node": parent, "conversation_id": "line",
    })
}
