//! A judge's opinion of the answers of a turn: by the user's rubric, without names, in both orders, and kept.

use super::{
    Decision, FindingView, FindingWord, Gathered, Judge, JudgeWish, Judged, JudgedAnswer, Judgement,
    JudgementStanding, QuoteView, Rule, Side, ask, gather, invalid,
};
use crate::{
    inner::{Inner, Table},
    live::lock,
    result::total_cost,
    tasks,
};
use compare::judge as asked;
use domain::{
    AttemptId, ConversationId, Cost, ErrorKind, Failure, JudgementId, ModelRef, RunId, TurnId, say,
};
use futures_util::future::join_all;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};
use store::{JudgementRow, JudgementState, Tx};
use tokio_util::sync::CancellationToken;

/// Longest name of a criterion, and longest words of what it means, in characters.
const NAME: usize = 40;
const WHAT: usize = 600;

/// Turns that a judge of this process is at.
#[derive(Default)]
pub(crate) struct Judging(Mutex<HashMap<TurnId, CancellationToken>>);

impl Judging {
    pub(super) fn stop(&self, turn: TurnId) {
        if let Some(token) = lock(&self.0).get(&turn) {
            token.cancel();
        }
    }

    fn begin(&self, turn: TurnId) -> Option<CancellationToken> {
        let mut turns = lock(&self.0);
        if turns.contains_key(&turn) {
            return None;
        }
        let token = CancellationToken::new();
        turns.insert(turn, token.clone());
        Some(token)
    }

    fn end(&self, turn: TurnId) {
        lock(&self.0).remove(&turn);
    }

    fn is_at(&self, turn: TurnId) -> bool {
        lock(&self.0).contains_key(&turn)
    }
}

/// The rubric to begin with.
fn usual() -> Vec<Rule> {
    let rule = |name: &str, what: &str| Rule { name: name.to_owned(), what: what.to_owned() };
    vec![
        rule("Right", "What it says is true, and follows."),
        rule("Complete", "It answers all of the question, and says what it leaves out."),
        rule("Clear", "It can be followed at the first reading, without anything that is not needed."),
    ]
}

fn check(wish: &JudgeWish) -> Result<(), Failure> {
    let rubric = &wish.rubric;
    if rubric.is_empty() || rubric.len() > asked::MOST_CRITERIA {
        return Err(invalid(say!(
            "A rubric has 1 to {most_criteria} criteria.",
            most_criteria = asked::MOST_CRITERIA
        )));
    }
    let mut names = BTreeSet::new();
    for rule in rubric {
        let (name, what) = (rule.name.trim(), rule.what.trim());
        if name.is_empty() || name.chars().count() > NAME || what.chars().count() > WHAT {
            return Err(invalid(say!(
                "A criterion has a name of 1 to {most} characters, and {more} at most say what it means.",
                most = NAME,
                more = WHAT
            )));
        }
        if !names.insert(name) {
            return Err(invalid(say!("Two criteria are called “{name}”.", name)));
        }
    }
    Ok(())
}

/// What a judge is about to be asked.
pub(super) struct Ready {
    pub gathered: Gathered,
    rubric: Vec<asked::Criterion>,
    orders: [Vec<usize>; 2],
    scores: [String; 2],
    findings: Option<String>,
}

impl Ready {
    pub(super) fn prompts(&self) -> impl Iterator<Item = String> + use<'_> {
        self.scores.iter().chain(&self.findings).cloned()
    }
}

pub(super) async fn ready(inner: &Arc<Inner>, turn: TurnId, wish: &JudgeWish) -> Result<Ready, Failure> {
    check(wish)?;
    inner.registry().resolve(&wish.model)?;
    let gathered = gather(inner, turn).await?;
    let texts = gathered.masked(inner);
    let rubric: Vec<asked::Criterion> = wish
        .rubric
        .iter()
        .map(|rule| asked::Criterion { name: rule.name.trim().to_owned(), what: rule.what.trim().to_owned() })
        .collect();
    let orders = asked::orders(texts.len());
    let scores = [&orders[0], &orders[1]].map(|order| {
        let shown: Vec<&str> = order.iter().map(|answer| texts[*answer].as_str()).collect();
        asked::score_prompt(&gathered.asked(), &shown, &rubric)
    });
    let shown: Vec<&str> = texts.iter().map(String::as_str).collect();
    let findings = wish.findings.then(|| asked::findings_prompt(&gathered.asked(), &shown));
    Ok(Ready { gathered, rubric, orders, scores, findings })
}

