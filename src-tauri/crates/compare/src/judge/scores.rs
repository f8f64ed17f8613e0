//! Points by a rubric, in two orders, and what may be said of them.

use super::{MOST_POINTS, Unreadable, fields, object, place, unreadable, words};
use domain::say;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something an answer gets points for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// One or two words; names it in the reply.
    pub name: String,
    /// What earns the points.
    pub what: String,
}

/// Points of every answer by one order, in the order of the answers, not of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores {
    /// Of each answer its points, criterion by criterion.
    pub points: Vec<Vec<u8>>,
    /// Of each answer why, in a sentence.
    pub why: Vec<String>,
}

impl Scores {
    fn total(&self, answer: usize) -> u32 {
        self.points.get(answer).map_or(0, |points| points.iter().copied().map(u32::from).sum())
    }
}

/// The two orders in which answers are shown: as they are, and the other way round.
pub fn orders(answers: usize) -> [Vec<usize>; 2] {
    [(0..answers).collect(), (0..answers).rev().collect()]
}

/// Reads a reply about answers that were shown in this order.
///
/// # Errors
///
/// Whatever is not one JSON object with exactly one entry for each answer, in it whole points from 1 to 5 for exactly
/// the criteria of the rubric, and a reason.
pub fn read_scores(reply: &str, order: &[usize], rubric: &[Criterion]) -> Result<Scores, Unreadable> {
    let reply = object(reply)?;
    let [entries] = fields(&reply, ["answers"])?;
    let entries = entries.as_array().ok_or_else(|| unreadable(say!("\"answers\" is not a list")))?;
    let mut points = vec![None; order.len()];
    let mut why = vec![String::new(); order.len()];
    for entry in entries {
        let entry = entry.as_object().ok_or_else(|| unreadable(say!("an entry is not an object")))?;
        let [named, scores, reason] = fields(entry, ["answer", "scores", "why"])?;
        let shown = place(named, order.len())?;
        let answer = order[shown];
        if points[answer].is_some() {
            return Err(unreadable(say!("answer {letter} is scored twice", letter = super::letter(shown))));
        }
        points[answer] = Some(read_points(scores, rubric)?);
        why[answer] = words(reason, "a reason")?;
    }
    let points: Option<Vec<Vec<u8>>> = points.into_iter().collect();
    let points = points.ok_or_else(|| unreadable(say!("not every answer is scored")))?;
    Ok(Scores { points, why })
}

fn read_points(scores: &Value, rubric: &[Criterion]) -> Result<Vec<u8>, Unreadable> {
    let scores = scores.as_object().ok_or_else(|| unreadable(say!("\"scores\" is not an object")))?;
    if let Some(other) = scores.keys().find(|key| rubric.iter().all(|one| one.name != **key)) {
        return Err(unreadable(say!("there is no criterion {other}", other = format!("{other:?}"))));
    }
    rubric
        .iter()
        .map(|criterion| {
            let value = scores.get(&criterion.name).and_then(Value::as_u64);
            let whole = value.and_then(|value| u8::try_from(value).ok());
            whole.filter(|points| (1..=MOST_POINTS).contains(points)).ok_or_else(|| {
                unreadable(say!(
                    "{name} has no whole points from 1 to {most_points}",
                    name = format!("{:?}", criterion.name),
                    most_points = MOST_POINTS
                ))
            })
        })
        .collect()
}

/// What both orders say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Decision {
    /// This answer is first in both orders.
    Best {
        /// Which.
        answer: usize,
    },
    /// These have the most points together.
    Tie {
        /// Which.
        answers: Vec<usize>,
    },
    /// Each order has another first: it is not known, and counts as a tie.
    Split {
        /// First in the first order, and in the second.
        answers: Vec<usize>,
    },
}

/// Which answer is best, as far as both orders say so.
pub fn decide(first: &Scores, second: &Scores) -> Decision {
    let tops = |total: &dyn Fn(usize) -> u32| -> Vec<usize> {
        let most = (0..first.points.len()).map(total).max().unwrap_or(0);
        (0..first.points.len()).filter(|answer| total(*answer) == most).collect()
    };
    let (one, two) = (tops(&|answer| first.total(answer)), tops(&|answer| second.total(answer)));
    let both: Vec<usize> = one.iter().copied().filter(|answer| two.contains(answer)).collect();
    match both[..] {
        [answer] => Decision::Best { answer },
        [] => {
            let mut answers = [one, two].concat();
            answers.sort_unstable();
            Decision::Split { answers }
        }
        _ => Decision::Tie { answers: both },
    }
}

/// How many hundredths of a point an answer gained, on average, by standing nearer to the front. `None` = no answer
/// changed its place.
pub fn shift(first: &Scores, second: &Scores) -> Option<i32> {
    let [one, two] = orders(first.points.len());
    let stood = |order: &[usize], answer: usize| order.iter().position(|shown| *shown == answer);
    let mut gained = 0_i64;
    let mut moved = 0_i64;
    for answer in 0..first.points.len() {
        let (before, after) = (stood(&one, answer), stood(&two, answer));
        if before == after {
            continue;
        }
        let (front, back) = if before < after { (first, second) } else { (second, first) };
        gained += i64::from(front.total(answer)) - i64::from(back.total(answer));
        moved += 1;
    }
    i32::try_from((gained * 100).checked_div(moved)?).ok()
}

