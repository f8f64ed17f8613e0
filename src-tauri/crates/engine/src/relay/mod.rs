//! Requests of other programs, through the gateway: routed, held, sent, settled and logged like a lane's,
//! but without a conversation, and handed on as they arrive instead of once they are on disk.

mod drive;
mod generation;
mod named;
mod outlet;
mod warmth;

use crate::{
    Engine,
    attempt::Plan,
    inner::{Inner, Table},
    live::lock,
    policy::{self, Rules},
    registry::Known,
    tasks,
};
use bytes::Bytes;
use domain::{
    Cost, Endpoint, EndpointId, ErrorKind, Failure, ModelRef, ModelSlug, NoticeKind, Part, Request,
    StreamEvent, Timestamp, Usage,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64},
    },
    time::Duration,
};
use store::AppKeyRow;
use tokio::sync::mpsc;
use wire::serve::{Asked, Protocol};

pub(crate) use named::named;

/// Pieces between a provider and a client that reads slowly.
const QUEUE: usize = 64;
/// How often the health of endpoints is stored while requests come.
const HEALTH: i64 = 5_000;
/// How long what was read of a key is gone by. Whether it is good, and for what, is checked again in the transaction
/// that sets its money aside; so this only says how soon its limits a minute follow what another process changes.
const LATELY: Duration = Duration::from_secs(1);
/// Keys that were read lately.
const CALLERS: usize = 256;

/// Longest body, in bytes, that is read without letting others go on meanwhile: it is gone through several times before
/// it leaves, and a megabyte of it takes some milliseconds.
const QUICK: usize = 1024 * 1024;

pub(crate) const GONE: &str = "This is no app key of Parallax. Make one in Settings → Gateway, or with `parallax \
                               app-key create`.";

/// Who asks, and what it may.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its key.
    pub key: Arc<AppKeyRow>,
    /// The rules it is under.
    pub rules: Rules,
}

impl Caller {
    /// Why its key is not good any more, in words; `None` = it is.
    pub fn refused(&self, now: Timestamp) -> Option<&'static str> {
        if self.key.revoked_at.is_some() {
            return Some("This app key was revoked. Make another one in Settings → Gateway.");
        }
        let expired = self.key.expires_at.is_some_and(|at| at <= now);
        expired.then_some("This app key has expired. Make another one in Settings → Gateway.")
    }
}

/// A request of another program.
pub struct RelayAsk {
    /// Whose.
    pub caller: Caller,
    /// What.
    pub asked: Arc<Asked>,
    /// Its body as it came.
    pub body: Bytes,
    /// Headers that go on to a provider which speaks the client's protocol.
    pub headers: Vec<(String, String)>,
    /// The client wants it in a form that no provider sends.
    pub translate: bool,
}

/// What becomes of it, in order: at most one `Head`, then content, then one `End`.
#[derive(Debug)]
pub enum Piece {
    /// An answer begins: the first content is there.
    Head(Box<Head>),
    /// More of it, decoded: it goes through another protocol than the client's.
    Events(Vec<StreamEvent>),
    /// More of it, in the client's own protocol; whole events.
    Bytes(Vec<u8>),
    /// It is over.
    End(Box<End>),
}