pub(super) async fn judge(inner: &Arc<Inner>, turn: TurnId, wish: JudgeWish) -> Result<Judgement, Failure> {
    let ready = ready(inner, turn, &wish).await?;
    let Some(cancel) = inner.judging.begin(turn) else {
        return Err(invalid(say!("A judge is at this turn already: wait for it, or stop it first.")));
    };
    let row = JudgementRow {
        id: JudgementId::new(inner.clock.id()),
        turn,
        at: inner.clock.now(),
        process: inner.process,
        model: wish.model.to_string(),
        rubric: serde_json::to_value(&wish.rubric).map_err(|error| bug(&error))?,
        findings: wish.findings,
        answers: ready.gathered.runs.iter().map(|run| run.id).collect(),
        state: JudgementState::Running,
        found: None,
        failure: None,
        attempts: Vec::new(),
    };
    let id = row.id;
    let shared = Arc::clone(inner);
    // It is paid for: it goes on when the window that asked has gone.
    let worked = tasks::spawn(async move {
        let written = tasks::guarded(work(&shared, row, ready, wish, cancel)).await;
        shared.judging.end(turn);
        shared.changed(Table::Conversations);
        written.and_then(|written| written)
    });
    let gone = |_| Failure::new(ErrorKind::Bug, "The judge was lost. Try again.");
    worked.await.map_err(gone)??;
    one(inner, id).await
}

fn bug(error: &serde_json::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("A judgement cannot be written down ({error})."))
}

async fn work(
    inner: &Arc<Inner>,
    row: JudgementRow,
    ready: Ready,
    wish: JudgeWish,
    cancel: CancellationToken,
) -> Result<(), Failure> {
    let stored = row.clone();
    inner.store.write(move |tx| tx.put_judgement(&stored)).await?;
    inner.changed(Table::Conversations);
    let sides: Vec<Side> = ready
        .prompts()
        .map(|prompt| Side {
            kind: "judge",
            model: wish.model.clone(),
            prompt,
            conversation: Some(ready.gathered.conversation),
            longest: None,
            cancel: cancel.clone(),
        })
        .collect();
    let said = join_all(sides.iter().map(|side| ask(inner, side))).await;
    let attempts: Vec<AttemptId> = said.iter().flat_map(|said| said.attempts.clone()).collect();
    let failed = said.iter().find_map(|said| said.failure.clone());
    let texts: Vec<&str> = said.iter().map(|said| said.text.as_str()).collect();
    let found = match failed {
        Some(failure) => Err(failure),
        None => read(&ready, &texts).map_err(unread),
    };
    let (state, found, failure) = match found {
        Ok(found) => {
            (JudgementState::Done, Some(serde_json::to_value(&found).map_err(|error| bug(&error))?), None)
        }
        Err(failure) => (JudgementState::Failed, None, Some(failure)),
    };
    let row = JudgementRow { state, found, failure, attempts, ..row };
    inner.store.write(move |tx| tx.put_judgement(&row)).await
}

/// What is said of a reply that is not what was asked for.
pub(crate) fn unread(why: asked::Unreadable) -> Failure {
    Failure::new(
        ErrorKind::UpstreamInternal,
        say!(
            "The judge did not reply in the form it was asked for: {why}. Nothing of its reply is used; what it cost \
             is booked. Try again, or choose another judge.",
            why = why.0
        ),
    )
}

fn read(ready: &Ready, texts: &[&str]) -> Result<Judged, asked::Unreadable> {
    let [one, two] = &ready.orders;
    let first = asked::read_scores(texts.first().unwrap_or(&""), one, &ready.rubric)?;
    let second = asked::read_scores(texts.get(1).unwrap_or(&""), two, &ready.rubric)?;
    let runs: Vec<RunId> = ready.gathered.runs.iter().map(|run| run.id).collect();
    let own: Vec<&str> = ready.gathered.texts.iter().map(String::as_str).collect();
    let findings = match ready.findings {
        Some(_) => Some(asked::read_findings(texts.get(2).unwrap_or(&""), &own)?),
        None => None,
    };
    let named = |answers: Vec<usize>| answers.into_iter().map(|answer| runs[answer]).collect();
    let answers = runs.iter().enumerate().map(|(answer, run)| JudgedAnswer {
        run: *run,
        points: first.points[answer].iter().copied().zip(second.points[answer].iter().copied()).collect(),
        why: (first.why[answer].clone(), second.why[answer].clone()),
    });
    Ok(Judged {
        answers: answers.collect(),
        decision: match asked::decide(&first, &second) {
            asked::Decision::Best { answer } => Decision::Best { run: runs[answer] },
            asked::Decision::Tie { answers } => Decision::Tie { runs: named(answers) },
            asked::Decision::Split { answers } => Decision::Split { runs: named(answers) },
        },
        shift: asked::shift(&first, &second),
        findings: findings.map(|found| found.into_iter().map(|one| finding(one, &runs, &own)).collect()),
    })
}

