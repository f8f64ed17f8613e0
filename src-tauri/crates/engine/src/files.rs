//! Files the user attaches: taken in, kept beside the database, and put into a request before it is sent.

use crate::{Engine, inner::Inner, tasks};
use attach::{Kind, Refused, Taken};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Attachment, ErrorKind, Failure, Message, Part, Request, Role, RunId, Timestamp, say};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};
use store::{AttachmentRow, Store, Tx};

/// Most files of one prompt.
pub const FILES_LIMIT: usize = 20;
/// Most bytes of the files of one prompt: what requests may have in all (Anthropic 32 MB; as known, not re-read).
const TOGETHER_LIMIT: u64 = 40 * 1024 * 1024;
/// Longest time for reading the text of a PDF.
const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(15);
/// Most memory for it, in kB, where the system lets a process be limited.
const MEMORY_KB: u32 = 1_500_000;
/// Files that nothing names any more are kept this long.
const KEPT_FOR: i64 = 7 * 86_400_000;
/// How the file ends through which its words come.
const WORDS: &str = "words";
/// Such a file that is older, in milliseconds, has no reader any more.
const LEFT_BEHIND: i64 = 3_600_000;
/// What a process needs of our environment to start at all.
const LIBRARIES: [&str; 3] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot"];
/// The argument with which a program of ours reads a PDF and does nothing else.
const READ_PDF: &str = "--read-pdf";

/// Who reads the text of a PDF.
#[derive(Clone, Debug)]
pub(crate) enum PdfReader {
    /// This process.
    Here,
    /// A process of its own, made from this program.
    Child(PathBuf),
}

/// A prompt with its files.
pub struct Asked {
    pub(crate) ask: crate::Ask,
    pub(crate) files: Vec<Attachment>,
}

impl From<crate::Ask> for Asked {
    fn from(ask: crate::Ask) -> Self {
        Self { ask, files: Vec::new() }
    }
}

impl crate::Ask {
    /// The same prompt with files.
    pub fn with_files(self, files: Vec<Attachment>) -> Asked {
        Asked { ask: self, files }
    }
}

/// A file that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// What a prompt names it by.
    pub file: Attachment,
    /// Pixels across and down, of a picture.
    pub size: Option<(u32, u32)>,
    /// A small JPEG of a picture.
    pub preview: Option<Vec<u8>>,
    /// What was changed in it, and what it cannot do.
    pub notes: Vec<domain::Words>,
}

/// Bytes with their sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// IANA media type.
    pub media_type: String,
    /// The bytes.
    pub data: Vec<u8>,
}

impl Engine {
    /// Takes a file in: cleaned, measured, kept. Error `request.invalid` with what to do for what cannot be
    /// attached.
    pub async fn attach(&self, name: String, data: Vec<u8>) -> Result<Attached, Failure> {
        let inner = Arc::clone(&self.inner);
        let taken = tasks::aside(move || {
            let taken = attach::take(&name, data);
            keep(&inner, taken.map_err(|Refused(words)| Failure::new(ErrorKind::RequestInvalid, words))?)
        });
        let taken = taken.await??;
        let row = AttachmentRow {
            file: taken.file.clone(),
            size: taken.size,
            preview: taken.preview.clone(),
            used_at: self.inner.clock.now(),
        };
        self.inner.store.write(move |tx| tx.put_attachment(&row)).await?;
        Ok(taken)
    }

    /// What is known of a file that was attached.
    pub async fn attachment(&self, sha256: String) -> Result<Attached, Failure> {
        let row = self.inner.store.read(move |tx| tx.attachment(&sha256)).await?.ok_or_else(gone)?;
        Ok(Attached { file: row.file, size: row.size, preview: row.preview, notes: Vec::new() })
    }

    /// A file as it is sent.
    pub async fn attachment_data(&self, sha256: String) -> Result<Media, Failure> {
        let hash = sha256.clone();
        let row = self.inner.store.read(move |tx| tx.attachment(&hash)).await?.ok_or_else(gone)?;
        let store = self.inner.store.clone();
        let data = tasks::aside(move || store.file(&sha256)).await??.ok_or_else(gone)?;
        Ok(Media { media_type: row.file.media_type, data })
    }

