//! `parallax ask`: one prompt, several lanes.

use crate::{json, out};
use clap::Args;
use domain::{
    AccountLabel, Attachment, BlockKind, ContextPolicy, Cost, ErrorKind, Failure, LaneTarget, ModelRef,
    Params, RunId, StreamEvent,
};
use engine::{Ask, CancellationToken, Engine, Listeners, Observer, RunResult};
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::Read,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

/// Longest prompt read from standard input.
const STDIN_LIMIT: u64 = 4 * 1024 * 1024;
/// Largest file that is read; what is taken of it is decided by its sort.
const FILE_LIMIT: u64 = 32 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct AskArgs {
    /// A model, as often as you like: author/name, or MODEL@PROVIDER
    #[arg(short, long = "model", value_name = "MODEL", required = true)]
    pub(crate) model: Vec<String>,
    /// System prompt for every lane
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// The policy that chooses the endpoint, beside the usual one
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Longest answer, in tokens
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// Sampling temperature
    #[arg(long, value_name = "NUMBER", value_parser = temperature)]
    temperature: Option<f64>,
    /// A picture, PDF or text to send along, as often as you like
    #[arg(short, long = "file", value_name = "PATH")]
    file: Vec<std::path::PathBuf>,
    /// Send it whatever your budgets say, this once; it is recorded and counts against them
    #[arg(long)]
    over_budget: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// The prompt; `-` reads it from standard input
    #[arg(value_name = "PROMPT|-", allow_hyphen_values = true)]
    prompt: String,
}

/// A number that a request can carry. What is too high is the provider's to say.
fn temperature(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("“{text}” is no number"))?;
    let carried = number.is_finite() && number >= 0.0;
    carried.then_some(number).ok_or_else(|| "a temperature is a number from 0 upwards".to_owned())
}

pub(crate) async fn run(engine: &Engine, arguments: AskArgs) -> Result<ExitCode, Failure> {
    let marked = std::env::args_os().any(|word| word == "--");
    let prompt = match arguments.prompt.as_str() {
        slip if !marked && is_option(slip) => {
            let words = format!("`ask` has no option “{slip}”. A prompt that begins so goes behind `--`.");
            return Err(Failure::new(ErrorKind::RequestInvalid, words));
        }
        "-" => read_prompt(std::io::stdin().lock())?,
        _ => arguments.prompt.clone(),
    };
    let params = Params {
        max_completion_tokens: arguments.max_tokens,
        temperature: arguments.temperature,
        ..Params::default()
    };
    let line_up = arguments
        .model
        .iter()
        .map(|text| LaneTarget {
            // What is no name of a model is one that nobody has, to its own lane and not to the others.
            model: ModelRef::parse(text).unwrap_or_else(|_| unknown(text)),
            system: arguments.system.clone(),
            params: params.clone(),
            policy: arguments.policy.clone(),
        })
        .collect::<Vec<_>>();
    let printed = Arc::new(Mutex::new(Printed::default()));
    let deaf = CancellationToken::new();
    let many = line_up.len() > 1;
    let files = attached(engine, &arguments.file).await?;
    let ask = Ask { conversation: None, line_up, prompt, context: ContextPolicy::Own, policy: None }
        .with_files(files);
    let printer = Printer {
        printed: Arc::clone(&printed),
        deaf: deaf.clone(),
        json: arguments.json,
        many,
        runs: Vec::new(),
    };
    let listeners = Listeners { sink: None, observer: Some(Box::new(printer)) };
    let started = if arguments.over_budget {
        engine.start_turn_over_budget(ask, listeners).await?
    } else {
        engine.start_turn(ask, listeners).await?
    };
    let turn = started.turn;
    let mut done = started.done;
    let ended = tokio::select! {
        ended = &mut done => ended,
        _ = tokio::signal::ctrl_c() => {
            engine.cancel(turn, None);
            done.await
        }
        // Nobody reads what would still be paid for.
        () = deaf.cancelled() => {
            engine.cancel(turn, None);
            done.await
        }
    };
    let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    if ended.is_err() {
        let failure = Failure::new(ErrorKind::Bug, "Parallax made a mistake while printing the answers.");
        if arguments.json {
            json::fail_lanes(&arguments.model, &failure, &Cost::unknown(), |lane| printed.ended.insert(lane));
        }
        return Ok(out::failure(&failure));
    }
    let whole = printed.ended.len() == arguments.model.len() && printed.failed == 0 && !deaf.is_cancelled();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A prompt that is one word in the form of an option is one that was mistyped: it would be sent, and paid.
fn is_option(prompt: &str) -> bool {
    let name = prompt.strip_prefix("--").or_else(|| prompt.strip_prefix('-')).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '.');
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_name)
}

