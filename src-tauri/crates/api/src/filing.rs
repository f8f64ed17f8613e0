//! Pins, folders and tags.

use crate::{
    Api, chat,
    types::{
        CabinetView, ConversationSummary, MoveConversation, NameRef, NamedCount, PinConversation, PutName,
        TagConversation,
    },
};
use domain::{ErrorKind, Failure, say};
use engine::Counted;

pub(crate) async fn pin(api: &Api, wanted: PinConversation) -> Result<ConversationSummary, Failure> {
    api.engine.pin_conversation(wanted.id, wanted.pinned).await?;
    chat::summary(api, wanted.id).await
}

pub(crate) async fn tag(api: &Api, wanted: TagConversation) -> Result<ConversationSummary, Failure> {
    api.engine.tag_conversation(wanted.id, &wanted.tag, wanted.on).await?;
    chat::summary(api, wanted.id).await
}

pub(crate) async fn put_into(api: &Api, wanted: MoveConversation) -> Result<ConversationSummary, Failure> {
    api.engine.move_conversation(wanted.id, wanted.folder.as_deref()).await?;
    chat::summary(api, wanted.id).await
}

pub(crate) async fn cabinet(api: &Api, (): ()) -> Result<CabinetView, Failure> {
    let all = api.engine.cabinet().await?;
    let counted = |all: Vec<Counted>| {
        all.into_iter().map(|(name, conversations)| NamedCount { name, conversations }).collect()
    };
    Ok(CabinetView { folders: counted(all.folders), tags: counted(all.tags) })
}

pub(crate) async fn put_folder(api: &Api, wanted: PutName) -> Result<CabinetView, Failure> {
    api.engine.put_folder(wanted.was, &wanted.name).await?;
    cabinet(api, ()).await
}

pub(crate) async fn remove_folder(api: &Api, which: NameRef) -> Result<CabinetView, Failure> {
    api.engine.remove_folder(which.name).await?;
    cabinet(api, ()).await
}

pub(crate) async fn rename_tag(api: &Api, wanted: PutName) -> Result<CabinetView, Failure> {
    let Some(was) = wanted.was else {
        let message = say!("A tag is made by giving it to a conversation.");
        return Err(Failure::new(ErrorKind::RequestInvalid, message));
    };
    api.engine.rename_tag(was, &wanted.name).await?;
    cabinet(api, ()).await
}

pub(crate) async fn remove_tag(api: &Api, which: NameRef) -> Result<CabinetView, Failure> {
    api.engine.remove_tag(which.name).await?;
    cabinet(api, ()).await
}
