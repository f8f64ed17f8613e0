//! A turn that stands alone: one lane, and nothing of its conversation is shown to it.

use crate::{
    context::{At, Standing},
    inner::Inner,
    lane::{Ground, Settled},
    turn::{self, Listeners, Recorded, Started},
};
use domain::{
    ContextPolicy, ConversationId, Failure, Lane, LaneTarget, Message, Part, Request, Role, RunId, TurnId,
};
use std::sync::Arc;
use store::{TurnRow, Tx};

type Claim = Box<dyn FnOnce(&mut Tx<'_>) -> Result<bool, Failure> + Send>;
type Recording = Box<dyn FnOnce(&mut Tx<'_>, RunId) -> Result<(), Failure> + Send>;

/// What to ask alone.
pub(crate) struct Alone {
    /// Where it is kept.
    pub conversation: ConversationId,
    /// Which lane, without a head.
    pub lane: Lane,
    /// The prompt.
    pub prompt: String,
    /// First in the transaction that records the turn; false = it is not for us, and nothing is written.
    pub claim: Claim,
    /// Last in the same transaction, with the run that was recorded.
    pub recorded: Recording,
    /// In the transaction that settles the run.
    pub settled: Settled,
}

/// What a lane sends that stands alone.
pub(crate) fn request(target: &LaneTarget, prompt: &str) -> Request {
    Request {
        system: target.system.clone(),
        messages: vec![Message { role: Role::User, parts: vec![Part::Text { text: prompt.to_owned() }] }],
        params: target.params.clone(),
        ..Request::default()
    }
}

/// Records and starts it. `None` = it was not for us.
pub(crate) async fn start(
    inner: &Arc<Inner>,
    alone: Alone,
    listeners: Listeners,
) -> Result<Option<Started>, Failure> {
    let shared = Arc::clone(inner);
    let recorded = inner
        .store
        .write(move |tx| {
            if !(alone.claim)(tx)? {
                return Ok(None);
            }
            let now = shared.clock.now();
            let parts = [Part::Text { text: alone.prompt }];
            let prompt = tx.put_content(&parts)?;
            let turn = TurnRow {
                id: TurnId::new(shared.clock.id()),
                conversation: alone.conversation,
                prompt,
                created_at: now,
            };
            let after = tx.leaf(alone.conversation)?;
            let context = ContextPolicy::Own;
            let name = |model: &domain::ModelRef| model.to_string();
            let (at, lane) = (At::default(), &alone.lane);
            let shown = Standing::new(tx, alone.conversation, &context, &at, &name)?.lane(tx, lane)?;
            tx.insert_turn(&turn)?;
            turn::place(tx, &turn, after, &context)?;
            let mut job = turn::record_lane(&shared, tx, &turn, lane, shown, &parts)?;
            (alone.recorded)(tx, job.row.id)?;
            job.settled = Some(alone.settled);
            job.ground = Some(Box::new(Ground::read(tx, &job.row, job.conversation, false, now)?));
            let prompt = crate::view::plain(&parts);
            let conversation = alone.conversation;
            let jobs = vec![job];
            Ok(Some(Recorded { conversation, turn, prompt, context, siblings: Vec::new(), jobs }))
        })
        .await?;
    Ok(recorded.map(|recorded| {
        let view = turn::first_view(inner, &recorded);
        turn::launch(inner, recorded, view, listeners)
    }))
}
