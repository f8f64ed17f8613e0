//! Receipts, policies, dry runs, the log of what left this machine, and limits.

use crate::{
    Api, Sink, audit_file, calendar, models,
    spend::{self, types::SpendFile},
    types::{
        AttemptRef, AuditExport, AuditLine, AuditList, AuditQuery, ContinueRun, ConversationPolicy,
        PolicyEdit, PolicyList, PolicyRef, RateRow, Receipt, ReceiptAttempt, ReceiptMessage, RouteExplained,
        RoutePlace, RoutePlanned, RouteQuery, RouteRejected, RouteView, RunRef, SentRequest, SetRate,
    },
};
use domain::{Endpoint, EndpointId, ErrorKind, Failure, Meter, Policy, ProviderId, Route, Timestamp, say};
use engine::{AuditFilter, LoggedRow, Registry, Tried, frame::TurnView};
use std::io::Write as _;

/// Lines of the log on one page.
const PAGE: u32 = 200;

pub(crate) async fn receipt(api: &Api, which: RunRef) -> Result<Receipt, Failure> {
    let found = api.engine.receipt(which.run).await?;
    let registry = api.engine.registry();
    let known = registry.resolve(&found.target.model).unwrap_or_default();
    let messages = found.messages.into_iter().map(|message| ReceiptMessage {
        role: message.role,
        author: message.author,
        beginning: message.beginning,
        characters: message.characters,
    });
    Ok(Receipt {
        run: found.run,
        model: found.target.model,
        route: view(&registry, found.route, &known, api.engine.clock().now()),
        attempts: found.attempts.into_iter().map(|tried| attempt(&registry, tried)).collect(),
        saw: found.saw,
        system: found.system,
        messages: messages.collect(),
    })
}

fn attempt(registry: &Registry, tried: Tried) -> ReceiptAttempt {
    let Tried { row, prices, request_kept } = tried;
    let upstream = row.upstream.as_ref();
    ReceiptAttempt {
        id: row.id,
        n: row.n,
        provider_name: name(registry, &row.provider),
        endpoint: row.endpoint,
        provider: row.provider,
        upstream_model: row.upstream_model,
        account: row.account,
        started_at: row.started_at,
        first_byte: row.first_byte,
        first_content: row.first_content,
        duration: row.duration,
        outcome: row.outcome,
        status: upstream.and_then(|upstream| upstream.status),
        request_id: upstream.and_then(|upstream| upstream.request_id.clone()),
        usage: row.usage,
        cost: row.cost,
        prices,
        request_kept,
    }
}

fn name(registry: &Registry, id: &ProviderId) -> String {
    registry.provider(id).map_or_else(|| id.to_string(), |known| known.provider.name.clone())
}

fn view(registry: &Registry, route: Route, endpoints: &[Endpoint], at: Timestamp) -> RouteView {
    let planned = route.planned.into_iter().map(|candidate| RoutePlanned {
        place: place(registry, candidate.endpoint, endpoints, at),
        account: candidate.account,
        reasons: candidate.because,
        expected: candidate.expected,
    });
    let rejected = route.rejected.into_iter().map(|rejected| RouteRejected {
        place: place(registry, rejected.endpoint, endpoints, at),
        reasons: rejected.reasons,
    });
    RouteView {
        policy: route.policy,
        no_fallbacks: route.no_fallbacks,
        planned: planned.collect(),
        rejected: rejected.collect(),
    }
}

fn place(registry: &Registry, id: EndpointId, endpoints: &[Endpoint], at: Timestamp) -> RoutePlace {
    let endpoint = endpoints.iter().find(|endpoint| endpoint.id == id).cloned();
    let endpoint = endpoint.or_else(|| registry.endpoint(&id));
    // An id begins with its provider.
    let provider = endpoint.as_ref().map(|endpoint| endpoint.provider.clone()).or_else(|| {
        let (provider, _) = id.as_str().split_once('/')?;
        registry.provider(&ProviderId::from(provider)).map(|known| known.provider.id.clone())
    });
    let rate = |meter| models::rate(endpoint.as_ref()?, meter, at);
    RoutePlace {
        provider_name: provider.as_ref().map_or_else(|| id.to_string(), |provider| name(registry, provider)),
        local: provider
            .as_ref()
            .and_then(|provider| registry.provider(provider))
            .is_some_and(|known| known.provider.local),
        price_input: rate(Meter::Input),
        price_output: rate(Meter::Output),
        model: endpoint.as_ref().map(|endpoint| endpoint.model.to_string()),
        upstream_model: endpoint.as_ref().map(|endpoint| endpoint.upstream_model.clone()),
        endpoint: id,
        provider,
    }
}

pub(crate) async fn request(api: &Api, which: AttemptRef) -> Result<SentRequest, Failure> {
    let sent = api.engine.sent_request(which.attempt).await?;
    let pretty = serde_json::from_str::<serde_json::Value>(&sent.body)
        .and_then(|body| serde_json::to_string_pretty(&body))
        .ok();
    Ok(SentRequest {
        method: sent.method,
        url: sent.url,
        headers: sent.headers,
        body: sent.body,
        pretty,
        curl: sent.curl,
    })
}

pub(crate) async fn go_on(api: &Api, wanted: ContinueRun, sink: Sink) -> Result<TurnView, Failure> {
    if wanted.over_budget {
        return api.engine.continue_run_over_budget(wanted.run, wanted.endpoint, sink).await;
    }
    api.engine.continue_run(wanted.run, wanted.endpoint, sink).await
}

