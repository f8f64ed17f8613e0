//! What a user allows and prefers when an endpoint is chosen.
//!
//! Field names are those of OpenRouter's request (`provider` object and `models`), so that what is
//! written for it means the same here. Two sets are joined by [`RoutingPrefs::meet`]: of what is
//! *allowed* the stricter wins, of what is only *preferred* the more specific one does.

use crate::{PicoUsd, per_million};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// May providers keep or learn from what is sent?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DataCollection {
    /// Any provider.
    Allow,
    /// Only providers that are known not to train on it.
    Deny,
}

/// By what the permitted endpoints are put in order. Written as a word, or as `{"by": word}`; `partition` may
/// be `model`, which is what we do: a stand-in comes after every endpoint of the model that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Expected dollars for one success, with the turns that usually follow: a cache pays from the second on.
    Price,
    /// Most tokens a second first.
    Throughput,
    /// Shortest time to the first content first.
    Latency,
}

impl<'de> Deserialize<'de> for Sort {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct By {
            by: String,
            #[serde(default)]
            partition: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Word(String),
            By(By),
        }
        let word = match Form::deserialize(d)? {
            Form::Word(word) => word,
            Form::By(By { by, partition }) => {
                if let Some(other) = partition.filter(|partition| partition != "model") {
                    return Err(D::Error::custom(format!(
                        "the partition “{other}” is not known: only “model”"
                    )));
                }
                by
            }
        };
        match word.as_str() {
            "price" => Ok(Self::Price),
            "throughput" => Ok(Self::Throughput),
            "latency" => Ok(Self::Latency),
            other => Err(D::Error::custom(format!(
                "the sort “{other}” is not known: price, throughput or latency"
            ))),
        }
    }
}

/// The most a unit may cost, at list price. Written in dollars per million tokens (`request`: dollars
/// per request), kept in pico-dollars per token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct MaxPrice {
    /// Of a prompt token.
    #[serde(with = "per_million", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>", optional = nullable))]
    pub prompt: Option<PicoUsd>,
    /// Of a completion token.
    #[serde(with = "per_million", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(as = "Option<String>", optional = nullable))]
    pub completion: Option<PicoUsd>,
    /// Of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub request: Option<PicoUsd>,
}

impl MaxPrice {
    /// No limit at all.
    pub const fn is_empty(&self) -> bool {
        self.prompt.is_none() && self.completion.is_none() && self.request.is_none()
    }

    /// The lower of each.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        let low = |a: Option<PicoUsd>, b: Option<PicoUsd>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        Self {
            prompt: low(self.prompt, other.prompt),
            completion: low(self.completion, other.completion),
            request: low(self.request, other.request),
        }
    }
}

/// How fast a provider may be asked, as its user wants it; `None` = as fast as can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Requests that begin within any minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens of prompts and answers within any minute; of a running answer as many as are expected.
    pub tokens_per_minute: Option<u32>,
    /// Requests at the same time.
    pub concurrency: Option<u32>,
}

/// Cut-offs by percentile. A bare number means the median.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Percentiles {
    /// Half of all requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub p50: Option<f64>,
    /// Three of four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub p75: Option<f64>,
    /// Nine of ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub p90: Option<f64>,
    /// Ninety-nine of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub p99: Option<f64>,
}

impl Percentiles {
    /// The cut-offs that are set, each with its share of requests.
    pub fn set(&self) -> impl Iterator<Item = (f64, f64)> {
        [(0.5, self.p50), (0.75, self.p75), (0.9, self.p90), (0.99, self.p99)]
            .into_iter()
            .filter_map(|(share, limit)| limit.map(|limit| (share, limit)))
    }
}

