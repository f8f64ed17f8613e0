//! How much a model with signed reasoning may think, in the two ways its API has of saying it. Shared by
//! the dialects that carry such models.

use crate::{call, effort, notices::Notices};
use domain::{Effort, Endpoint, Params, Quirks, Reasoning, Request, ToolChoice, say};
use serde_json::{Map, Value, json};

/// The API's least budget (platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11).
const LEAST_BUDGET: u64 = 1024;
/// The API demands a limit. This one where neither the user nor the catalogue gives one.
const FALLBACK_LIMIT: u64 = 4096;
/// Where only the catalogue does: long enough for any ordinary answer, and every token of it is held
/// back from the budget while the answer runs.
const ORDINARY_LIMIT: u64 = 32_000;
/// Room for the answer behind the reasoning.
const ANSWER_ROOM: u64 = 4096;

/// Efforts such models take (anthropic SDK 2.11.0, `output_config.effort`).
const EFFORTS: [Effort; 5] = [Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max];

/// Decided once, because limit, reasoning and sampling depend on one another.
pub(crate) struct Thinking {
    /// Longest answer, reasoning included.
    pub(crate) max_tokens: u64,
    /// Reasoning by a limit in tokens.
    pub(crate) budget: Option<u64>,
    /// Reasoning by effort.
    pub(crate) effort: Option<&'static str>,
    /// The model takes an effort and no budget; such models take no sampling parameters either.
    pub(crate) by_effort: bool,
    adaptive: bool,
}

impl Thinking {
    /// Decides. `unthought`: tool results are being sent for a turn that did not begin with the model's
    /// own reasoning, which a budget demands.
    pub(crate) fn plan(
        request: &Request,
        to: &Endpoint,
        quirks: &Quirks,
        unthought: bool,
        notices: &mut Notices,
    ) -> Self {
        let by_effort = quirks.effort_models.iter().any(|part| to.upstream_model.contains(part.as_str()));
        let max_tokens = limit(request, to, notices);
        let mut plan = Self { max_tokens, budget: None, effort: None, by_effort, adaptive: false };
        let Some(asked) = request.params.reasoning else { return plan };
        if by_effort {
            let taken = effort::form(&to.upstream_model, quirks).and_then(|form| form.efforts.as_deref());
            plan.by_effort(asked, taken, request, notices);
        } else if let Some(wanted) = wanted(asked) {
            if forced(request) {
                notices.parameter(say!("reasoning: not together with a tool that must be called."));
            } else if unthought {
                notices.parameter(say!(
                    "reasoning: the tool call being answered was made without this model's reasoning."
                ));
            } else {
                plan.by_budget(wanted, request, to, notices);
            }
        }
        plan
    }

    fn by_effort(
        &mut self,
        asked: Reasoning,
        taken: Option<&[Effort]>,
        request: &Request,
        notices: &mut Notices,
    ) {
        let asked = match asked {
            Reasoning::Effort(Effort::None) => {
                notices.parameter(say!("reasoning: this model decides itself; asked for the least."));
                self.effort = Some("low");
                return;
            }
            Reasoning::Effort(effort) => effort,
            Reasoning::Budget(tokens) => {
                let effort = effort::of_tokens(tokens.max(1));
                let word = effort::word(effort);
                notices.parameter(say!("reasoning: {tokens} tokens became effort “{word}”.", tokens, word));
                effort
            }
        };
        self.effort = Some(effort::word(effort::nearest(asked, Some(taken.unwrap_or(&EFFORTS)), notices)));
        self.adaptive = !forced(request);
    }

    fn by_budget(&mut self, wanted: u64, request: &Request, to: &Endpoint, notices: &mut Notices) {
        if request.params.max_completion_tokens.is_none() {
            let roomy = wanted.saturating_add(ANSWER_ROOM).max(self.max_tokens);
            self.max_tokens = to.max_completion_tokens.map_or(roomy, |most| roomy.min(most));
        }
        if self.max_tokens <= LEAST_BUDGET {
            notices.parameter(say!(
                "reasoning: needs more than {least_budget} tokens, the answer may have {max_tokens}.",
                least_budget = LEAST_BUDGET,
                max_tokens = self.max_tokens
            ));
            return;
        }
        // A quarter stays for the answer itself.
        let most = (self.max_tokens / 4 * 3).max(LEAST_BUDGET);
        let budget = wanted.clamp(LEAST_BUDGET, most);
        if budget != wanted {
            notices.parameter(say!("reasoning: {wanted} tokens became {budget}.", wanted, budget));
        }
        self.budget = Some(budget);
    }

    /// Temperature and nucleus, as far as the reasoning leaves them, under the dialect's names.
    pub(crate) fn sampling(
        &self,
        params: &Params,
        temperature: &str,
        top_p: &str,
        into: &mut Map<String, Value>,
        notices: &mut Notices,
    ) {
        if let Some(value) = params.temperature {
            if self.by_effort {
                notices.parameter(say!("temperature: this model takes none."));
            } else if self.budget.is_some() && value != 1.0 {
                notices.parameter(say!("temperature: not together with reasoning."));
            } else {
                if value > 1.0 {
                    notices
                        .parameter(say!("temperature: {value} became 1, the most this model takes.", value));
                }
                call::number(into, temperature, Some(value.clamp(0.0, 1.0)));
            }
        }
        if let Some(value) = params.top_p {
            if self.by_effort {
                notices.parameter(say!("top_p: this model takes none."));
            } else if into.contains_key(temperature) {
                notices.parameter(say!("top_p: not together with a temperature."));
            } else if self.budget.is_some() && value < 0.95 {
                notices.parameter(say!("top_p: not below 0.95 together with reasoning."));
            } else {
                call::number(into, top_p, Some(value));
            }
        }
    }

    /// The request's field, if there is anything to say.
    pub(crate) fn field(&self) -> Option<Value> {
        match self.budget {
            Some(budget) => Some(json!({ "type": "enabled", "budget_tokens": budget })),
            // Without `display` newer models keep their reasoning to themselves.
            None => self.adaptive.then(|| json!({ "type": "adaptive", "display": "summarized" })),
        }
    }
}

fn limit(request: &Request, to: &Endpoint, notices: &mut Notices) -> u64 {
    match (request.params.max_completion_tokens, to.max_completion_tokens) {
        (Some(asked), Some(most)) if asked > most => {
            notices.parameter(say!(
                "max_completion_tokens: {asked} became {most}, this model's most.",
                asked,
                most
            ));
            most
        }
        (Some(asked), _) => asked.max(1),
        (None, Some(most)) => most.min(ORDINARY_LIMIT),
        (None, None) => FALLBACK_LIMIT,
    }
}

fn wanted(asked: Reasoning) -> Option<u64> {
    match asked {
        Reasoning::Effort(Effort::None) | Reasoning::Budget(0) => None,
        Reasoning::Effort(Effort::Minimal) => Some(LEAST_BUDGET),
        Reasoning::Effort(Effort::Low) => Some(2048),
        Reasoning::Effort(Effort::Medium) => Some(8192),
        Reasoning::Effort(Effort::High) => Some(16_384),
        Reasoning::Effort(Effort::XHigh) => Some(24_576),
        Reasoning::Effort(Effort::Max) => Some(32_768),
        Reasoning::Budget(tokens) => Some(tokens),
    }
}

fn forced(request: &Request) -> bool {
    !request.tools.is_empty()
        && matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. }))
}
