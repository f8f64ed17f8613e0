//! Takes the conversations of a file in. The file is read in a thread of its own, one conversation at a
//! time; every step of about a megabyte is one transaction, so that stopping or killing the program at any
//! point leaves whole conversations, and importing the file again goes on from there.

use super::{beside::Beside, take};
use crate::{
    inner::{Inner, Table},
    tasks,
};
use domain::{ErrorKind, Failure, ImportId, Part, Timestamp, say};
use import::{Archive, Container, Conversation, Element, Elements, Hostile, LeftOut, Reason, Source};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use store::Pending;
use take::{More, Step, Taken};

/// Bytes of text written in one transaction: small enough that an answer being written waits for no more
/// than a moment.
const STEP: usize = 1024 * 1024;
/// Read at once.
const BUFFER: usize = 256 * 1024;

/// How far an import is, and the way to stop it.
#[derive(Debug, Default)]
pub struct ImportProgress {
    read: AtomicU64,
    size: AtomicU64,
    conversations: AtomicU64,
    stop: AtomicBool,
}

impl ImportProgress {
    /// Bytes read, bytes in all (unpacked), conversations so far.
    pub fn now(&self) -> (u64, u64, u64) {
        let get = |value: &AtomicU64| value.load(Ordering::Relaxed);
        (get(&self.read), get(&self.size), get(&self.conversations))
    }

    /// Ends the import after the step it is in. What was taken in stays; importing again goes on.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// To take it back by; `None` = it brought nothing.
    pub id: Option<ImportId>,
    /// Whose conversations the file holds.
    pub sources: Vec<&'static str>,
    /// New conversations.
    pub added: u64,
    /// Conversations that were here and have grown.
    pub extended: u64,
    /// Conversations that were here as they are.
    pub known: u64,
    /// Conversations that are in the trash, and stay there.
    pub in_trash: u64,
    /// New messages.
    pub messages: u64,
    /// Answers that were longer or finished now and took the place of what was here.
    pub renewed: u64,
    /// Messages that say something else in the file, and stayed as they are here.
    pub differing: u64,
    /// Messages that only the file has, of conversations that were begun here: they did not come.
    pub ahead: u64,
    /// Conversations with edited prompts or answers asked for again; all of it is kept.
    pub branched: u64,
    /// What could not be taken in, by reason.
    pub skipped: BTreeMap<Reason, u64>,
    /// Pictures and files that lay beside the conversations and came along.
    pub files: u64,
    /// Pictures and files that did not come along.
    pub attachments: u64,
    /// Characters that could hide instructions, taken out.
    pub hidden_characters: u64,
    /// Hidden messages of the other program to its model, left out.
    pub system_messages: u64,
    /// The file ends in the middle.
    pub cut_off: bool,
    /// It was stopped.
    pub stopped: bool,
    /// Nothing was written: this is what would be.
    pub dry_run: bool,
}

impl ImportReport {
    /// Everything that is a conversation came in.
    pub fn complete(&self) -> bool {
        let lost = [Reason::Unreadable, Reason::TooLarge, Reason::Newer, Reason::NoId];
        !self.cut_off && !self.stopped && !lost.iter().any(|reason| self.skipped.contains_key(reason))
    }
}

/// Imports a file; errors `request.invalid` when it is nothing we read or is refused, with nothing written.
pub(super) async fn import(
    inner: &Arc<Inner>,
    path: PathBuf,
    dry_run: bool,
    progress: Arc<ImportProgress>,
) -> Result<ImportReport, Failure> {
    let shared = Arc::clone(inner);
    let report = tasks::aside(move || Run::new(shared, &path, dry_run, progress)?.file(&path)).await?;
    if !dry_run {
        inner.changed(Table::Conversations);
    }
    report
}

fn invalid(message: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, message)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    invalid(say!("{path} could not be read ({error}).", path = path.display(), error))
}

fn refused(error: Hostile) -> Failure {
    invalid(say!("Nothing was imported. {error}", error = domain::Words::from(error)))
}

