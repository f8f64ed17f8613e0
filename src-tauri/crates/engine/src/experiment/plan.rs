//! From a suite to cells: what would be asked, and what it would cost.

use super::{ASSUMED_ANSWER, ASSUMED_VERDICT, Estimate, invalid};
use crate::{
    alone, beside,
    inner::{Inner, Table},
};
use compare::experiment::{Check, Suite, cells};
use domain::{
    ContentId, ConversationId, ExperimentId, Failure, Lane, LaneId, LaneTarget, Millis, ModelRef, Params,
    Part, PicoUsd, Reasoning, ResponseFormat, Timestamp, say,
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{CellRow, CellState, ConversationRow, ExperimentRow};

/// Most models of one experiment.
const MODELS: usize = 16;

/// Settings of a request by the names in a suite. What we cannot send is refused, not left out.
fn params(settings: &Map<String, Value>) -> Result<(Params, Option<String>), String> {
    let mut params = Params::default();
    let mut system = None;
    for (name, value) in settings {
        let wrong = || format!("the setting {name} cannot be {value}");
        match name.as_str() {
            "temperature" => params.temperature = Some(value.as_f64().ok_or_else(wrong)?),
            "top_p" => params.top_p = Some(value.as_f64().ok_or_else(wrong)?),
            "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
                params.max_completion_tokens = Some(value.as_u64().filter(|n| *n > 0).ok_or_else(wrong)?);
            }
            "seed" => params.seed = Some(value.as_i64().ok_or_else(wrong)?),
            "stop" => {
                params.stop = match value {
                    Value::String(one) => vec![one.clone()],
                    other => serde_json::from_value(other.clone()).map_err(|_| wrong())?,
                }
            }
            "reasoning_effort" => {
                let effort = serde_json::from_value(value.clone()).map_err(|_| wrong())?;
                params.reasoning = Some(Reasoning::Effort(effort));
            }
            "response_format" => params.response_format = form(value).ok_or_else(wrong)?,
            "system" => system = Some(value.as_str().ok_or_else(wrong)?.to_owned()),
            _ => {
                return Err(format!(
                    "the setting {name} is not supported, and without it something else would be asked; take it out"
                ));
            }
        }
    }
    Ok((params, system))
}

/// The form of the answer as OpenAI's interfaces write it; the inner `None` = text. The outer one: there is none such.
fn form(value: &Value) -> Option<Option<ResponseFormat>> {
    match value["type"].as_str()? {
        "text" => Some(None),
        "json_object" => Some(Some(ResponseFormat::JsonObject)),
        "json_schema" => {
            // Chat completions have it one deeper than responses.
            let inner = value.get("json_schema").unwrap_or(value);
            let schema = inner.get("schema").filter(|schema| schema.is_object())?.clone();
            let name = inner["name"].as_str().unwrap_or("answer").to_owned();
            Some(Some(ResponseFormat::JsonSchema { name, schema }))
        }
        _ => None,
    }
}

/// A prompt that is a list of messages: its system prompt and its only message. Others are text as they are.
fn chat(text: &str) -> Result<(Option<String>, String), String> {
    let Ok(Value::Array(messages)) = serde_json::from_str::<Value>(text.trim()) else {
        return Ok((None, text.to_owned()));
    };
    if messages.is_empty() || !messages.iter().all(|message| message.get("role").is_some()) {
        return Ok((None, text.to_owned()));
    }
    let (mut system, mut prompt) = (None, None);
    for message in &messages {
        let content = words(&message["content"])
            .ok_or("a message of it has something else than text as its content, which is not sent here")?;
        let place = match message["role"].as_str() {
            Some("system" | "developer") => &mut system,
            Some("user") => &mut prompt,
            _ => return Err("only system and user messages are supported".to_owned()),
        };
        if place.replace(content).is_some() {
            return Err("more than one message of a role is not supported".to_owned());
        }
    }
    Ok((system, prompt.ok_or("it has no message of the user")?))
}

/// The text of a message: as it is, or in parts that are all text.
fn words(content: &Value) -> Option<String> {
    let part = |part: &Value| {
        let text = matches!(part["type"].as_str(), Some("text" | "input_text"));
        part["text"].as_str().filter(|_| text).map(str::to_owned)
    };
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) if !parts.is_empty() => {
            parts.iter().map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join("\n"))
        }
        _ => None,
    }
}

