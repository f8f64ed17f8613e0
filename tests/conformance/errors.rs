//! What providers say when they refuse, row by row: which failure it is and how long to wait.
//!
//! `errors.json` holds the rows with their source; "recorded" and "documented" mean the recordings. A row with
//! status 200 is an error inside an answer.

use domain::{ErrorKind, Failure, Headers, Quirks};
use serde_json::Value;
use std::collections::BTreeSet;
use wire::{Ending, decoder_for, dialect};

/// Kinds that only this machine can cause: the transport, the store, the keychain, a budget, the user.
const OURS: &[ErrorKind] = &[
    ErrorKind::AuthMissing,
    ErrorKind::BillingBudget,
    ErrorKind::NetDns,
    ErrorKind::NetConnect,
    ErrorKind::NetTls,
    ErrorKind::NetProxy,
    ErrorKind::NetRedirect,
    ErrorKind::TimeConnect,
    ErrorKind::TimeFirstByte,
    ErrorKind::TimeIdle,
    ErrorKind::TimeTotal,
    ErrorKind::StreamTruncated,
    ErrorKind::StreamMalformed,
    ErrorKind::Cancelled,
    ErrorKind::StoreBusy,
    ErrorKind::StoreFull,
    ErrorKind::StoreNewer,
    ErrorKind::StoreCorrupt,
    ErrorKind::StoreDenied,
    ErrorKind::VaultLocked,
    ErrorKind::VaultUnavailable,
    ErrorKind::Interrupted,
    ErrorKind::Bug,
];

fn rows() -> Vec<Value> {
    serde_json::from_str(include_str!("errors.json")).unwrap()
}

fn failure(row: &Value) -> Failure {
    let speaks = dialect(row["dialect"].as_str().unwrap()).unwrap();
    let status = u16::try_from(row["status"].as_u64().unwrap()).unwrap();
    let body = row["body"].as_str().unwrap();
    if status >= 400 {
        let headers = row["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        return speaks.failure(status, &Headers(headers.collect()), body.as_bytes());
    }
    let mut decoder = decoder_for(speaks, Some("application/json"), &Quirks::default());
    let mut events = Vec::new();
    decoder.push(body.as_bytes(), &mut events);
    match decoder.finish(&mut events) {
        Ending::Failed(failure) => failure,
        ending => panic!("{row}: {ending:?}"),
    }
}

#[test]
fn every_error_is_the_failure_its_provider_means() {
    let mut wrong = Vec::new();
    for row in rows() {
        let failure = failure(&row);
        let wait = failure.upstream.as_ref().and_then(|upstream| upstream.retry_after).map(|wait| wait.0);
        let found = (failure.kind.as_str(), wait);
        let expected = (row["kind"].as_str().unwrap(), row["retry_after_ms"].as_u64());
        if found != expected {
            wrong.push(format!("{found:?}, expected {expected:?}: {} {}", row["what"], row["body"]));
        }
        assert!(failure.message.len() > 20, "{row} says only {:?}", failure.message);
        assert!(row["source"].as_str().is_some_and(|source| source.len() > 5), "{row} has no source");
    }
    assert!(wrong.is_empty(), "{} of the rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_kind_of_failure_has_its_row_or_is_our_own() {
    let rows = rows();
    let told: BTreeSet<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    for kind in ErrorKind::ALL {
        assert_ne!(
            told.contains(kind.as_str()),
            OURS.contains(kind),
            "{kind:?}: in a row or our own, not both"
        );
    }
}
