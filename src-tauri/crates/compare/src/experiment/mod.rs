//! Experiments: what is asked, of whom, how often, and what the answers must be.

mod asserts;
mod cases;
mod check;
mod kinds;
mod look;
mod matrix;
mod prompts;
mod regress;
mod sets;
mod subjects;
mod suite;
mod table;
mod template;

pub use check::{Answer, BadCheck, Check, Found};
pub use matrix::{Cell, MOST, cells, request_hash};
pub use prompts::{Better, PromptPair, Trial, prompt_pairs};
pub use regress::{Change, Pairing, Side, regressions};
pub use suite::{BadSuite, Case, Files, Load, Prompt, Subject, Suite, from_yaml};
pub use template::{BadTemplate, fill};
