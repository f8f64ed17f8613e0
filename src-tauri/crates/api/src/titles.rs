//! Who gives titles to new chats.

use crate::{
    Api,
    types::{SetTitleModel, TitleView},
};
use domain::Failure;

pub(crate) async fn state(api: &Api, (): ()) -> Result<TitleView, Failure> {
    let maker = api.engine.title_maker().await?;
    Ok(TitleView { model: maker.model.map(|model| model.to_string()), failure: maker.failure })
}

pub(crate) async fn set(api: &Api, wanted: SetTitleModel) -> Result<TitleView, Failure> {
    api.engine.set_title_model(wanted.model.as_deref().map(str::trim)).await?;
    state(api, ()).await
}
