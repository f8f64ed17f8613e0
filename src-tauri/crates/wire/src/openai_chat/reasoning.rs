//! How a model is told whether and how much to reason: everyone who copied the chat dialect has an own word.

use crate::{effort, notices::Notices};
use domain::{Effort, Quirks, Reasoning, ReasoningForm, ReasoningSwitch, say};
use serde_json::{Map, Value, json};

/// Puts the wish into the body, in the form of this model; what the form has no word for is told.
pub(crate) fn ask(
    asked: Reasoning,
    model: &str,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    let Some(form) = effort::form(model, quirks) else {
        return say(asked, None, body, notices);
    };
    if form.switch == Some(ReasoningSwitch::Reasoning) {
        let said = match asked {
            Reasoning::Effort(asked) => json!({ "effort": effort::word(asked) }),
            Reasoning::Budget(0) => json!({ "effort": "none" }),
            Reasoning::Budget(tokens) => json!({ "max_tokens": tokens }),
        };
        body.insert("reasoning".into(), said);
        return;
    }
    let off = matches!(asked, Reasoning::Effort(Effort::None) | Reasoning::Budget(0));
    match form.switch {
        Some(switch) => turn(switch, !off, body),
        None if form.efforts.as_ref().is_some_and(Vec::is_empty) => {
            notices.parameter(say!("reasoning: this provider takes no wish for it."));
            return;
        }
        None => {}
    }
    match (asked, &form.budget) {
        _ if off && form.switch.is_some() => {}
        (Reasoning::Budget(tokens), Some(field)) => drop(body.insert(field.clone(), tokens.into())),
        _ if form.efforts.as_ref().is_some_and(Vec::is_empty) => {
            notices.parameter(say!("reasoning effort: this model knows only on and off; reasoning is on."));
        }
        _ => say(asked, Some(form), body, notices),
    }
}

fn turn(switch: ReasoningSwitch, on: bool, body: &mut Map<String, Value>) {
    let kind = |word: &str| json!({ "type": if on { word } else { "disabled" } });
    let (name, value) = match switch {
        ReasoningSwitch::Thinking => ("thinking", kind("enabled")),
        ReasoningSwitch::AdaptiveThinking => ("thinking", kind("adaptive")),
        ReasoningSwitch::EnableThinking => ("enable_thinking", on.into()),
        ReasoningSwitch::Enabled | ReasoningSwitch::Reasoning => ("reasoning", json!({ "enabled": on })),
    };
    body.insert(name.into(), value);
}

