//! What of an attempt leaves this machine: its call, and the line of the audit log that says so.

use crate::{attempt::Plan, inner::Inner, relay::Passing};
use domain::{
    Effort, Endpoint, ErrorKind, Failure, Message, NoticeKind, Part, Provider, Reasoning, Request, Role,
    Upstream, say,
};
use std::sync::Arc;
use store::{AttemptRow, AuditRow};
use wire::{
    Dialect, Encoded, ToolNames,
    serve::{self, Passed},
};

/// Writes the call of an attempt.
pub(crate) struct Writer {
    dialect: &'static dyn Dialect,
    endpoint: Arc<Endpoint>,
    provider: Arc<Provider>,
    /// The client's own body goes out, but for what must change.
    passing: Option<Arc<Passing>>,
}

/// A call, and how its answer is read.
#[derive(Clone)]
pub(crate) struct Written {
    pub encoded: Encoded,
    /// The answer goes to the client as it comes.
    pub tapped: Option<Tapped>,
}

/// An answer that goes to the client in the provider's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tapped {
    pub protocol: serve::Protocol,
    /// The client wants one document, not a stream.
    pub whole: bool,
    /// How the client is told the usage of a stream.
    pub usage: serve::ToldUsage,
    /// They are embeddings.
    pub embeds: bool,
}

impl Written {
    /// Something of the conversation is not in it.
    pub(crate) fn drops_content(&self) -> bool {
        self.encoded.notices.iter().any(|(kind, _)| *kind == NoticeKind::DroppedContent)
    }
}

impl Writer {
    pub(crate) fn new(inner: &Inner, plan: &Plan) -> Result<Self, Failure> {
        let provider = &plan.known.provider;
        let dialect = wire::dialect(provider.dialect.as_str()).ok_or_else(|| {
            Failure::new(
                ErrorKind::RequestUnsupported,
                say!("{name} speaks “{dialect}”, which this version cannot. Choose another provider for this model.", name = provider.name, dialect = provider.dialect),
            )
        })?;
        let passing = plan.passing.as_ref().filter(|passing| passing.passes(plan)).cloned();
        if let (None, Some(bound)) = (&passing, plan.passing.as_ref().and_then(|p| p.asked.bound.clone())) {
            return Err(bound);
        }
        let (endpoint, mut provider) = (Arc::clone(&plan.endpoint), Arc::clone(provider));
        let required = plan.passing.as_ref().is_some_and(|passing| passing.asked.all_required());
        let quirks = inner.refusals.quirks(plan, inner.clock.elapsed());
        if let Some(quirks) = quirks {
            Arc::make_mut(&mut provider).quirks = quirks;
        }
        if passing.is_some() && !required && steady(inner, plan) {
            let sampling = SAMPLING.iter().map(|name| (*name).to_owned());
            Arc::make_mut(&mut provider).quirks.drop_params.extend(sampling);
        }
        Ok(Self { dialect, endpoint, provider, passing })
    }

    /// The client's own body goes out: nothing of it is fitted to the model.
    pub(crate) fn passes(&self) -> bool {
        self.passing.is_some()
    }

    /// The request with names of tools that its dialect takes, and those that are not the client's own.
    pub(crate) fn named(&self, request: Request) -> (Arc<Request>, Option<ToolNames>) {
        let (provider, model) = (&self.provider, &self.endpoint.upstream_model);
        let spoken = wire::dialect_for(provider.dialect.as_str(), model, &provider.quirks);
        let names = spoken.and_then(|spoken| ToolNames::of(spoken, &request));
        let request = names.as_ref().map(|names| names.put(&request)).unwrap_or(request);
        (Arc::new(request), names)
    }

    pub(crate) fn encode(&self, request: &Request) -> Result<Written, Failure> {
        let encoded = self.dialect.encode(request, &self.endpoint, &self.provider.quirks)?;
        Ok(Written { encoded, tapped: None })
    }