fn finding(found: asked::Finding, runs: &[RunId], texts: &[&str]) -> FindingView {
    let byte = |at: usize| u32::try_from(at).ok();
    FindingView {
        kind: match found.kind {
            asked::FindingKind::Consensus => FindingWord::Consensus,
            asked::FindingKind::Contradiction => FindingWord::Contradiction,
            asked::FindingKind::Unique => FindingWord::Unique,
            asked::FindingKind::Missing => FindingWord::Missing,
        },
        statement: found.statement,
        quotes: found
            .quotes
            .into_iter()
            .map(|quote| QuoteView {
                run: runs[quote.answer],
                from: quote.at.as_ref().and_then(|at| byte(at.start)),
                until: quote.at.as_ref().and_then(|at| byte(at.end)),
                text: match quote.at {
                    Some(at) => texts[quote.answer][at].to_owned(),
                    None => quote.text,
                },
            })
            .collect(),
    }
}

/// A row with what its calls cost and how its judge has done so far.
struct Read {
    row: JudgementRow,
    costs: Vec<Cost>,
    stale: bool,
    record: (u32, u32),
}

fn read_row(tx: &Tx<'_>, row: JudgementRow) -> Result<Read, Failure> {
    let mut costs = Vec::new();
    for attempt in &row.attempts {
        costs.push(tx.attempt(*attempt)?.and_then(|attempt| attempt.cost).unwrap_or_else(Cost::unknown));
    }
    // What came with a file was paid for elsewhere.
    if row.process.uuid().is_nil() {
        costs.push(Cost::unknown());
    }
    let shown: Vec<RunId> = crate::context::shown_runs(tx, row.turn)?.into_iter().map(|run| run.id).collect();
    let stale = row.answers.iter().any(|run| !shown.contains(run));
    let all = tx.judged_by(&row.model)?;
    let split = all.iter().filter(|found| found["decision"]["type"] == "split").count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Read { row, costs, stale, record: (count(all.len()), count(split)) })
}

fn shown(inner: &Inner, read: Read) -> Result<Judgement, Failure> {
    let Read { row, costs, stale, record } = read;
    let cost = total_cost(&costs);
    let unreadable =
        |_| Failure::new(ErrorKind::StoreCorrupt, say!("A judgement cannot be read from the database."));
    let (state, failure) = match row.state {
        JudgementState::Done => (JudgementStanding::Done, None),
        JudgementState::Failed => (JudgementStanding::Failed, row.failure),
        JudgementState::Running if row.process == inner.process && inner.judging.is_at(row.turn) => {
            (JudgementStanding::Running, None)
        }
        JudgementState::Running => (
            JudgementStanding::Failed,
            Some(Failure::new(
                ErrorKind::Interrupted,
                say!("Parallax was closed while the judge was at it. What it cost is booked; ask again."),
            )),
        ),
    };
    let model_name = match ModelRef::parse(&row.model) {
        Ok(model) => inner.registry().model_name(&model),
        Err(_) => row.model.clone(),
    };
    Ok(Judgement {
        id: row.id,
        turn: row.turn,
        at: row.at,
        model: row.model,
        model_name,
        rubric: serde_json::from_value(row.rubric).map_err(unreadable)?,
        state,
        found: row.found.map(serde_json::from_value).transpose().map_err(unreadable)?,
        failure,
        cost: cost.total,
        basis: cost.basis,
        stale,
        record,
    })
}

async fn one(inner: &Arc<Inner>, id: JudgementId) -> Result<Judgement, Failure> {
    let gone = || invalid(say!("This judgement is gone."));
    let read = inner
        .store
        .read(move |tx| {
            let row = tx.judgement(id)?.ok_or_else(gone)?;
            read_row(tx, row)
        })
        .await?;
    shown(inner, read)
}

pub(super) async fn list(inner: &Arc<Inner>, id: ConversationId) -> Result<Vec<Judgement>, Failure> {
    let rows = inner
        .store
        .read(move |tx| {
            tx.judgements(id)?.into_iter().map(|row| read_row(tx, row)).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    rows.into_iter().map(|row| shown(inner, row)).collect()
}

pub(super) async fn remove(inner: &Arc<Inner>, id: JudgementId) -> Result<(), Failure> {
    inner.store.write(move |tx| tx.remove_judgement(id)).await?;
    inner.changed(Table::Conversations);
    Ok(())
}

pub(super) async fn defaults(inner: &Arc<Inner>) -> Result<Judge, Failure> {
    let last = inner.store.read(|tx| tx.newest_judgement()).await?;
    let rubric = last.as_ref().and_then(|row| serde_json::from_value(row.rubric.clone()).ok());
    Ok(Judge { model: last.map(|row| row.model), rubric: rubric.unwrap_or_else(usual) })
}
