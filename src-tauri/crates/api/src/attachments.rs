//! Files that come in with a prompt, and pictures that come out of an answer.

use crate::{
    Api,
    types::{AttachFile, AttachmentFact, AttachmentRef, MediaData, PictureRef},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{ErrorKind, Failure, say};
use engine::Attached;

/// Longest base64 that is looked at: the largest file there may be.
const LONGEST: usize = 44 * 1024 * 1024;

fn fact(attached: Attached) -> AttachmentFact {
    let Attached { file, size, preview, notes } = attached;
    AttachmentFact {
        file,
        width: size.map(|size| size.0),
        height: size.map(|size| size.1),
        preview: preview.map(|jpeg| format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))),
        notes,
    }
}

/// Takes a file in.
pub(crate) async fn add(api: &Api, wanted: AttachFile) -> Result<AttachmentFact, Failure> {
    let refuse = |why: domain::Words| Failure::new(ErrorKind::RequestInvalid, why);
    if wanted.base64.len() > LONGEST {
        return Err(refuse(say!("This file is larger than 32 MB. Attach a smaller one, or a part of it.")));
    }
    let data = STANDARD
        .decode(wanted.base64)
        .map_err(|_| refuse(say!("The file did not arrive whole. Try again.")))?;
    api.engine.attach(wanted.name, data).await.map(fact)
}

/// What is shown of a file.
pub(crate) async fn view(api: &Api, which: AttachmentRef) -> Result<AttachmentFact, Failure> {
    api.engine.attachment(which.sha256).await.map(fact)
}

/// A file as it is sent.
pub(crate) async fn data(api: &Api, which: AttachmentRef) -> Result<MediaData, Failure> {
    let media = api.engine.attachment_data(which.sha256).await?;
    Ok(MediaData { media_type: media.media_type, base64: STANDARD.encode(media.data) })
}

/// A picture that an answer holds.
pub(crate) async fn picture(api: &Api, which: PictureRef) -> Result<MediaData, Failure> {
    let nth = usize::try_from(which.nth).unwrap_or(usize::MAX);
    let media = api.engine.picture(which.run, nth).await?;
    Ok(MediaData { media_type: media.media_type, base64: STANDARD.encode(media.data) })
}
