//! What the app costs beside an empty window of the same web view, in the same run.
//!
//! Both programs run as they are shipped. For the start, WebDriver starts them, a wrapper notes the moment before
//! `exec`, and the web view's own paint timing says when something was on screen. For the memory nothing drives
//! them: automation costs memory of its own, and not the same for both.

use anyhow::Result;

/// Process start to first paint.
pub(crate) fn start() -> Result<Vec<String>> {
    linux::start()
}

/// Proportional set size of all processes, some seconds after the start.
pub(crate) fn memory() -> Result<Vec<String>> {
    linux::memory()
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use anyhow::{Result, bail};

    pub(super) fn start() -> Result<Vec<String>> {
        bail!("measured on Linux only, by WebKitGTK's driver")
    }

    pub(super) fn memory() -> Result<Vec<String>> {
        bail!("measured on Linux only, by /proc")
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::driver::Driver;
    use crate::{setup, shell};
    use anyhow::{Context, Result, bail};
    use std::collections::HashMap;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::process::Stdio;
    use std::time::Duration;

    /// Rounds per program; the first of each is left out because it warms the file cache.
    const ROUNDS: usize = 11;
    const SETTLE: Duration = Duration::from_secs(8);

    pub(super) fn start() -> Result<Vec<String>> {
        let rounds = rounds(ROUNDS, paint)?;
        Ok(table("milliseconds from process start to first contentful paint", rounds))
    }

    pub(super) fn memory() -> Result<Vec<String>> {
        let rounds = rounds(4, undriven)?.map(|kb| kb.into_iter().map(|kb| kb / 1024).collect());
        Ok(table("MB proportional set size of all processes, 8 s after the start", rounds))
    }

    /// Both programs in turn, so that a busy moment of the machine hits both.
    fn rounds(count: usize, sample: fn(&Path, &Path, &str) -> Result<u64>) -> Result<[Vec<u64>; 2]> {
        shell::step("Building the release and an empty window");
        shell::release().run()?;
        let release = shell::target_dir()?.join("release");
        let programs = [release.join("parallax-desktop"), release.join("examples/empty_window")];
        let display = setup::Display::start()?;
        let work = shell::target_dir()?.join("measure");
        shell::step(&format!("Starting each {count} times"));
        let mut samples = [Vec::new(), Vec::new()];
        for round in 0..count {
            for (program, samples) in programs.iter().zip(&mut samples) {
                let sample = sample(program, &work, &display.name)
                    .with_context(|| format!("{} did not come up", program.display()))?;
                if round > 0 {
                    println!("{:<40} {sample:>8}", name(program));
                    samples.push(sample);
                }
            }
        }
        Ok(samples)
    }

    fn name(program: &Path) -> String {
        program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Folders of its own for one start.
    fn homes(work: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
        if work.exists() {
            std::fs::remove_dir_all(work)?;
        }
        let mut homes = Vec::new();
        for (variable, folder) in [
            ("HOME", "home"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "runtime"),
            ("PARALLAX_DATA_DIR", "parallax"),
        ] {
            let path = work.join(folder);
            std::fs::create_dir_all(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
            homes.push((variable, path));
        }
        Ok(homes)
    }

    /// Milliseconds from process start to first contentful paint.
    fn paint(program: &Path, work: &Path, display: &str) -> Result<u64> {
        let homes = homes(work)?;
        let marker = work.join("started");
        let wrapper = wrapper(program, work, &marker)?;
        let driver = Driver::start(display, &homes)?;
        let session = driver.open(&wrapper)?;
        let painted: u64 = session.wait_for_paint()?;
        let started = std::fs::read_to_string(&marker).context("the wrapper left no mark")?;
        let started: u64 = started.trim().parse().context("the wrapper's mark is cut")?;
        painted.checked_sub(started).context("painted before it was started")
    }

    /// Proportional set size in kB of a program that nothing drives.
    fn undriven(program: &Path, work: &Path, display: &str) -> Result<u64> {
        let mut child = std::process::Command::new(program)
            .envs(homes(work)?)
            .env("DISPLAY", display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        std::thread::sleep(SETTLE);
        let kb = pss(child.id());
        // Its web processes end with it.
        child.kill()?;
        child.wait()?;
        kb
    }

    /// Notes the time, then becomes the program.
    fn wrapper(program: &Path, work: &Path, marker: &Path) -> Result<PathBuf> {
        let path = work.join("start.sh");
        let text =
            format!("#!/bin/sh\ndate +%s%3N > '{}'\nexec '{}' \"$@\"\n", marker.display(), program.display());
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    /// Proportional set size, in kB, of a process and all its descendants.
    fn pss(root: u32) -> Result<u64> {
        let mut parents = HashMap::new();
        for entry in std::fs::read_dir("/proc")? {
            let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
            // A process may end between the listing and the reading.
            let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
            let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            if let Some(parent) = after_name.split(' ').nth(1).and_then(|p| p.parse::<u32>().ok()) {
                parents.insert(pid, parent);
            }
        }
        let belongs = |mut pid: u32| {
            while pid != root {
                match parents.get(&pid) {
                    Some(parent) if *parent != 0 => pid = *parent,
                    _ => return false,
                }
            }
            true
        };
        let (mut sum, mut web) = (0, false);
        for pid in parents.keys().copied().filter(|pid| belongs(*pid)) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            web |= name.starts_with("WebKitWebProces");
            let Ok(rollup) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
            let line = rollup.lines().find_map(|l| l.strip_prefix("Pss:"));
            sum += line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0);
        }
        if sum == 0 || !web {
            bail!("process {root} has no memory to read, or no web view");
        }
        Ok(sum)
    }

    fn table(what: &str, [ours, empty]: [Vec<u64>; 2]) -> Vec<String> {
        let (ours, empty) = (Spread::of(ours), Spread::of(empty));
        let ratio = (ours.median * 100).checked_div(empty.median).unwrap_or(0);
        vec![
            format!("| {what} | median | least | most |"),
            "|---|---:|---:|---:|".to_owned(),
            format!("| Parallax | {} | {} | {} |", ours.median, ours.least, ours.most),
            format!("| an empty window | {} | {} | {} |", empty.median, empty.least, empty.most),
            format!("| ratio of the medians | {}.{:02} | | |", ratio / 100, ratio % 100),
        ]
    }

    struct Spread {
        least: u64,
        median: u64,
        most: u64,
    }

    impl Spread {
        fn of(mut values: Vec<u64>) -> Self {
            values.sort_unstable();
            let at = |index: usize| values.get(index).copied().unwrap_or(0);
            Self { least: at(0), median: at(values.len() / 2), most: at(values.len().saturating_sub(1)) }
        }
    }
}
