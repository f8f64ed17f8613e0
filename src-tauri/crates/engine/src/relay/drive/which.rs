//! Which model a program means, of those that it names.

use super::{super::named::named, Drive};
use crate::{
    policy::Rules,
    registry::{Known, Registry},
    routing::{self, Field},
};
use domain::{Failure, ModelRef};
use std::sync::Arc;
use wire::serve::Protocol;

impl Drive {
    /// The first of its names that is known here, and what may be asked for that: those behind it may stand in.
    /// A list written for another router may begin with a model that nobody here has. Notes whom it passed over.
    pub(super) fn which(&mut self, registry: &Registry) -> Result<(ModelRef, Field), Failure> {
        let asked = Arc::clone(&self.ask.asked);
        let prefs = registry.known_providers(asked.prefs.clone())?;
        let mut rules = self.ask.caller.rules.clone();
        rules.prefs = rules.prefs.meet(&prefs);
        // What is no name stands in for nothing, like what nobody serves.
        let meant = |name: &String| named(registry, name).map_or_else(|_| name.clone(), |m| m.to_string());
        let stand_ins: Vec<String> = rules.prefs.models.iter().map(meant).collect();
        self.unserved.clear();
        let mut unknown = None;
        for (place, name) in std::iter::once(&asked.model).chain(&prefs.models).enumerate() {
            // A request without a first name has the first of its list for one.
            if self.unserved.contains(name) {
                continue;
            }
            rules.prefs.models = stand_ins.get(place..).unwrap_or_default().to_vec();
            let failure = match named(registry, name) {
                Ok(model) => match self.field(registry, &model, rules.clone()) {
                    Ok(field) => return Ok((model, field)),
                    // Known well: it is what is asked that nobody here can do.
                    Err(failure) if routing::leaves_choice(&model) => return Err(failure),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            unknown.get_or_insert(failure);
            self.unserved.push(name.clone());
        }
        Err(unknown.unwrap_or_else(super::gone))
    }

    /// What may be asked for it. Google's models for embeddings stand in no list of models to talk to: one that nobody
    /// is known to serve is asked of any that speaks its protocol.
    fn field(&self, registry: &Registry, model: &ModelRef, rules: Rules) -> Result<Field, Failure> {
        let (asked, now) = (&self.ask.asked, self.inner.clock.now());
        let googles = asked.embeds && asked.protocol == Protocol::Gemini && model.provider.is_none();
        let speaks =
            |known: &&Known| known.offered() && known.provider.dialect.as_str() == asked.protocol.dialect();
        let at = |known: &Known| ModelRef {
            provider: Some(known.provider.id.clone()),
            model: model.model.clone(),
        };
        let unknown = googles && registry.resolve(model).is_err();
        let mut anywhere = registry.providers().filter(|_| unknown).filter(speaks).map(at);
        let first = anywhere.next();
        let mut field = routing::field(registry, first.as_ref().unwrap_or(model), &self.request, rules, now)?;
        let others = anywhere.filter_map(|other| registry.resolve(&other).ok()).flatten();
        field.endpoints.extend(others.map(|endpoint| (endpoint, 0)));
        Ok(field)
    }

    /// Said of the names that nobody here serves.
    pub(super) fn passed_over(&self) -> impl Iterator<Item = String> + '_ {
        let words = |name: &String| {
            let name: String = name.chars().take(80).collect();
            format!("model: nobody here serves “{name}”, so the next one that was named was asked.")
        };
        self.unserved.iter().map(words)
    }
}