    /// A picture that an answer holds, to be shown: decoded here within limits and written anew, as what a person
    /// attaches is. What came stays in the answer as it is. `nth` counts its pictures, from 0. Error
    /// `request.unsupported` for what is none that can be shown.
    pub async fn picture(&self, run: RunId, nth: usize) -> Result<Media, Failure> {
        let none = || Failure::new(ErrorKind::RequestInvalid, say!("There is no picture here any more."));
        let parts = self
            .inner
            .store
            .read(move |tx| {
                let message = tx.run(run)?.map(|row| row.message);
                let row = message.map(|message| tx.message(message)).transpose()?.flatten();
                row.map(|row| tx.content(&row.content)).transpose()
            })
            .await?
            .flatten()
            .ok_or_else(none)?;
        let mut pictures = parts.into_iter().filter(is_picture);
        match pictures.nth(nth).ok_or_else(none)? {
            // Written anew when it was taken in.
            Part::Attachment(file) => self.attachment_data(file.sha256).await,
            Part::GeneratedImage { media_type, base64 } => {
                tasks::aside(move || shown(&media_type, &base64)).await?
            }
            _ => Err(none()),
        }
    }
}

/// Is this a picture of an answer: one that a provider made, or one that came with an import?
fn is_picture(part: &Part) -> bool {
    match part {
        Part::GeneratedImage { .. } => true,
        Part::Attachment(file) => file.media_type.starts_with("image/"),
        _ => false,
    }
}

/// A picture of a provider as a window may show it.
fn shown(media_type: &str, base64: &str) -> Result<Media, Failure> {
    let refuse = || {
        Failure::new(
            ErrorKind::RequestUnsupported,
            say!(
                "A picture of the type {media_type} cannot be shown. Export the conversation to keep it.",
                media_type
            ),
        )
    };
    let data = STANDARD.decode(base64).map_err(|_| refuse())?;
    match attach::take("picture", data) {
        Ok(Taken { kind: Kind::Picture, media_type, data, .. }) => {
            Ok(Media { media_type: media_type.to_owned(), data })
        }
        Ok(_) | Err(Refused(_)) => Err(refuse()),
    }
}

fn gone() -> Failure {
    let words = say!("This file is not on this computer any more. Attach it again.");
    Failure::new(ErrorKind::RequestInvalid, words)
}

/// Keeps a file that was cleaned and measured. Its row is not written: [`Tx::put_attachment`] comes after. Blocks.
pub(crate) fn keep(inner: &Inner, taken: Taken) -> Result<Attached, Failure> {
    let Taken { kind, name, media_type, data, size, preview, mut notes } = taken;
    let sha256 = inner.store.keep_file(&data)?;
    let text_sha256 = match kind {
        Kind::Pdf => match read_pdf(inner, &sha256, &data) {
            Some(text) => Some(inner.store.keep_file(text.as_bytes())?),
            None => {
                notes.push(say!(
                    "No text could be read from it: only models that read documents will see what it says."
                ));
                None
            }
        },
        Kind::Picture | Kind::Text | Kind::Recording => None,
    };
    let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let file = Attachment { sha256, name, media_type: media_type.to_owned(), bytes, text_sha256 };
    Ok(Attached { file, size, preview, notes })
}

fn read_pdf(inner: &Inner, sha256: &str, data: &[u8]) -> Option<String> {
    match (&inner.pdf_reader, inner.store.file_path(sha256)) {
        (PdfReader::Child(program), Some(path)) => read_in_child(
            program,
            &path,
            &path.with_extension(format!("{}.{WORDS}", inner.clock.id().simple())),
        ),
        _ => attach::pdf_text(data),
    }
}

/// A process of its own reads the document, with an end to its time and memory: a hostile one costs that
/// process and nothing else. Its words come through a file, so that nobody waits for a full pipe.
/// `out` is its alone: the same document may be read twice at once, here and by another process. Of our environment,
/// which may hold keys, it gets only where libraries are.
fn read_in_child(program: &Path, path: &Path, out: &Path) -> Option<String> {
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -v {MEMORY_KB} 2>/dev/null; exec \"$0\" \"$@\"")]).arg(program);
        shell
    } else {
        Command::new(program)
    };
    command.env_clear().envs(LIBRARIES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let text = new_file(out).ok().and_then(|words| {
        let child =
            command.arg(READ_PDF).arg(path).stdin(Stdio::null()).stdout(words).stderr(Stdio::null()).spawn();
        let mut child = child.ok()?;
        let mut waited = Duration::ZERO;
        let ended = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status.success(),
                Ok(None) if waited < PATIENCE => {
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                _ => {
                    // Killed or gone: both are no text.
                    let _ = child.kill();
                    let _ = child.wait();
                    break false;
                }
            }
        };
        ended.then(|| std::fs::read_to_string(out).ok()).flatten()
    });
    let _ = std::fs::remove_file(out);
    text.filter(|text| !text.trim().is_empty())
}

