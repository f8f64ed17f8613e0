//! What of the user's account stands in a provider's address.

use crate::inner::Inner;
use catalog::Catalog;
use domain::{Account, AuthScheme, ErrorKind, Failure, Provider, ProviderId, say};
use std::collections::BTreeMap;

/// Sets fields of a provider by name; an empty value forgets one. All or, with a `request.invalid` that
/// names the field, nothing.
pub(crate) async fn set(
    inner: &Inner,
    id: &ProviderId,
    values: BTreeMap<String, String>,
) -> Result<(), Failure> {
    let refuse = |why: domain::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
    let registry = inner.registry();
    let Some(known) = registry.provider(id) else {
        return refuse(say!("There is no provider called “{id}”.", id));
    };
    let fields = &known.provider.account.fields;
    let mut changes = Vec::new();
    for (name, value) in values {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            return refuse(match names.is_empty() {
                true => say!("The address of {name} needs nothing of yours.", name = known.provider.name),
                false => {
                    say!(
                        "{provider} has no field “{name}”. It has: {names}.",
                        provider = known.provider.name,
                        name,
                        names = names.join(", ")
                    )
                }
            });
        };
        let value = value.trim().to_owned();
        if let Some(why) = (!value.is_empty()).then(|| catalog::refuse_value(field, &value)).flatten() {
            return refuse(why);
        }
        changes.push((name, Some(value).filter(|value| !value.is_empty())));
    }
    let provider = id.clone();
    inner
        .store
        .write(move |tx| {
            changes
                .iter()
                .try_for_each(|(name, value)| tx.set_provider_field(&provider, name, value.as_deref()))
        })
        .await?;
    inner.reload().await
}

/// The cloud whose dialect this is, where a dialect belongs to one: its way to prove a key and its models'
/// forms hold at every address that speaks it.
pub(crate) fn cloud<'c>(catalog: &'c Catalog, dialect: &str) -> Option<&'c Provider> {
    catalog.providers().iter().find(|provider| {
        let proved = matches!(provider.auth, AuthScheme::Aws { .. } | AuthScheme::Google { .. });
        proved && provider.dialect.as_str() == dialect
    })
}

/// What of an account still counts when the address is given whole: the fields in a signature.
pub(crate) fn signed_with(provider: &Provider) -> Account {
    let AuthScheme::Aws { region, .. } = &provider.auth else { return Account::default() };
    let fields =
        provider.account.fields.iter().filter(|field| region.contains(&format!("{{{}}}", field.name)));
    Account { fields: fields.cloned().collect(), forms: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Parts, SystemClock};
    use domain::{AccountLabel, AccountRef, ProcessId, Secret, Timestamp};
    use std::sync::Arc;
    use store::{Options, Store};
    use transport::scripted::Scripted;
    use vault::Vault;

    async fn engine() -> Engine {
        let process = ProcessId::new(uuid::Uuid::from_u128(1));
        let options = Options { process, now: Timestamp(0), version: "test" };
        let parts = Parts {
            store: Store::in_memory(options).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(Scripted::new()),
            clock: Arc::new(SystemClock::new()),
            process,
            origin: "cli",
        };
        Engine::assemble(parts).await.unwrap()
    }

    fn key_of(id: &ProviderId) -> AccountRef {
        AccountRef { provider: id.clone(), label: AccountLabel::unnamed() }
    }

    async fn give(engine: &Engine, id: &str, name: &str, value: &str) -> Result<(), Failure> {
        let values = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        engine.set_fields(&ProviderId::from(id), values).await
    }

    #[tokio::test]
    async fn a_provider_is_ready_when_its_address_is_whole() {
        let engine = engine().await;
        let bedrock = ProviderId::from("bedrock");
        engine.set_key(&key_of(&bedrock), Secret::new("an-api-key-of-bedrock")).await.unwrap();
        let known = || engine.registry().provider(&bedrock).unwrap().clone();
        assert!(!known().ready());
        let failure = engine.inner.key_for(&known(), Some(&AccountLabel::unnamed())).await.unwrap_err();
        assert!(failure.message.contains("provider set bedrock region=…"), "{}", failure.message);
        give(&engine, "bedrock", "region", " eu-west-1 ").await.unwrap();
        assert!(known().ready());
        assert_eq!(known().provider.base_url, "https://bedrock-runtime.eu-west-1.amazonaws.com");
        // Another region is the same provider's: its key stays.
        give(&engine, "bedrock", "region", "us-east-1").await.unwrap();
        let key = engine.inner.key_for(&known(), Some(&AccountLabel::unnamed())).await.unwrap().unwrap();
        assert_eq!(key.expose(), "an-api-key-of-bedrock");
        give(&engine, "bedrock", "region", "").await.unwrap();
        assert!(!known().ready() && known().fields.is_empty());
    }

    #[tokio::test]
    async fn a_key_goes_to_the_resource_it_was_made_for() {
        let engine = engine().await;
        let azure = ProviderId::from("azure");
        let known = || engine.registry().provider(&azure).unwrap().clone();
        let early = engine.set_key(&key_of(&azure), Secret::new("0123456789abcdef")).await.unwrap_err();
        assert!(early.message.contains("Resource"), "{}", early.message);
        give(&engine, "azure", "resource", "first").await.unwrap();
        engine.set_key(&key_of(&azure), Secret::new("0123456789abcdef")).await.unwrap();
        assert!(known().ready());
        give(&engine, "azure", "resource", "second").await.unwrap();
        assert!(!known().ready());
        assert_eq!(
            engine.inner.key_for(&known(), Some(&AccountLabel::unnamed())).await.unwrap_err().kind,
            ErrorKind::AuthMissing
        );
        give(&engine, "azure", "resource", "first").await.unwrap();
        assert!(known().ready());
    }

    #[tokio::test]
    async fn what_cannot_be_a_value_changes_nothing() {
        let engine = engine().await;
        for (id, name, value) in [
            ("bedrock", "region", "evil.com/"),
            ("bedrock", "zone", "a"),
            ("openai", "region", "a"),
            ("nobody", "region", "a"),
            ("databricks", "workspace", "evil.com"),
            ("azure", "api", "v2"),
        ] {
            let failure = give(&engine, id, name, value).await.unwrap_err();
            assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{id} {name}={value}");
        }
        let two = BTreeMap::from([("location", "eu"), ("project", "a b")]);
        let two = two.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert!(engine.set_fields(&ProviderId::from("vertex"), two).await.is_err());
        assert!(engine.registry().providers().all(|known| known.fields.is_empty()));
    }
}