/// Where an answer comes from.
#[derive(Clone, Debug)]
pub struct Head {
    /// Our name of it.
    pub generation: String,
    /// Who answers.
    pub endpoint: EndpointId,
    /// Its provider's name.
    pub provider: String,
    /// Which model.
    pub model: ModelSlug,
    /// The same in the provider's words.
    pub upstream_model: String,
    /// The attempt that answers, of those that were sent, from 1.
    pub attempts: u32,
    /// The policies it went out under.
    pub policy: String,
    /// What was left out of the request or changed in it, in words.
    pub notices: Vec<String>,
    /// It comes in the provider's own bytes.
    pub passed: bool,
    /// What of the provider's headers a client may see.
    pub headers: Vec<(String, String)>,
    /// Becomes true with the answer's closing mark: then it comes to its end, also if nobody reads it.
    pub over: Arc<AtomicBool>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct End {
    /// `None` = the answer is whole.
    pub failure: Option<Failure>,
    /// The failure is told in the bytes that were passed on.
    pub told: bool,
    /// What it cost altogether, failed attempts included.
    pub cost: Cost,
    /// What it used, where the provider said.
    pub usage: Option<Usage>,
    /// The same, with our own count where the provider did not say; `None` = nothing was generated.
    pub counted: Option<Usage>,
    /// Attempts that were sent.
    pub attempts: u32,
    /// What of the headers of a refusal a client may see.
    pub headers: Vec<(String, String)>,
}

impl End {
    /// Of a request whose way we lost.
    pub fn lost(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            told: false,
            cost: Cost::unknown(),
            usage: None,
            counted: None,
            attempts: 0,
            headers: Vec::new(),
        }
    }
}

/// A request that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRelay {
    /// Rises by one from request to request.
    pub number: u64,
    /// Name of the app's key.
    pub app: String,
    /// Model as asked.
    pub model: String,
    /// Who is asked now.
    pub endpoint: Option<EndpointId>,
    /// Since when.
    pub since: Timestamp,
    /// Content has come.
    pub streaming: bool,
}

/// What this process has under way for other programs.
#[derive(Default)]
pub(crate) struct Relays {
    next: AtomicU64,
    live: Mutex<BTreeMap<u64, LiveRelay>>,
    warm: Mutex<warmth::Warmth>,
    health_at: AtomicI64,
    /// By the digest of their key, with the revision they were read at, and when.
    callers: Mutex<HashMap<[u8; 32], (Caller, i64, Duration)>>,
}

impl Relays {
    pub(crate) fn list(&self) -> Vec<LiveRelay> {
        lock(&self.live).values().cloned().collect()
    }

    /// A key was changed here: what it may counts at once.
    pub(crate) fn forget_callers(&self) {
        lock(&self.callers).clear();
    }
}

/// A client's body, which may go out as it is.
pub(crate) struct Passing {
    pub asked: Arc<Asked>,
    pub body: Bytes,
    pub headers: Vec<(String, String)>,
    pub translate: bool,
}

impl Passing {
    /// May it go to this endpoint in its own words?
    pub(crate) fn passes(&self, plan: &Plan) -> bool {
        self.passes_to(&plan.known, &plan.endpoint)
    }

    /// The same before there is a plan.
    pub(crate) fn passes_to(&self, known: &Known, to: &Endpoint) -> bool {
        if self.translate {
            return false;
        }
        let (provider, model) = (&known.provider, &to.upstream_model);
        wire::dialect_for(provider.dialect.as_str(), model, &provider.quirks)
            .is_some_and(|dialect| wire::serve::passes(&self.asked, dialect.id(), model, &provider.quirks))
    }

    /// The same body, of which not all can be sent: it is put into the dialect's words, and what is lost by that is told.
    pub(crate) fn cut(&self) -> Arc<Self> {
        let (asked, body) = (Arc::clone(&self.asked), self.body.clone());
        Arc::new(Self { asked, body, headers: Vec::new(), translate: true })
    }

    /// Tokens its prompt may have besides those of what was read of it: what was not is measured by its bytes, its form
    /// along with it. A field that nobody here knows is words for the model, for all we know.
    pub(crate) fn beyond(&self) -> u64 {
        // All of a request for embeddings was read, in OpenAI's words.
        if self.asked.embeds && self.asked.protocol != Protocol::Gemini {
            return 0;
        }
        let bytes = u64::try_from(self.body.len()).unwrap_or(u64::MAX);
        let bytes = bytes.saturating_sub(ledger::least_bytes(&self.asked.request));
        // Of embeddings all but texts is told apart where they are read, and what stands in those are words.
        if self.asked.bound.is_none() || self.asked.embeds {
            return bytes;
        }
        let places = |mark: &[u8]| self.body.windows(mark.len()).filter(|found| *found == mark).count();
        let pictures = places(b"image").saturating_add(places(b"file"));
        let pictures = u64::try_from(pictures).unwrap_or(u64::MAX);
        bytes.saturating_add(pictures.saturating_mul(ledger::IMAGE_TOKENS_AT_MOST))
    }