impl<'de> Deserialize<'de> for Percentiles {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            #[serde(default)]
            p50: Option<f64>,
            #[serde(default)]
            p75: Option<f64>,
            #[serde(default)]
            p90: Option<f64>,
            #[serde(default)]
            p99: Option<f64>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Median(f64),
            Named(Named),
        }
        Ok(match Form::deserialize(d)? {
            Form::Median(p50) => Self { p50: Some(p50), ..Self::default() },
            Form::Named(Named { p50, p75, p90, p99 }) => Self { p50, p75, p90, p99 },
        })
    }
}

/// What may serve a request, and in what order. Empty = no view: anything may, in our order.
///
/// Slugs of providers match by their parts: `google-vertex` covers `google-vertex/us-east5`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default, deny_unknown_fields)]
pub struct RoutingPrefs {
    /// Providers to try first, literally in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub order: Vec<String>,
    /// The only providers that may be asked; `None` = any, an empty list = none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub only: Option<Vec<String>>,
    /// Providers that may not be asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub ignore: Vec<String>,
    /// May another endpoint be tried when the first fails? Not set = yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub allow_fallbacks: Option<bool>,
    /// Only endpoints that take every parameter of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub require_parameters: Option<bool>,
    /// `deny` = only providers known not to train on what is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub data_collection: Option<DataCollection>,
    /// Only providers known to keep nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub zdr: Option<bool>,
    /// The only precisions that may serve (`fp8`, `bf16` …; `unknown` = not said).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub quantizations: Option<Vec<String>>,
    /// Order of what is permitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub sort: Option<Sort>,
    /// Dearer endpoints, and those of unknown price, may not serve.
    #[serde(skip_serializing_if = "MaxPrice::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<MaxPrice>", optional))]
    pub max_price: MaxPrice,
    /// Tokens a second; slower endpoints come last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub preferred_min_throughput: Option<Percentiles>,
    /// Seconds to the first content; slower endpoints come last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub preferred_max_latency: Option<Percentiles>,
    /// Other models that may stand in, in this order, when no endpoint of the asked one answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<String>>", optional))]
    pub models: Vec<String>,
    /// Nothing may leave this machine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    pub local_only: bool,
    /// The only regions that may serve; `None` = any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub regions: Option<Vec<String>>,
    /// May an answer that broke off be continued once at another endpoint of the same model without
    /// asking? Not set = no.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub continue_once: Option<bool>,
    /// May a second provider of the same model be asked beside one whose first word is late? The first with
    /// content is the answer, the other is stopped and may have cost its prompt. Not set = no.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub hedge: Option<bool>,
}

impl RoutingPrefs {
    /// This set under a more specific one. What either forbids stays forbidden; an order or a wish of
    /// `narrower` replaces ours. So a join never permits what one of its sides did not.
    #[must_use]
    pub fn meet(&self, narrower: &Self) -> Self {
        let either = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(a), Some(b)) => Some(a || b),
            (one, other) => one.or(other),
        };
        let both = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(a), Some(b)) => Some(a && b),
            (one, other) => one.or(other),
        };
        let later = |a: &Vec<String>, b: &Vec<String>| if b.is_empty() { a.clone() } else { b.clone() };
        let mut ignore = self.ignore.clone();
        ignore.extend(narrower.ignore.iter().filter(|slug| !self.ignore.contains(slug)).cloned());
        let only = common(self.only.as_deref(), narrower.only.as_deref());
        // Our order goes; that nobody else may be asked stays.
        let (only, allow_fallbacks) = match self.listed().filter(|_| !narrower.order.is_empty()) {
            Some(listed) => (common(only.as_deref(), Some(listed)), narrower.allow_fallbacks),
            None => (only, both(self.allow_fallbacks, narrower.allow_fallbacks)),
        };
        Self {
            order: later(&self.order, &narrower.order),
            only,
            ignore,
            allow_fallbacks,
            require_parameters: either(self.require_parameters, narrower.require_parameters),
            data_collection: match (self.data_collection, narrower.data_collection) {
                (Some(DataCollection::Deny), _) | (_, Some(DataCollection::Deny)) => {
                    Some(DataCollection::Deny)
                }
                (one, other) => one.or(other),
            },
            zdr: either(self.zdr, narrower.zdr),
            quantizations: common(self.quantizations.as_deref(), narrower.quantizations.as_deref()),
            sort: narrower.sort.or(self.sort),
            max_price: self.max_price.meet(narrower.max_price),
            preferred_min_throughput: narrower.preferred_min_throughput.or(self.preferred_min_throughput),
            preferred_max_latency: narrower.preferred_max_latency.or(self.preferred_max_latency),
            models: later(&self.models, &narrower.models),
            local_only: self.local_only || narrower.local_only,
            regions: common(self.regions.as_deref(), narrower.regions.as_deref()),
            continue_once: both(self.continue_once, narrower.continue_once),
            hedge: both(self.hedge, narrower.hedge),
        }
    }

    /// The only providers that an order without fallbacks leaves; `None` = it leaves every one.
    pub fn listed(&self) -> Option<&[String]> {
        let alone = self.allow_fallbacks == Some(false) && !self.order.is_empty();
        alone.then_some(&self.order)
    }

    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Does `slug` name `provider`, or a part of it? `google-vertex` covers `google-vertex/us-east5`.
