//! Which models of the list a client of OpenRouter's wants, in the names of its query (`@openrouter/sdk` 1.3.19,
//! `GetModelsRequest`, 2026-11-23).

use super::lists::{Offer, created};
use domain::{Meter, Modality, PicoUsd, Timestamp};
use std::cmp::Reverse;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;

/// What a list is to hold and how it is ordered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sieve {
    parameters: Vec<String>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    authors: Vec<String>,
    providers: Vec<String>,
    /// Both stand in the name or the slug.
    words: Vec<String>,
    context: Option<u64>,
    /// Least and most of what a token of a prompt and of an answer costs.
    prices: [(Option<PicoUsd>, Option<PicoUsd>); 2],
    /// Least and most days since it appeared.
    days: (Option<i64>, Option<i64>),
    zdr: bool,
    order: Option<Order>,
    untold: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Cheap,
    Dear,
    Long,
    New,
}

/// Filters that go by what nobody here knows of a model.
const UNKNOWN: &[&str] = &[
    "category",
    "distillable",
    "region",
    "min_intelligence_index",
    "max_intelligence_index",
    "min_coding_index",
    "max_coding_index",
    "min_agentic_index",
    "max_agentic_index",
    "min_tool_success_rate",
    "max_tool_success_rate",
];

impl Sieve {
    /// Reads a query. A name that is none of OpenRouter's filters means nothing; an empty value neither.
    pub fn read<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sieve = Self::default();
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            if sieve.take(name, value).is_none() {
                sieve.untold.push(name.to_owned());
            }
        }
        sieve
    }

    /// Notes one wish; `None` = nobody here can go by it.
    fn take(&mut self, name: &str, value: &str) -> Option<()> {
        let list = || value.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty());
        let price = || PicoUsd::per_million(value).ok();
        match name {
            "supported_parameters" => self.parameters.extend(list()),
            "input_modalities" => self.inputs.extend(list()),
            "output_modalities" => self.outputs.extend(list()),
            "model_authors" => self.authors.extend(list()),
            "providers" => self.providers.extend(list()),
            // Families go by their names here: nobody has another list of them.
            "q" | "arch" => self.words.push(value.to_lowercase()),
            "context" => self.context = Some(value.parse().ok()?),
            "min_price" => self.prices[0].0 = Some(price()?),
            "max_price" => self.prices[0].1 = Some(price()?),
            "min_output_price" => self.prices[1].0 = Some(price()?),
            "max_output_price" => self.prices[1].1 = Some(price()?),
            "min_age_days" => self.days.0 = Some(value.parse().ok()?),
            "max_age_days" => self.days.1 = Some(value.parse().ok()?),
            "zdr" => {
                self.zdr = match value.to_ascii_lowercase().as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return None,
                }
            }
            "sort" => {
                self.order = Some(match value {
                    "pricing-low-to-high" => Order::Cheap,
                    "pricing-high-to-low" => Order::Dear,
                    "context-high-to-low" => Order::Long,
                    "newest" => Order::New,
                    _ => return None,
                });
            }
            _ if UNKNOWN.contains(&name) => return None,
            _ => {}
        }
        Some(())
    }

    /// Wishes that nobody here can go by: they keep no model out.
    pub fn untold(&self) -> &[String] {
        &self.untold
    }

    /// Is the model wanted?
    pub fn keeps(&self, offer: &Offer<'_>) -> bool {
        let model = offer.model;
        let holds = |all: &[Modality], word: &String| {
            all.iter().any(|one| super::lists::modality(*one) == word.as_str())
        };
        let (slug, name) = (model.slug.as_str().to_lowercase(), model.name.to_lowercase());
        let any = |words: &[String], is: &dyn Fn(&String) -> bool| words.is_empty() || words.iter().any(is);
        self.parameters.iter().all(|wanted| offer.parameters.contains(&wanted.as_str()))
            && self.inputs.iter().all(|word| holds(&model.input, word))
            && any(&self.outputs, &|word| word == "all" || holds(&model.output, word))
            && any(&self.authors, &|author| author == &model.slug.author().to_lowercase())
            && self.words.iter().all(|word| slug.contains(word.as_str()) || name.contains(word.as_str()))
            && self.context.is_none_or(|least| model.context_length >= Some(least))
            && self.is_paid(offer)
            && self.is_aged(offer)
    }

    /// Does this provider make a model wanted? At least one of those who serve it must.
    pub fn serves(&self, id: &str, name: &str, zdr: bool) -> bool {
        let is = |wanted: &String| *wanted == id.to_lowercase() || *wanted == name.to_lowercase();
        (!self.zdr || zdr) && (self.providers.is_empty() || self.providers.iter().any(is))
    }

    /// An unknown price is neither low nor high.
    fn is_paid(&self, offer: &Offer<'_>) -> bool {
        let meters = [Meter::Input, Meter::Output];
        self.prices.iter().zip(meters).all(|((least, most), meter)| {
            let price = rate(offer, meter);
            least.is_none_or(|least| price >= Some(least))
                && most.is_none_or(|most| price.is_some_and(|price| price <= most))
        })
    }

    fn is_aged(&self, offer: &Offer<'_>) -> bool {
        let (least, most) = self.days;
        if least.is_none() && most.is_none() {
            return true;
        }
        let Some(since) = offer.model.released.as_deref().and_then(Timestamp::of_day) else { return false };
        let days = offer.at.0.saturating_sub(since.0) / DAY;
        least.is_none_or(|least| days >= least) && most.is_none_or(|most| days <= most)
    }

    /// Puts the list into the order that is wanted; what is not known of stands last.
    pub fn sort(&self, offers: &mut [Offer<'_>]) {
        let both = |offer: &Offer<'_>| {
            let prices = (rate(offer, Meter::Input), rate(offer, Meter::Output));
            prices.0.zip(prices.1).map(|(input, output)| i128::from(input.get()) + i128::from(output.get()))
        };
        match self.order {
            None => {}
            Some(Order::Cheap) => offers.sort_by_key(|offer| both(offer).map_or((1, 0), |sum| (0, sum))),
            Some(Order::Dear) => offers.sort_by_key(|offer| both(offer).map_or((1, 0), |sum| (0, -sum))),
            Some(Order::Long) => offers.sort_by_key(|offer| Reverse(offer.model.context_length)),
            Some(Order::New) => offers.sort_by_key(|offer| Reverse(created(offer.model))),
        }
    }
}