    /// What is lost of it where it does not pass.
    pub(crate) fn lost(&self) -> Vec<(NoticeKind, domain::Words)> {
        let words = |what: &String| {
            domain::say!(
                "{name}: left out, since the request had to be put into other words for this provider.",
                name = what
            )
        };
        self.asked.dropped.iter().map(|what| (NoticeKind::DroppedParameter, words(what))).collect()
    }

    /// What it may ask for besides words.
    pub(crate) fn besides(&self) -> ledger::Besides<'_> {
        let speaks = || self.body.windows(5).any(|found| found.eq_ignore_ascii_case(b"audio"));
        let recorded =
            |part: &Part| matches!(part, Part::File { media_type, .. } if media_type.starts_with("audio/"));
        let parts = || self.asked.request.messages.iter().flat_map(|message| &message.parts);
        let sound = parts().any(recorded) || self.asked.bound.is_some() && !self.asked.embeds && speaks();
        ledger::Besides { sound, searches: self.asked.served().searches, tier: self.asked.tier() }
    }

    /// A tool that the provider runs as often as it likes.
    pub(crate) fn endless(&self) -> Option<String> {
        self.asked.served().endless.clone()
    }

    /// The model reads more than is sent, as much of it as it can: what it finds, or what is kept elsewhere.
    pub(crate) fn reads_more(&self) -> bool {
        let served = self.asked.served();
        served.kept || served.searches > 0
    }

    /// Answers it asks for at once.
    pub(crate) fn answers(&self) -> u64 {
        self.asked.outputs.max(1)
    }
}

/// Finds out whose key this is, and whether another process has changed what decides a request: then that is read
/// anew. `None` = nobody's.
pub(crate) async fn caller(inner: &Inner, digest: [u8; 32]) -> Result<Option<Caller>, Failure> {
    let id = AppKeyRow::id_of(&digest);
    let found = inner
        .store
        .read(move |tx| {
            let Some(row) = tx.app_key(&id)? else { return Ok(None) };
            if !row.is(&digest) {
                return Ok(None);
            }
            let rules = policy::rules(tx, None, row.policy.clone())?;
            Ok(Some((row, rules, tx.revision()?)))
        })
        .await?;
    let Some((row, rules, revision)) = found else { return Ok(None) };
    if revision != inner.registry().revision() {
        inner.reload().await?;
    }
    let caller = Caller { key: Arc::new(row), rules };
    let mut callers = lock(&inner.relays.callers);
    if callers.len() >= CALLERS {
        callers.clear();
    }
    callers.insert(digest, (caller.clone(), revision, inner.clock.elapsed()));
    Ok(Some(caller))
}

/// The same, for a request whose key is looked at again before anything is sent. A key whose answers are given
/// again is always read: nothing may be sent for it.
async fn caller_lately(inner: &Inner, digest: [u8; 32]) -> Result<Option<Caller>, Failure> {
    let (now, revision) = (inner.clock.elapsed(), inner.registry().revision());
    let known = lock(&inner.relays.callers).get(&digest).cloned();
    let fresh = known.filter(|(caller, read_at, at)| {
        *read_at == revision
            && now.saturating_sub(*at) < LATELY
            && !caller.key.cache
            && caller.key.is(&digest)
    });
    match fresh {
        Some((caller, ..)) => Ok(Some(caller)),
        None => caller(inner, digest).await,
    }
}

/// Reads a body of so many bytes. A long one keeps no other request waiting.
pub fn reading<T>(bytes: usize, read: impl FnOnce() -> T) -> T {
    tasks::beside_others(bytes > QUICK, read)
}

