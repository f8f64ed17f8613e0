//! Under which rules a request goes out: the usual policy, the conversation's and the lane's, joined so
//! that of what is forbidden the strictest counts.

use crate::inner::Inner;
use domain::{
    ConversationId, ErrorKind, Failure, LaneTarget, MaxPrice, PicoUsd, Policy, RoutingPrefs, Sort, say,
};
use store::Tx;

/// Name of the setting that holds the id of the usual policy.
const USUAL: &str = "routing.policy";

/// The rules of one request.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Ids of the policies behind them, joined by `+`.
    pub id: String,
    /// What they say together.
    pub prefs: RoutingPrefs,
}

/// Every policy: those of the program, then the user's own by id.
pub(crate) fn all(tx: &Tx<'_>) -> Result<Vec<Policy>, Failure> {
    let mut all = Policy::built_in();
    all.extend(tx.own_policies()?);
    Ok(all)
}

/// The policy with this id. A policy that is gone permits nothing: what it forbade is not known any more.
pub(crate) fn one(tx: &Tx<'_>, id: &str) -> Result<Policy, Failure> {
    all(tx)?.into_iter().find(|policy| policy.id == id).ok_or_else(|| {
        Failure::new(
            ErrorKind::RequestInvalid,
            say!("There is no policy called “{id}”, so nothing was sent. See `parallax policy list`.", id),
        )
    })
}

/// Id of the usual policy.
pub(crate) fn usual(tx: &Tx<'_>) -> Result<String, Failure> {
    Ok(tx.setting(USUAL)?.unwrap_or_else(|| Policy::DEFAULT.to_owned()))
}

/// Id of the policy that a conversation is under, beside the usual one.
pub(crate) fn of_conversation(
    tx: &Tx<'_>,
    conversation: Option<ConversationId>,
) -> Result<Option<String>, Failure> {
    Ok(conversation.map(|id| tx.conversation_policy(id)).transpose()?.flatten())
}

/// The rules under the usual policy, that of a conversation and that of a lane.
pub(crate) fn rules(
    tx: &Tx<'_>,
    conversation: Option<String>,
    lane: Option<String>,
) -> Result<Rules, Failure> {
    let mut ids = vec![usual(tx)?];
    ids.extend(conversation);
    ids.extend(lane);
    let mut prefs = RoutingPrefs::default();
    for id in &ids {
        prefs = prefs.meet(&one(tx, id)?.prefs);
    }
    let mut named: Vec<String> = Vec::new();
    for id in ids {
        // The usual policy says nothing unless it was changed; another one beside it speaks for itself.
        if !named.contains(&id) {
            named.push(id);
        }
    }
    if named.len() > 1 {
        named.retain(|id| id != Policy::DEFAULT);
    }
    Ok(Rules { id: named.join("+"), prefs })
}

/// The rules for a lane.
pub(crate) fn of_lane(
    tx: &Tx<'_>,
    target: &LaneTarget,
    conversation: Option<ConversationId>,
) -> Result<Rules, Failure> {
    rules(tx, of_conversation(tx, conversation)?, target.policy.clone())
}

/// What a variant of a model's name asks for: `:floor`, `:nitro`, `:free`. `None` = no such variant.
pub(crate) fn variant(name: &str) -> Option<RoutingPrefs> {
    let none = RoutingPrefs::default;
    match name {
        "floor" => Some(RoutingPrefs { sort: Some(Sort::Price), ..none() }),
        "nitro" => Some(RoutingPrefs { sort: Some(Sort::Throughput), ..none() }),
        "free" => {
            let nothing = Some(PicoUsd::ZERO);
            let max_price = MaxPrice { prompt: nothing, completion: nothing, request: nothing };
            Some(RoutingPrefs { max_price, ..none() })
        }
        _ => None,
    }
}

/// Adds or changes a policy of the user's own.
pub(crate) async fn put(inner: &Inner, mut policy: Policy) -> Result<(), Failure> {
    let refuse = |why: domain::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if policy.id.is_empty() || policy.id.len() > 40 || !policy.id.chars().all(plain) {
        return refuse(say!(
            "“{id}” cannot be a policy's id: use lower-case letters, digits and dashes.",
            id = policy.id
        ));
    }
    if Policy::built_in().iter().any(|built_in| built_in.id == policy.id) {
        return refuse(say!("“{id}” is built in and stays as it is. Give yours another id.", id = policy.id));
    }
    policy.prefs = inner.registry().known_providers(policy.prefs)?;
    let now = inner.clock.now();
    inner.store.write(move |tx| tx.put_policy(&policy, now)).await
}

/// Makes a policy the usual one.
pub(crate) async fn make_usual(inner: &Inner, id: &str) -> Result<(), Failure> {
    let id = id.to_owned();
    inner
        .store
        .write(move |tx| {
            one(tx, &id)?;
            tx.set_setting(USUAL, Some(&id))
        })
        .await
}

/// Puts a conversation under a policy, or with `None` under the usual one alone.
pub(crate) async fn put_conversation(
    inner: &Inner,
    conversation: ConversationId,
    policy: Option<String>,
) -> Result<(), Failure> {
    inner
        .store
        .write(move |tx| {
            if let Some(id) = &policy {
                one(tx, id)?;
            }
            if tx.conversation(conversation)?.is_none() {
                return Err(Failure::new(ErrorKind::RequestInvalid, say!("This conversation is gone.")));
            }
            tx.set_conversation_policy(conversation, policy.as_deref())
        })
        .await
}

/// Removes a policy of the user's own. One that is in use stays: what it forbids would be lost.
pub(crate) async fn remove(inner: &Inner, id: &str) -> Result<(), Failure> {
    let id = id.to_owned();
    inner
        .store
        .write(move |tx| {
            if usual(tx)? == id {
                return Err(Failure::new(
                    ErrorKind::RequestInvalid,
                    say!("“{id}” is the usual policy. Make another one usual first.", id),
                ));
            }
            let users = tx.policy_users(&id)?;
            if users > 0 {
                return Err(Failure::new(
                    ErrorKind::RequestInvalid,
                    say!(
                        "“{id}” is in use by {users} chats, lanes or app keys. Put them under another policy \
                         first: what it forbids would be lost.",
                        id,
                        users
                    ),
                ));
            }
            if tx.remove_policy(&id)? {
                return Ok(());
            }
            Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!("There is no policy of your own called “{id}”.", id),
            ))
        })
        .await
}
