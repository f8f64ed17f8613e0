//! What would become of a conversation, before anything is written.

use super::{Rows, Taken, TurnIds, here::Standing};
use domain::{Failure, MessageId, TurnId};
use import::{Answer, Reason, Source, Turn};
use store::Tx;

/// What a file has of a conversation that is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::history) struct More {
    /// Messages that it has got.
    pub messages: u64,
    /// Answers that are longer or finished now.
    pub renewed: u64,
    /// Messages that say something else there, and stayed as they are here.
    pub differing: u64,
    /// Messages that only the file has, and that did not come: the conversation was begun here.
    pub ahead: u64,
}

impl More {
    /// Something of it changes what is here.
    pub(in crate::history) const fn changes(self) -> bool {
        self.messages > 0 || self.renewed > 0
    }
}

impl Rows<'_> {
    pub(super) fn look(&self, tx: &Tx<'_>) -> Result<Taken, Failure> {
        let claims = self.claims(tx)?;
        let Some(here) = &self.here else {
            return Ok(if claims { Taken::Refused(Reason::Unreadable) } else { Taken::Added(self.count()) });
        };
        if here.row.deleted_at.is_some() {
            return Ok(Taken::InTrash);
        }
        let mut more = More::default();
        // Our own conversation is the newer one; nothing of a file goes into it.
        let closed = claims || here.import.is_none();
        for (ids, turn) in self.turns.iter().zip(&self.from.turns) {
            if closed {
                if self.from.source == Source::Parallax {
                    let all = ids.nodes.iter().chain(ids.answers.iter().map(|(_, id)| id));
                    more.ahead += all.filter(|id| !here.messages.contains_key(id)).count() as u64;
                }
            } else if self.takes_turn(tx, ids.id)? {
                self.look_at(tx, ids, turn, &mut more)?;
            }
        }
        Ok(Taken::Here(more))
    }

    fn look_at(&self, tx: &Tx<'_>, ids: &TurnIds, turn: &Turn, more: &mut More) -> Result<(), Failure> {
        for id in &ids.nodes {
            more.messages += u64::from(self.takes(tx, *id)?);
        }
        if let (Some(here), Some(first)) = (&self.here, ids.nodes.first()) {
            more.differing += u64::from(here.prompt(tx, *first, &turn.prompt)? == Standing::Differs);
        }
        for ((_, id), answer) in ids.answers.iter().zip(&turn.answers) {
            if self.takes(tx, *id)? {
                more.messages += 1;
                continue;
            }
            match self.standing(tx, *id, answer)? {
                Standing::Same => {}
                Standing::Renewed => more.renewed += 1,
                Standing::Differs => more.differing += 1,
            }
        }
        Ok(())
    }

    pub(super) fn standing(&self, tx: &Tx<'_>, id: MessageId, answer: &Answer) -> Result<Standing, Failure> {
        match &self.here {
            Some(here) => here.answer(tx, id, answer, self.files_to_come),
            None => Ok(Standing::Same),
        }
    }

    /// Is this message new? One that stands in another conversation stays there.
    pub(super) fn takes(&self, tx: &Tx<'_>, id: MessageId) -> Result<bool, Failure> {
        match &self.here {
            Some(here) => Ok(!here.messages.contains_key(&id) && tx.message(id)?.is_none()),
            None => Ok(true),
        }
    }

    /// Has this turn its place in this conversation?
    pub(super) fn takes_turn(&self, tx: &Tx<'_>, id: TurnId) -> Result<bool, Failure> {
        match &self.here {
            Some(here) => Ok(here.turns.contains(&id) || tx.turn(id)?.is_none()),
            None => Ok(true),
        }
    }

    fn count(&self) -> u64 {
        self.turns.iter().map(|turn| (turn.nodes.len() + turn.answers.len()) as u64).sum()
    }

    /// Does a file of ours name rows that belong to something else? Made ids cannot.
    fn claims(&self, tx: &Tx<'_>) -> Result<bool, Failure> {
        if self.from.source != Source::Parallax {
            return Ok(false);
        }
        let turn_here = |id: &TurnId| self.here.as_ref().is_some_and(|here| here.turns.contains(id));
        let message_here =
            |id: &MessageId| self.here.as_ref().is_some_and(|here| here.messages.contains_key(id));
        for id in &self.lanes {
            let here = self.here.as_ref().is_some_and(|here| here.lanes.contains(id));
            if !here && tx.lane(*id)?.is_some() {
                return Ok(true);
            }
        }
        for (ids, turn) in self.turns.iter().zip(&self.from.turns) {
            if !turn_here(&ids.id) && tx.turn(ids.id)?.is_some() {
                return Ok(true);
            }
            for id in ids.nodes.iter().chain(ids.answers.iter().map(|(_, id)| id)) {
                if !message_here(id) && tx.message(*id)?.is_some() {
                    return Ok(true);
                }
            }
            for (run, message) in &ids.answers {
                // The answer of a run that is here is the one that is here.
                if tx.run(*run)?.is_some_and(|row| row.message != *message || !message_here(message)) {
                    return Ok(true);
                }
            }
            for told in turn.own.iter().flat_map(|own| &own.judgements) {
                if let Ok(id) = told.key.parse()
                    && tx.judgement(id)?.is_some_and(|row| row.turn != ids.id || !turn_here(&row.turn))
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
