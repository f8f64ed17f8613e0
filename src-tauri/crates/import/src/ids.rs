//! Ids that are the same whenever the same thing is imported, so that importing again adds nothing.

use crate::Source;
use domain::{ConversationId, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// An id made of names: in the form of UUIDv7, so that it sorts by time, then by `order`, and rows of one
/// conversation lie together in the database.
pub fn stable(at: Option<Timestamp>, order: u16, names: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for name in names {
        // Lengths keep ("a", "bc") and ("ab", "c") apart.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let millis = at.map_or(0, |at| at.0.clamp(0, (1 << 48) - 1)).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    let order = order.min(0x0fff).to_be_bytes();
    bytes[6] = 0x70 | order[0];
    bytes[7] = order[1];
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    Uuid::from_bytes(bytes)
}

/// The id of an import: the same for a file of the same length with the same beginning and end.
pub fn fingerprint(length: u64, edges: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(length.to_be_bytes());
    hash.update(edges);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The id under which a conversation of another program is kept.
pub fn conversation_id(source: Source, id: &str, created_at: Option<Timestamp>) -> ConversationId {
    ConversationId::new(stable(created_at, 0, &["conversation", source.as_str(), id]))
}
