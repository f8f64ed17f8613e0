//! One HTTP call of a run: encode, hold, send, decode, and what it cost.

mod keyless;
mod passing;
mod plan;
mod reading;
mod scrub;
mod waits;

pub(crate) use keyless::{no_key, no_keychain};
pub(crate) use plan::{Plan, Unsent};
pub(crate) use reading::Events;

use crate::{
    books::{self, Ending as Bill, billed_usage, bounded},
    budget::{self, Watch, Wish},
    clock::millis,
    draft::Draft,
    inner::Inner,
    outgoing::{Tapped, Writer, Written, count, fitted, leaving},
    relay::Passing,
    sent,
    thinking::Thinking,
};
use domain::{
    Cost, ErrorKind, Failure, FinishReason, Millis, NoticeKind, Outcome, PicoUsd, PriceSheet, Provider,
    Secret, StreamEvent, Upstream, Usage,
};
use futures_util::StreamExt as _;
use passing::Kept;
use reading::{MergeInto as _, Reader, never_sent, request_id};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{AttemptRow, Purpose};
use transport::{Echo, Origin, Redactor, Response, Tail};
use waits::{Wait, deadlines, here, next};
use wire::{
    Dialect, Encoded, Ending, ToolNames,
    serve::{Embeddings, Tap},
};

/// Most of an error body that is read: enough for any message, too little for a flood.
const ERROR_BODY_LIMIT: usize = 256 * 1024;

/// Bytes of events that go on together.
const TOGETHER: usize = 32 * 1024;

/// How an attempt ended, with everything its ledger row needs.
pub(crate) struct Ended {
    pub row: AttemptRow,
    /// What the bill rests on: reported, or estimated where the provider did not say.
    pub billed: Option<Usage>,
    pub cost: Cost,
    pub prices: Option<PriceSheet>,
    pub purpose: Purpose,
    /// It cost more than was set aside, in words.
    pub outgrown: Option<(NoticeKind, domain::Words)>,
}

/// An attempt between its hold and its settlement.
pub(crate) struct Attempt<'a> {
    inner: &'a Inner,
    plan: Plan,
    row: AttemptRow,
    started: Duration,
    /// Request bytes may have left: from here on the provider may bill.
    sent: bool,
    /// The provider answered with an error of its own: nothing was generated.
    rejected: bool,
    /// The key, and what was made from it for this call.
    scrub: Vec<Secret>,
    /// What takes them out of texts, once one of those came.
    redactors: OnceLock<Vec<Redactor>>,
    /// The same, in what an answer says.
    echo: Echo,
    tails: BTreeMap<u32, Tail>,
    thinking: Thinking,
    /// What of it passes as it came, while a key may begin in it.
    kept: Kept,
    /// The longest answer the call allows, and the longest that there can be.
    output_limit: Option<u64>,
    longest: u64,
    /// The longest that its prompt can be, in tokens.
    prompt: u64,
    watch: Option<Watch>,
    tapped: Option<Tapped>,
    /// The provider said that it failed, in bytes that were handed on.
    told: bool,
    /// The closing mark was read.
    over: Arc<AtomicBool>,
    /// Tools that were sent under names of ours: the answer calls them by those.
    names: Option<ToolNames>,
}

/// An attempt that may be sent: with its call and the key.
pub(crate) type Begun<'a> = (Attempt<'a>, Encoded, Option<Secret>);

