//! One HTTP call of a run: encode, hold, send, decode, and what it cost.

use crate::{clock::millis, draft::Draft, inner::Inner, registry::Known};
use domain::{
    AccountLabel, AttemptId, Basis, Cost, Endpoint, ErrorKind, Failure, Headers, Millis, NoticeKind, Outcome,
    Part, PicoUsd, PriceSheet, ProviderId, Request, Secret, StreamEvent, Timestamp, Upstream, Usage,
    UsageSource,
};
use futures_util::StreamExt as _;
use std::{sync::Arc, time::Duration};
use store::{AttemptRow, AuditRow, HoldRow};
use transport::{Deadlines, Origin, Response};
use wire::{Decoder, Dialect, Encoded, Ending};

/// Most of an error body that is read: enough for any message, too little for a flood.
const ERROR_BODY_LIMIT: usize = 256 * 1024;
/// Assumed longest answer where neither the user nor the catalogue gives one.
const DEFAULT_OUTPUT_LIMIT: u64 = 16_384;

/// What an attempt needs to know.
pub(crate) struct Plan {
    pub endpoint: Endpoint,
    pub known: Known,
    /// The key it is made with.
    pub account: Option<AccountLabel>,
    pub request: Arc<Request>,
    /// Ids of the policies that permit it.
    pub policy: Option<String>,
    pub run: domain::RunId,
    pub n: u32,
}

/// How an attempt ended, with everything its ledger row needs.
pub(crate) struct Ended {
    pub row: AttemptRow,
    /// What the bill rests on: reported, or estimated where the provider did not say.
    pub billed: Option<Usage>,
    pub cost: Cost,
    pub prices: Option<PriceSheet>,
}

/// Receives decoded events. Returns once they are queued; the queue is bounded, so a slow disk slows the
/// provider down instead of filling memory.
pub(crate) trait Events: Send {
    fn events(&mut self, events: Vec<StreamEvent>) -> impl Future<Output = ()> + Send;
}

/// An attempt between its hold and its settlement.
pub(crate) struct Attempt<'a> {
    inner: &'a Inner,
    plan: Plan,
    row: AttemptRow,
    started: Duration,
    /// Request bytes may have left: from here on the provider may bill.
    sent: bool,
    /// The provider answered with an error status: nothing was generated.
    rejected: bool,
    /// The key, and what was made from it for this call.
    scrub: Vec<Secret>,
}