/// A file that was not there, for its owner alone.
fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes what readers that were killed before that time have left beside the documents.
fn sweep_words(folder: &Path, before: SystemTime) {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries(folder).flat_map(|sub| entries(&sub.path())) {
        let path = entry.path();
        let written = entry.metadata().and_then(|meta| meta.modified());
        let words = path.extension().is_some_and(|ending| ending == WORDS);
        if words && written.is_ok_and(|at| at < before) {
            // What cannot be removed now is tried again at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Reads a PDF and ends the process, if it was started for that. First thing in every program of ours.
pub fn read_pdf_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != READ_PDF) {
        return;
    }
    let data = arguments.next().and_then(|path| std::fs::read(path).ok());
    let text = data.and_then(|data| attach::pdf_text(&data));
    let written = text.is_some_and(|text| {
        std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes()).is_ok()
    });
    std::process::exit(i32::from(!written));
}

/// Refuses what no provider takes.
pub(crate) fn check(files: &[Attachment]) -> Result<(), Failure> {
    let refuse = |why: domain::Words| Err(Failure::new(ErrorKind::RequestInvalid, why));
    if files.len() > FILES_LIMIT {
        return refuse(say!("More than 20 files at once are not supported. Take some out."));
    }
    if files.iter().map(|file| file.bytes).fold(0, u64::saturating_add) > TOGETHER_LIMIT {
        let words =
            say!("The files are larger than 40 MB together, more than providers take. Take some out.");
        return refuse(words);
    }
    Ok(())
}

/// A prompt as content: its files as this program knows them, whatever the caller says of them, then its text.
pub(crate) fn content(tx: &Tx<'_>, files: &[Attachment], prompt: &str) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for file in files {
        let known = tx.attachment(&file.sha256)?.ok_or_else(gone)?.file;
        let name = if file.name.trim().is_empty() { known.name } else { file.name.clone() };
        let part = Part::Attachment(Attachment { name, ..known });
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if !prompt.trim().is_empty() {
        parts.push(Part::Text { text: prompt.to_owned() });
    }
    Ok(parts)
}

/// The files that a content names.
pub(crate) fn named(parts: &[Part]) -> Vec<Attachment> {
    parts
        .iter()
        .filter_map(|part| match part {
            Part::Attachment(file) => Some(file.clone()),
            _ => None,
        })
        .collect()
}

/// What stands in a request for a file; `None` = it is gone.
fn placed(store: &Store, file: &Attachment) -> Result<Option<Part>, Failure> {
    match file.words_instead() {
        Some(text) => Ok(Some(Part::Text { text })),
        None => read(store, file),
    }
}

/// The request with every file read and in its place; words stand for a recording. A file of the newest prompt that
/// is gone is an error; where an earlier one was, words say so, to the model and in the receipt. A picture in an
/// earlier answer is not read: none is sent back, and the dialects say so.
pub(crate) fn loaded(store: &Store, request: &Request) -> Result<Request, Failure> {
    let newest = request.messages.iter().rposition(|message| message.role == Role::User);
    let mut messages = Vec::with_capacity(request.messages.len());
    for (at, message) in request.messages.iter().enumerate() {
        let mut parts = Vec::with_capacity(message.parts.len());
        for part in &message.parts {
            parts.push(match part {
                Part::Attachment(file) if message.role == Role::User => match placed(store, file)? {
                    Some(part) => part,
                    None if Some(at) == newest => {
                        let name = &file.name;
                        let words = say!("“{name}” is not on this computer any more. Attach it again.", name);
                        return Err(Failure::new(ErrorKind::RequestInvalid, words));
                    }
                    None => Part::Text {
                        text: format!("[The file “{}” is not available any more.]", file.name),
                    },
                },
                other => other.clone(),
            });
        }
        messages.push(Message { role: message.role, parts });
    }
    Ok(Request { messages, ..request.clone() })
}

fn read(store: &Store, file: &Attachment) -> Result<Option<Part>, Failure> {
    let Some(data) = store.file(&file.sha256)? else { return Ok(None) };
    let (media_type, data) = (file.media_type.clone(), Arc::from(data));
    if media_type.starts_with("image/") {
        return Ok(Some(Part::Image { media_type, data }));
    }
    let text = match &file.text_sha256 {
        Some(hash) => store.file(hash)?.and_then(|text| String::from_utf8(text).ok()).map(Arc::from),
        None => None,
    };
    Ok(Some(Part::File { name: file.name.clone(), media_type, data, text }))
}