pub(crate) async fn explain(api: &Api, wanted: RouteQuery) -> Result<RouteExplained, Failure> {
    let RouteQuery { model, policy, conversation, prompt } = wanted;
    let explained = api.engine.explain(&model, policy.as_deref(), conversation, &prompt).await?;
    let registry = api.engine.registry();
    Ok(RouteExplained {
        route: view(&registry, explained.route, &explained.endpoints, api.engine.clock().now()),
        model,
        prefs: explained.prefs,
        failure: explained.failure,
    })
}

pub(crate) async fn policies(api: &Api, (): ()) -> Result<PolicyList, Failure> {
    Ok(PolicyList { usual: api.engine.usual_policy().await?, policies: api.engine.policies().await? })
}

pub(crate) async fn put_policy(api: &Api, wanted: PolicyEdit) -> Result<PolicyList, Failure> {
    let PolicyEdit { id, name, about, prefs } = wanted;
    api.engine.put_policy(Policy { id, name, about, built_in: false, prefs }).await?;
    policies(api, ()).await
}

pub(crate) async fn remove_policy(api: &Api, wanted: PolicyRef) -> Result<PolicyList, Failure> {
    api.engine.remove_policy(&wanted.id).await?;
    policies(api, ()).await
}

pub(crate) async fn use_policy(api: &Api, wanted: PolicyRef) -> Result<PolicyList, Failure> {
    api.engine.use_policy(&wanted.id).await?;
    policies(api, ()).await
}

pub(crate) async fn conversation_policy(api: &Api, wanted: ConversationPolicy) -> Result<(), Failure> {
    api.engine.set_conversation_policy(wanted.id, wanted.policy).await
}

fn filter(wanted: AuditQuery, limit: u32) -> AuditFilter {
    AuditFilter {
        from: wanted.from,
        until: wanted.until,
        provider: wanted.provider,
        policy: wanted.policy.filter(|policy| !policy.is_empty()),
        before: wanted.before,
        limit,
    }
}

pub(crate) async fn audit(api: &Api, wanted: AuditQuery) -> Result<AuditList, Failure> {
    let filter = filter(wanted, PAGE + 1);
    let read = move |tx: &engine::Tx<'_>| {
        tx.leave_out_hidden();
        let until = filter.until.unwrap_or(Timestamp(i64::MAX));
        Ok((tx.audit_page(&filter)?, tx.hidden_attempts(filter.from, until)?))
    };
    let (mut rows, hidden) = api.engine.store().read(read).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > page;
    rows.truncate(page);
    let registry = api.engine.registry();
    Ok(AuditList {
        rows: rows.into_iter().map(|row| line(&registry, row)).collect(),
        more,
        hidden: spend::some(hidden),
    })
}

fn line(registry: &Registry, logged: LoggedRow) -> AuditLine {
    let LoggedRow { seq, row } = logged;
    AuditLine {
        seq,
        at: row.at,
        purpose: row.purpose.to_owned(),
        host: row.host,
        provider_name: name(registry, &row.provider),
        provider: row.provider,
        account: row.account,
        endpoint: row.endpoint,
        policy: row.policy,
        origin: row.origin,
        bytes: row.bytes,
        messages: row.messages,
        attachments: row.attachments,
        attempt: row.attempt,
    }
}

/// Writes lines of the log into a file, newest first. A file that is there is never written over.
pub(crate) async fn audit_export(api: &Api, wanted: AuditExport) -> Result<SpendFile, Failure> {
    let csv = match wanted.format.as_str() {
        "csv" => true,
        "json" => false,
        _ => return Err(Failure::new(ErrorKind::Bug, "An export is CSV or JSON.")),
    };
    let folder = api.downloads.clone().ok_or_else(|| {
        Failure::new(
            ErrorKind::StoreDenied,
            say!("There is no downloads folder. Use `parallax audit --json > FILE` instead."),
        )
    })?;
    let stem = calendar::minute(api.engine.clock().now())?.strftime("parallax-audit-%Y-%m-%d-%H%M");
    let (mut file, path) = spend::create(&folder, &stem.to_string(), if csv { "csv" } else { "jsonl" })?;
    let failed = |error: std::io::Error| spend::not_written(&path, &error);
    if csv {
        file.write_all(audit_file::header().as_bytes()).map_err(failed)?;
    }
    let mut query = AuditQuery { before: None, ..wanted.query };
    let mut count = 0_u32;
    loop {
        let rows = api.engine.audit_page(filter(query.clone(), PAGE)).await?;
        let Some(last) = rows.last() else { break };
        query.before = Some(last.seq);
        let text: String =
            rows.iter().map(|row| if csv { audit_file::csv(row) } else { audit_file::json(row) }).collect();
        count = count.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    let (from, until) = (query.from, query.until.unwrap_or(Timestamp(i64::MAX)));
    let hidden = api.engine.hidden_calls(from, until).await?;
    Ok(SpendFile { path: path.display().to_string(), rows: count, hidden: spend::some(hidden) })
}

pub(crate) fn rates(api: &Api, (): ()) -> std::future::Ready<Result<Vec<RateRow>, Failure>> {
    let registry = api.engine.registry();
    let rows =
        registry.providers().filter(|known| known.provider.id.as_str() != "demo").map(|known| RateRow {
            provider: known.provider.id.clone(),
            name: known.provider.name.clone(),
            local: known.provider.local,
            limit: known.limit(),
        });
    std::future::ready(Ok(rows.collect()))
}

pub(crate) async fn set_rate(api: &Api, wanted: SetRate) -> Result<Vec<RateRow>, Failure> {
    api.engine.set_rate_limit(&wanted.provider, wanted.limit).await?;
    rates(api, ()).await
}
