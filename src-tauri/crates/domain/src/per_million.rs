//! Dollars per million units, as text. JSON numbers are read too, by the decimals they are written with.

use crate::PicoUsd;
use serde::{Deserializer, Serializer, de::Error as _};
use std::fmt;

pub(crate) fn serialize<S: Serializer>(price: &Option<PicoUsd>, s: S) -> Result<S::Ok, S::Error> {
    match price.and_then(|price| price.checked_times(1_000_000)) {
        Some(million) => s.collect_str(&million),
        None => s.serialize_none(),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<PicoUsd>, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = Option<PicoUsd>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("dollars per million, such as \"0.59\"")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            PicoUsd::per_million(text).map(Some).map_err(E::custom)
        }
        fn visit_u64<E: serde::de::Error>(self, whole: u64) -> Result<Self::Value, E> {
            self.visit_str(&whole.to_string())
        }
        // The shortest decimal that reads back as this number is the one that was written.
        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    let price = d.deserialize_any(Visitor)?;
    match price {
        Some(price) if price < PicoUsd::ZERO => Err(D::Error::custom("a price cannot be below zero")),
        price => Ok(price),
    }
}
