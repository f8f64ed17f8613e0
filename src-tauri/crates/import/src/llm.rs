//! The log of the `llm` command: one row a call of a model, grouped by conversation.

use crate::{
    Answer, Conversation, Filed, Lane, LeftOut, PromptNode, Source, Turn,
    text::{self, clean, missing},
    tree,
};
use domain::Part;
use serde_json::Value;

/// A call of a model in the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// Id.
    pub id: String,
    /// Model.
    pub model: String,
    /// What was asked.
    pub prompt: String,
    /// System prompt.
    pub system: String,
    /// What tools gave back that the answer before had called.
    pub results: Vec<Part>,
    /// The answer: reasoning, words and what was asked of tools.
    pub said: Vec<Part>,
    /// Files among the answer.
    pub made: u32,
    /// When, RFC 3339, UTC.
    pub datetime_utc: String,
    /// Files that came with the prompt.
    pub attachments: u32,
}

impl Response {
    /// Bytes of what was said, roughly.
    pub fn size(&self) -> usize {
        self.prompt.len() + self.results.iter().chain(&self.said).map(tree::size).sum::<usize>()
    }
}

/// One conversation of the log. Empty without rows.
pub fn conversation(id: &str, name: &str, rows: &[Response]) -> Conversation {
    let mut left_out = LeftOut::default();
    let mut turns: Vec<Turn> = Vec::new();
    for row in rows {
        let n = turns.len();
        let at = text::rfc3339(&row.datetime_utc);
        let mut prompt: Vec<Part> = text::part(&row.prompt, &mut left_out).into_iter().collect();
        prompt.extend(files(row.attachments, &mut left_out));
        let mut results = parts(&row.results, &mut left_out);
        let mut said = parts(&row.said, &mut left_out);
        said.extend(files(row.made, &mut left_out));
        // What tools gave back belongs to the answer that called them, and so does what the model went on to say.
        if let Some(called) = turns.last_mut().and_then(|turn| turn.answers.last_mut()) {
            let goes_on = prompt.is_empty() && !results.is_empty();
            called.parts.append(&mut results);
            if goes_on {
                called.parts.append(&mut said);
                continue;
            }
        }
        results.append(&mut said);
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
                parts: results,
                cut: false,
                shared: None,
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

/// A note for each file.
fn files(count: u32, left_out: &mut LeftOut) -> Vec<Part> {
    (0..count.min(1_000)).map(|_| missing("File", "", left_out)).collect()
}

fn parts(said: &[Part], left_out: &mut LeftOut) -> Vec<Part> {
    let part = |part: &Part| match part {
        Part::Text { text } => text::part(text, left_out),
        Part::Reasoning { text, signature, issuer } => {
            let text = clean(text, left_out);
            (!text.trim().is_empty()).then(|| Part::Reasoning {
                text,
                signature: signature.clone(),
                issuer: issuer.clone(),
            })
        }
        Part::ServerTool { name, text } => {
            Some(Part::ServerTool { name: text::line(name, 80), text: clean(text, left_out) })
        }
        other => Some(other.clone()),
    };
    said.iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(text: &str) -> Part {
        Part::ServerTool { name: "sky".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_follows_a_tool_belongs_to_the_answer_that_called_it() {
        let text = |text: &str| Part::Text { text: text.to_owned() };
        let row = |id: &str, prompt: &str, results: Vec<Part>, said: Vec<Part>| Response {
            id: id.to_owned(),
            prompt: prompt.to_owned(),
            results,
            said,
            ..Response::default()
        };
        let rows = [
            row("1", "Rain?", vec![], vec![text("I look."), tool("{}")]),
            row("2", "", vec![tool("grey")], vec![text("It rains.")]),
            row("3", "Still?", vec![], vec![tool("{}")]),
            row("4", "Or not?", vec![tool("blue")], vec![text("No more.")]),
        ];
        let read = conversation("c", "", &rows);
        let said: Vec<&[Part]> = read.turns.iter().map(|turn| turn.answers[0].parts.as_slice()).collect();
        assert_eq!(
            said,
            [
                &[text("I look."), tool("{}"), tool("grey"), text("It rains.")][..],
                &[tool("{}"), tool("blue")],
                &[text("No more.")],
            ]
        );
        let parents: Vec<_> = read.turns.iter().map(|turn| turn.nodes[0].parent).collect();
        assert_eq!(parents, [None, Some((0, 0)), Some((1, 0))]);
        assert_eq!(read.lanes[0].head, Some((2, 0)));
    }
}