impl<'a> Attempt<'a> {
    /// Encodes the request, fetches the key, and records attempt and hold. Nothing has been sent when
    /// this fails, and nothing is on the ledger.
    pub(crate) async fn begin(
        inner: &'a Inner,
        plan: Plan,
    ) -> Result<(Attempt<'a>, Encoded, Option<Secret>), Failure> {
        let provider = &plan.known.provider;
        let dialect = wire::dialect(provider.dialect.as_str()).ok_or_else(|| {
            Failure::new(
                ErrorKind::RequestUnsupported,
                format!(
                    "{} speaks “{}”, which this version cannot. Choose another provider for this model.",
                    provider.name, provider.dialect
                ),
            )
        })?;
        let (request, unfit) = fitted(inner, &plan)?;
        let mut encoded = dialect.encode(&request, &plan.endpoint, &provider.quirks)?;
        encoded.notices.splice(0..0, unfit);
        let secret = inner.key_for(&plan.known, plan.account.as_ref()).await?;
        let now = inner.clock.now();
        let row = AttemptRow {
            id: AttemptId::new(inner.clock.id()),
            run: Some(plan.run),
            n: plan.n,
            endpoint: plan.endpoint.id.clone(),
            provider: provider.id.clone(),
            // Of an address that may be open: the key may have gone since the route was planned.
            account: plan.account.clone().filter(|_| secret.is_some()),
            model: plan.endpoint.model.clone(),
            upstream_model: plan.endpoint.upstream_model.clone(),
            origin: inner.origin.to_owned(),
            started_at: now,
            first_byte: None,
            first_content: None,
            duration: None,
            outcome: None,
            upstream: None,
            usage: None,
            cost: None,
        };
        let hold =
            HoldRow { attempt: row.id, amount: hold(&plan, now), placed_at: now, process: inner.process };
        let recorded = row.clone();
        let leaving = leaving(&plan, &encoded, &row);
        inner
            .store
            .write(move |tx| {
                tx.insert_attempt(&recorded)?;
                if let Some(leaving) = &leaving {
                    tx.append_audit(leaving)?;
                }
                tx.place_hold(&hold)
            })
            .await?;
        let scrub = secret.iter().map(|secret| Secret::new(secret.expose())).collect();
        let attempt =
            Attempt { inner, plan, row, started: inner.clock.elapsed(), sent: false, rejected: false, scrub };
        Ok((attempt, encoded, secret))
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
            if failure.upstream.is_some() {
                self.row.upstream.clone_from(&failure.upstream);
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
        self.scrub.extend(response.token.take());
        self.row.first_byte = Some(self.since());
        let status = response.status;
        let upstream = Upstream {
            provider: Some(self.plan.known.provider.id.clone()),
            status: Some(status),
            request_id: request_id(&response.headers).map(|id| self.clean(id)),
            ..Upstream::default()
        };
        if status >= 400 {
            self.rejected = true;
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
        let origin = Origin {
            base_url: provider.base_url.clone(),
            auth: provider.auth.clone(),
            provider: provider.id.clone(),
            extra_headers: provider.quirks.extra_headers.clone(),
            now: self.inner.clock.now(),
        };
        let deadlines = if provider.local { Deadlines::local() } else { Deadlines::default() };
        // Set before the wait: a Stop drops this future while the request is on its way, and what has
        // left may be billed.
        self.sent = true;
        let result = self.inner.transport.send(&origin, encoded.call, secret.as_ref(), deadlines).await;
        if result.as_ref().is_err_and(|failure| never_sent(failure.kind)) {
            self.sent = false;
        }
        result
    }

    async fn decode(
        &mut self,
        mut response: Response,
        draft: &mut Draft,
        out: &mut impl Events,
    ) -> Result<Ending, Failure> {
        let provider = Arc::clone(&self.plan.known.provider);
        let dialect = self.spoken().ok_or_else(|| {
            Failure::new(ErrorKind::Bug, "The dialect vanished while its answer was being read.")
        })?;
        let mut decoder = wire::decoder_for(dialect, response.headers.get("content-type"), &provider.quirks);
        while let Some(chunk) = response.body.next().await {
            let mut events = Vec::new();
            let broken = match chunk {
                Ok(bytes) => {
                    decoder.push(&bytes, &mut events);
                    None
                }
                Err(failure) => Some(failure),
            };
            self.take(events, draft, out).await;
            if let Some(failure) = broken {
                // Cut off behind the closing mark is not cut off.
                return match self.close(decoder, draft, out).await {
                    Ending::Complete => Ok(Ending::Complete),
                    _ => Err(failure),
                };
            }
        }
        Ok(self.close(decoder, draft, out).await)
    }

    async fn close(&mut self, decoder: Box<dyn Decoder>, draft: &mut Draft, out: &mut impl Events) -> Ending {
        let mut events = Vec::new();
        let ending = decoder.finish(&mut events);
        self.take(events, draft, out).await;
        ending
    }

    async fn take(&mut self, mut events: Vec<StreamEvent>, draft: &mut Draft, out: &mut impl Events) {
        if events.is_empty() {
            return;
        }
        for event in &mut events {
            self.scrub_event(event);
            draft.apply(event);
        }
        if self.row.first_content.is_none() && draft.has_content() {
            self.row.first_content = Some(self.since());
        }
        out.events(events).await;
    }

    /// The dialect in which the model answers.
    fn spoken(&self) -> Option<&'static dyn Dialect> {
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
        let mut failure = match self.spoken() {
            Some(dialect) => dialect.failure(response.status, &response.headers, &body),
            None => Failure::new(ErrorKind::UpstreamInternal, "The provider answered with an error."),
        };
        known.merge_into(&mut failure);
        failure
    }

    /// Providers echo keys in their error texts; nothing that leaves here holds one.
    fn scrubbed(&self, failure: &mut Failure) {
        self.scrub_text(&mut failure.message);
        if let Some(upstream) = &mut failure.upstream {
            for text in
                [&mut upstream.message, &mut upstream.code, &mut upstream.param, &mut upstream.request_id]
            {
                text.iter_mut().for_each(|text| self.scrub_text(text));
            }
        }
    }

    /// The same for what surrounds an answer and is stored beside it. The answer itself is the model's,
    /// which never sees a key.
    fn scrub_event(&self, event: &mut StreamEvent) {
        if self.scrub.is_empty() {
            return;
        }
        let optional = |text: &mut Option<String>| text.iter_mut().for_each(|text| self.scrub_text(text));
        match event {
            StreamEvent::Started { response_id, model } => {
                optional(response_id);
                optional(model);
            }
            StreamEvent::Usage(usage) => {
                optional(&mut usage.raw);
                optional(&mut usage.service_tier);
            }
            StreamEvent::Finish { raw, .. } => optional(raw),
            StreamEvent::Notice { detail, .. } => self.scrub_text(detail),
            StreamEvent::Unknown { name, .. } => self.scrub_text(name),
            StreamEvent::BlockOpen { .. }
            | StreamEvent::BlockDelta { .. }
            | StreamEvent::BlockClose { .. } => {}
        }
    }

    fn scrub_text(&self, text: &mut String) {
        for secret in &self.scrub {
            *text = transport::redact(text, secret);
        }
    }

    fn clean(&self, mut text: String) -> String {
        self.scrub_text(&mut text);
        text
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
                finish_reason: draft
                    .finish
                    .as_ref()
                    .map_or(domain::FinishReason::Other, |(reason, _)| *reason),
            },
        };
        let whole = matches!(outcome, Outcome::Completed { .. });
        let sheet = self.plan.endpoint.prices.clone();
        let (billed, cost) = if !self.sent || self.rejected {
            // Refused or never sent: a known zero, not an unknown.
            (None, Cost { total: Some(PicoUsd::ZERO), lines: Vec::new(), basis: Basis::Computed })
        } else {
            let billed = billed_usage(&self.plan.request, draft, whole);
            let cost = ledger::cost(&billed, sheet.as_ref(), self.row.started_at);
            (Some(billed), cost)
        };
        self.row.duration = Some(self.since());
        self.row.usage = draft.usage.clone();
        self.row.cost = Some(cost.clone());
        self.row.outcome = Some(outcome);
        Ended { row: self.row, billed, cost, prices: sheet }
    }
}

