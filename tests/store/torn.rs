//! A power cut leaves the journal file cut off, or with an end that was only half written. Whatever is
//! left of it, what opens is a beginning of what was written, with all that was committed before the cut.

use crate::fixture::{open, scene, uuid};
use domain::{RunId, RunState};
use std::{fs, path::Path};

const ROWS: u32 = 40;

/// What the end of a file may look like after a cut.
#[derive(Clone, Copy, Debug)]
enum Tail {
    Gone,
    Zeros,
    Noise,
    /// Every second sector of 512 bytes arrived.
    Torn,
}

/// A small generator with a fixed seed: the same cuts in every run.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn cut(journal: &[u8], at: usize, tail: Tail, state: &mut u64) -> Vec<u8> {
    let mut left = journal.to_vec();
    match tail {
        Tail::Gone => left.truncate(at),
        Tail::Zeros => left[at..].fill(0),
        Tail::Noise => left[at..].fill_with(|| u8::try_from(random(state) & 0xff).unwrap()),
        Tail::Torn => {
            let end = left.len();
            for start in (at..end).step_by(1_024) {
                left[start..end.min(start + 512)].fill(0);
            }
        }
    }
    left
}

/// Opens what is left; how many rows of the answer it holds.
fn open_left(database: &[u8], journal: &[u8]) -> u32 {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("parallax.db"), database).unwrap();
    fs::write(dir.path().join("parallax.db-wal"), journal).unwrap();
    let store = open(dir.path(), 2);
    let run = RunId::new(uuid(1));
    let (rows, state, sound) = store
        .read(move |tx| Ok((tx.journal(run)?, tx.run(run)?.map(|r| r.state), tx.verify_chain()?)))
        .wait()
        .unwrap();
    assert!(sound);
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    let expected: Vec<String> = (0..u32::try_from(rows.len()).unwrap()).map(chunk).collect();
    assert_eq!(rows, expected, "a beginning, without holes");
    // Both halves of the last transaction, or neither.
    assert_eq!(state == Some(RunState::Done), rows.len() == usize::try_from(ROWS).unwrap());
    u32::try_from(rows.len()).unwrap()
}

fn chunk(seq: u32) -> String {
    format!("[\"{seq} {}\"]", "x".repeat(usize::try_from(seq * 37 % 900).unwrap()))
}

fn read(dir: &Path, name: &str) -> Vec<u8> {
    fs::read(dir.join(name)).unwrap()
}

#[test]
fn any_end_of_the_journal_opens_as_a_beginning_of_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let run = store.write(|tx| scene(tx, 1, 1)).wait().unwrap().id;
    // Length of the journal file when each row had been acknowledged.
    let acknowledged: Vec<usize> = (0..ROWS)
        .map(|seq| {
            let last = seq + 1 == ROWS;
            store
                .write(move |tx| {
                    tx.append_journal(run, seq, &chunk(seq))?;
                    if last { tx.set_run_state(run, RunState::Done) } else { Ok(()) }
                })
                .wait()
                .unwrap();
            read(dir.path(), "parallax.db-wal").len()
        })
        .collect();
    let (database, journal) = (read(dir.path(), "parallax.db"), read(dir.path(), "parallax.db-wal"));
    let first = acknowledged[0];
    let mut state = 7;
    for n in 0..64 {
        let span = u64::try_from(journal.len() - first).unwrap();
        let at = first + usize::try_from(random(&mut state) % span).unwrap();
        let tail = [Tail::Gone, Tail::Zeros, Tail::Noise, Tail::Torn][n % 4];
        let rows = open_left(&database, &cut(&journal, at, tail, &mut state));
        let durable = acknowledged.iter().filter(|length| **length <= at).count();
        assert!(rows >= u32::try_from(durable).unwrap(), "{tail:?} at {at}: {rows} of {durable} rows");
    }
    assert_eq!(open_left(&database, &journal), ROWS);
}