impl<'a> Attempt<'a> {
    /// Encodes the request, fetches the key, and records attempt and hold, as far as the budgets allow.
    /// Nothing has been sent when this fails, and nothing is on the ledger.
    pub(crate) async fn begin(inner: &'a Inner, mut plan: Plan) -> Result<Begun<'a>, Unsent> {
        let provider = &plan.known.provider;
        let writer = Writer::new(inner, &plan)?;
        let (mut unfit, mut names) = (Vec::new(), None);
        if !writer.passes() {
            let (request, left_out) = fitted(inner, &plan)?;
            (plan.request, names) = writer.named(request);
            unfit = left_out;
            unfit.extend(plan.passing.iter().flat_map(|passing| passing.lost()));
        }
        let mut written = writer.write(&plan.request)?;
        if plan.passing.is_some() && written.drops_content() {
            writer.takes_attachments(&plan.request)?;
        }
        written.encoded.notices.splice(0..0, unfit);
        let secret = inner.key_for(&plan.known, plan.account.as_ref()).await?;
        let row = plan.first_row(inner, secret.is_some());
        let limit = written.encoded.output_limit;
        let wish = Wish::new(inner, &plan, row.id, row.started_at, row.account.clone(), limit)?;
        let (prompt, longest) = (wish.prompt_tokens(), wish.output_tokens());
        let mut leaving = leaving(&plan, &row);
        let (answers, side) = (plan.passing.as_deref().map_or(1, Passing::answers), plan.side);
        let (recorded, request, written) = (row.clone(), Arc::clone(&plan.request), Arc::new(written));
        let planned = Arc::clone(&written);
        let (to, of, keyed) = (origin(inner, provider), Arc::clone(&plan.of), secret.is_some());
        let revision = plan.revision;
        let begun = inner
            .store
            .write_ahead(move |tx| {
                if revision.map_or(Ok(false), |known| tx.revision().map(|now| now != known))? {
                    return Ok(None);
                }
                // First, so that a refusal has nothing of its own to undo.
                let grant = budget::admit(tx, &wish)?;
                tx.insert_attempt(&recorded)?;
                if let Some(kind) = side {
                    tx.note_side_call(recorded.id, kind)?;
                }
                // Written anew in here, because it must be on record before it leaves, as long as it leaves.
                let most = grant.output_limit.map(|most| most / answers);
                let limited = writer.limited(&request, &planned, most)?;
                let call = &limited.as_ref().map_or(&*planned, |(_, anew)| anew).encoded.call;
                // A receipt rests on the messages of its chat; what another program says stays with it.
                if recorded.run.is_some() {
                    tx.put_request(&sent::take_down(recorded.id, &to, call, keyed, &of)?)?;
                }
                if let Some(leaving) = &mut leaving {
                    leaving.bytes = count(call.body.len());
                    tx.append_audit(leaving)?;
                }
                Ok(Some((grant, limited)))
            })
            .await?;
        let Some((grant, limited)) = begun else { return Err(Unsent::Stale) };
        let Written { mut encoded, tapped } = plan.sends(limited, written);
        encoded.notices.extend(grant.notices.iter().cloned());
        let scrub: Vec<Secret> = secret.iter().map(|secret| Secret::new(secret.expose())).collect();
        let attempt = Attempt {
            inner,
            row,
            started: inner.clock.elapsed(),
            sent: false,
            rejected: false,
            echo: Echo::new(&scrub),
            tails: BTreeMap::new(),
            thinking: Thinking::default(),
            kept: Kept::default(),
            scrub,
            redactors: OnceLock::new(),
            output_limit: grant.hold.output_limit,
            longest,
            prompt,
            watch: Watch::new(&grant, || {
                plan.likely.unwrap_or_else(|| ledger::prompt_estimate(&plan.request))
            }),
            tapped,
            told: false,
            over: Arc::default(),
            names,
            plan,
        };
        Ok((attempt, encoded, secret))
    }

    /// The attempt as it is recorded.
    pub(crate) const fn row(&self) -> &AttemptRow {
        &self.row
    }

    /// What was handed on tells of the failure.
    pub(crate) const fn told(&self) -> bool {
        self.told
    }

    /// It is answered by one document and no stream: until that is there, nothing tells work from silence.
    pub(crate) fn is_document(&self) -> bool {
        self.tapped.is_some_and(|tapped| tapped.whole)
    }

    /// Becomes true with the closing mark: then the answer is whole, whoever leaves.
    pub(crate) fn over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.over)
    }

    /// Sends and decodes. Text already handed to `out` stays whatever happens after it.
    pub(crate) async fn run(
        &mut self,
        encoded: Encoded,
        secret: Option<Secret>,
        draft: &mut Draft,
        out: &mut impl Events,
    ) -> Result<(), Failure> {
        let result = self.exchange(encoded, secret, draft, out).await;
        // The one way out, so that no failure leaves with a key in it.
        result.map_err(|mut failure| {
            self.scrubbed(&mut failure);
            if let Some(theirs) = &failure.upstream {
                // A connection that was cut does not know by which id the answer had begun.
                let id = self.row.upstream.take().and_then(|begun| begun.request_id);
                let request_id = theirs.request_id.clone().or(id);
                self.row.upstream = Some(Upstream { request_id, ..theirs.clone() });
            }
            failure
        })
    }

    async fn exchange(
        &mut self,
        encoded: Encoded,
        secret: Option<Secret>,
        draft: &mut Draft,
        out: &mut impl Events,
    ) -> Result<(), Failure> {
        let mut response = self.send(encoded, secret).await?;
        self.sent_with(&mut response);
        self.row.first_byte = Some(self.since());
        let status = response.status;
        let upstream = Upstream {
            provider: Some(self.plan.known.provider.id.clone()),
            status: Some(status),
            request_id: request_id(&response.headers).map(|id| self.clean(id)),
            ..Upstream::default()
        };
        if status >= 400 {
            out.head(status, &response.headers, false);
            self.rejected = !upstream.gave_up();
            return Err(self.read_error(response, &upstream).await);
        }
        self.row.upstream = Some(upstream.clone());
        let ending = self.decode(response, draft, out).await;
        match ending? {
            Ending::Complete => Ok(()),
            Ending::Failed(mut failure) => {
                upstream.merge_into(&mut failure);
                Err(failure)
            }
            Ending::Truncated => Err(Failure::new(
                ErrorKind::StreamTruncated,
                format!(
                    "{} broke off before the answer was complete. What had arrived is kept; try again or \
                     choose another provider.",
                    self.plan.known.provider.name
                ),
            )
            .with_upstream(upstream)),
            Ending::Malformed { at, why } => Err(Failure::new(
                ErrorKind::StreamMalformed,
                format!(
                    "{} sent something that is not an answer ({why}, at byte {at}). Check the provider's \
                     address and dialect in Settings.",
                    self.plan.known.provider.name
                ),
            )
            .with_upstream(upstream)),
        }
    }

    async fn send(&mut self, encoded: Encoded, secret: Option<Secret>) -> Result<Response, Failure> {
        let provider = &self.plan.known.provider;
        let origin = origin(self.inner, provider);
        let deadlines = deadlines(provider.local, self.is_document() || self.may_think());
        // Set before the wait: a Stop drops this future while the request is on its way, and what has
        // left may be billed.
        self.sent = true;
        let account = self.row.account.as_ref();
        let result = self.inner.send(&origin, encoded.call, secret.as_ref(), account, deadlines).await;
        if let Err(failure) = &result {
            self.sent = !never_sent(failure.kind);
            // An answer that is not read because of its status (a redirect) generated nothing.
            let status = failure.upstream.as_ref().and_then(|upstream| upstream.status);
            self.rejected = status.is_some_and(|status| status >= 300);
        }
        result
    }

    async fn decode(
        &mut self,
        response: Response,
        draft: &mut Draft,
        out: &mut impl Events,
    ) -> Result<Ending, Failure> {
        let provider = Arc::clone(&self.plan.known.provider);
        let dialect = self.spoken().ok_or_else(|| {
            Failure::new(ErrorKind::Bug, "The dialect vanished while its answer was being read.")
        })?;
        let kind = response.headers.get("content-type");
        let tapped = self.tapped;
        out.head(response.status, &response.headers, tapped.is_some());
        let mut reader = match tapped {
            Some(tapped) if tapped.embeds => Reader::Embeddings(Embeddings::default()),
            Some(tapped) => {
                let tap = Tap::new(tapped.protocol, kind, &provider.quirks, tapped.usage);
                Reader::Tap(Box::new(tap.wanted(tapped.whole)))
            }
            None => Reader::decoding(wire::decoder_for(dialect, kind, &provider.quirks), self.names.take()),
        };
        self.kept = Kept::new(!matches!(reader, Reader::Decoder(_)));
        let mut body = response.body.fuse();
        // What may go on; something has; and what is here already.
        let (mut pass, mut begun, mut ahead) = (Vec::new(), false, None);
        while let Some(chunk) = match ahead.take() {
            None => next(&mut body, self.wait(reader.ended(), draft, &provider)).await,
            here => here,
        } {
            let mut events = Vec::new();
            let broken = match chunk {
                Ok(bytes) => {
                    reader.push(&bytes, &mut events, &mut pass);
                    // Before the mark is handed on: whoever has it may leave.
                    self.over.store(reader.ended(), Ordering::Release);
                    None
                }
                Err(failure) => Some(failure),
            };
            self.kept.note(&events, &self.echo);
            let outgrown = self.take(events, draft, out).await;
            // Events that came together go on together. The first waits for nothing, nor does what ends an answer.
            let more = begun && !pass.is_empty() && pass.len() < TOGETHER;
            if more && !outgrown && broken.is_none() && !reader.ended() {
                ahead = here(&mut body).await;
                if ahead.is_some() {
                    continue;
                }
            }
            begun |= !pass.is_empty();
            self.pass(std::mem::take(&mut pass), false, out).await?;
            if outgrown && let Some(watch) = &mut self.watch {
                // What had arrived is kept; leaving closes the connection.
                watch.extend(self.inner).await.inspect_err(|_| {
                    draft.finish = Some((FinishReason::Budget, None));
                })?;
            }
            if let Some(failure) = broken {
                // Cut off behind the closing mark is not cut off.
                return match self.close(reader, draft, out).await {
                    Ending::Complete => Ok(Ending::Complete),
                    _ => Err(failure),
                };
            }
        }
        Ok(self.close(reader, draft, out).await)
    }

    async fn close(&mut self, reader: Reader, draft: &mut Draft, out: &mut impl Events) -> Ending {
        let (mut events, mut pass) = (Vec::new(), Vec::new());
        let tells = matches!(&reader, Reader::Tap(tap) if !tap.reframes());
        let ending = reader.finish(&mut events, &mut pass);
        self.told = tells && matches!(ending, Ending::Failed(_));
        self.kept.note(&events, &self.echo);
        self.take(events, draft, out).await;
        match self.pass(pass, true, out).await {
            Ok(()) => ending,
            Err(failure) => {
                self.told = false;
                Ending::Failed(failure)
            }
        }
    }

    /// Hands events on; true when the answer has come to what was set aside for it.
    async fn take(&mut self, events: Vec<StreamEvent>, draft: &mut Draft, out: &mut impl Events) -> bool {
        if events.is_empty() {
            return false;
        }
        let events = self.cleaned(events, draft);
        if self.row.first_content.is_none() && draft.has_content() && !self.is_document() {
            self.row.first_content = Some(self.since());
        }
        self.thinking.note(draft, self.inner.clock.elapsed());
        let outgrown = self.watch.as_mut().is_some_and(|watch| watch.saw(&events, draft));
        out.events(events).await;
        outgrown
    }

    /// What comes next of an answer that is not over.
    fn wait<'p>(&self, ended: bool, draft: &Draft, provider: &'p Provider) -> Wait<'p> {
        match ended {
            true => Wait::Trail,
            false if draft.has_content() && !self.is_document() => Wait::more(provider),
            false => Wait::Content,
        }
    }

    /// Its model may think before the first word, and say nothing of it: one that the catalogue does not know, too.
    fn may_think(&self) -> bool {
        let registry = self.inner.registry();
        let model = registry.catalog().model(self.plan.endpoint.model.as_str());
        model.is_none_or(|model| model.capabilities.reasoning)
    }

    /// The dialect in which the model answers.
    fn spoken(&self) -> Option<&'static dyn Dialect> {
        // What passes is answered in the words it was asked in, whatever the provider speaks otherwise.
        if let Some(tapped) = self.tapped {
            return wire::dialect(tapped.protocol.dialect());
        }
        let provider = &self.plan.known.provider;
        wire::dialect_for(provider.dialect.as_str(), &self.plan.endpoint.upstream_model, &provider.quirks)
    }

    async fn read_error(&self, mut response: Response, known: &Upstream) -> Failure {
        let mut body = Vec::new();
        // A body that breaks off still has its status, which says enough.
        while let Some(Ok(bytes)) = response.body.next().await {
            body.extend_from_slice(&bytes);
            if body.len() >= ERROR_BODY_LIMIT {
                break;
            }
        }
        let headers = wire::dated(&response.headers, self.inner.clock.now());
        let mut failure = match self.spoken() {
            Some(dialect) => dialect.failure(response.status, &headers, &body),
            None => Failure::new(ErrorKind::UpstreamInternal, "The provider answered with an error."),
        };
        known.merge_into(&mut failure);
        failure
    }

    fn since(&self) -> Millis {
        millis(self.inner.clock.elapsed().saturating_sub(self.started))
    }

    /// Closes the books: outcome, usage, cost. `failure` is `None` when the provider said it was done.
    pub(crate) fn end(mut self, draft: &Draft, failure: Option<Failure>, cancelled: bool) -> Ended {
        let outcome = match (&failure, cancelled) {
            (_, true) => Outcome::Cancelled,
            (Some(failure), false) => Outcome::Failed { failure: failure.clone() },
            (None, false) => Outcome::Completed {
                finish_reason: draft.finish.as_ref().map_or(FinishReason::Other, |(reason, _)| *reason),
            },
        };
        let whole = matches!(outcome, Outcome::Completed { .. });
        let sheet = self.plan.endpoint.prices.clone();
        let (billed, cost) = if !self.sent || self.rejected {
            (None, Cost::known(PicoUsd::ZERO)) // Refused or never sent: not an unknown.
        } else {
            let asked = || self.output_limit.map(|limit| books::billable(limit, draft, whole));
            let limit = self.watch.as_ref().map(Watch::billable).or_else(asked);
            let billed = billed_usage(&self.plan.request, draft, whole, limit);
            let cost = ledger::cost(&billed, sheet.as_ref(), self.row.started_at);
            let ending = Bill {
                provider: &self.row.provider,
                model: &self.row.model,
                prices: sheet.as_ref(),
                prompt: self.prompt,
                limit: limit.unwrap_or(self.longest),
                whole,
                several: self.plan.passing.as_deref().is_some_and(|passing| passing.answers() > 1),
                at: self.row.started_at,
            };
            (Some(billed), bounded(self.inner, cost, &ending, draft))
        };
        self.row.duration = Some(self.since());
        self.row.reasoned = self.thinking.so_far(self.inner.clock.elapsed());
        self.row.usage = draft.usage.clone();
        self.row.cost = Some(cost.clone());
        self.row.outcome = Some(outcome);
        let purpose = Purpose { kind: self.plan.side.map(str::to_owned), app: self.plan.app, tag: None };
        let grown = |watch: &Watch| watch.outgrown(cost.total, billed.as_ref(), sheet.is_some());
        let outgrown = self.watch.as_ref().and_then(grown);
        Ended { row: self.row, billed, cost, prices: sheet, purpose, outgrown }
    }
}

/// Where a provider is, and how it is asked.
fn origin(inner: &Inner, provider: &Provider) -> Origin {
    Origin {
        base_url: provider.base_url.clone(),
        auth: provider.auth.clone(),
        provider: provider.id.clone(),
        extra_headers: provider.quirks.extra_headers.clone(),
        now: inner.clock.now(),
    }
}