/// Cells as rows, not yet stored, with their prompts.
fn rows(inner: &Inner, suite: &Suite) -> Result<Vec<(CellRow, String)>, Failure> {
    if suite.subjects.is_empty() {
        return Err(invalid(say!("The experiment names no model: add models.")));
    }
    if suite.subjects.len() > MODELS {
        return Err(invalid(say!("More than 16 models in one experiment are not supported.")));
    }
    let registry = inner.registry();
    let mut targets = Vec::new();
    for subject in &suite.subjects {
        let at = |why: String| invalid(say!("{label}: {why}.", label = subject.label, why));
        let model = ModelRef::parse(&subject.model).map_err(|bad| at(bad.to_string()))?;
        registry.resolve(&model)?;
        let (params, system) = params(&subject.settings).map_err(at)?;
        targets.push(LaneTarget { model, system, params, policy: None });
    }
    let made = cells(suite).map_err(|why| invalid(say!("The experiment cannot be run: {why}.", why)))?;
    let experiment = ExperimentId::new(inner.clock.id());
    made.into_iter()
        .zip(0_u32..)
        .map(|(cell, position)| {
            let prompt = &suite.prompts[cell.prompt];
            let (system, text) = chat(&cell.text)
                .map_err(|why| invalid(say!("The prompt “{label}”: {why}.", label = prompt.label, why)))?;
            let mut target = targets[cell.subject].clone();
            if system.is_some() {
                target.system = system;
            }
            let row = CellRow {
                experiment,
                position,
                cell: cell.id,
                request: cell.request,
                prompt: prompt.label.clone(),
                label: suite.subjects[cell.subject].label.clone(),
                target,
                vars: cell.vars,
                sample: cell.sample,
                content: ContentId::new(""),
                checks: cell.written,
                state: CellState::Queued,
                run: None,
                reused: false,
                found: None,
                failure: None,
            };
            Ok((row, text))
        })
        .collect()
}

/// Stores an experiment with all its cells; nothing is sent.
pub(crate) async fn create(
    inner: &Arc<Inner>,
    suite: &Suite,
    cap: Option<PicoUsd>,
) -> Result<ExperimentId, Failure> {
    let title = if suite.title.trim().is_empty() { "Experiment".to_owned() } else { suite.title.clone() };
    store(inner, rows(inner, suite)?, title, cap).await
}

/// Stores cells as an experiment.
pub(super) async fn store(
    inner: &Arc<Inner>,
    made: Vec<(CellRow, String)>,
    title: String,
    cap: Option<PicoUsd>,
) -> Result<ExperimentId, Failure> {
    let id = made
        .first()
        .map(|(row, _)| row.experiment)
        .ok_or_else(|| invalid(say!("The experiment has no cells.")))?;
    let shared = Arc::clone(inner);
    inner
        .store
        .write(move |tx| {
            let now = shared.clock.now();
            let conversation = ConversationId::new(shared.clock.id());
            tx.insert_conversation(&ConversationRow {
                id: conversation,
                title: title.clone(),
                created_at: now,
                updated_at: now,
                archived_at: Some(now),
                deleted_at: None,
            })?;
            let mut lanes: BTreeMap<String, Lane> = BTreeMap::new();
            for (row, _) in &made {
                let position = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
                lanes.entry(row.label.clone()).or_insert_with(|| Lane {
                    id: LaneId::new(shared.clock.id()),
                    position,
                    target: row.target.clone(),
                    head: None,
                });
            }
            let mut lanes: Vec<Lane> = lanes.into_values().collect();
            lanes.sort_by_key(|lane| lane.position);
            tx.put_lanes(conversation, &lanes)?;
            tx.insert_experiment(&ExperimentRow {
                id,
                title: title.clone(),
                conversation,
                cap,
                created_at: now,
                deleted_at: None,
            })?;
            for (row, text) in &made {
                let content = tx.put_content(&[Part::Text { text: text.clone() }])?;
                tx.insert_cell(&CellRow { content, ..row.clone() })?;
            }
            Ok(())
        })
        .await?;
    inner.changed(Table::Experiments);
    Ok(id)
}