/// The model that answered, by its provider's own name, where the name it was asked by does not say it.
fn served<'a>(asked: &ModelRef, upstream: &'a str) -> Option<&'a str> {
    let name = asked.model.rsplit('/').next().unwrap_or_default();
    (upstream != asked.model && upstream != name).then_some(upstream)
}

/// What the command line has to put a failure right, where its words know the window's way alone.
fn remedy(kind: ErrorKind, result: &RunResult) -> Option<String> {
    let last = result.attempts.last();
    match kind {
        ErrorKind::BillingBudget if last.is_none() => {
            Some("`parallax ask --over-budget` sends it once all the same.".to_owned())
        }
        ErrorKind::AuthRejected => {
            let last = last.filter(|row| row.account.as_ref().is_some_and(AccountLabel::is_environment))?;
            let name = last.provider.as_str().to_ascii_uppercase().replace('-', "_");
            Some(format!("the key is that of PARALLAX_KEY_{name} in the environment."))
        }
        _ => None,
    }
}

/// A name as it was written, as far as it can be shown.
fn unknown(text: &str) -> ModelRef {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    ModelRef { model: shown, provider: None }
}

/// Takes the files in and says what was changed in them.
async fn attached(engine: &Engine, paths: &[std::path::PathBuf]) -> Result<Vec<Attachment>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let refuse =
            |why: String| Failure::new(ErrorKind::RequestInvalid, format!("{}: {why}", path.display()));
        // What a device or a pipe holds is seen by reading alone.
        let mut data = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut data))
            .map_err(|error| refuse(error.to_string()))?;
        if u64::try_from(data.len()).unwrap_or(u64::MAX) > FILE_LIMIT {
            return Err(refuse("larger than 32 MB. Send a smaller file, or a part of it.".to_owned()));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let attached = engine.attach(name, data).await?;
        for note in &attached.notes {
            out::note(&format!("parallax: {}: {}", attached.file.name, &**note));
        }
        files.push(attached.file);
    }
    Ok(files)
}

