//! A conversation as a file: Markdown to read, JSON to keep and take back in, HTML to hand on.

use super::load::{Loaded, LoadedAnswer, LoadedTurn, load};
use crate::present;
use domain::{
    ConversationId, Cost, Failure, MessageId, Millis, ModelRef, Part, PicoUsd, RunState, Timestamp,
    VoteOutcome,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use store::{JudgementRow, Tx, VoteRow};

/// The form of an exported conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// Markdown.
    Markdown,
    /// JSON, all that is known; described in the command line's `SCHEMA.md`.
    Json,
    /// One HTML file: no script, nothing loaded from elsewhere.
    Html,
}

impl ExportForm {
    /// What its file's name ends with.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

/// A conversation in that form, with its title.
pub(super) fn export(
    tx: &Tx<'_>,
    id: ConversationId,
    form: ExportForm,
    name: impl Fn(&ModelRef) -> String,
) -> Result<(String, String), Failure> {
    let loaded = load(tx, id)?;
    let text = match form {
        ExportForm::Json => format!("{}\n", as_json(&loaded)),
        ExportForm::Markdown => markdown(&loaded, &name),
        ExportForm::Html => html(&loaded, &name),
    };
    Ok((loaded.row.title, text))
}

/// A conversation as JSON in one line.
pub(super) fn as_json(loaded: &Loaded) -> Value {
    let head = |id: Option<MessageId>| id.map(|id| id.to_string());
    json!({
        "format": import::FORMAT,
        "version": 1,
        "id": loaded.row.id,
        "title": loaded.row.title,
        "created_at": loaded.row.created_at,
        "updated_at": loaded.row.updated_at,
        "archived": loaded.row.archived_at.is_some(),
        "pinned": loaded.filing.pinned_at.is_some(),
        "folder": loaded.filing.folder,
        "tags": loaded.filing.tags,
        "policy": loaded.policy,
        "lanes": loaded.lanes.iter().map(|(lane, removed)| json!({
            "id": lane.id,
            "model": lane.target.model.model,
            "provider": lane.target.model.provider,
            "in_line_up": !removed,
            "policy": lane.target.policy,
            "head": head(lane.head),
        })).collect::<Vec<_>>(),
        "turns": loaded.turns.iter().map(|turn| json!({
            "id": turn.row.id,
            "created_at": turn.row.created_at,
            "prompt": turn.prompt,
            "prompts": turn.nodes.iter().map(|(id, parent)| json!({
                "message": id,
                "parent": head(*parent),
            })).collect::<Vec<_>>(),
            "after": turn.after,
            "context": read(turn.context.as_deref()),
            "note": turn.note,
            "answers": turn.answers.iter().map(answer_json).collect::<Vec<_>>(),
            "votes": turn.votes.iter().map(|vote| json!({
                "at": vote.at,
                "blind": vote.blind,
                "outcome": vote.outcome,
                "best": vote.best,
                "ranking": vote.ranking,
                "shown": vote.shown,
            })).collect::<Vec<_>>(),
            "judgements": turn.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn judgement_json(row: &JudgementRow) -> Value {
    json!({
        "id": row.id,
        "at": row.at,
        "model": row.model,
        "rubric": row.rubric,
        "findings": row.findings,
        "answers": row.answers,
        "state": row.state,
        "found": row.found,
        "failure": row.failure.clone().map(Failure::plain),
    })
}

/// What is stored as JSON; what cannot be read was not kept.
fn read(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

fn answer_json(answer: &LoadedAnswer) -> Value {
    let run = &answer.run;
    let cost = answer.cost();
    json!({
        "id": run.id,
        "message": run.message,
        "prompt_message": run.user_message,
        "lane": run.lane,
        "position": run.position,
        "created_at": answer.message.created_at,
        "model": run.target.model.model,
        "provider": run.target.model.provider,
        "system": run.target.system,
        "params": run.target.params,
        "retry_of": run.retry_of,
        "state": run.state,
        "saw": run.saw,
        "finish_reason": run.finish_reason,
        "failure": run.failure.clone().map(Failure::plain),
        "notices": run.notices.iter().map(|(kind, words)| (kind, &**words)).collect::<Vec<_>>(),
        "ttft_ms": run.ttft,
        "duration_ms": run.duration,
        "usage": run.usage,
        "cost": { "usd": cost.total, "basis": cost.basis },
        "content": answer.parts,
        "shown": answer.shown,
        "earlier": read(answer.earlier.as_deref()),
        "made_of": answer.made_of.as_ref().map(|made| json!({
            "how": made.how,
            "sources": made.sources,
            "prompt": made.prompt,
        })),
    })
}

/// `2026-11-21 17:05 UTC`. The year is counted from March, so that the leap day ends one.
fn stamp(at: Timestamp) -> String {
    let minutes = at.0.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let from_era = days + 719_468;
    let era = from_era.div_euclid(146_097);
    let day = from_era - era * 146_097;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    format!(
        "{:04}-{month:02}-{:02} {:02}:{:02} UTC",
        year + era * 400 + i64::from(month <= 2),
        day - (153 * march + 2) / 5 + 1,
        minute / 60,
        minute % 60
    )
}

/// What stands beside a model's name: time, cost, and how it ended if it did not end well.
fn facts(answer: &LoadedAnswer) -> Vec<String> {
    let mut facts = Vec::new();
    if answer.made_of.is_some() {
        facts.push("made of the other answers".to_owned());
    }
    let Cost { total, .. } = answer.cost();
    if let Some(total) = total {
        facts.push(format!("${total}"));
    }
    if let Some(Millis(duration)) = answer.run.duration {
        facts.push(format!("{}.{} s", duration / 1_000, duration % 1_000 / 100));
    }
    match answer.run.state {
        RunState::Done => {}
        RunState::Failed => facts.push("failed".to_owned()),
        RunState::Cancelled => facts.push("stopped".to_owned()),
        RunState::Pending | RunState::Connecting | RunState::Streaming | RunState::Interrupted => {
            facts.push("incomplete".to_owned());
        }
    }
    facts
}

/// What all of it cost, and what of that is not known.
fn sum(loaded: &Loaded) -> String {
    let (mut known, mut unknown, mut answers) = (Some(PicoUsd::ZERO), 0, 0);
    for answer in loaded.turns.iter().flat_map(|turn| &turn.answers) {
        answers += 1;
        match answer.cost().total {
            Some(cost) => known = known.and_then(|sum| sum.checked_add(cost)),
            None => unknown += 1,
        }
    }
    let many = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let mut said = format!("{}, {}", many(loaded.turns.len(), "prompt"), many(answers, "answer"));
    match known {
        Some(sum) if unknown == 0 && answers > 0 => said += &format!(", ${sum}"),
        Some(sum) if unknown < answers => said += &format!(", ${sum} and {unknown} of unknown cost"),
        _ if answers > 0 => said += ", cost unknown",
        _ => {}
    }
    said
}

/// What a vote says, with names: a file that is handed on is read where nothing is hidden any more.
fn verdict(vote: &VoteRow, name: &impl Fn(&ModelRef) -> String) -> String {
    let named = |message: &MessageId| {
        let shown = vote.shown.iter().find(|one| one.message == *message);
        let model = shown.map(|one| one.model.as_str()).unwrap_or_default();
        ModelRef::parse(model).map_or_else(|_| model.to_owned(), |model| name(&model))
    };
    let said = match (&vote.outcome, &vote.best, &vote.ranking) {
        (VoteOutcome::Rank, _, Some(places)) => {
            let equals = |place: &Vec<MessageId>| place.iter().map(&named).collect::<Vec<_>>().join(" = ");
            places.iter().map(equals).collect::<Vec<_>>().join(" > ")
        }
        (VoteOutcome::Tie, ..) => "a tie".to_owned(),
        (VoteOutcome::AllBad, ..) => "none is good".to_owned(),
        (_, Some(best), _) => format!("{} is best", named(best)),
        _ => "none".to_owned(),
    };
    one_line(&format!("Vote, {}: {said}", if vote.blind { "blind" } else { "names seen" }))
}

/// What a prompt goes on from, where that is not what stands before it: a prompt that was edited, or a way back.
fn origin(turns: &[LoadedTurn], at: usize) -> Option<String> {
    let nodes = &turns.get(at).filter(|_| at > 0)?.nodes;
    let parents: Vec<MessageId> = nodes.iter().filter_map(|(_, parent)| *parent).collect();
    let holds = |turn: &LoadedTurn| {
        let prompts = turn.nodes.iter().map(|(id, _)| *id);
        turn.answers.iter().map(|answer| answer.message.id).chain(prompts).any(|id| parents.contains(&id))
    };
    match turns[..at].iter().rposition(holds) {
        Some(last) if last + 1 == at => None,
        Some(before) => {
            let prompt = one_line(&words(&turns[before].prompt));
            let mut begin: String = prompt.chars().take(60).collect();
            if begin.len() < prompt.len() {
                begin.push('…');
            }
            Some(format!("going on from “{begin}”"))
        }
        None if parents.is_empty() && !nodes.is_empty() => Some("at the beginning".to_owned()),
        None => None,
    }
}

fn markdown(loaded: &Loaded, name: &impl Fn(&ModelRef) -> String) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# {}\n\n{}\n", one_line(&loaded.row.title), sum(loaded));
    for (at, turn) in loaded.turns.iter().enumerate() {
        let from = origin(&loaded.turns, at).map(|from| format!(", {from}")).unwrap_or_default();
        let _ = writeln!(out, "## You, {}{from}\n\n{}", stamp(turn.row.created_at), words(&turn.prompt));
        for answer in &turn.answers {
            let heading = std::iter::once(name(&answer.run.target.model)).chain(facts(answer));
            let heading = one_line(&heading.collect::<Vec<_>>().join(", "));
            let _ = writeln!(out, "### {heading}\n\n{}", words(&answer.parts));
            if let Some(failure) = &answer.run.failure {
                let _ = writeln!(out, "> {}\n", one_line(&failure.message));
            }
        }
        for vote in &turn.votes {
            let _ = writeln!(out, "**{}**\n", verdict(vote, name));
        }
        if let Some(note) = &turn.note {
            let _ = writeln!(out, "{}\n", quoted("Note", note));
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parts as Markdown, each ended by an empty line.
fn words(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        let text = match part {
            // What it leaves open would take in all that is written below it.
            Part::Text { text } | Part::Refusal { text } => match present::open_fence(text) {
                Some(fence) => format!("{}\n{fence}", text.trim_end()),
                None => text.clone(),
            },
            Part::System { text } => quoted("System", text),
            Part::Kept { .. } => continue,
            Part::Reasoning { text, .. } => quoted("Reasoning", text),
            Part::ToolCall { name, arguments, .. } => quoted(&format!("Call of {name}"), arguments),
            Part::ServerTool { name, text } => quoted(name, text),
            Part::ToolResult { name, content, .. } => quoted(&format!("Answer of {name}"), content),
            Part::Citation { url, title } => {
                let url = url.as_deref().unwrap_or_default();
                format!("Source: {} {url}", title.as_deref().unwrap_or_default())
            }
            Part::Seam(seam) => {
                let domain::Seam { from, to, why, .. } = seam;
                one_line(&format!("[{from} broke off here ({why}); {to} went on]"))
            }
            Part::Image { media_type, .. } | Part::GeneratedImage { media_type, .. } => {
                format!("[Picture, {media_type}; in the JSON export]")
            }
            Part::ImageUrl { url } => format!("[Picture: {}]", one_line(url)),
            Part::File { name, .. } => format!("[File: {}; in the JSON export]", one_line(name)),
            Part::Attachment(file) => {
                let domain::Attachment { name, media_type, bytes, sha256, .. } = file;
                let kb = bytes.div_ceil(1000);
                format!("[File: {}, {media_type}, {kb} kB, SHA-256 {sha256}]", one_line(name))
            }
        };
        let _ = writeln!(out, "{}\n", text.trim_end());
    }
    out
}

fn quoted(heading: &str, text: &str) -> String {
    let lines = text.lines().map(|line| format!("> {line}"));
    std::iter::once(format!("> **{}**", one_line(heading)))
        .chain(std::iter::once(">".to_owned()))
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Our own few rules; the classes of highlighted code are left plain.
const STYLE: &str = "body{font:16px/1.55 system-ui,sans-serif;max-width:110ch;margin:2rem auto;padding:0 1rem;\
color:#1b1d22;background:#fff}h1{font-size:1.5rem}article{margin:2rem 0}.you{background:#f2f3f5;\
border-radius:8px;padding:.75rem 1rem}.answers{display:grid;gap:1rem;\
grid-template-columns:repeat(auto-fit,minmax(min(100%,34ch),1fr))}.answers>section{border:1px solid #d9dce1;\
border-radius:8px;padding:.75rem 1rem;min-width:0}h2,h3{font-size:1rem;margin:.2rem 0 .6rem}small{color:#5b616b;\
font-weight:400}pre,table{overflow-x:auto;display:block}pre{background:#f6f7f8;padding:.6rem;border-radius:6px}\
code{font-family:ui-monospace,monospace;font-size:.9em}button{display:none}details{color:#5b616b;margin:.4rem 0}\
blockquote{border-left:3px solid #d9dce1;margin-left:0;padding-left:1rem}td,th{border:1px solid #d9dce1;\
padding:.2rem .5rem}p,li{overflow-wrap:anywhere}.bad{color:#a3261f}.note{white-space:pre-wrap}\
@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#16181c}.you,pre{background:#20242a}\
.answers>section,td,th,blockquote{border-color:#3a4049}small,details{color:#9aa1ab}.bad{color:#ff8f87}}";

fn html(loaded: &Loaded, name: &impl Fn(&ModelRef) -> String) -> String {
    let title = escaped(&one_line(&loaded.row.title));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1 dir=\"auto\">{title}</h1>\n<p><small>{}</small></p>\n",
        escaped(&sum(loaded))
    );
    for (at, turn) in loaded.turns.iter().enumerate() {
        html_turn(&mut out, turn, origin(&loaded.turns, at), name);
    }
    out.push_str("</body></html>\n");
    out
}

fn html_turn(
    out: &mut String,
    turn: &LoadedTurn,
    origin: Option<String>,
    name: &impl Fn(&ModelRef) -> String,
) {
    let at = std::iter::once(stamp(turn.row.created_at)).chain(origin);
    let at = escaped(&at.collect::<Vec<_>>().join(", "));
    let _ = write!(out, "<article><section class=\"you\" dir=\"auto\"><h2>You <small>{at}</small></h2>");
    html_parts(out, &turn.prompt);
    out.push_str("</section>\n<div class=\"answers\">");
    for answer in &turn.answers {
        let model = escaped(&one_line(&name(&answer.run.target.model)));
        let facts = escaped(&facts(answer).join(" · "));
        let _ = write!(out, "<section dir=\"auto\"><h3><bdi>{model}</bdi> <small>{facts}</small></h3>");
        html_parts(out, &answer.parts);
        if let Some(failure) = &answer.run.failure {
            let _ = write!(out, "<p class=\"bad\">{}</p>", escaped(&failure.message));
        }
        out.push_str("</section>\n");
    }
    out.push_str("</div>");
    for vote in &turn.votes {
        let _ = write!(out, "<p><strong>{}</strong></p>", escaped(&verdict(vote, name)));
    }
    if let Some(note) = &turn.note {
        let _ = write!(out, "<p class=\"note\" dir=\"auto\"><b>Note</b> {}</p>", escaped(note));
    }
    out.push_str("</article>\n");
}

fn html_parts(out: &mut String, parts: &[Part]) {
    for part in parts {
        match part {
            Part::Text { text } | Part::Refusal { text } => out.push_str(&present::whole(text)),
            Part::System { text } => folded(out, "System", text),
            Part::Reasoning { text, .. } => folded(out, "Reasoning", text),
            Part::ToolCall { name, arguments, .. } => folded(out, name, arguments),
            Part::ServerTool { name, text } => folded(out, name, text),
            Part::ToolResult { name, content, .. } => folded(out, name, content),
            Part::Kept { .. } => {}
            Part::Citation { .. }
            | Part::Seam(_)
            | Part::Image { .. }
            | Part::ImageUrl { .. }
            | Part::GeneratedImage { .. }
            | Part::Attachment(_)
            | Part::File { .. } => {
                let _ = write!(out, "<p>{}</p>", escaped(words(std::slice::from_ref(part)).trim()));
            }
        }
    }
}

fn folded(out: &mut String, heading: &str, text: &str) {
    let heading = escaped(&one_line(heading));
    let _ = write!(out, "<details><summary>{heading}</summary><pre>{}</pre></details>", escaped(text));
}

/// Text as HTML that says just that.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_full() {
        assert_eq!(stamp(Timestamp(0)), "1970-01-01 00:00 UTC");
        assert_eq!(stamp(Timestamp(1_709_210_096_789)), "2024-02-29 12:34 UTC");
        assert_eq!(stamp(Timestamp(-1)), "1969-12-31 23:59 UTC");
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<b a='1'>&\"\u{0}"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;");
    }
}