/// What a suite would send and cost; nothing is stored or sent.
pub(crate) async fn estimate(inner: &Arc<Inner>, suite: &Suite, fresh: bool) -> Result<Estimate, Failure> {
    let made = rows(inner, suite)?;
    let cells = made.len();
    let mut seen = BTreeSet::new();
    let mut first: Vec<(CellRow, String)> =
        made.into_iter().filter(|(row, _)| seen.insert(row.request.clone())).collect();
    if !fresh {
        let asked: Vec<String> = first.iter().map(|(row, _)| row.request.clone()).collect();
        let known = inner
            .store
            .read(move |tx| {
                let mut known = BTreeSet::new();
                for request in asked {
                    if tx.answered_before(&request)?.is_some() {
                        known.insert(request);
                    }
                }
                Ok(known)
            })
            .await?;
        first.retain(|(row, _)| !known.contains(&row.request));
    }
    let registry = inner.registry();
    let now = inner.clock.now();
    let time = time(inner, &first).await?;
    let (mut prompt_tokens, mut cost) = (0_u64, Some((PicoUsd::ZERO, PicoUsd::ZERO)));
    let mut judged = 0;
    // The endpoint is chosen when it is asked; the dearest of them is what it may cost.
    let priced = |model: &ModelRef, tokens: u64, (output_low, output_high): (u64, u64)| {
        let dearest = registry.resolve(model)?.into_iter().map(|endpoint| {
            let expected = ledger::Expected { input: tokens, cached: 0, output_low, output_high };
            ledger::estimate(expected, endpoint.prices.as_ref(), now)
        });
        let one = dearest.reduce(|a, b| match (a, b) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            _ => None,
        });
        Ok::<_, Failure>(one.flatten())
    };
    let added = |cost: Option<(PicoUsd, PicoUsd)>, one: Option<(PicoUsd, PicoUsd)>| {
        let (sum, one) = cost.zip(one)?;
        sum.0.checked_add(one.0).zip(sum.1.checked_add(one.1))
    };
    for (row, text) in &first {
        let prompt = alone::request(&row.target, text);
        let tokens = ledger::prompt_estimate(&prompt);
        prompt_tokens = prompt_tokens.saturating_add(tokens);
        let longest = row.target.params.max_completion_tokens.unwrap_or(u64::MAX);
        let (short, long) = (ASSUMED_ANSWER.0.min(longest), ASSUMED_ANSWER.1.min(longest));
        cost = added(cost, priced(&row.target.model, tokens, (short, long))?);
        for check in row.checks.iter().filter_map(|written| Check::read(written).ok()) {
            for (rubric, judge) in check.judged_ones().into_iter().filter_map(Check::rubric) {
                judged += 1;
                let model = ModelRef::parse(judge)
                    .map_err(|bad| invalid(say!("The judge {judge}: {bad}.", judge, bad)))?;
                let question = compare::judge::graded_prompt(text, "", rubric);
                let (_, request) = beside::side_request(&model, &question);
                let tokens = ledger::prompt_estimate(&request).saturating_add(long);
                cost = added(cost, priced(&model, tokens, ASSUMED_VERDICT)?);
            }
        }
    }
    Ok(Estimate { cells, requests: first.len(), prompt_tokens, judged, cost, time })
}

/// Answers of a model that its usual time is taken from, and since when.
const LATELY: (u32, i64) = (25, 90 * 86_400_000);

/// How long the requests take one after the other, by what the models' own answers took lately.
async fn time(inner: &Inner, asked: &[(CellRow, String)]) -> Result<Option<Millis>, Failure> {
    let registry = inner.registry();
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for (row, _) in asked {
        *calls.entry(row.target.model.to_string()).or_default() += 1;
        let checks = row.checks.iter().filter_map(|written| Check::read(written).ok());
        for check in checks {
            for (_, judge) in check.judged_ones().into_iter().filter_map(Check::rubric) {
                *calls.entry(judge.to_owned()).or_default() += 1;
            }
        }
    }
    let mut wanted: Vec<(BTreeSet<String>, u64)> = Vec::new();
    for (name, times) in calls {
        let model = ModelRef::parse(&name).map_err(|bad| invalid(say!("{name}: {bad}.", name, bad)))?;
        let slugs = registry.resolve(&model)?.into_iter().map(|endpoint| endpoint.model.to_string());
        wanted.push((slugs.collect(), times));
    }
    let since = Timestamp(inner.clock.now().0.saturating_sub(LATELY.1));
    inner
        .store
        .read(move |tx| {
            let mut sum = 0_u64;
            for (slugs, calls) in wanted {
                let mut times = Vec::new();
                for slug in slugs {
                    times.extend(tx.answer_times(&slug, since, LATELY.0)?);
                }
                times.sort_unstable();
                let Some(middle) = times.get(times.len() / 2) else { return Ok(None) };
                sum = sum.saturating_add(middle.0.saturating_mul(calls));
            }
            Ok(Some(Millis(sum)))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::{chat, form};
    use domain::ResponseFormat;
    use serde_json::json;

    #[test]
    fn the_form_of_an_answer_is_read_as_both_interfaces_write_it() {
        let schema = json!({"type": "object"});
        let asked = Some(Some(ResponseFormat::JsonSchema { name: "s".to_owned(), schema: schema.clone() }));
        let deep =
            json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema, "strict": true}});
        assert_eq!(form(&deep), asked);
        assert_eq!(form(&json!({"type": "json_schema", "name": "s", "schema": schema})), asked);
        assert_eq!(form(&json!({"type": "json_object"})), Some(Some(ResponseFormat::JsonObject)));
        assert_eq!(form(&json!({"type": "text"})), Some(None));
        for none in [json!("json"), json!({"type": "regex"}), json!({"type": "json_schema"})] {
            assert_eq!(form(&none), None, "{none}");
        }
    }

    #[test]
    fn a_message_in_parts_is_its_text_and_nothing_else() {
        let parts = r#"[{"role": "system", "content": "Be brief."}, {"role": "user", "content":
            [{"type": "text", "text": "One."}, {"type": "input_text", "text": "Two."}]}]"#;
        assert_eq!(chat(parts), Ok((Some("Be brief.".to_owned()), "One.\nTwo.".to_owned())));
        let picture = r#"[{"role": "user", "content": [{"type": "image_url", "text": "x"}]}]"#;
        assert!(chat(picture).is_err());
        assert_eq!(chat("[1, 2]"), Ok((None, "[1, 2]".to_owned())), "a list of something else is text");
    }
}