/// Starts a request. What is read of it no more is stopped.
pub(crate) fn start(inner: &Arc<Inner>, ask: RelayAsk) -> mpsc::Receiver<Piece> {
    let (out, pieces) = mpsc::channel(QUEUE);
    let inner = Arc::clone(inner);
    inner.notice_waking();
    tasks::spawn(async move {
        let ticket = Ticket::enter(&inner, &ask);
        let long = ask.body.len() > QUICK;
        let new = || drive::Drive::new(Arc::clone(&inner), ask, ticket.number, out.clone());
        let mut drive = tasks::beside_others(long, new);
        if let Err(failure) = tasks::guarded(Box::pin(tasks::in_long_steps(long, drive.run()))).await {
            drive.lost().await;
            // A client that is gone is told nothing.
            let _ = out.send(Piece::End(Box::new(End::lost(failure)))).await;
        }
        drop(ticket);
    });
    pieces
}

/// Waits until nothing is under way, or so long.
pub(crate) async fn idle(inner: &Inner, most: Duration) {
    let done = async {
        while !lock(&inner.relays.live).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // What does not end in time is recovered at the next start.
    let _ = tokio::time::timeout(most, done).await;
}

/// A line in the list of what is under way, for as long as it is.
struct Ticket {
    inner: Arc<Inner>,
    number: u64,
}

impl Ticket {
    fn enter(inner: &Arc<Inner>, ask: &RelayAsk) -> Self {
        let relays = &inner.relays;
        let number = relays.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let row = LiveRelay {
            number,
            app: ask.caller.key.name.clone(),
            model: ask.asked.model.clone(),
            endpoint: None,
            since: inner.clock.now(),
            streaming: false,
        };
        lock(&relays.live).insert(number, row);
        inner.changed(Table::Gateway);
        Self { inner: Arc::clone(inner), number }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.inner.relays.live).remove(&self.number);
        self.inner.changed(Table::Gateway);
    }
}

/// May this key ask for a model of this name?
pub fn allows(key: &AppKeyRow, name: &str) -> bool {
    let plain = name.split_once('@').map_or(name, |(model, _)| model);
    key.models.is_empty()
        || key.models.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(start) => plain.starts_with(start),
            None => {
                plain == allowed || plain.strip_prefix(allowed.as_str()).is_some_and(|v| v.starts_with(':'))
            }
        })
}

pub(crate) fn forbidden(name: &str) -> Failure {
    Failure::new(
        ErrorKind::AuthForbidden,
        format!(
            "This app key may not ask for “{name}”. Choose one of the models it is for, or allow this one in \
             Settings → Gateway."
        ),
    )
}

impl Engine {
    /// Whose key this is, by its SHA-256; `None` = nobody's. A key that was taken back or has expired is
    /// found too.
    pub async fn caller(&self, digest: [u8; 32]) -> Result<Option<Caller>, Failure> {
        caller(&self.inner, digest).await
    }

    /// The same for a request that [`Engine::relay`] will look at again before it sends anything.
    pub async fn caller_lately(&self, digest: [u8; 32]) -> Result<Option<Caller>, Failure> {
        caller_lately(&self.inner, digest).await
    }

    /// Asks for another program. What comes of it is to be read until its end; dropping it stops it.
    pub fn relay(&self, ask: RelayAsk) -> mpsc::Receiver<Piece> {
        start(&self.inner, ask)
    }

    /// What this process has under way for other programs, oldest first.
    pub fn relays(&self) -> Vec<LiveRelay> {
        self.inner.relays.list()
    }

    /// Waits until nothing is under way for other programs, or so long.
    pub async fn relays_idle(&self, most: Duration) {
        idle(&self.inner, most).await;
    }

    /// What a program means by a model's name.
    pub fn named(&self, model: &str) -> Result<ModelRef, Failure> {
        named(&self.inner.registry(), model)
    }

    /// Tokens of a request's prompt, estimated.
    pub fn prompt_tokens(&self, request: &Request) -> u64 {
        ledger::prompt_estimate(request)
    }

    /// Tokens that a request is expected to take, both ways.
    pub fn expected_tokens(&self, request: &Request) -> u64 {
        crate::routing::tokens(request)
    }
}