pub fn covers(slug: &str, provider: &str) -> bool {
    provider.strip_prefix(slug).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What both lists cover.
fn common(a: Option<&[String]>, b: Option<&[String]>) -> Option<Vec<String>> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (one, other) => return one.or(other).map(<[String]>::to_vec),
    };
    let mut shared: Vec<String> = Vec::new();
    for one in a {
        for other in b {
            let narrow = if covers(one, other) {
                other
            } else if covers(other, one) {
                one
            } else {
                continue;
            };
            if !shared.contains(narrow) {
                shared.push(narrow.clone());
            }
        }
    }
    Some(shared)
}

/// A named set of preferences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Policy {
    /// Lower case, digits and dashes; what commands and lanes name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One sentence on what it does.
    pub about: String,
    /// Ships with the program; cannot be changed, only copied.
    pub built_in: bool,
    /// What it says.
    pub prefs: RoutingPrefs,
}

impl Policy {
    /// The policy used where none is named.
    pub const DEFAULT: &'static str = "everyday";

    /// The policies that ship with the program.
    pub fn built_in() -> Vec<Self> {
        let policy = |id: &str, name: &str, about: &str, prefs: RoutingPrefs| Self {
            id: id.to_owned(),
            name: name.to_owned(),
            about: about.to_owned(),
            built_in: true,
            prefs,
        };
        let none = RoutingPrefs::default;
        vec![
            policy(
                Self::DEFAULT,
                "Everyday",
                "Balances price, speed and reliability; stays where the prompt is cached.",
                none(),
            ),
            policy(
                "cheapest",
                "Cheapest",
                "The lowest expected cost over the whole chat, however slow.",
                RoutingPrefs { sort: Some(Sort::Price), ..none() },
            ),
            policy(
                "fastest",
                "Fastest",
                "The shortest expected time to the first word.",
                RoutingPrefs { sort: Some(Sort::Latency), ..none() },
            ),
            policy(
                "private",
                "Private",
                "Only providers that say they do not train on what is sent, and this machine.",
                RoutingPrefs { data_collection: Some(DataCollection::Deny), ..none() },
            ),
            policy(
                "local",
                "Local only",
                "Only models on this machine; nothing is sent anywhere.",
                RoutingPrefs { local_only: true, ..none() },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefs(json: &str) -> RoutingPrefs {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_names_and_forms_of_openrouters_request_are_read() {
        let all = prefs(
            r#"{"order":["a"],"only":["a","b"],"ignore":["c"],"allow_fallbacks":false,
                "require_parameters":true,"data_collection":"deny","zdr":true,"quantizations":["fp8"],
                "sort":"throughput","max_price":{"prompt":0.15,"completion":"2","request":"0.01"},
                "preferred_min_throughput":50,"preferred_max_latency":{"p90":3},"models":["x/y"]}"#,
        );
        assert_eq!(all.max_price.prompt, PicoUsd::per_million("0.15").ok());
        assert_eq!(all.max_price.completion, PicoUsd::per_million("2").ok());
        assert_eq!(all.preferred_min_throughput.unwrap().p50, Some(50.0));
        assert_eq!(all.preferred_max_latency.unwrap().set().collect::<Vec<_>>(), [(0.9, 3.0)]);
        let back: RoutingPrefs = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
        assert_eq!(back, all);
        assert_eq!(prefs(r#"{"sort":{"by":"price","partition":"model"}}"#).sort, Some(Sort::Price));
        for unknown in [r#"{"sort":"exacto"}"#, r#"{"sort":{"by":"price","partition":"none"}}"#] {
            let said = serde_json::from_str::<RoutingPrefs>(unknown).unwrap_err().to_string();
            assert!(said.contains("is not known"), "{said}");
        }
        assert!(prefs("{}").is_empty());
        assert!(
            serde_json::from_str::<RoutingPrefs>(r#"{"onyl":[]}"#).is_err(),
            "a misspelt rule is no rule"
        );
        assert!(serde_json::from_str::<RoutingPrefs>(r#"{"max_price":{"prompt":-1}}"#).is_err());
    }

    #[test]
    fn the_stricter_side_wins() {
        let a = prefs(r#"{"only":["x","y/1"],"ignore":["p"],"zdr":true,"max_price":{"prompt":"2"}}"#);
        let b = prefs(
            r#"{"only":["x/eu","y","z"],"ignore":["q"],"data_collection":"deny","sort":"price",
                "max_price":{"prompt":"3","completion":"1"}}"#,
        );
        let both = a.meet(&b);
        assert_eq!(both.only, Some(vec!["x/eu".to_owned(), "y/1".to_owned()]));
        assert_eq!(both.ignore, ["p", "q"]);
        assert_eq!((both.zdr, both.data_collection), (Some(true), Some(DataCollection::Deny)));
        assert_eq!(both.max_price.prompt, PicoUsd::per_million("2").ok());
        assert_eq!(both.max_price.completion, PicoUsd::per_million("1").ok());
        assert_eq!(both.sort, Some(Sort::Price));
        let none = prefs(r#"{"only":["x"]}"#).meet(&prefs(r#"{"only":["xy"]}"#));
        assert_eq!(none.only, Some(Vec::new()), "no common provider is none, not any");
        assert_eq!(a.meet(&RoutingPrefs::default()), a);
    }

    #[test]
    fn an_order_without_fallbacks_is_a_list_that_another_order_does_not_lengthen() {
        let listed = prefs(r#"{"order":["azure","openai"],"allow_fallbacks":false}"#);
        let other = listed.meet(&prefs(r#"{"order":["deepseek","openai"]}"#));
        assert_eq!(other.only, Some(vec!["azure".to_owned(), "openai".to_owned()]));
        assert_eq!((other.order, other.allow_fallbacks), (vec!["deepseek".into(), "openai".into()], None));
        let two = listed.meet(&prefs(r#"{"order":["openai"],"allow_fallbacks":false}"#));
        assert_eq!(two.listed(), Some(&["openai".to_owned()][..]));
        assert_eq!(two.only, Some(vec!["azure".to_owned(), "openai".to_owned()]));
        assert_eq!(prefs(r#"{"only":["x"]}"#).meet(&listed).listed(), listed.listed());
        assert_eq!(listed.meet(&RoutingPrefs::default()), listed);
    }

    #[test]
    fn a_slug_covers_its_own_parts_only() {
        assert!(covers("google-vertex", "google-vertex/us-east5") && covers("a", "a"));
        assert!(!covers("google", "google-vertex") && !covers("a/b", "a"));
    }
}
