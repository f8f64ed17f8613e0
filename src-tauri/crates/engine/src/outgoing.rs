//! What of an attempt leaves this machine: its call, and the line of the audit log that says so.

use crate::{attempt::Plan, inner::Inner};
use domain::{Endpoint, ErrorKind, Failure, NoticeKind, Part, Quirks, Request};
use std::sync::Arc;
use store::{AttemptRow, AuditRow};
use wire::{Dialect, Encoded};

/// Writes the call of an attempt.
pub(crate) struct Writer {
    dialect: &'static dyn Dialect,
    endpoint: Endpoint,
    quirks: Quirks,
}

impl Writer {
    pub(crate) fn new(plan: &Plan) -> Result<Self, Failure> {
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
        Ok(Self { dialect, endpoint: plan.endpoint.clone(), quirks: provider.quirks.clone() })
    }

    pub(crate) fn encode(&self, request: &Request) -> Result<Encoded, Failure> {
        self.dialect.encode(request, &self.endpoint, &self.quirks)
    }

    /// The call with the limit that a budget sets; as it is where that is the same, or none.
    pub(crate) fn limited(
        &self,
        request: Arc<Request>,
        encoded: Encoded,
        limit: Option<u64>,
    ) -> Result<(Arc<Request>, Encoded), Failure> {
        if limit.is_none() || limit == encoded.output_limit {
            return Ok((request, encoded));
        }
        let mut request = Request::clone(&request);
        request.params.max_completion_tokens = limit;
        let anew = self.encode(&request)?;
        Ok((Arc::new(request), Encoded { notices: encoded.notices, ..anew }))
    }
}

/// The request without what the catalogue says the model cannot take, and what was left out.
pub(crate) fn fitted(inner: &Inner, plan: &Plan) -> Result<(Request, Vec<(NoticeKind, String)>), Failure> {
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
    let attachments = parts.filter(|part| matches!(part, Part::Image { .. } | Part::File { .. })).count();
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
