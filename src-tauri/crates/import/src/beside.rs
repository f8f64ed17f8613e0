//! Files that messages name: in an archive beside its conversations, found by the ids that conversations name them by,
//! or in the conversation itself.

use crate::zip::Entry;
use domain::Attachment;
use std::collections::HashMap;

/// A file that a message names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// What a person called it; empty = not said.
    pub name: &'a str,
    /// What is of use in its place.
    pub takes: Takes,
}

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Beside the conversations, under its id at the other program, without a scheme before it; empty = nowhere.
    Beside(&'a str),
    /// In the conversation, as base64 that has not been looked at.
    Base64(&'a str),
    /// In the conversation, as its text.
    Text(&'a str),
}

impl Place<'_> {
    /// Nothing can be there.
    pub(crate) const fn is_nowhere(&self) -> bool {
        match self {
            Self::Beside(words) | Self::Base64(words) | Self::Text(words) => words.is_empty(),
        }
    }
}

/// What is of use in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Whatever can be attached: it stands in a prompt.
    All,
    /// Only a picture: it stands in an answer, or is said to be one.
    Pictures,
    /// What was said aloud or seen: it stands in a prompt, and is kept without being sent.
    Recordings,
}

/// Gives the file that is wanted, once it is kept; `None` = it is not there or cannot be taken, and a note stands in
/// its place.
pub type Files<'a> = dyn FnMut(&Wanted<'_>) -> Option<Attachment> + 'a;

/// What stands between the id that a file's name begins with and the rest of the name.
const AFTER_ID: [char; 3] = ['-', '.', '_'];

/// The entry of newer ChatGPT archives that tells how people called the files in it, which are all named `ID.dat`
/// there: an object of names by entries.
pub const CALLED: &str = "conversation_asset_file_names.json";
/// Largest such entry, unpacked.
pub const CALLED_LIMIT: u64 = 16 * 1024 * 1024;

fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Entries of an archive by the last piece of their names, in order, and how people called them.
pub struct Names {
    entries: Vec<(String, usize)>,
    called: HashMap<String, String>,
}

impl Names {
    /// Of a table of contents, but for the entries at `without`.
    pub fn new(entries: &[Entry], without: &[usize]) -> Self {
        let mut names: Vec<(String, usize)> = entries
            .iter()
            .enumerate()
            .filter(|(place, _)| !without.contains(place))
            .map(|(place, entry)| (last(&entry.name).to_owned(), place))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        names.sort_unstable();
        Self { entries: names, called: HashMap::new() }
    }

    /// Takes in what [`CALLED`] tells; what is no such object tells nothing.
    pub fn call(&mut self, json: &[u8]) {
        let told: HashMap<String, serde_json::Value> = serde_json::from_slice(json).unwrap_or_default();
        let name = |name: serde_json::Value| {
            name.as_str().map(last).filter(|name| !name.is_empty()).map(str::to_owned)
        };
        self.called = told
            .into_iter()
            .filter_map(|(entry, said)| Some((last(&entry).to_owned(), name(said)?)))
            .collect();
    }

    /// The entry whose name is this id, or begins with it and goes on with `-`, `.` or `_`.
    pub fn find(&self, id: &str) -> Option<usize> {
        if id.is_empty() {
            return None;
        }
        let first = |start: &str| {
            let from = self.entries.partition_point(|(name, _)| name.as_str() < start);
            self.entries.get(from).filter(|(name, _)| name.starts_with(start))
        };
        let exact = first(id).filter(|(name, _)| name == id);
        let found = exact.or_else(|| AFTER_ID.iter().find_map(|mark| first(&format!("{id}{mark}"))));
        found.map(|(_, place)| *place)
    }

    /// What to call an entry that its message does not name: as it was called, or its name without the id before it.
    pub fn shown<'e>(&'e self, entry: &'e Entry, id: &str) -> &'e str {
        let name = last(&entry.name);
        if let Some(called) = self.called.get(name) {
            return called;
        }
        let rest = name.strip_prefix(id).map_or(name, |rest| rest.trim_start_matches(['-', '_']));
        if rest.is_empty() || rest.starts_with('.') { name } else { rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_the_id_its_name_begins_with() {
        let names = [
            "conversations.json",
            "file-abcd-other.png",
            "file-abc-dot.png",
            "dalle-generations/file-xyz-0a1b.webp",
            "user-1/file_00ff-9.png",
            "file_77.dat",
            "file-whole",
            "file-whole-2.png",
        ];
        let entries: Vec<Entry> = names.iter().map(|name| Entry::named(name)).collect();
        let mut found = Names::new(&entries, &[0]);
        for (id, place) in [
            ("file-abc", Some(2)),
            ("file-abcd", Some(1)),
            ("file-xyz", Some(3)),
            ("file_00ff", Some(4)),
            ("file_77", Some(5)),
            ("file-whole", Some(6)),
            ("file-ab", None),
            ("conversations", None),
            ("", None),
        ] {
            assert_eq!(found.find(id), place, "{id}");
        }
        assert_eq!(found.shown(&entries[2], "file-abc"), "dot.png");
        assert_eq!(found.shown(&entries[5], "file_77"), "file_77.dat");
        found.call(br#"{"file_77.dat": "../My notes.md", "file-whole": 7, "other.dat": "x"}"#);
        assert_eq!(found.shown(&entries[5], "file_77"), "My notes.md");
        assert_eq!(found.shown(&entries[6], "file-whole"), "file-whole");
        found.call(b"[]");
        assert_eq!(found.shown(&entries[5], "file_77"), "file_77.dat");
    }
}
