//! What the user writes on a comparison: on a turn, or on one answer of an experiment.

use crate::{
    Engine,
    experiment::no_cell,
    inner::{Inner, Table},
};
use domain::{ErrorKind, ExperimentId, Failure, TurnId, say};
use store::NoteOn;

/// Longest note, in characters.
pub const NOTE_LIMIT: usize = 4_000;

fn invalid(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

fn checked(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.chars().count() > NOTE_LIMIT {
        return Err(invalid(say!("A note has at most {note_limit} characters.", note_limit = NOTE_LIMIT)));
    }
    Ok(text.to_owned())
}

impl Engine {
    /// Writes a note on a turn in the place of the one there was; an empty one removes it.
    pub async fn note_turn(&self, turn: TurnId, text: &str) -> Result<(), Failure> {
        let inner: &Inner = &self.inner;
        let text = checked(text)?;
        let (now, kept) = (inner.clock.now(), text.clone());
        inner
            .store
            .write(move |tx| {
                tx.turn(turn)?.ok_or_else(|| invalid(say!("This turn is gone.")))?;
                tx.put_note(NoteOn::Turn(turn), &kept, now)
            })
            .await?;
        if let Some(live) = inner.live.get(turn) {
            live.edit(|view| view.note = Some(text).filter(|text| !text.is_empty()));
        }
        inner.changed(Table::Conversations);
        Ok(())
    }

    /// Writes a note on an answer of an experiment; an empty one removes it.
    ///
    /// Error `request.invalid` where no answer has come.
    pub async fn note_cell(&self, id: ExperimentId, position: u32, text: &str) -> Result<(), Failure> {
        let inner: &Inner = &self.inner;
        let text = checked(text)?;
        let now = inner.clock.now();
        inner
            .store
            .write(move |tx| {
                let run = tx.cell(id, position)?.ok_or_else(no_cell)?.run;
                let run = run.ok_or_else(|| invalid(say!("There is no answer to write a note on.")))?;
                tx.put_note(NoteOn::Answer(run), &text, now)
            })
            .await?;
        inner.changed(Table::Experiments);
        Ok(())
    }
}
