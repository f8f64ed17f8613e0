//! A conversation with all that hangs on it, as it is stored.

use domain::{ConversationId, Cost, ErrorKind, Failure, Lane, MessageId, Part, TurnId, say};
use store::{
    AttemptRow, ConversationRow, Filing, JudgementRow, MergeRow, MessageRow, NoteOn, RunRow, TurnRow, Tx,
    VoteRow,
};

/// A conversation.
pub(super) struct Loaded {
    pub row: ConversationRow,
    pub filing: Filing,
    /// Id of the policy it is under.
    pub policy: Option<String>,
    /// Every lane there ever was, and whether it has left the line-up.
    pub lanes: Vec<(Lane, bool)>,
    pub turns: Vec<LoadedTurn>,
}

/// A turn.
pub(super) struct LoadedTurn {
    pub row: TurnRow,
    pub prompt: Vec<Part>,
    /// The prompt's nodes of the tree, each with the message before it.
    pub nodes: Vec<(MessageId, Option<MessageId>)>,
    pub answers: Vec<LoadedAnswer>,
    /// The turn it stands after.
    pub after: Option<TurnId>,
    /// What its lanes were to be shown (JSON), if that was kept.
    pub context: Option<String>,
    /// Votes on its answers that stand.
    pub votes: Vec<VoteRow>,
    /// What judges said of its answers.
    pub judgements: Vec<JudgementRow>,
    /// What the user has written on it.
    pub note: Option<String>,
}

/// An answer.
pub(super) struct LoadedAnswer {
    pub run: RunRow,
    pub message: MessageRow,
    pub parts: Vec<Part>,
    pub attempts: Vec<AttemptRow>,
    /// It was chosen to be the one that is shown of its lane.
    pub shown: bool,
    /// What it was shown beside its own branch (JSON).
    pub earlier: Option<String>,
    /// What it was made of.
    pub made_of: Option<MergeRow>,
}

impl LoadedAnswer {
    /// What its attempts cost; of none (an imported answer) unknown.
    pub(super) fn cost(&self) -> Cost {
        let costs: Vec<Cost> =
            self.attempts.iter().map(|row| row.cost.clone().unwrap_or_else(Cost::unknown)).collect();
        if costs.is_empty() { Cost::unknown() } else { crate::result::total_cost(&costs) }
    }
}

pub(super) fn load(tx: &Tx<'_>, id: ConversationId) -> Result<Loaded, Failure> {
    let row = tx
        .conversation(id)?
        .ok_or_else(|| Failure::new(ErrorKind::RequestInvalid, say!("There is no such conversation.")))?;
    let messages = tx.messages(id)?;
    let find = |id: MessageId| messages.iter().find(|row| row.id == id);
    let mut turns = Vec::new();
    let all = tx.judgements(id)?;
    for turn in tx.turns(id)? {
        let mut nodes: Vec<(MessageId, Option<MessageId>)> = Vec::new();
        let mut answers = Vec::new();
        let (chosen, mut merges) = (tx.shown_runs(turn.id)?, tx.merges(turn.id)?);
        for run in tx.runs(turn.id)? {
            let Some(message) = find(run.message).cloned() else { continue };
            if let Some(user) = find(run.user_message)
                && !nodes.iter().any(|(known, _)| *known == user.id)
            {
                nodes.push((user.id, user.parent));
            }
            let parts = tx.content(&message.content)?.unwrap_or_default();
            let attempts = tx.attempts(run.id)?;
            let (shown, earlier) = (chosen.contains(&run.id), tx.run_context(run.id)?);
            let made_of = merges.iter().position(|row| row.run == run.id).map(|n| merges.swap_remove(n));
            answers.push(LoadedAnswer { run, message, parts, attempts, shown, earlier, made_of });
        }
        if nodes.is_empty() {
            // A prompt that nobody has answered is known by its words and its time.
            let same = |row: &&MessageRow| {
                row.run.is_none() && row.content == turn.prompt && row.created_at == turn.created_at
            };
            nodes.extend(messages.iter().find(same).map(|row| (row.id, row.parent)));
        }
        let prompt = tx.content(&turn.prompt)?.unwrap_or_default();
        let (after, context) = (tx.turn_parent(turn.id)?, tx.turn_context(turn.id)?);
        let votes = tx.votes_of(turn.id)?.into_iter().filter(|vote| vote.withdrawn_at.is_none()).collect();
        let judgements = all.iter().filter(|row| row.turn == turn.id).cloned().collect();
        let note = tx.note(NoteOn::Turn(turn.id))?;
        turns.push(LoadedTurn { row: turn, prompt, nodes, answers, after, context, votes, judgements, note });
    }
    Ok(Loaded {
        row,
        filing: tx.filing(id)?,
        policy: tx.conversation_policy(id)?,
        lanes: tx.lanes_ever(id)?,
        turns,
    })
}
