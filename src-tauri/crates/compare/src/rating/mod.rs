//! Ratings from one person's own votes, with how sure they are.

mod ballot;
mod fit;
mod front;
mod linear;
mod table;

pub use ballot::{Ballot, Shown, votes};
pub use fit::{EFFECT_SPREAD, Effect, Fit, Odds, Outcome, SPREAD, Settings, TIE_RATE, Vote, Z95};
pub use front::front;
pub use table::{
    Moment, Pair, SURE, Standing, Standings, Verdict, history, more_votes, points, standings, wins,
};
