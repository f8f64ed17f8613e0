//! Files that messages name: in an archive beside its conversations, found by the ids that conversations name them by,
//! or in the conversation itself.

use crate::zip::Entry;
use domain::Attachment;

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

/// Entries of an archive by the last piece of their names, in order.
pub struct Names(Vec<(String, usize)>);

impl Names {
    /// Of a table of contents, but for the entries at `without`.
    pub fn new(entries: &[Entry], without: &[usize]) -> Self {
        let last = |entry: &Entry| entry.name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let mut names: Vec<(String, usize)> = entries
            .iter()
            .enumerate()
            .filter(|(place, _)| !without.contains(place))
            .map(|(place, entry)| (last(entry), place))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        names.sort_unstable();
        Self(names)
    }

    /// The entry whose name is this id, or begins with it and goes on with `-`, `.` or `_`.
    pub fn find(&self, id: &str) -> Option<usize> {
        if id.is_empty() {
            return None;
        }
        let first = |start: &str| {
            let from = self.0.partition_point(|(name, _)| name.as_str() < start);
            self.0.get(from).filter(|(name, _)| name.starts_with(start))
        };
        let exact = first(id).filter(|(name, _)| name == id);
        let found = exact.or_else(|| AFTER_ID.iter().find_map(|mark| first(&format!("{id}{mark}"))));
        found.map(|(_, place)| *place)
    }

    /// What to call an entry that nobody has named: its name without the id before it.
    pub fn shown<'e>(entry: &'e Entry, id: &str) -> &'e str {
        let name = entry.name.rsplit(['/', '\\']).next().unwrap_or_default();
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
        let found = Names::new(&entries, &[0]);
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
        assert_eq!(Names::shown(&entries[2], "file-abc"), "dot.png");
        assert_eq!(Names::shown(&entries[5], "file_77"), "file_77.dat");
    }
}
