//! The log of the `llm` command: one row a prompt with its answer, grouped by conversation.

use crate::{
    Answer, Conversation, Filed, Lane, LeftOut, PromptNode, Source, Turn,
    text::{self, clean, missing},
};
use domain::Part;
use serde_json::Value;

/// A row of its table `responses`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Id.
    pub id: String,
    /// Model.
    pub model: String,
    /// What was asked.
    pub prompt: String,
    /// System prompt.
    pub system: String,
    /// The answer.
    pub response: String,
    /// When, RFC 3339, UTC.
    pub datetime_utc: String,
    /// Files that came with the prompt.
    pub attachments: u32,
}

/// One conversation of the log. Empty without rows.
pub fn conversation(id: &str, name: &str, rows: &[Response]) -> Conversation {
    let mut left_out = LeftOut::default();
    let mut turns: Vec<Turn> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let at = text::rfc3339(&row.datetime_utc);
        let mut prompt: Vec<Part> = text::part(&row.prompt, &mut left_out).into_iter().collect();
        for _ in 0..row.attachments.min(1_000) {
            prompt.push(missing("File", "", &mut left_out));
        }
        let system = clean(&row.system, &mut left_out);
        turns.push(Turn {
            key: format!("{} prompt", row.id),
            at,
            prompt,
            nodes: vec![PromptNode {
                key: format!("{} prompt", row.id),
                parent: n.checked_sub(1).map(|before| (before, 0)),
            }],
            answers: vec![Answer {
                key: row.id.clone(),
                at,
                lane: 0,
                node: 0,
                depth: u32::try_from(n).unwrap_or(u32::MAX),
                model: text::model(&Value::String(row.model.clone())),
                system: (!system.trim().is_empty()).then_some(system),
                parts: text::part(&row.response, &mut left_out).into_iter().collect(),
                cut: false,
                own: None,
            }],
            own: None,
        });
    }
    let model = turns.last().and_then(|turn| turn.answers.first()).and_then(|answer| answer.model.clone());
    let head = turns.len().checked_sub(1).map(|last| (last, 0));
    let times: Vec<_> = turns.iter().filter_map(|turn| turn.at).collect();
    Conversation {
        source: Source::Llm,
        id: id.to_owned(),
        title: text::line(name, 200),
        created_at: times.iter().min().copied(),
        updated_at: times.iter().max().copied(),
        archived: false,
        filed: Filed::default(),
        policy: None,
        lanes: vec![Lane { key: None, model, provider: None, policy: None, in_line_up: true, head }],
        turns,
        left_out,
    }
}