/// Whether one answer meets a rubric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// It does.
    pub passed: bool,
    /// Why, in a sentence.
    pub why: String,
}

/// Reads whether an answer meets a rubric.
///
/// # Errors
///
/// Whatever is not one JSON object of exactly `pass` and `why`.
pub fn read_graded(reply: &str) -> Result<Graded, Unreadable> {
    let reply = object(reply)?;
    let [pass, why] = fields(&reply, ["pass", "why"])?;
    let passed = pass.as_bool().ok_or_else(|| unreadable(say!("\"pass\" is neither true nor false")))?;
    Ok(Graded { passed, why: words(why, "the reason")? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn rubric() -> Vec<Criterion> {
        ["Right", "Clear"].map(|name| Criterion { name: name.to_owned(), what: String::new() }).to_vec()
    }

    fn scores(points: &[[u8; 2]]) -> Scores {
        Scores {
            points: points.iter().map(|points| points.to_vec()).collect(),
            why: vec![String::new(); points.len()],
        }
    }

    fn reply(entries: &[(&str, u8, u8)]) -> String {
        let answers: Vec<Value> = entries
            .iter()
            .map(|(letter, right, clear)| {
                json!({"answer": letter, "scores": {"Right": right, "Clear": clear}, "why": "Because."})
            })
            .collect();
        json!({"answers": answers}).to_string()
    }

    #[test]
    fn letters_are_places_and_not_answers() {
        let [one, two] = orders(3);
        let text = reply(&[("A", 5, 4), ("B", 3, 3), ("C", 1, 2)]);
        assert_eq!(read_scores(&text, &one, &rubric()).unwrap().points, [[5, 4], [3, 3], [1, 2]]);
        assert_eq!(read_scores(&text, &two, &rubric()).unwrap().points, [[1, 2], [3, 3], [5, 4]]);
        let fenced = format!("```json\n{text}\n```\n");
        assert_eq!(read_scores(&fenced, &one, &rubric()), read_scores(&text, &one, &rubric()));
    }

    #[test]
    fn whatever_was_not_asked_for_is_an_error() {
        let [order, _] = orders(2);
        let good = reply(&[("A", 5, 4), ("B", 3, 3)]);
        assert!(read_scores(&good, &order, &rubric()).is_ok());
        let bad = [
            String::new(),
            "A is best.".to_owned(),
            format!("Here it is: {good}"),
            format!("{good} {good}"),
            "[]".to_owned(),
            reply(&[("A", 5, 4)]),
            reply(&[("A", 5, 4), ("A", 3, 3)]),
            reply(&[("A", 5, 4), ("C", 3, 3)]),
            reply(&[("A", 6, 4), ("B", 3, 3)]),
            reply(&[("A", 0, 4), ("B", 3, 3)]),
            good.replace("Right", "Wrong"),
            good.replace(":5", ":4.5"),
            good.replace("Because.", " "),
            good.replace("\"why\"", "\"set\""),
            good.replace("{\"answers\"", "{\"policy\":\"any\",\"answers\""),
        ];
        for text in bad {
            assert!(read_scores(&text, &order, &rubric()).is_err(), "{text}");
        }
        assert!(read_graded("{\"pass\": true, \"why\": \"It does.\"}").unwrap().passed);
        for text in
            ["{\"pass\": 1, \"why\": \"x\"}", "{\"pass\": true}", "true", "{\"pass\":true,\"why\":\"\"}"]
        {
            assert!(read_graded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn best_is_who_is_first_in_both_orders() {
        let (a, b) = (scores(&[[5, 5], [3, 3]]), scores(&[[4, 4], [4, 3]]));
        assert_eq!(decide(&a, &b), Decision::Best { answer: 0 });
        assert_eq!(decide(&a, &scores(&[[1, 1], [3, 3]])), Decision::Split { answers: vec![0, 1] });
        let even = scores(&[[4, 4], [5, 3]]);
        assert_eq!(decide(&even, &even), Decision::Tie { answers: vec![0, 1] });
        assert_eq!(
            decide(&even, &a),
            Decision::Best { answer: 0 },
            "first alone in one, among the first in the other"
        );
    }

    #[test]
    fn what_the_front_is_worth_is_told() {
        // Whoever stands in front gets two points more.
        let (first, second) = (scores(&[[5, 4], [4, 3]]), scores(&[[4, 3], [5, 4]]));
        assert_eq!(shift(&first, &second), Some(200));
        assert_eq!(shift(&first, &first), Some(0));
        // The middle one of three does not move.
        let (first, second) = (scores(&[[5, 5], [1, 1], [3, 3]]), scores(&[[4, 5], [5, 5], [3, 3]]));
        assert_eq!(shift(&first, &second), Some(50));
        assert_eq!(shift(&scores(&[[1, 1]]), &scores(&[[5, 5]])), None);
    }
}
