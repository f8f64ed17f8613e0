//! What is said where no endpoint may be asked.

use super::Field;
use crate::registry::{Known, Registry};
use domain::{ErrorKind, Failure, Reason, Rejected, Route, say};

/// Why no endpoint is left: the one thing the user can do about it.
pub(crate) fn nowhere(registry: &Registry, field: &Field, route: &Route) -> Failure {
    let named = |one: &&Rejected| !one.says(Reason::NotNamed);
    let mut rejected: Vec<&Rejected> = route.rejected.iter().filter(named).collect();
    if rejected.is_empty() {
        rejected = route.rejected.iter().collect();
    }
    let endpoint = |one: &Rejected| {
        field.endpoints.iter().map(|(endpoint, _)| endpoint).find(|endpoint| endpoint.id == one.endpoint)
    };
    let provider = |one: &Rejected| registry.provider(&endpoint(one)?.provider);
    // What a rule takes from the providers that are set up is told of those; a key elsewhere would not be asked for
    // where there is one already.
    if rejected.iter().any(|one| !one.says(Reason::NoKey)) {
        rejected.retain(|one| !one.says(Reason::NoKey));
    } else {
        let lacks = |one: &&&Rejected| one.reasons == [Reason::NoKey];
        let ease = |one: &&&Rejected| {
            let known = provider(one);
            let first_party = endpoint(one).is_some_and(|one| registry.catalog().is_first_party(one));
            // The maker's own service first; last what needs more than a key.
            (
                !first_party,
                known.is_none_or(|known| known.provider.local),
                known.is_none_or(Known::addressless),
            )
        };
        if let Some(known) = rejected.iter().filter(lacks).min_by_key(ease).and_then(|one| provider(one)) {
            return unready(known);
        }
    }
    let first = |reason| {
        let one = rejected.iter().find(|rejected| rejected.reasons.first() == Some(&reason));
        one.and_then(|one| provider(one))
    };
    if first(Reason::ContextTooSmall).is_some() {
        return Failure::new(
            ErrorKind::LimitContext,
            say!(
                "The conversation is longer than this model can read. Start a new chat or choose a model with a \
             larger context."
            ),
        );
    }
    if let Some(known) = first(Reason::DialectMissing) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            say!(
                "{name} speaks “{dialect}”, which this version cannot. Choose another provider for this model.",
                name = known.provider.name,
                dialect = known.provider.dialect
            ),
        );
    }
    let name = |one: &Rejected| provider(one).map(|known| known.provider.name.clone());
    forbidden(route, &rejected, name)
}

/// A provider that needs something of the user first.
fn unready(known: &Known) -> Failure {
    if known.addressless() {
        return known.without_address();
    }
    if known.provider.local {
        let name = &known.provider.name;
        return Failure::new(
            ErrorKind::NetConnect,
            say!(
                "{name} is not running on this machine. Start it, then look for local servers in Settings.",
                name
            ),
        );
    }
    crate::attempt::no_key(&known.provider.id, &known.provider.name)
}

/// Which rule leaves out whom, of up to three providers; `None` where no rule does.
fn ruled_out(rejected: &[&Rejected], name: impl Fn(&Rejected) -> Option<String>) -> Option<String> {
    let words = |reason: &Reason| {
        Some(match reason {
            Reason::MayTrain => "may train on what is sent",
            Reason::TrainingUnknown => "is not known not to train on what is sent",
            Reason::Retains => "keeps what is sent",
            Reason::RetentionUnknown => "is not known to keep nothing",
            Reason::NotLocal => "is not on this computer",
            Reason::Region => "is in another region",
            Reason::RegionUnknown => "is in a region that is not known",
            Reason::NotAllowed => "is not among those that may be asked",
            Reason::Ignored => "is among those to ignore",
            Reason::Quantization => "serves at another precision",
            Reason::Parameters => "ignores a parameter of the request",
            Reason::MaxPrice => "is dearer than the limit",
            Reason::PriceUnknown => "has no known price to compare with the limit",
            _ => return None,
        })
    };
    let mut told: Vec<String> = Vec::new();
    for one in rejected {
        let Some(why) = one.reasons.iter().find_map(words) else { continue };
        let line = format!("{} {why}", name(one).unwrap_or_else(|| one.endpoint.to_string()));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    let more = told.len().saturating_sub(3);
    told.truncate(3);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// Every endpoint is ruled out by what the user allows or the request needs.
fn forbidden(route: &Route, rejected: &[&Rejected], name: impl Fn(&Rejected) -> Option<String>) -> Failure {
    let any = |all: &[Reason]| rejected.iter().any(|one| all.iter().any(|&why| one.says(why)));
    if rejected.iter().any(|one| one.reasons == [Reason::Quantization]) {
        return Failure::new(
            ErrorKind::RequestNoModel,
            say!(
                "It is not known of any provider at which precision it serves, so the rule on `quantizations` \
             leaves none, and nothing was sent. Take the rule out, or put “unknown” among its words."
            ),
        );
    }
    if let Some(told) = ruled_out(rejected, name) {
        let policy = route.policy.as_deref().unwrap_or("everyday");
        return Failure::new(
            ErrorKind::RequestNoModel,
            say!(
                "The rules (policy “{policy}” and what the request itself says) permit none of this model's \
                 providers, so nothing was sent: {told}. `parallax route explain` shows all of them. Choose another \
                 policy or another model.",
                policy,
                told
            ),
        );
    }
    if any(&[Reason::Budget]) {
        return Failure::new(
            ErrorKind::BillingBudget,
            say!(
                "A budget does not cover this request at any provider, so nothing was sent. Raise the budget or \
             ask for a shorter answer."
            ),
        );
    }
    if any(&[Reason::OutputTooShort]) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            say!("No provider writes an answer as long as the one asked for. Ask for fewer tokens."),
        );
    }
    if any(&[Reason::Tools, Reason::StructuredOutput, Reason::Reasoning, Reason::Modality]) {
        return Failure::new(
            ErrorKind::RequestUnsupported,
            say!(
                "This model cannot do what the request asks (tools, a JSON schema, reasoning, or reading what is \
             attached). Choose another model."
            ),
        );
    }
    Failure::new(
        ErrorKind::RequestNoModel,
        say!("No provider can serve this model with what the prompt holds."),
    )
}
