//! The labelled answers in `tests/data/agreement`, and how well the matcher finds what only one of them says.

use compare::text::agreement;
use serde_json::Value;
use std::collections::BTreeMap;

const GROUPS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/agreement/groups.json"));

/// Counts of "only one says this".
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    pub(crate) groups: usize,
    pub(crate) sentences: usize,
    /// Said so, and it is.
    pub(crate) right: usize,
    /// Said so, and another says it too.
    pub(crate) wrong: usize,
    /// It is so, and was not found.
    pub(crate) missed: usize,
}

impl Score {
    pub(crate) fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    pub(crate) fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed).max(1) as f64
    }

    fn add(&mut self, other: Self) {
        self.groups += other.groups;
        self.sentences += other.sentences;
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

/// Scores by the named part: `all`, each language, each kind.
pub(crate) fn measure(tell: bool) -> BTreeMap<String, Score> {
    let root: Value = serde_json::from_str(GROUPS).expect("the labelled set is JSON");
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for group in root["groups"].as_array().expect("groups") {
        let score = one(group, tell);
        let (lang, kind) = (group["lang"].as_str().expect("lang"), group["kind"].as_str().expect("kind"));
        for part in ["all".to_owned(), format!("language {lang}"), format!("kind {kind}")] {
            scores.entry(part).or_default().add(score);
        }
    }
    scores
}

fn one(group: &Value, tell: bool) -> Score {
    let join = group["join"].as_str().expect("join");
    let mut score = Score { groups: 1, ..Score::default() };
    let (mut texts, mut sentences) = (Vec::new(), Vec::new());
    for (answer, written) in group["answers"].as_array().expect("answers").iter().enumerate() {
        let mut text = join.trim_start_matches('\n').trim_start_matches(' ').to_owned();
        for (n, sentence) in written.as_array().expect("sentences").iter().enumerate() {
            if n > 0 {
                text.push_str(join);
            }
            let sentence = sentence.as_str().expect("a sentence");
            let (only, bare) = sentence.strip_prefix('!').map_or((false, sentence), |bare| (true, bare));
            sentences.push((answer, text.len()..text.len() + bare.len(), only));
            text.push_str(bare);
        }
        texts.push(text);
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = agreement(&texts);
    for (answer, at, only) in sentences {
        score.sentences += 1;
        let said = found
            .single()
            .flat_map(|statement| &statement.claims)
            .any(|claim| claim.answer == answer && claim.at.start < at.end && at.start < claim.at.end);
        match (said, only) {
            (true, true) => score.right += 1,
            (true, false) => score.wrong += 1,
            (false, true) => score.missed += 1,
            (false, false) => {}
        }
        if tell && said != only {
            eprintln!("{} {}: {}", group["kind"], if only { "missed" } else { "wrong" }, &texts[answer][at]);
        }
    }
    score
}
