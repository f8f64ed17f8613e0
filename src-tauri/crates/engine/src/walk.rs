//! Walks the ledger's chain of hashes, a piece at a time, from where the last walk ended.

use crate::{
    inner::{Inner, Table},
    tasks,
};
use domain::Failure;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Rows at a time: about 50 ms.
const PIECE: u32 = 5_000;

/// What this process knows of the walk.
#[derive(Default)]
pub(crate) struct Walking {
    /// A task walks in the background.
    under_way: AtomicBool,
    /// Something was found.
    broken: AtomicBool,
}

/// What one piece came to.
struct Piece {
    sound: bool,
    done: bool,
}

pub(crate) async fn intact(inner: &Arc<Inner>) -> Result<bool, Failure> {
    if inner.walking.broken.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let piece = walk(inner).await?;
    if piece.sound && !piece.done && !inner.walking.under_way.swap(true, Ordering::Relaxed) {
        let inner = Arc::clone(inner);
        tasks::spawn(async move { rest(&inner).await });
    }
    Ok(piece.sound)
}

async fn rest(inner: &Arc<Inner>) {
    loop {
        match walk(inner).await {
            Ok(Piece { sound: true, done: false }) => {}
            Ok(Piece { sound: true, done: true }) => break,
            Ok(Piece { sound: false, .. }) => {
                inner.changed(Table::Spend);
                break;
            }
            Err(failure) => {
                tracing::error!(kind = failure.kind.as_str(), "the ledger could not be walked");
                break;
            }
        }
    }
    inner.walking.under_way.store(false, Ordering::Relaxed);
}

async fn walk(inner: &Inner) -> Result<Piece, Failure> {
    let (from, walk) = inner
        .store
        .read(|tx| {
            let from = tx.walked()?;
            Ok((from, tx.walk_chain(from, PIECE)?))
        })
        .await?;
    if !walk.sound {
        inner.walking.broken.store(true, Ordering::Relaxed);
    } else if walk.at != from {
        inner.store.write(move |tx| tx.set_walked(walk.at)).await?;
    }
    Ok(Piece { sound: walk.sound, done: walk.done })
}