/// The request without what the catalogue says the model cannot take, and what was left out.
fn fitted(inner: &Inner, plan: &Plan) -> Result<(Request, Vec<(NoticeKind, String)>), Failure> {
    let registry = inner.registry();
    let model = registry.catalog().model(plan.endpoint.model.as_str());
    let declared = wire::Declared {
        name: model.map_or(plan.endpoint.upstream_model.as_str(), |model| model.name.as_str()),
        input: model.map_or(&[][..], |model| model.input.as_slice()),
        capabilities: model.map(|model| &model.capabilities),
        max_completion_tokens: plan.endpoint.max_completion_tokens,
    };
    wire::fit(&plan.request, &declared)
}

/// The line of the audit log for what is about to leave; `None` = it stays on this machine.
fn leaving(plan: &Plan, encoded: &Encoded, row: &AttemptRow) -> Option<AuditRow> {
    let provider = &plan.known.provider;
    if provider.local || provider.id.as_str() == catalog::DEMO {
        return None;
    }
    let host = plan.known.origin()?;
    let parts = plan.request.messages.iter().flat_map(|message| &message.parts);
    let attachments = parts.filter(|part| matches!(part, Part::Image { .. } | Part::File { .. })).count();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Some(AuditRow {
        at: row.started_at,
        purpose: "chat",
        attempt: Some(row.id),
        host,
        provider: provider.id.clone(),
        account: row.account.clone(),
        endpoint: Some(row.endpoint.clone()),
        policy: plan.policy.clone(),
        origin: row.origin.clone(),
        bytes: count(encoded.call.body.len()),
        messages: count(plan.request.messages.len()),
        attachments: count(attachments),
    })
}

