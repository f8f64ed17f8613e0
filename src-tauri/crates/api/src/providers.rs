//! Settings → Providers and keys, and what is found on this machine.

use crate::{
    Api, calendar, models, spend,
    types::{
        AddProvider, EnableLocal, FieldRow, KeyForm, KeyOrder, KeyRef, KeyRow, KeyTest, LocalServer,
        ModelRow, ProviderModel, ProviderModels, ProviderRef, ProviderRow, SetFields, SetKey, SpendFigure,
    },
};
use domain::{
    AccountField, AccountLabel, AccountRef, AuthScheme, ErrorKind, Failure, Meter, ModelRef, PicoUsd,
    ProviderId, Secret, Timestamp, say,
};
use engine::{Found, Known, SpendKey, Tested};
use std::collections::HashMap;

pub(crate) async fn list(api: &Api, (): ()) -> Result<Vec<ProviderRow>, Failure> {
    let (_, month) = calendar::periods(api.engine.clock().now())?;
    let spent: HashMap<ProviderId, SpendFigure> = api
        .engine
        .store()
        .read(move |tx| {
            // Whom answers were asked of would tell whose they are.
            tx.leave_out_hidden();
            tx.spend_by(SpendKey::Provider, month, Timestamp(i64::MAX))
        })
        .await?
        .into_iter()
        .map(|(provider, sum)| (ProviderId::from(provider.as_str()), spend::figure(&sum)))
        .collect();
    let registry = api.engine.registry();
    Ok(registry
        .providers()
        .filter(|known| known.provider.id.as_str() != "demo")
        .map(|known| row(api, known, &spent))
        .collect())
}

fn row(api: &Api, known: &Known, spent: &HashMap<ProviderId, SpendFigure>) -> ProviderRow {
    let provider = &known.provider;
    let nothing = SpendFigure { amount: PicoUsd::ZERO, attempts: 0, unknown: 0, hidden: None };
    let registry = api.engine.registry();
    let catalogued =
        registry.catalog().all_endpoints().filter(|endpoint| endpoint.provider == provider.id).count();
    let keys = keys(known);
    let new = registry.uncatalogued(known).count();
    let without_key = known.state.as_ref().and_then(|state| read_test(state.test.as_deref()));
    ProviderRow {
        id: provider.id.clone(),
        name: provider.name.clone(),
        dialect: provider.dialect.to_string(),
        base_url: provider.base_url.clone(),
        needs_key: !known.keyless(),
        takes_key: provider.auth != AuthScheme::None,
        tested: keys.first().map_or(without_key, |key| key.tested.clone()),
        keys,
        data_policy: provider.data_policy.clone(),
        models: u32::try_from(catalogued + new).unwrap_or(u32::MAX),
        listed_at: known.state.as_ref().and_then(|state| state.listed_at),
        has_list: provider.models_path.is_some() && !provider.quirks.list_only_tests,
        key_form: match provider.auth {
            AuthScheme::Aws { .. } => KeyForm::AccessKeys,
            AuthScheme::Google { .. } => KeyForm::ServiceAccount,
            AuthScheme::Bearer | AuthScheme::Header { .. } | AuthScheme::None => KeyForm::Word,
        },
        spend: spent.get(&provider.id).cloned().unwrap_or(nothing),
        local: provider.local,
        custom: provider.custom,
        unverified: provider.unverified,
        keys_url: provider.keys_url.clone(),
        fields: provider.account.fields.iter().map(|field| field_row(known, field)).collect(),
    }
}

fn field_row(known: &Known, field: &AccountField) -> FieldRow {
    FieldRow {
        name: field.name.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        value: known.fields.get(&field.name).cloned(),
        default: field.default.clone(),
        example: field.example.clone(),
        choices: field.choices.clone(),
        missing: known.missing.contains(&field.name),
    }
}

fn keys(known: &Known) -> Vec<KeyRow> {
    let environment = known.env_key.then(|| KeyRow {
        label: AccountLabel::environment(),
        source: "environment".to_owned(),
        last_four: None,
        tested: read_test(known.env_test.as_deref()),
    });
    let stored = known.usable().map(|account| KeyRow {
        label: account.label.clone(),
        source: if account.session_only { "session" } else { "keychain" }.to_owned(),
        last_four: account.last_four.clone(),
        tested: read_test(account.test.as_deref()),
    });
    environment.into_iter().chain(stored).collect()
}

/// A test as it was kept. One that this version cannot read is none; the next one is.
fn read_test(text: Option<&str>) -> Option<KeyTest> {
    serde_json::from_str::<Tested>(text?).ok().map(key_test)
}

async fn one(api: &Api, id: &ProviderId) -> Result<ProviderRow, Failure> {
    list(api, ()).await?.into_iter().find(|row| row.id == *id).ok_or_else(|| gone(id))
}

fn gone(id: &ProviderId) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("There is no provider called “{id}”.", id))
}

pub(crate) async fn add(api: &Api, wanted: AddProvider) -> Result<ProviderRow, Failure> {
    let AddProvider { id, dialect, base_url, local } = &wanted;
    if *local {
        api.engine.add_local_provider(id, dialect, base_url).await?;
    } else {
        api.engine.add_provider(id, dialect, base_url).await?;
    }
    one(api, &ProviderId::from(wanted.id.as_str())).await
}

