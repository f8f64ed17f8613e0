//! Which model a program means, of those that it names.

use super::{super::named::named, Drive};
use crate::{
    registry::{Known, Registry},
    routing::{self, Field},
};
use domain::{Failure, ModelRef, RoutingPrefs};
use wire::serve::Protocol;

impl Drive {
    /// The first of its names that somebody here serves, and what may be asked for that: those behind it may stand in.
    /// A list written for another router may begin with a model that nobody here has. Notes whom it passed over.
    pub(super) fn which(&mut self, registry: &Registry) -> Result<(ModelRef, Field), Failure> {
        let prefs = registry.known_providers(self.ask.asked.prefs.clone())?;
        self.unserved.clear();
        let (first, mut unknown) = (self.ask.asked.model.clone(), None);
        for (place, name) in std::iter::once(&first).chain(&prefs.models).enumerate() {
            // A request without a first name has the first of its list for one.
            if self.unserved.contains(name) {
                continue;
            }
            match self.meant(registry, name, &prefs, place) {
                Ok(found) => return Ok(found),
                Err(failure) => unknown.get_or_insert(failure),
            };
            self.unserved.push(name.clone());
        }
        Err(unknown.unwrap_or_else(super::gone))
    }

    /// What may be asked for the name at this place of the list.
    fn meant(
        &self,
        registry: &Registry,
        name: &str,
        prefs: &RoutingPrefs,
        place: usize,
    ) -> Result<(ModelRef, Field), Failure> {
        let model = self.embedder(registry, named(registry, name)?);
        let mut rules = self.ask.caller.rules.clone();
        rules.prefs = rules.prefs.meet(prefs);
        if place > 0 {
            rules.prefs.models = prefs.models.iter().skip(place).cloned().collect();
        }
        for other in &mut rules.prefs.models {
            *other = named(registry, other)?.to_string();
        }
        let field = routing::field(registry, &model, &self.request, rules, self.inner.clock.now())?;
        Ok((model, field))
    }

    /// Google's models for embeddings stand in no list of models to talk to: one that nobody is known to serve is asked of
    /// whoever speaks its protocol.
    fn embedder(&self, registry: &Registry, model: ModelRef) -> ModelRef {
        let asked = &self.ask.asked;
        let googles = asked.embeds && asked.protocol == Protocol::Gemini && model.provider.is_none();
        if !googles || registry.resolve(&model).is_ok() {
            return model;
        }
        let speaks =
            |known: &&Known| known.offered() && known.provider.dialect.as_str() == asked.protocol.dialect();
        let provider = registry.providers().find(speaks).map(|known| known.provider.id.clone());
        ModelRef { provider, ..model }
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