fn say(asked: Reasoning, form: Option<&ReasoningForm>, body: &mut Map<String, Value>, notices: &mut Notices) {
    let asked = effort::asked(asked, notices);
    let word = match form.and_then(|form| form.on.as_deref()) {
        Some(on) if asked != Effort::None => {
            notices.parameter(say!("reasoning effort: this model knows only on and off; reasoning is on."));
            on
        }
        _ => effort::word(effort::nearest(asked, form.and_then(|form| form.efforts.as_deref()), notices)),
    };
    body.insert("reasoning_effort".into(), word.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(asked: Reasoning, model: &str, forms: Vec<ReasoningForm>) -> (Value, usize) {
        let quirks = Quirks { reasoning: forms, ..Quirks::default() };
        let (mut body, mut notices) = (Map::new(), Notices::default());
        ask(asked, model, &quirks, &mut body, &mut notices);
        (body.into(), notices.0.len())
    }

    fn form(switch: Option<ReasoningSwitch>, efforts: Option<Vec<Effort>>) -> ReasoningForm {
        ReasoningForm { switch, efforts, ..ReasoningForm::default() }
    }

    const HIGH: Reasoning = Reasoning::Effort(Effort::High);
    const OFF: Reasoning = Reasoning::Effort(Effort::None);

    #[test]
    fn without_a_form_an_effort_is_sent() {
        assert_eq!(asked(HIGH, "m", vec![]), (json!({ "reasoning_effort": "high" }), 0));
        assert_eq!(
            asked(Reasoning::Budget(9_000), "m", vec![]),
            (json!({ "reasoning_effort": "medium" }), 1)
        );
    }

    #[test]
    fn switches_stand_beside_an_effort_or_alone() {
        use ReasoningSwitch as S;
        let both = || vec![form(Some(S::Thinking), None)];
        let on = json!({ "thinking": { "type": "enabled" }, "reasoning_effort": "high" });
        assert_eq!(asked(HIGH, "m", both()), (on, 0));
        assert_eq!(asked(OFF, "m", both()), (json!({ "thinking": { "type": "disabled" } }), 0));
        let alone = |switch| vec![form(Some(switch), Some(vec![]))];
        assert_eq!(asked(HIGH, "m", alone(S::Enabled)), (json!({ "reasoning": { "enabled": true } }), 1));
        assert_eq!(asked(OFF, "m", alone(S::Enabled)), (json!({ "reasoning": { "enabled": false } }), 0));
        let adaptive = json!({ "thinking": { "type": "adaptive" } });
        assert_eq!(asked(HIGH, "m", alone(S::AdaptiveThinking)), (adaptive, 1));
        let mut budget = form(Some(S::EnableThinking), Some(vec![]));
        budget.budget = Some("thinking_budget".into());
        let limited = json!({ "enable_thinking": true, "thinking_budget": 900 });
        assert_eq!(asked(Reasoning::Budget(900), "m", vec![budget]), (limited, 0));
    }

    #[test]
    fn a_gateways_own_object_says_everything() {
        let unified = || vec![form(Some(ReasoningSwitch::Reasoning), None)];
        assert_eq!(asked(HIGH, "m", unified()), (json!({ "reasoning": { "effort": "high" } }), 0));
        assert_eq!(asked(OFF, "m", unified()), (json!({ "reasoning": { "effort": "none" } }), 0));
        let limit = json!({ "reasoning": { "max_tokens": 900 } });
        assert_eq!(asked(Reasoning::Budget(900), "m", unified()), (limit, 0));
    }

    #[test]
    fn an_effort_that_is_not_taken_becomes_the_nearest_and_that_is_told() {
        let few = |efforts: &[Effort]| vec![form(None, Some(efforts.to_vec()))];
        let (medium, max) = (Reasoning::Effort(Effort::Medium), Reasoning::Effort(Effort::Max));
        let high = json!({ "reasoning_effort": "high" });
        assert_eq!(asked(medium, "m", few(&[Effort::Low, Effort::High])), (high.clone(), 1));
        assert_eq!(asked(max, "m", few(&[Effort::None, Effort::High])), (high.clone(), 1));
        let low = Reasoning::Effort(Effort::Low);
        assert_eq!(asked(low, "m", few(&[Effort::None, Effort::High])), (high, 1));
        assert_eq!(asked(HIGH, "m", few(&[])), (json!({}), 1));
    }

    #[test]
    fn a_model_with_a_word_of_its_own_for_on_gets_that() {
        let own =
            || vec![ReasoningForm { on: Some("default".into()), ..form(None, Some(vec![Effort::None])) }];
        assert_eq!(asked(HIGH, "m", own()), (json!({ "reasoning_effort": "default" }), 1));
        assert_eq!(asked(OFF, "m", own()), (json!({ "reasoning_effort": "none" }), 0));
    }

    #[test]
    fn the_first_form_for_a_model_counts() {
        let old = ReasoningForm {
            models: vec!["k2".into()],
            ..form(Some(ReasoningSwitch::Thinking), Some(vec![]))
        };
        let forms = vec![old, form(None, None)];
        assert_eq!(asked(HIGH, "kimi-k2.6", forms.clone()).0, json!({ "thinking": { "type": "enabled" } }));
        assert_eq!(asked(HIGH, "kimi-k3", forms).0, json!({ "reasoning_effort": "high" }));
    }
}