    /// Of a call that drops content: refuses what the newest message holds and the dialect has no place for. Who asks
    /// through the gateway reads the answer, not what is said beside it. Another endpoint may take it.
    pub(crate) fn takes_attachments(&self, request: &Request) -> Result<(), Failure> {
        let newest = request.messages.iter().rfind(|message| message.role == Role::User);
        let attached =
            |part: &&Part| matches!(part, Part::Image { .. } | Part::ImageUrl { .. } | Part::File { .. });
        let mut parts = vec![Part::Text { text: "?".to_owned() }];
        parts.extend(newest.iter().flat_map(|message| &message.parts).filter(attached).cloned());
        if parts.len() == 1 {
            return Ok(());
        }
        let alone = Request { messages: vec![Message { role: Role::User, parts }], ..Request::default() };
        let notices = self.encode(&alone)?.encoded.notices;
        match notices.into_iter().find(|(kind, _)| *kind == NoticeKind::DroppedContent) {
            Some((_, words)) => {
                let upstream = Upstream { param: Some("messages".to_owned()), ..Upstream::default() };
                Err(Failure::new(ErrorKind::RequestUnsupported, words).with_upstream(upstream))
            }
            None => Ok(()),
        }
    }

    /// The call as it would go out without any budget.
    pub(crate) fn write(&self, request: &Request) -> Result<Written, Failure> {
        match &self.passing {
            Some(passing) => self.retarget(passing, None),
            None => self.encode(request),
        }
    }

    fn retarget(&self, passing: &Passing, limit: Option<u64>) -> Result<Written, Failure> {
        let asked = &passing.asked;
        let mut passed = serve::retarget(asked, &passing.body, &self.endpoint, &self.provider.quirks, limit)?;
        for (name, value) in &passing.headers {
            passed.call.headers.push(name, value);
        }
        let tapped = Tapped {
            protocol: asked.protocol,
            whole: !asked.stream,
            usage: passed.usage,
            embeds: asked.embeds,
        };
        let Passed { call, notices, output_limit, .. } = passed;
        let encoded = Encoded { call, notices, output_limit };
        Ok(Written { encoded, tapped: Some(tapped) })
    }

    /// The call with the limit that a budget sets; `None` = as it is, since that is the same, or there is none.
    pub(crate) fn limited(
        &self,
        request: &Request,
        written: &Written,
        limit: Option<u64>,
    ) -> Result<Option<(Arc<Request>, Written)>, Failure> {
        if limit.is_none() || limit == written.encoded.output_limit {
            return Ok(None);
        }
        let mut request = request.clone();
        request.params.max_completion_tokens = limit;
        let mut anew = match &self.passing {
            Some(passing) => self.retarget(passing, limit)?,
            None => self.encode(&request)?,
        };
        anew.encoded.notices.clone_from(&written.encoded.notices);
        Ok(Some((Arc::new(request), anew)))
    }
}

/// The fields of a body by which an answer is drawn from what the model finds likely.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"];

/// The model is known to take none of them, as [`fitted`] has it for a body that does not pass: programs send one with
/// every request, whichever model answers. Some take them while they do not think.
fn steady(inner: &Inner, plan: &Plan) -> bool {
    let registry = inner.registry();
    let known = registry.abilities(&plan.endpoint);
    known.is_some_and(|(can, _)| can.temperature == Some(false))
        && !matches!(plan.request.params.reasoning, Some(Reasoning::Effort(Effort::None)))
}

/// The request without what the catalogue, or else the server itself, says the model cannot take, and what was left
/// out.
pub(crate) fn fitted(
    inner: &Inner,
    plan: &Plan,
) -> Result<(Request, Vec<(NoticeKind, domain::Words)>), Failure> {
    let registry = inner.registry();
    let model = registry.catalog().model(plan.endpoint.model.as_str());
    let known = registry.abilities(&plan.endpoint);
    let declared = wire::Declared {
        name: model.map_or(plan.endpoint.upstream_model.as_str(), |model| model.name.as_str()),
        input: known.map_or(&[], |(_, input)| input),
        capabilities: known.map(|(can, _)| can),
        max_completion_tokens: plan.endpoint.max_completion_tokens,
    };
    wire::fit(&plan.request, &declared)
}

pub(crate) fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The line of the audit log for what is about to leave, without its length; `None` = it stays on this machine.
pub(crate) fn leaving(plan: &Plan, row: &AttemptRow) -> Option<AuditRow> {
    let provider = &plan.known.provider;
    if provider.local || provider.id.as_str() == catalog::DEMO {
        return None;
    }
    let host = plan.known.origin()?;
    let parts = plan.request.messages.iter().flat_map(|message| &message.parts);
    let attached =
        |part: &&Part| matches!(part, Part::Image { .. } | Part::ImageUrl { .. } | Part::File { .. });
    let attachments = parts.filter(attached).count();
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
        app: plan.app.clone(),
        bytes: 0,
        messages: count(plan.request.messages.len()),
        attachments: count(attachments),
    })
}