/// A prompt that is too long is refused: cut, it would be another question.
fn read_prompt(input: impl Read) -> Result<String, Failure> {
    let refuse = |why: String| Failure::new(ErrorKind::RequestInvalid, why);
    let mut bytes = Vec::new();
    input
        .take(STDIN_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(format!("The prompt could not be read ({error}).")))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > STDIN_LIMIT {
        return Err(refuse("The prompt is longer than 4 MiB. Shorten it.".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| refuse("The prompt is not UTF-8 text.".to_owned()))
}

/// What the command needs to know in the end.
#[derive(Default)]
struct Printed {
    /// Lanes whose last line has been printed.
    ended: BTreeSet<u32>,
    failed: usize,
}

/// Prints committed events. One lane streams as it comes; of several, each is printed whole when it has
/// ended, since lines of four answers in one stream of text could not be told apart. `--json` streams all.
struct Printer {
    printed: Arc<Mutex<Printed>>,
    /// Cancelled once nobody reads the output any more.
    deaf: CancellationToken,
    json: bool,
    many: bool,
    runs: Vec<(RunId, Vec<BlockKind>)>,
}

impl Printer {
    fn print(&self, write: impl FnOnce() -> bool) {
        if !write() {
            self.deaf.cancel();
        }
    }

    fn blocks(&mut self, run: RunId) -> &mut Vec<BlockKind> {
        let at = match self.runs.iter().position(|(known, _)| *known == run) {
            Some(at) => at,
            None => {
                self.runs.push((run, Vec::new()));
                self.runs.len() - 1
            }
        };
        &mut self.runs[at].1
    }

    fn delta(&self, lane: u32, kind: &BlockKind, text: &str) {
        let word = match kind {
            BlockKind::Text => "text",
            BlockKind::Reasoning => "reasoning",
            BlockKind::Refusal => "refusal",
            // Arguments are of use only whole; they come with the last line.
            BlockKind::ToolCall { .. }
            | BlockKind::ServerTool { .. }
            | BlockKind::Citation { .. }
            | BlockKind::Seam(_)
            | BlockKind::Image { .. } => return,
        };
        if self.json {
            self.print(|| out::object(&json!({ "type": "delta", "lane": lane, "kind": word, "text": text })));
        } else if !self.many && word != "reasoning" {
            self.print(|| out::text(text));
        }
    }

    fn summary(result: &RunResult) -> String {
        let metrics = result.metrics();
        let cost = match (result.cost.total, result.cost.basis) {
            (Some(total), domain::Basis::Estimated) => format!("≈ ${total}"),
            (Some(total), _) => format!("${total}"),
            (None, _) => "cost unknown".to_owned(),
        };
        let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
        let last = result.attempts.last();
        let provider = last.map_or("–", |row| row.provider.as_str());
        let served = last.and_then(|row| served(&result.target.model, &row.upstream_model));
        format!(
            "[{}{} via {provider} · {} in / {} out · {cost}]",
            result.target.model,
            served.map_or_else(String::new, |model| format!(" as {model}")),
            count(metrics.input),
            count(metrics.output)
        )
    }
}

impl Observer for Printer {
    fn events(&mut self, lane: u32, run: RunId, events: &[StreamEvent]) {
        for event in events {
            match event {
                StreamEvent::BlockOpen { kind, .. } => self.blocks(run).push(kind.clone()),
                StreamEvent::BlockDelta { block, text } => {
                    let index = usize::try_from(*block).unwrap_or(usize::MAX);
                    if let Some(kind) = self.blocks(run).get(index).cloned() {
                        self.delta(lane, &kind, text);
                    }
                }
                _ => {}
            }
        }
    }

    fn ended(&mut self, result: &RunResult) {
        {
            let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
            printed.ended.insert(result.position);
            printed.failed += usize::from(result.failure.is_some());
        }
        if self.json {
            self.print(|| out::object(&json::last(result)));
            return;
        }
        if self.many {
            self.print(|| out::line(&format!("── {} ──", result.target.model)));
            let refusal = result.draft.refusal().unwrap_or_default();
            self.print(|| out::text(&format!("{}{refusal}", result.draft.text())));
        }
        self.print(|| out::line(""));
        for (id, name, arguments) in result.draft.tool_calls() {
            self.print(|| out::line(&format!("→ {name}({arguments}) [{id}]")));
        }
        if let Some(failure) = &result.failure {
            out::note(&format!(
                "parallax: {}: {} [{}]",
                result.target.model,
                failure.message,
                failure.kind.as_str()
            ));
            if let Some(words) = remedy(failure.kind, result) {
                out::note(&format!("parallax: {}: {words}", result.target.model));
            }
        }
        for (_, words) in &result.notices {
            out::note(&format!("parallax: {}: {}", result.target.model, &**words));
        }
        out::note(&Self::summary(result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_whole_or_refused() {
        let longest = usize::try_from(STDIN_LIMIT).unwrap();
        assert_eq!(read_prompt("Hë".as_bytes()).unwrap(), "Hë");
        assert_eq!(read_prompt(vec![b'x'; longest].as_slice()).unwrap().len(), longest);
        for bad in [vec![b'x'; longest + 1], vec![0xff]] {
            assert_eq!(read_prompt(bad.as_slice()).unwrap_err().kind, ErrorKind::RequestInvalid);
        }
    }
}