/// [`loaded`], beside the tasks that answers wait for; nothing to do where no file is named.
pub(crate) async fn put_in(inner: &Arc<Inner>, request: &Arc<Request>) -> Result<Arc<Request>, Failure> {
    let named = |message: &Message| {
        message.role == Role::User && message.parts.iter().any(|part| matches!(part, Part::Attachment(_)))
    };
    if !request.messages.iter().any(named) {
        return Ok(Arc::clone(request));
    }
    let (store, request) = (inner.store.clone(), Arc::clone(request));
    tasks::aside(move || loaded(&store, &request)).await?.map(Arc::new)
}

/// Removes files that nothing names any more.
pub(crate) async fn sweep(inner: &Inner) -> Result<(), Failure> {
    let before = Timestamp(inner.clock.now().0.saturating_sub(KEPT_FOR));
    let gone = inner.store.write(move |tx| tx.forget_attachments(before)).await?;
    for file in gone {
        inner.store.drop_file(&file)?;
    }
    let before = u64::try_from(inner.clock.now().0.saturating_sub(LEFT_BEHIND)).unwrap_or(0);
    let before = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(before));
    if let (Some(folder), Some(before)) = (inner.store.files_folder(), before) {
        tasks::aside(move || sweep_words(&folder, before)).await?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test without its files fails")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A folder of a test's own.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("parallax-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A reader as a script: `$2` is the document.
    fn reader(folder: &Path, lines: &str) -> PathBuf {
        let (text, path) = (folder.join("lines"), folder.join("reader"));
        std::fs::write(&text, format!("#!/bin/sh\n{lines}\n")).unwrap();
        // What this process has open for writing, its other threads' children may keep from being started.
        assert!(Command::new("cp").args([&text, &path]).status().unwrap().success());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn two_readings_of_one_document_do_not_meet() {
        let folder = Folder::new("two");
        let program = reader(
            folder.path(),
            "printf begin; while [ ! -e \"$2.go\" ]; do /bin/sleep 0.01; done; printf end",
        );
        let document = folder.path().join("document");
        let outs = ["document.1.words", "document.2.words"].map(|name| folder.path().join(name));
        let texts = std::thread::scope(|scope| {
            let (program, document) = (&program, &document);
            let readers =
                outs.each_ref().map(|out| scope.spawn(move || read_in_child(program, document, out)));
            let began = |out: &PathBuf| std::fs::read(out).is_ok_and(|words| words == b"begin");
            while !outs.iter().all(began) && !readers.iter().any(|reader| reader.is_finished()) {
                std::thread::sleep(STEP);
            }
            std::fs::write(folder.path().join("document.go"), b"").unwrap();
            readers.map(|reader| reader.join().unwrap())
        });
        assert_eq!(texts, [Some("beginend".to_owned()), Some("beginend".to_owned())]);
        assert!(outs.iter().all(|out| !out.exists()), "nothing is left");
        std::fs::write(&outs[0], b"another's").unwrap();
        assert_eq!(read_in_child(&program, &document, &outs[0]), None, "what is there is not written over");
    }

    #[test]
    fn a_reader_knows_nothing_of_our_environment() {
        let folder = Folder::new("env");
        let program = reader(folder.path(), "/usr/bin/env");
        assert!(std::env::var_os("PATH").is_some());
        let told = read_in_child(&program, &folder.path().join("d"), &folder.path().join("d.words")).unwrap();
        let names: Vec<&str> = told.lines().filter_map(|line| line.split('=').next()).collect();
        // A shell sets these by itself.
        let own = ["PWD", "OLDPWD", "SHLVL", "_", "LD_LIBRARY_PATH"];
        assert!(names.iter().all(|name| own.contains(name)), "{told}");
    }

    #[test]
    fn what_killed_readers_left_is_swept() {
        let folder = Folder::new("left");
        let sub = folder.path().join("ab");
        std::fs::create_dir(&sub).unwrap();
        let made = |name: &str, at: u64| {
            let path = sub.join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
            path
        };
        let (old, fresh, kept) = (made("a.1.words", 10), made("a.2.words", 1_000), made("a", 10));
        sweep_words(folder.path(), SystemTime::UNIX_EPOCH + Duration::from_secs(500));
        assert_eq!((old.exists(), fresh.exists(), kept.exists()), (false, true, true));
    }
}
