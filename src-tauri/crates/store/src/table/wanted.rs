//! What is looked for, and what the indexes are asked for it.

use crate::{fold::fold, words};
use domain::{ConversationId, PicoUsd, Timestamp};

/// What to look for. All of it must be true of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// Words or phrases, as people write them; nothing in them is syntax.
    pub terms: Vec<String>,
    /// Words of the model's name.
    pub models: Vec<String>,
    /// Words of the provider's name.
    pub providers: Vec<String>,
    /// Has a block of code.
    pub code: bool,
    /// Is an answer that a vote which stands finds best.
    pub won: bool,
    /// Costs more than this.
    pub dearer_than: Option<PicoUsd>,
    /// Costs less than this.
    pub cheaper_than: Option<PicoUsd>,
    /// Said at or after.
    pub from: Option<Timestamp>,
    /// Said before.
    pub until: Option<Timestamp>,
    /// In conversations that have all of these tags.
    pub tags: Vec<String>,
    /// In conversations of this folder.
    pub folder: Option<String>,
    /// In this conversation.
    pub conversation: Option<ConversationId>,
}

impl Find {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same as what was said is read in the index. A term that nobody sees is none.
    fn folded(&self) -> Self {
        let folded =
            |all: &[String]| all.iter().map(|one| fold(one)).filter(|one| !one.trim().is_empty()).collect();
        let [terms, models, providers] = [&self.terms, &self.models, &self.providers].map(|all| folded(all));
        Self { terms, models, providers, ..self.clone() }
    }

    /// The query of the index of words, into which texts go so; `None` = it cannot answer, or need not.
    fn words_query(&self, text: fn(&str) -> String) -> Option<String> {
        if self.terms.iter().any(|term| !words::has_word(term)) {
            return None;
        }
        let mut all: Vec<String> =
            self.terms.iter().map(|term| format!("text : {}", quoted(&text(term)))).collect();
        all.extend(self.facets());
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    /// The query of the index of parts of words, into which texts go so; `None` = no term has any it knows.
    fn parts_query(&self, text: fn(&str) -> String) -> Option<String> {
        let mut all: Vec<String> =
            self.terms.iter().flat_map(|term| words::trigrams(&text(term))).map(|t| quoted(&t)).collect();
        all.dedup();
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    fn facets(&self) -> Vec<String> {
        let named = |column: &'static str| move |name: &String| format!("{column} : {}", quoted(name));
        let mut all: Vec<String> = self.models.iter().map(named("model")).collect();
        all.extend(self.providers.iter().map(named("provider")));
        if self.code {
            all.push("marks : \"code\"".to_owned());
        }
        all
    }
}

/// What is looked for, and what the indexes are asked.
pub(super) struct Wanted {
    /// Folded.
    pub(super) find: Find,
    /// The query of the index of words; `None` = it cannot answer, or need not.
    pub(super) words: Option<String>,
    /// What of that is not about the text.
    pub(super) facets: Option<String>,
    /// The query of the index of parts of words; `None` = no term has any it knows.
    pub(super) parts: Option<String>,
}

impl Wanted {
    /// `mixed` = some of the index was made before texts were folded; what stands there is asked for as it was then.
    pub(super) fn new(typed: &Find, mixed: bool) -> Self {
        let find = typed.folded();
        let facets = |find: &Find| Some(find.facets().join(" AND ")).filter(|query| !query.is_empty());
        let also = |query: Option<String>, old: &dyn Fn() -> Option<String>| match mixed.then(old).flatten() {
            Some(old) => {
                query.map(|query| if query == old { query } else { format!("({query}) OR ({old})") })
            }
            None => query,
        };
        Self {
            words: also(find.words_query(words::indexed), &|| typed.words_query(words::segmented)),
            facets: also(facets(&find), &|| facets(typed)),
            parts: also(find.parts_query(str::to_owned), &|| typed.parts_query(str::to_lowercase)),
            find,
        }
    }
}

/// A string of the query language of the index: in it nothing is syntax.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\0', " ").replace('"', "\"\""))
}