/// What the provider will bill as far as we can know. A complete answer with reported usage is taken at
/// its word; whatever it leaves out, and every answer that broke off, is estimated, and says so.
pub(crate) fn billed_usage(request: &Request, draft: &Draft, whole: bool) -> Usage {
    let reported = draft.usage.clone().unwrap_or_default();
    if whole && reported.input.total.is_some() && reported.output.total.is_some()
        || reported.reported_cost.is_some()
    {
        return reported;
    }
    let mut usage = reported;
    usage.source = UsageSource::Estimated;
    usage.input.total = usage.input.total.or_else(|| Some(ledger::prompt_estimate(request)));
    let seen = ledger::tokens_of(&draft.generated());
    usage.output.total = Some(usage.output.total.unwrap_or(0).max(seen));
    usage
}

/// The worst this attempt can cost; `None` when its price is unknown.
///
/// Where the request names no limit, the endpoint's own is assumed, as far as it is known. Dialects that
/// must name one (Anthropic's) then ask for 32,000 at most, unless a reasoning budget needs more: the hold
/// of such an endpoint is often larger than the call allows. Only where neither request nor catalogue
/// knows a limit can an answer outgrow its hold.
fn hold(plan: &Plan, now: Timestamp) -> Option<PicoUsd> {
    let longest = plan
        .request
        .params
        .max_completion_tokens
        .or(plan.endpoint.max_completion_tokens)
        .unwrap_or(DEFAULT_OUTPUT_LIMIT);
    ledger::hold(ledger::prompt_upper_bound(&plan.request), longest, plan.endpoint.prices.as_ref(), now)
}

/// Failures that happen before any byte of the request has left. What a provider answers is no failure of
/// sending, so a refusal here is that of an access token.
fn never_sent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NetDns
            | ErrorKind::NetConnect
            | ErrorKind::NetTls
            | ErrorKind::NetProxy
            | ErrorKind::TimeConnect
            | ErrorKind::RequestInvalid
            | ErrorKind::AuthRejected
            | ErrorKind::LimitRate
            | ErrorKind::UpstreamInternal
    )
}

fn request_id(headers: &Headers) -> Option<String> {
    ["x-request-id", "request-id", "x-generation-id", "apim-request-id", "x-amzn-requestid", "cf-ray"]
        .iter()
        .find_map(|name| headers.get(name))
        .map(|id| id.chars().take(120).collect())
}

/// Adds what the transport knows to what the dialect read.
trait MergeInto {
    fn merge_into(&self, failure: &mut Failure);
}

impl MergeInto for Upstream {
    fn merge_into(&self, failure: &mut Failure) {
        let theirs = failure.upstream.get_or_insert_with(Upstream::default);
        theirs.provider = theirs.provider.clone().or_else(|| self.provider.clone());
        theirs.status = theirs.status.or(self.status);
        theirs.request_id = theirs.request_id.clone().or_else(|| self.request_id.clone());
    }
}

/// The failure of a lane whose provider has no key.
pub(crate) fn no_key(provider: &ProviderId, name: &str) -> Failure {
    Failure::new(
        ErrorKind::AuthMissing,
        format!("There is no key for {name}. Add one in Settings, or with `parallax key set {provider}`."),
    )
    .with_upstream(Upstream { provider: Some(provider.clone()), ..Upstream::default() })
}
