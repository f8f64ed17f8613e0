//! Pins, folders and tags: where a person keeps conversations. Nothing of it is sent to anybody.

use crate::{Engine, inner::Table};
use domain::{ConversationId, ErrorKind, Failure, SHORT_NAME, say, short_name};
use store::{Counted, Tx};

/// Most tags of one conversation.
pub const MOST_TAGS: usize = 20;

/// Every folder and tag, by name, each with how many conversations outside the trash have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cabinet {
    /// Folders, the empty ones too.
    pub folders: Vec<Counted>,
    /// Tags.
    pub tags: Vec<Counted>,
}

fn name(text: &str) -> Result<String, Failure> {
    short_name(text).ok_or_else(|| {
        let message =
            say!("A tag or a folder has a name of 1 to {short_name} characters.", short_name = SHORT_NAME);
        Failure::new(ErrorKind::RequestInvalid, message)
    })
}

fn known(tx: &Tx<'_>, id: ConversationId) -> Result<(), Failure> {
    let gone = || Failure::new(ErrorKind::RequestInvalid, say!("This conversation is gone."));
    tx.conversation(id)?.map(|_| ()).ok_or_else(gone)
}

impl Engine {
    /// Pins a conversation to the top of the list, or takes the pin off.
    pub async fn pin_conversation(&self, id: ConversationId, pinned: bool) -> Result<(), Failure> {
        let at = pinned.then(|| self.inner.clock.now());
        self.filed(move |tx| {
            known(tx, id)?;
            tx.set_pinned(id, at)
        })
        .await
    }

    /// Puts a conversation into a folder, which is made if need be, or out of all (`None`).
    ///
    /// Error `request.invalid` when the name is none.
    pub async fn move_conversation(&self, id: ConversationId, folder: Option<&str>) -> Result<(), Failure> {
        let folder = folder.map(name).transpose()?;
        self.filed(move |tx| {
            known(tx, id)?;
            tx.set_folder(id, folder.as_deref())
        })
        .await
    }

    /// Gives a conversation a tag or takes it off.
    ///
    /// Error `request.invalid` when the name is none, or one tag more is too many.
    pub async fn tag_conversation(&self, id: ConversationId, tag: &str, on: bool) -> Result<(), Failure> {
        let tag = name(tag)?;
        self.filed(move |tx| {
            known(tx, id)?;
            if !on {
                return tx.take_tag(id, &tag);
            }
            tx.put_tag(id, &tag)?;
            if tx.filing(id)?.tags.len() > MOST_TAGS {
                let message = say!("A conversation has at most {most_tags} tags.", most_tags = MOST_TAGS);
                return Err(Failure::new(ErrorKind::RequestInvalid, message));
            }
            Ok(())
        })
        .await
    }

    /// Every folder and tag there is.
    pub async fn cabinet(&self) -> Result<Cabinet, Failure> {
        self.inner.store.read(|tx| Ok(Cabinet { folders: tx.folders()?, tags: tx.tags()? })).await
    }

    /// Makes an empty folder (`was` = `None`) or gives one another name; two of one name become one.
    pub async fn put_folder(&self, was: Option<String>, called: &str) -> Result<(), Failure> {
        let called = name(called)?;
        self.filed(move |tx| match &was {
            None => tx.put_folder(&called),
            Some(was) => tx.rename_folder(was, &called),
        })
        .await
    }

    /// Removes a folder. Its conversations stay, in none.
    pub async fn remove_folder(&self, called: String) -> Result<(), Failure> {
        self.filed(move |tx| tx.remove_folder(&called)).await
    }

    /// Gives a tag another name everywhere; two of one name become one.
    pub async fn rename_tag(&self, was: String, called: &str) -> Result<(), Failure> {
        let called = name(called)?;
        self.filed(move |tx| tx.rename_tag(&was, &called)).await
    }

    /// Takes a tag off every conversation. They stay.
    pub async fn remove_tag(&self, called: String) -> Result<(), Failure> {
        self.filed(move |tx| tx.remove_tag(&called)).await
    }

    async fn filed(
        &self,
        write: impl FnOnce(&mut Tx<'_>) -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        self.inner.store.write(write).await?;
        self.inner.changed(Table::Conversations);
        Ok(())
    }
}
