//! What only our own files tell: a turn's place and policy, which answer is shown, what one was shown and made of,
//! what judges said; and where a conversation was kept.

use super::{Rows, TurnIds};
use crate::{
    beside::{Decision, Judged, MergeHow, Rule},
    context::{Earlier, Other},
};
use domain::{ErrorKind, Failure, ImportId, MessageId, ProcessId, RunId, TurnId};
use import::{Own, OwnEarlier, OwnJudgement, OwnTurn};
use std::collections::HashSet;
use store::{JudgementRow, JudgementState, MergeRow, Tx};
use uuid::Uuid;

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("What a file tells cannot be stored ({error})."))
}

/// What the lanes of a turn were to be shown, as it is stored.
pub(super) fn context(own: &OwnTurn) -> Result<Option<String>, Failure> {
    own.context.as_ref().map(serde_json::to_string).transpose().map_err(|error| unwritable(&error))
}

/// Puts a new conversation where its file says it was kept.
pub(super) fn filed(rows: &Rows<'_>, tx: &mut Tx<'_>, import: ImportId) -> Result<(), Failure> {
    let (id, at, told) = (rows.id, rows.updated_at, &rows.from.filed);
    if told.pinned {
        tx.set_pinned(id, Some(at))?;
    }
    if let Some(folder) = &told.folder {
        tx.put_imported_folder(import, folder)?;
        tx.set_folder(id, Some(folder))?;
    } else if let Some(project) = &told.project {
        let folder = tx.imported_project(import, rows.from.source.as_str(), project)?;
        tx.set_folder(id, Some(&folder))?;
    }
    told.tags.iter().try_for_each(|tag| tx.put_tag(id, tag))
}

/// Writes what a file of ours tells of an answer.
pub(super) fn facts(
    rows: &Rows<'_>,
    tx: &mut Tx<'_>,
    turn: &TurnIds,
    run: RunId,
    own: &Own,
) -> Result<(), Failure> {
    // What is shown of a turn in which somebody has done something is as they left it.
    if own.shown && rows.here.as_ref().is_none_or(|here| here.untouched) {
        tx.show_run(run)?;
    }
    if let Some(told) = &own.earlier {
        let earlier: Vec<Earlier> = told.iter().filter_map(|one| earlier(rows, one)).collect();
        tx.set_run_context(run, &serde_json::to_string(&earlier).map_err(|error| unwritable(&error))?)?;
    }
    // A way of making that this program does not know is not kept: nobody could ask for it again.
    if let Some(made) = &own.made_of
        && serde_json::from_value::<MergeHow>(made.how.clone()).is_ok()
    {
        let sources = made.sources.iter().filter_map(|place| Some(turn.answers.get(*place)?.0)).collect();
        tx.insert_merge(&MergeRow { run, how: made.how.clone(), sources, prompt: made.prompt.clone() })?;
    }
    Ok(())
}

fn earlier(rows: &Rows<'_>, told: &OwnEarlier) -> Option<Earlier> {
    let message = |(turn, answer): (usize, usize)| -> Option<MessageId> {
        Some(rows.turns.get(turn)?.answers.get(answer)?.1)
    };
    let others = told.others.iter().filter_map(|(letter, model, answer)| {
        Some(Other { letter: letter.clone(), model: model.clone(), message: message(*answer)? })
    });
    Some(Earlier {
        turn: rows.turns.get(told.turn)?.id,
        own: told.own.and_then(message),
        letter: told.letter.clone(),
        others: others.collect(),
    })
}

/// Writes what judges said of the answers of new turns. What is not in the form a judge's opinion has here,
/// or speaks of other answers, is left out.
pub(super) fn judgements(rows: &Rows<'_>, tx: &mut Tx<'_>, new: &HashSet<TurnId>) -> Result<(), Failure> {
    for (ids, turn) in rows.turns.iter().zip(&rows.from.turns).filter(|(ids, _)| new.contains(&ids.id)) {
        for told in turn.own.iter().flat_map(|own| &own.judgements) {
            if let Some(row) = judgement(ids, told, rows.latest) {
                tx.put_judgement(&row)?;
            }
        }
    }
    Ok(())
}

fn judgement(turn: &TurnIds, told: &OwnJudgement, latest: i64) -> Option<JudgementRow> {
    let runs: Vec<RunId> = turn.answers.iter().map(|(run, _)| *run).collect();
    let answers =
        told.answers.iter().map(|place| runs.get(*place).copied()).collect::<Option<Vec<RunId>>>()?;
    serde_json::from_value::<Vec<Rule>>(told.rubric.clone()).ok()?;
    if let Some(found) = &told.found {
        let found: Judged = serde_json::from_value(found.clone()).ok()?;
        let quoted =
            found.findings.iter().flatten().flat_map(|finding| &finding.quotes).map(|quote| quote.run);
        let named = match &found.decision {
            Decision::Best { run } => vec![*run],
            Decision::Tie { runs } | Decision::Split { runs } => runs.clone(),
        };
        let mut all = found.answers.iter().map(|answer| answer.run).chain(named).chain(quoted);
        if !all.all(|run| answers.contains(&run)) {
            return None;
        }
    }
    Some(JudgementRow {
        id: told.key.parse().ok()?,
        turn: turn.id,
        at: told.at.filter(|at| *at >= turn.at && at.0 <= latest).unwrap_or(turn.at),
        // Of no process: it was not asked for here, and what it cost is not known here.
        process: ProcessId::new(Uuid::nil()),
        model: told.model.clone(),
        rubric: told.rubric.clone(),
        findings: told.findings,
        answers,
        state: if told.found.is_some() { JudgementState::Done } else { JudgementState::Failed },
        found: told.found.clone(),
        failure: told.failure.clone(),
        attempts: Vec::new(),
    })
}