pub(crate) async fn remove(api: &Api, which: ProviderRef) -> Result<(), Failure> {
    api.engine.remove_provider(&which.id).await
}

pub(crate) async fn set_fields(api: &Api, wanted: SetFields) -> Result<ProviderRow, Failure> {
    api.engine.set_fields(&wanted.id, wanted.values).await?;
    one(api, &wanted.id).await
}

pub(crate) async fn refresh(api: &Api, which: ProviderRef) -> Result<ProviderRow, Failure> {
    api.engine.refresh_models(&which.id).await?;
    one(api, &which.id).await
}

pub(crate) async fn models_of(api: &Api, which: ProviderRef) -> Result<ProviderModels, Failure> {
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    let known = registry.provider(&which.id).ok_or_else(|| gone(&which.id))?;
    let catalog = registry.catalog();
    let known_there = catalog.all_endpoints().filter(|endpoint| endpoint.provider == which.id);
    let mut rows: Vec<ProviderModel> = known_there
        .map(|endpoint| ProviderModel {
            reference: ModelRef { model: endpoint.model.to_string(), provider: Some(which.id.clone()) },
            name: catalog
                .model(endpoint.model.as_str())
                .map_or_else(|| endpoint.model.to_string(), |model| model.name.clone()),
            upstream_model: endpoint.upstream_model.clone(),
            context_length: endpoint.context_length,
            price_input: models::rate(endpoint, Meter::Input, at),
            price_output: models::rate(endpoint, Meter::Output, at),
            catalogued: true,
            listed: known.lists(&endpoint.upstream_model),
        })
        .collect();
    for listed in registry.uncatalogued(known) {
        let reference = ModelRef { model: listed.id.clone(), provider: Some(which.id.clone()) };
        let endpoint = registry.resolve(&reference)?.into_iter().next();
        let rate = |meter| endpoint.as_ref().and_then(|endpoint| models::rate(endpoint, meter, at));
        rows.push(ProviderModel {
            name: listed.id.clone(),
            upstream_model: listed.id.clone(),
            context_length: listed.context_length,
            price_input: rate(Meter::Input),
            price_output: rate(Meter::Output),
            catalogued: false,
            listed: Some(true),
            reference,
        });
    }
    Ok(ProviderModels { rows, listed_at: known.state.as_ref().and_then(|state| state.listed_at) })
}

pub(crate) async fn test(api: &Api, which: KeyRef) -> Result<KeyTest, Failure> {
    api.engine.test_provider(&which.id, which.label.as_ref()).await.map(key_test)
}

fn key_test(tested: Tested) -> KeyTest {
    let result = serde_json::to_value(tested.result)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned());
    KeyTest { result, message: tested.message, at: tested.at, models: tested.models, took: tested.took }
}

pub(crate) async fn set_key(api: &Api, wanted: SetKey) -> Result<ProviderRow, Failure> {
    let SetKey { provider, label, key } = wanted;
    let secret = Secret::new(key);
    let provider = match provider.or_else(|| api.engine.recognise(&secret)) {
        Some(provider) => provider,
        None => {
            return Err(Failure::new(
                ErrorKind::RequestInvalid,
                say!(
                    "The provider cannot be told from this key. Choose it in Settings and enter the key there."
                ),
            ));
        }
    };
    let account = account(provider, label);
    api.engine.set_key(&account, secret).await?;
    one(api, &account.provider).await
}

fn account(provider: ProviderId, label: Option<AccountLabel>) -> AccountRef {
    AccountRef { provider, label: label.unwrap_or_else(AccountLabel::unnamed) }
}

pub(crate) async fn delete_key(api: &Api, which: KeyRef) -> Result<ProviderRow, Failure> {
    let account = account(which.id, which.label);
    api.engine.delete_key(&account).await?;
    one(api, &account.provider).await
}

pub(crate) async fn order_keys(api: &Api, wanted: KeyOrder) -> Result<ProviderRow, Failure> {
    api.engine.order_keys(&wanted.id, wanted.labels).await?;
    one(api, &wanted.id).await
}

pub(crate) async fn discover(api: &Api, (): ()) -> Result<Vec<LocalServer>, Failure> {
    let found = api.engine.discover().await?;
    let marks = models::marks(api).await?;
    Ok(found.into_iter().filter_map(|found| server(api, &marks, found)).collect())
}

fn server(api: &Api, marks: &HashMap<String, u8>, found: Found) -> Option<LocalServer> {
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    let provider = &registry.provider(&found.provider)?.provider;
    let address = provider.base_url.split_once("://").map_or("", |(_, rest)| rest);
    let models: Vec<ModelRow> = found
        .models
        .iter()
        .filter_map(|listed| {
            let reference = ModelRef { model: listed.id.clone(), provider: Some(found.provider.clone()) };
            models::row(&registry, marks, &reference, at)
        })
        .collect();
    Some(LocalServer {
        provider: found.provider.clone(),
        name: provider.name.clone(),
        address: address.split('/').next().unwrap_or(address).to_owned(),
        models,
        enabled: found.enabled,
    })
}

pub(crate) async fn enable_local(api: &Api, wanted: EnableLocal) -> Result<Vec<LocalServer>, Failure> {
    api.engine.enable_local(&wanted.provider, wanted.enabled).await?;
    discover(api, ()).await
}
