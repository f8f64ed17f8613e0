//! JSON whose numbers keep their digits, and in which nothing may be said twice.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeSet, fmt};

/// A JSON value, read only as far as it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a>(&'a RawValue);

/// Fields of an object, in order.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A name, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'a> Node<'a> {
    /// Reads a document.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map(Node).map_err(|error| error.to_string())
    }

    /// Fields of an object; none of anything else. An error where a name stands twice: which of the two
    /// counts would be a guess.
    pub(crate) fn fields(self) -> Result<Vec<(Cow<'a, str>, Self)>, String> {
        if !self.0.get().starts_with('{') {
            return Ok(Vec::new());
        }
        let Fields(fields) = serde_json::from_str(self.0.get()).map_err(|error| error.to_string())?;
        let names: BTreeSet<&str> = fields.iter().map(|(name, _)| name.as_ref()).collect();
        if names.len() != fields.len() {
            return Err("an object names one thing twice".to_owned());
        }
        Ok(fields.into_iter().map(|(name, value)| (name, Node(value))).collect())
    }

    /// One field of an object; `null` is absent.
    pub(crate) fn get(self, key: &str) -> Result<Option<Self>, String> {
        let fields = self.fields()?;
        Ok(fields.into_iter().find(|(name, value)| name == key && value.0.get() != "null").map(|(_, v)| v))
    }

    /// Items of a list; none of anything else.
    pub(crate) fn items(self) -> Result<Vec<Self>, String> {
        if !self.0.get().starts_with('[') {
            return Ok(Vec::new());
        }
        let items: Vec<&'a RawValue> =
            serde_json::from_str(self.0.get()).map_err(|error| error.to_string())?;
        Ok(items.into_iter().map(Node).collect())
    }

    /// True of a list.
    pub(crate) fn is_list(self) -> bool {
        self.0.get().starts_with('[')
    }

    /// A text.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Name<'a>>(self.0.get()).ok().map(|name| name.0)
    }

    /// A text field.
    pub(crate) fn text_of(self, key: &str) -> Result<Option<String>, String> {
        Ok(self.get(key)?.and_then(Node::text).map(Cow::into_owned))
    }

    /// A number as it is written, with or without quotes around it.
    pub(crate) fn digits(self) -> Option<Cow<'a, str>> {
        match self.0.get().as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => Some(Cow::Borrowed(self.0.get())),
            Some(b'"') => self.text(),
            _ => None,
        }
    }

    /// A count.
    pub(crate) fn count(self, key: &str) -> Result<Option<u64>, String> {
        Ok(self.get(key)?.and_then(Node::digits).and_then(|digits| digits.parse().ok()))
    }
}

/// `digits`, with an exponent or without, times ten to the power of `places`: exactly, or why not.
pub(crate) fn decimal(digits: &str, places: u32) -> Result<i64, &'static str> {
    const RANGE: &str = "out of range";
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| "not a number")?),
        None => (digits, 0),
    };
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err("not a number");
    }
    let all = format!("{whole}{fraction}");
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let length = |text: &str| i64::try_from(text.len()).map_err(|_| RANGE);
    let dropped = length(&all)? - length(significant)?;
    let places = i64::from(places).checked_add(exponent).ok_or(RANGE)?;
    let shift = places.checked_sub(length(fraction)?).and_then(|n| n.checked_add(dropped)).ok_or(RANGE)?;
    let shift = u32::try_from(shift).map_err(|_| "more decimals than can be held exactly")?;
    let value: i64 = significant.parse().map_err(|_| RANGE)?;
    let factor = 10_i64.checked_pow(shift).ok_or(RANGE)?;
    let value = value.checked_mul(factor).ok_or(RANGE)?;
    Ok(if negative { -value } else { value })
}
