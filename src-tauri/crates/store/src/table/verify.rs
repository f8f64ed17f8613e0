//! Do the ledger's figures agree with each other? The chain of hashes shows that nobody changed a row;
//! this shows that we wrote it right.

use crate::tx::{Cols, Tx};
use domain::{Basis, Cost, Failure, PicoUsd, Usage};

/// At most this many places are named.
const NAMED: usize = 20;

/// What a walk over every row found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumsReport {
    /// Rows walked.
    pub rows: u64,
    /// Rows whose figures contradict each other.
    pub wrong: u64,
    /// Places in the chain of the first of them.
    pub first_wrong: Vec<u64>,
    /// The running sums say what the rows say.
    pub running: bool,
}

impl Tx<'_> {
    /// Adds every row of the ledger up again: each line is units × rate, a computed total is the sum of
    /// its lines, the columns that sums read say what the row itself says, and
    /// so do the running sums. Reads the whole ledger.
    pub fn verify_sums(&self) -> Result<SumsReport, Failure> {
        let mut report = SumsReport::default();
        self.all("SELECT * FROM ledger_entries ORDER BY seq", [], |cols| {
            report.rows += 1;
            if !agrees(cols)? {
                report.wrong += 1;
                if report.first_wrong.len() < NAMED {
                    report.first_wrong.push(cols.get::<i64>("seq")?.unsigned_abs());
                }
            }
            Ok(())
        })?;
        report.running = self.cells_agree()?;
        Ok(report)
    }
}

fn agrees(cols: &Cols<'_>) -> Result<bool, Failure> {
    let cost: Cost = cols.json("cost")?;
    let usage = cols.opt_json::<Usage>("usage")?.unwrap_or_default();
    let count = |name| Ok::<_, Failure>(cols.get::<Option<i64>>(name)?.map(i64::unsigned_abs));
    let columns = cols.get::<Option<i64>>("amount")? == cost.total.map(PicoUsd::get)
        && cols.get::<String>("basis")? == cost.basis.as_str()
        && count("input")? == usage.input.total
        && count("output")? == usage.output.total;
    let lines = cost.lines.iter().all(|line| line.rate.checked_times(line.units) == Some(line.amount));
    let sum = cost.lines.iter().try_fold(PicoUsd::ZERO, |sum, line| sum.checked_add(line.amount));
    let total = match cost.basis {
        // The provider's own figure stands beside our lines and may differ from them.
        Basis::Reported => cost.total.is_some(),
        // Without lines: nothing was sent, which is a known zero, or an amount booked as a whole.
        Basis::Computed | Basis::Estimated => {
            cost.total.is_some() && (cost.lines.is_empty() || sum == cost.total)
        }
        Basis::Unknown => cost.total.is_none(),
    };
    Ok(columns && lines && total)
}
