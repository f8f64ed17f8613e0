//! What may not serve a request, and why. What is not known counts as not allowed.

use crate::{
    plan::{Ask, Offer, Ready},
    price::Rates,
};
use domain::{DataCollection, Endpoint, PicoUsd, Reason, slug_covers};

/// Why an endpoint may not serve.
#[derive(Default)]
pub(crate) struct Refusals {
    /// Every ground for leaving it out, from the one nobody can mend to the one a shorter prompt or more money mends.
    /// Empty = it may serve.
    pub reasons: Vec<Reason>,
    /// What it would have to leave out of the request to serve it: no ground where nobody of the model can do it.
    pub lacks: Vec<Reason>,
}

/// What is against an endpoint.
pub(crate) fn refusals(offer: &Offer<'_>, ask: &Ask<'_>) -> Refusals {
    let mut refusals = Refusals::default();
    grounds(offer, ask, &mut refusals.reasons);
    wishes(offer, ask, &mut refusals.lacks);
    if ask.prefs.require_parameters == Some(true) {
        refusals.reasons.append(&mut refusals.lacks);
    }
    refusals
}

fn grounds(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    // A stand-in was named for itself.
    let stands_in = offer.stand_in > 0;
    if !stands_in && ask.named.is_some_and(|named| *named != offer.endpoint.provider) {
        reasons.push(Reason::NotNamed);
    }
    if !offer.dialect_built {
        reasons.push(Reason::DialectMissing);
    }
    data(offer, ask, reasons);
    lists(offer, ask, reasons);
    abilities(offer, ask, reasons);
    if offer.ready == Ready::NoKey {
        reasons.push(Reason::NoKey);
    }
    size(offer, ask, reasons);
    money(offer, ask, reasons);
}

/// What an answer can do without: who does not reason answers at once, who writes less ends sooner, and pictures of
/// before may be missing. Programs name them in every request, whichever model it is for.
fn wishes(offer: &Offer<'_>, ask: &Ask<'_>, lacks: &mut Vec<Reason>) {
    let needs = ask.needs;
    if let Some((can, reads)) = offer.model {
        if needs.earlier_input.iter().any(|kind| !reads.contains(kind)) {
            lacks.push(Reason::Modality);
        }
        if needs.reasoning && !can.reasoning {
            lacks.push(Reason::Reasoning);
        }
    }
    if let (Some(wanted), Some(most)) = (needs.max_output, offer.endpoint.max_completion_tokens)
        && wanted > most
    {
        lacks.push(Reason::OutputTooShort);
    }
}

/// Slug of an endpoint as lists name it: its provider, with its region where that is known.
pub(crate) fn tag(endpoint: &Endpoint, region: Option<&str>) -> String {
    match region {
        Some(region) => format!("{}/{region}", endpoint.provider),
        None => endpoint.provider.to_string(),
    }
}

fn data(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    // What stays on this machine is collected by nobody.
    if offer.local {
        return;
    }
    let prefs = ask.prefs;
    if prefs.local_only {
        reasons.push(Reason::NotLocal);
    }
    if prefs.data_collection == Some(DataCollection::Deny) {
        match offer.data.trains {
            Some(false) => {}
            Some(true) => reasons.push(Reason::MayTrain),
            None => reasons.push(Reason::TrainingUnknown),
        }
    }
    if prefs.zdr == Some(true) {
        match offer.data.retention_days {
            Some(0) => {}
            Some(_) => reasons.push(Reason::Retains),
            None => reasons.push(Reason::RetentionUnknown),
        }
    }
    if let Some(regions) = &prefs.regions {
        match offer.region {
            Some(region) if regions.iter().any(|allowed| slug_covers(allowed, region)) => {}
            Some(_) => reasons.push(Reason::Region),
            None => reasons.push(Reason::RegionUnknown),
        }
    }
}

fn lists(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    let tag = tag(offer.endpoint, offer.region);
    let misses =
        |list: Option<&[String]>| list.is_some_and(|list| !list.iter().any(|slug| slug_covers(slug, &tag)));
    if misses(ask.prefs.only.as_deref()) || misses(ask.prefs.listed()) {
        reasons.push(Reason::NotAllowed);
    }
    // A region that is not known may be the one that was ruled out.
    let ignored =
        |slug: &String| slug_covers(slug, &tag) || offer.region.is_none() && slug_covers(&tag, slug);
    if ask.prefs.ignore.iter().any(ignored) {
        reasons.push(Reason::Ignored);
    }
    if let Some(allowed) = &ask.prefs.quantizations {
        let own = offer.quantization.unwrap_or("unknown");
        if !allowed.iter().any(|precision| precision == own) {
            reasons.push(Reason::Quantization);
        }
    }
}

/// What nobody knows of a model is given the benefit of the doubt: its provider refuses without charging.
fn abilities(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    let needs = ask.needs;
    if let Some((can, reads)) = offer.model {
        if needs.input.iter().any(|kind| !reads.contains(kind)) {
            reasons.push(Reason::Modality);
        }
        if needs.tools && !can.tools {
            reasons.push(Reason::Tools);
        }
        if needs.structured_output && !can.structured_output {
            reasons.push(Reason::StructuredOutput);
        }
    }
    let steady = offer.model.is_some_and(|(can, _)| can.temperature == Some(false));
    let drops = |param: &&str| {
        steady && matches!(*param, "temperature" | "top_p")
            || offer.drops.iter().any(|dropped| dropped == param)
    };
    if ask.prefs.require_parameters == Some(true) && needs.params.iter().any(drops) {
        reasons.push(Reason::Parameters);
    }
}

fn size(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    // At least one token must be left for the answer. An unknown context is given the benefit of the
    // doubt: the provider answers a prompt that is too long without charging for it.
    if offer.endpoint.context_length.is_some_and(|context| ask.prompt_tokens >= context) {
        reasons.push(Reason::ContextTooSmall);
    }
}

fn money(offer: &Offer<'_>, ask: &Ask<'_>, reasons: &mut Vec<Reason>) {
    let limits = &ask.prefs.max_price;
    let rates = if limits.is_empty() {
        Rates::default()
    } else {
        Rates::of(offer.endpoint.prices.as_ref(), ask.prompt_tokens, ask.now)
    };
    let mut over = false;
    let mut unknown = false;
    let mut check = |limit: Option<PicoUsd>, rate: Option<PicoUsd>| match (limit, rate) {
        (Some(limit), Some(rate)) => over |= rate > limit,
        (Some(_), None) => unknown = true,
        (None, _) => {}
    };
    check(limits.prompt, rates.input);
    check(limits.completion, rates.output);
    // No fee for a request is none, where the endpoint's prices are known at all.
    let fee = rates.request.or_else(|| rates.input.map(|_| PicoUsd::ZERO));
    check(limits.request, fee);
    if over {
        reasons.push(Reason::MaxPrice);
    }
    if unknown {
        reasons.push(Reason::PriceUnknown);
    }
    if !offer.affordable {
        reasons.push(Reason::Budget);
    }
}
