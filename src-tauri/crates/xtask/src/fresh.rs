//! The README's test command on a clone that was never built.

use crate::shell::{self, Cmd};
use anyhow::{Context, Result, bail};

/// Clones the repository, runs `cargo xtask test` there from an empty target folder and says how long each step
/// took. What is not committed is not in the clone.
pub(crate) fn build() -> Result<Vec<String>> {
    let folder = shell::target_dir()?.join("fresh-clone");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("the last clone cannot be removed")?;
    }
    shell::step("Cloning");
    Cmd::new("git").args(["clone", "--quiet"]).arg(shell::root()?).arg(&folder).run()?;
    shell::step("Building and testing the clone (half an hour on two cores)");
    let target = folder.join("target");
    let command = shell::cargo(&["xtask", "test"]).dir(&folder).env("CARGO_TARGET_DIR", &target);
    let kept = command.run_keeping(|line| row(line).is_some())?;
    let mut rows =
        vec!["| step of `cargo xtask test` | min | tests |".to_owned(), "|---|---:|---|".to_owned()];
    rows.extend(kept.iter().filter_map(|line| row(line)));
    if rows.len() < 10 {
        bail!("the closing table of `cargo xtask test` was not found");
    }
    std::fs::remove_dir_all(&folder).context("the clone cannot be removed")?;
    Ok(rows)
}

/// A line of the closing table: `  rust build    7 min 12  note`.
fn row(line: &str) -> Option<String> {
    let (head, note) = line.strip_prefix("  ")?.split_once(" min ")?;
    let (seconds, note) = note.split_at_checked(2)?;
    let seconds: u32 = seconds.parse().ok()?;
    let (name, minutes) = head.rsplit_once(' ')?;
    let minutes: u32 = minutes.parse().ok()?;
    Some(format!("| {} | {minutes}:{seconds:02} | {} |", name.trim(), note.trim()))
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn lines_of_the_closing_table_are_rows() {
        let line = format!("  {:<32} {:>8}  {}", "rust tests", "4 min 07", "1210 passed");
        assert_eq!(row(&line).as_deref(), Some("| rust tests | 4:07 | 1210 passed |"));
        assert_eq!(row("test a ... ok"), None);
        assert_eq!(row("Everything passed:"), None);
    }
}