fn rate(offer: &Offer<'_>, meter: Meter) -> Option<PicoUsd> {
    offer.prices?.rates(1, None, offer.at).get(&meter).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Capabilities, Model, PriceOrigin, PriceRule, PriceSheet, PriceSource, When};

    fn model(slug: &str, tools: bool, context: Option<u64>, released: Option<&str>) -> Model {
        Model {
            slug: slug.parse().unwrap(),
            name: format!("The {slug}"),
            context_length: context,
            max_completion_tokens: None,
            input: vec![Modality::Text, Modality::Image],
            output: vec![if tools { Modality::Text } else { Modality::Image }],
            capabilities: Capabilities { tools, ..Capabilities::default() },
            open_weights: None,
            knowledge_cutoff: None,
            released: released.map(str::to_owned),
            retires: None,
            checked: None,
        }
    }

    /// So many dollars a million tokens, each way.
    fn sheet(dollars: &str) -> PriceSheet {
        let price = PicoUsd::per_million(dollars).unwrap();
        let rates = [(Meter::Input, price), (Meter::Output, price)].into_iter().collect();
        let source = PriceSource { origin: PriceOrigin::User, source: String::new(), checked: String::new() };
        PriceSheet { source, rules: vec![PriceRule { when: When::default(), rates }] }
    }

    fn found(query: &[(&str, &str)]) -> (Vec<String>, usize) {
        let models = [
            model("acme/small", true, Some(8_000), Some("2026-11-01")),
            model("acme/large-gpt", true, Some(200_000), Some("2025-01-01")),
            model("other/draws", false, None, None),
        ];
        let sheets = [Some(sheet("0.5")), Some(sheet("3")), None];
        let at = Timestamp::of_day("2026-11-23").unwrap();
        let offers = models.iter().zip(&sheets).map(|(model, prices)| Offer {
            model,
            prices: prices.as_ref(),
            parameters: super::super::lists::supported(model),
            at,
            openrouter: true,
        });
        let sieve = Sieve::read(query.iter().copied());
        let mut kept: Vec<Offer<'_>> = offers.filter(|offer| sieve.keeps(offer)).collect();
        sieve.sort(&mut kept);
        let names = kept.iter().map(|offer| offer.model.slug.as_str().to_owned()).collect();
        (names, sieve.untold().len())
    }

    #[test]
    fn a_list_holds_what_is_asked_for_in_the_order_that_is_asked_for() {
        let (small, large, draws) = ("acme/small", "acme/large-gpt", "other/draws");
        for (query, wanted) in [
            (&[][..], &[small, large, draws][..]),
            (&[("supported_parameters", "tools")], &[small, large]),
            (&[("supported_parameters", "tools, seed"), ("context", "9000")], &[large]),
            (&[("supported_parameters", "top_a")], &[]),
            (&[("output_modalities", "image")], &[draws]),
            (&[("output_modalities", "text,image")], &[small, large, draws]),
            (&[("output_modalities", "all"), ("input_modalities", "image,text")], &[small, large, draws]),
            (&[("input_modalities", "audio")], &[]),
            (&[("q", "DRAWS")], &[draws]),
            (&[("arch", "GPT")], &[large]),
            (&[("model_authors", "other,nobody")], &[draws]),
            (&[("min_price", "0.51")], &[large]),
            (&[("max_price", "0.5")], &[small]),
            (&[("max_output_price", "100")], &[small, large]),
            (&[("max_age_days", "30")], &[small]),
            (&[("min_age_days", "30")], &[large]),
            (&[("sort", "pricing-high-to-low")], &[large, small, draws]),
            (&[("sort", "pricing-low-to-high"), ("q", "")], &[small, large, draws]),
            (&[("sort", "context-high-to-low")], &[large, small, draws]),
            (&[("sort", "newest")], &[small, large, draws]),
            (&[("offset", "0"), ("whatever", "x")], &[small, large, draws]),
        ] {
            assert_eq!(found(query), (wanted.iter().map(|&name| name.to_owned()).collect(), 0), "{query:?}");
        }
        // What nobody here can go by keeps nothing out, and is told.
        for query in [
            ("category", "programming"),
            ("sort", "top-weekly"),
            ("max_price", "cheap"),
            ("context", "-1"),
            ("zdr", "yes"),
        ] {
            assert_eq!(found(&[query]).1, 1, "{query:?}");
            assert_eq!(found(&[query]).0.len(), 3, "{query:?}");
        }
    }

    #[test]
    fn a_provider_is_known_by_its_id_or_its_name() {
        let of = |query: &[(&str, &str)]| {
            let sieve = Sieve::read(query.iter().copied());
            [("groq", "Groq", true), ("deepinfra", "DeepInfra", false)]
                .map(|(id, name, zdr)| sieve.serves(id, name, zdr))
        };
        assert_eq!(of(&[]), [true, true]);
        assert_eq!(of(&[("providers", "GROQ")]), [true, false]);
        assert_eq!(of(&[("providers", "x,DeepInfra")]), [false, true]);
        for (word, others) in [("true", false), ("TRUE", false), ("1", false), ("false", true), ("0", true)] {
            assert_eq!(of(&[("zdr", word)]), [true, others], "{word}");
        }
        assert_eq!(of(&[("zdr", "true"), ("providers", "deepinfra")]), [false, false]);
    }
}
