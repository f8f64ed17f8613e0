//! What the program says, and what it is made of: for those who say it in another language.
//!
//! The English text is complete by itself. Beside it stands the form it was made from, with what fills its
//! gaps; the forms are the keys of the window's catalogue, so nobody reads a text to know what it says.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt, ops::Deref};

/// What fills a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Gap {
    /// A name, a number, somebody else's words.
    Text(String),
    /// Another sentence of ours.
    Said(Sentence),
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Said(sentence) => sentence.fmt(f),
        }
    }
}

/// A form with gaps, as `“{name}” is empty.`, and what fills them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sentence {
    /// The English form: the key of every translation.
    pub form: Cow<'static, str>,
    /// What fills the gaps, by their names.
    #[serde(default)]
    pub with: BTreeMap<Cow<'static, str>, Gap>,
}

impl Sentence {
    /// Everything that was filled in, wherever it stands.
    fn each_gap(&mut self, visit: &mut impl FnMut(&mut String)) {
        for gap in self.with.values_mut() {
            match gap {
                Gap::Text(text) => visit(text),
                Gap::Said(sentence) => sentence.each_gap(visit),
            }
        }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest: &str = &self.form;
        while let Some((before, behind)) = rest.split_once('{') {
            f.write_str(before)?;
            match behind.split_once('}').and_then(|(name, after)| Some((self.with.get(name)?, after))) {
                Some((gap, after)) => {
                    gap.fmt(f)?;
                    rest = after;
                }
                None => {
                    f.write_str("{")?;
                    rest = behind;
                }
            }
        }
        f.write_str(rest)
    }
}

/// A text for people, with the form it was made from where it is ours. Equal texts are equal words.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(from = "Stored")]
pub struct Words {
    /// In English, or as somebody else wrote it.
    text: String,
    /// What it is made of, where it is ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    said: Option<Box<Sentence>>,
}

/// As it was written down: once it was a text and nothing else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Made {
        text: String,
        #[serde(default)]
        said: Option<Box<Sentence>>,
    },
}

impl From<Stored> for Words {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Text(text) => Self { text, said: None },
            Stored::Made { text, said } => Self { text, said },
        }
    }
}

impl Words {
    /// A form of ours with what fills it; made by [`say!`](crate::say).
    pub fn of(form: &'static str, with: impl IntoIterator<Item = (&'static str, Gap)>) -> Self {
        let with = with.into_iter().map(|(name, gap)| (Cow::Borrowed(name), gap)).collect();
        let sentence = Sentence { form: Cow::Borrowed(form), with };
        Self { text: sentence.to_string(), said: Some(Box::new(sentence)) }
    }

    /// A text and what it was made of.
    pub(crate) const fn made(text: String, said: Option<Box<Sentence>>) -> Self {
        Self { text, said }
    }

    /// The text and what it was made of.
    pub fn into_parts(self) -> (String, Option<Box<Sentence>>) {
        (self.text, self.said)
    }

    /// The text alone.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The text, and all that was filled in to make it: for taking out what must not be read.
    pub fn each_text(&mut self, visit: &mut impl FnMut(&mut String)) {
        visit(&mut self.text);
        each_gap(self.said.as_deref_mut(), visit);
    }
}

/// All that was filled in.
pub(crate) fn each_gap(said: Option<&mut Sentence>, visit: &mut impl FnMut(&mut String)) {
    if let Some(sentence) = said {
        sentence.each_gap(visit);
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl PartialEq<str> for Words {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { text, said: None }
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Cow<'_, str>> for Words {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

/// What can fill a gap: anything that can be written, and other words of ours.
pub trait Fills {
    /// What stands in the gap.
    fn fills(&self) -> Gap;
}

// `Words` is no `Display`, so that a sentence in a sentence cannot become a text by mistake.
impl<T: fmt::Display + ?Sized> Fills for T {
    fn fills(&self) -> Gap {
        Gap::Text(self.to_string())
    }
}

impl Fills for Words {
    fn fills(&self) -> Gap {
        match &self.said {
            Some(sentence) => Gap::Said(Sentence::clone(sentence)),
            None => Gap::Text(self.text.clone()),
        }
    }
}

/// Says something to people: `say!("“{name}” has {count} letters.", name, count = text.len())`. A test holds that
/// each form is in the catalogue of every language.
#[macro_export]
macro_rules! say {
    ($form:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::Words::of($form, [$((stringify!($name), $crate::say!(@gap $name $(= $value)?))),*])
    };
    (@gap $name:ident) => { $crate::Fills::fills(&$name) };
    (@gap $name:ident = $value:expr) => { $crate::Fills::fills(&$value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_complete_and_tells_what_it_is_made_of() {
        let name = "a{b}.txt";
        let inner = say!("There is no {what} here.", what = "file");
        let words = say!("“{name}”: {why} It has {count} letters{", name, why = inner, count = 3);
        assert_eq!(words, "“a{b}.txt”: There is no file here. It has 3 letters{");
        let json = serde_json::to_value(&words).unwrap();
        assert_eq!(json["said"]["form"], "“{name}”: {why} It has {count} letters{");
        assert_eq!(json["said"]["with"]["why"]["with"]["what"], "file");
        assert_eq!(json["said"]["with"]["count"], "3");
        let back: Words = serde_json::from_value(json).unwrap();
        assert_eq!((back.said.is_some(), back.text), (true, words.text));
    }

    #[test]
    fn what_was_written_down_as_a_text_is_read() {
        let words = Words::from("The provider says so.");
        assert_eq!(serde_json::to_string(&words).unwrap(), r#"{"text":"The provider says so."}"#);
        for stored in [r#""Once.""#, r#"{"text":"Once."}"#] {
            let words: Words = serde_json::from_str(stored).unwrap();
            assert_eq!((words.said.is_none(), &*words), (true, "Once."));
        }
    }

    #[test]
    fn what_is_taken_out_is_gone_from_the_gaps_too() {
        let inner = say!("It says {word}.", word = "sk-secret");
        let mut words = say!("{why} At {host}.", why = inner, host = "sk-secret.example");
        words.each_text(&mut |text| *text = text.replace("sk-secret", "…"));
        assert!(!serde_json::to_string(&words).unwrap().contains("sk-secret"));
        assert_eq!(words, "It says …. At ….example.");
    }
}