/// An import while it goes on.
struct Run {
    inner: Arc<Inner>,
    id: ImportId,
    name: String,
    now: Timestamp,
    progress: Arc<ImportProgress>,
    report: ImportReport,
    step: Vec<Conversation>,
    size: usize,
    /// The step before, which is written while this one is read.
    writing: Option<Pending<Vec<Taken>>>,
    recognised: u64,
    /// The files that conversations name.
    beside: Beside,
}

impl Run {
    fn new(
        inner: Arc<Inner>,
        path: &Path,
        dry_run: bool,
        progress: Arc<ImportProgress>,
    ) -> Result<Self, Failure> {
        let id = fingerprint(path).map_err(|error| unreadable(path, &error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let now = inner.clock.now();
        let report = ImportReport { dry_run, ..ImportReport::default() };
        let (step, writing, beside) = (Vec::new(), None, Beside::new(&inner, &progress));
        Ok(Self { inner, id, name, now, progress, report, step, size: 0, writing, recognised: 0, beside })
    }

    fn file(mut self, path: &Path) -> Result<ImportReport, Failure> {
        let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let mut start = Vec::new();
        (&mut file).take(4_096).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(path, &error))?;
        match import::container(&start) {
            Some(Container::Json) => {
                let size = file.metadata().map_or(0, |meta| meta.len());
                self.progress.size.store(size, Ordering::Relaxed);
                self.json(file, 0).map_err(|error| self.read_failure(path, error))?;
            }
            Some(Container::Zip) => self.zip(path, file)?,
            Some(Container::Sqlite) => self.llm(path)?,
            None => return Err(invalid(say!("This is neither JSON, a zip archive nor a log of llm."))),
        }
        self.flush()?;
        self.settle()?;
        if self.recognised == 0 && !self.report.stopped {
            return Err(self.nothing());
        }
        self.finish()
    }

    /// Nothing in the file was a conversation.
    fn nothing(&self) -> Failure {
        if self.report.cut_off {
            return invalid(say!(
                "The file ends in the middle of its first conversation. Download it again."
            ));
        }
        let reasons =
            self.report.skipped.iter().map(|(reason, n)| say!("{n} {reason}", n, reason = reason.words()));
        let found = reasons.reduce(|words, next| say!("{words}, {next}", words, next));
        let found = found.unwrap_or_else(|| say!("nothing"));
        invalid(say!(
            "There is no conversation in this file that Parallax can read (found: {found}). It reads exports of \
             ChatGPT, Claude, Open WebUI, LibreChat, llm and Parallax.",
            found
        ))
    }

    fn read_failure(&self, path: &Path, error: Failure) -> Failure {
        if error.kind == ErrorKind::Bug {
            invalid(say!("{path}: {why}", path = path.display(), why = error.words()))
        } else {
            error
        }
    }

    fn zip(&mut self, path: &Path, file: File) -> Result<(), Failure> {
        let mut archive = Archive::open(BufReader::with_capacity(BUFFER, file)).map_err(refused)?;
        let chosen = chosen(archive.entries());
        let size: u64 = chosen.iter().map(|place| archive.entries()[*place].size).sum();
        self.progress.size.store(size, Ordering::Relaxed);
        // All of it is unpacked once before anything is written: an archive that lies is refused whole.
        let mut scratch = vec![0; BUFFER];
        for place in &chosen {
            let mut entry = archive.read(*place).map_err(refused)?;
            while entry.read(&mut scratch).map_err(|e| refused(Hostile::Io(e)))? > 0 {
                if self.progress.stopped() {
                    self.report.stopped = true;
                    return Ok(());
                }
            }
        }
        self.beside.open(path, &chosen).map_err(refused)?;
        let mut before = 0;
        for place in chosen {
            let size = archive.entries()[place].size;
            let mut entry = archive.read(place).map_err(refused)?;
            // Not every entry of such a name is JSON; one that is not holds no conversation.
            let mut start = [0; 16];
            let length = fill(&mut entry, &mut start).map_err(|error| unreadable(path, &error))?;
            if import::container(&start[..length]) == Some(Container::Json) {
                let whole = (&start[..length]).chain(entry);
                self.json(whole, before).map_err(|error| self.read_failure(path, error))?;
            } else {
                self.skip(Reason::NotAConversation);
            }
            before += size;
        }
        Ok(())
    }

    fn json(&mut self, input: impl Read, before: u64) -> Result<(), Failure> {
        let mut elements = Elements::new(BufReader::with_capacity(BUFFER, input));
        while !self.report.stopped {
            let element = elements
                .next_element()
                .map_err(|error| invalid(say!("The file could not be read ({error}).", error)))?;
            self.progress.read.store(before + elements.read(), Ordering::Relaxed);
            match element {
                None => break,
                Some(Element::CutOff) => self.report.cut_off = true,
                Some(Element::TooLarge(_)) => self.skip(Reason::TooLarge),
                Some(Element::Whole(bytes)) => match self.read(&bytes)? {
                    Ok(Some(conversation)) => self.take(conversation, bytes.len())?,
                    Ok(None) => self.report.stopped = true,
                    Err(reason) => self.skip(reason),
                },
            }
        }
        Ok(())
    }

    /// One conversation, with the files that its new messages name; `None` = it was stopped among them, and comes
    /// whole the next time.
    fn read(&mut self, bytes: &[u8]) -> Result<Result<Option<Conversation>, Reason>, Failure> {
        let mut here = 0;
        let read = import::read_with(bytes, &mut |wanted| {
            here += u32::from(self.beside.holds(wanted));
            None
        });
        let mut conversation = match read {
            Ok(conversation) if here > 0 => conversation,
            read => return Ok(read.map(Some)),
        };
        let missing = conversation.left_out.attachments.saturating_sub(here);
        if self.report.dry_run {
            self.report.files += u64::from(here);
            conversation.left_out.attachments = missing;
            return Ok(Ok(Some(conversation)));
        }
        let now = self.now;
        let look = self.inner.store.read(move |tx| Ok((take::look(tx, &conversation, now)?, conversation)));
        let (taken, mut conversation) = look.wait()?;
        let comes = match taken {
            Taken::Added(_) => true,
            Taken::Here(more) => more.changes(),
            Taken::InTrash | Taken::Refused(_) => false,
        };
        if !comes {
            conversation.left_out.attachments = missing;
            return Ok(Ok(Some(conversation)));
        }
        let read = import::read_with(bytes, &mut |wanted| self.beside.take(wanted));
        self.report.files += self.beside.done()?;
        Ok(read.map(|conversation| (!self.progress.stopped()).then_some(conversation)))
    }

    fn llm(&mut self, path: &Path) -> Result<(), Failure> {
        let one = store::read_llm_log(path, |log| {
            let rows: Vec<import::Response> = log.rows.into_iter().map(response).collect();
            let size = rows.iter().map(import::Response::size).sum();
            self.take(import::llm_conversation(&log.id, &log.name, &rows), size)?;
            Ok(!self.report.stopped)
        })?;
        if one { Ok(()) } else { Err(invalid(say!("This database is not a log of llm."))) }
    }

    fn skip(&mut self, reason: Reason) {
        *self.report.skipped.entry(reason).or_default() += 1;
    }

    fn take(&mut self, mut conversation: Conversation, size: usize) -> Result<(), Failure> {
        self.recognised += 1;
        if conversation.source == Source::OpenWebUi {
            conversation.filed.folder = import::open_webui_folder(&self.name);
        }
        let source = conversation.source.name();
        if !self.report.sources.contains(&source) {
            self.report.sources.push(source);
        }
        let LeftOut { attachments, hidden_characters, system_messages } = conversation.left_out;
        self.report.attachments += u64::from(attachments) + self.absent(&conversation);
        self.report.hidden_characters += u64::from(hidden_characters);
        self.report.system_messages += u64::from(system_messages);
        self.report.branched += u64::from(conversation.source != Source::Parallax && branched(&conversation));
        self.step.push(conversation);
        self.size += size;
        if self.size >= STEP {
            self.flush()?;
        }
        self.report.stopped |= self.progress.stopped();
        Ok(())
    }

    /// Files that a conversation of our own names and that do not lie here: a conversation by itself holds none.
    fn absent(&self, conversation: &Conversation) -> u64 {
        let answers =
            conversation.turns.iter().flat_map(|turn| &turn.answers).flat_map(|answer| &answer.parts);
        let parts = conversation.turns.iter().flat_map(|turn| &turn.prompt).chain(answers);
        let absent = |part: &&Part| match part {
            Part::Attachment(file) => {
                !self.inner.store.file_path(&file.sha256).is_some_and(|path| path.exists())
            }
            _ => false,
        };
        if conversation.source == Source::Parallax { parts.filter(absent).count() as u64 } else { 0 }
    }

    /// Hands a step to the writer and counts the one before.
    fn flush(&mut self) -> Result<(), Failure> {
        if self.step.is_empty() {
            return Ok(());
        }
        self.size = 0;
        self.settle()?;
        let step = Step {
            import: self.id,
            file: self.name.clone(),
            now: self.now,
            conversations: std::mem::take(&mut self.step),
        };
        self.writing = Some(if self.report.dry_run {
            self.inner.store.read(move |tx| step.look(tx))
        } else {
            self.inner.store.write(move |tx| step.write(tx))
        });
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        for taken in writing.wait()? {
            match taken {
                Taken::Added(messages) => {
                    self.report.added += 1;
                    self.report.messages += messages;
                }
                Taken::Here(More { messages, renewed, differing, ahead }) => {
                    let grown = messages > 0 || renewed > 0;
                    *(if grown { &mut self.report.extended } else { &mut self.report.known }) += 1;
                    self.report.messages += messages;
                    self.report.renewed += renewed;
                    self.report.differing += differing;
                    self.report.ahead += ahead;
                }
                Taken::InTrash => self.report.in_trash += 1,
                Taken::Refused(reason) => self.skip(reason),
            }
            self.progress.conversations.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ImportReport, Failure> {
        if self.report.added > 0 && !self.report.dry_run {
            self.report.id = Some(self.id);
        }
        if !self.report.dry_run && !self.report.stopped {
            let (id, now) = (self.id, self.inner.clock.now());
            self.inner.store.write(move |tx| tx.finish_import(id, now)).wait()?;
        }
        Ok(self.report)
    }
}

fn branched(conversation: &Conversation) -> bool {
    let mut seen = std::collections::HashSet::new();
    let parents = conversation.turns.iter().filter_map(|turn| turn.nodes.first()?.parent);
    let mut edited = false;
    for parent in parents {
        edited |= !seen.insert(parent);
    }
    edited || conversation.turns.iter().any(|turn| turn.answers.len() > 1)
}

fn response(row: store::LlmRow) -> import::Response {
    let store::LlmRow { id, model, prompt, system, results, said, made, datetime_utc, attachments } = row;
    import::Response { id, model, prompt, system, results, said, made, datetime_utc, attachments }
}

/// The entries that hold conversations: those called so, else every JSON file.
fn chosen(entries: &[import::Entry]) -> Vec<usize> {
    let json = |entry: &import::Entry| {
        Path::new(&entry.name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    };
    let called = |entry: &import::Entry| {
        let name = entry.name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        json(entry) && name.starts_with("conversations")
    };
    let places = |wanted: &dyn Fn(&import::Entry) -> bool| -> Vec<usize> {
        let mut places: Vec<usize> = (0..entries.len()).filter(|place| wanted(&entries[*place])).collect();
        places.sort_by(|one, other| entries[*one].name.cmp(&entries[*other].name));
        places
    };
    let named = places(&called);
    if named.is_empty() { places(&json) } else { named }
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// The same id for the same file: its length, its beginning and its end.
fn fingerprint(path: &Path) -> std::io::Result<ImportId> {
    const EDGE: u64 = 64 * 1024;
    // Opening a pipe waits for somebody to write into it, for ever; looking at it does not.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&mut file).take(EDGE).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(length.saturating_sub(EDGE)))?;
    file.take(EDGE).read_to_end(&mut bytes)?;
    Ok(ImportId::new(import::fingerprint(length, &bytes)))
}
