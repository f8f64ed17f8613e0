//! The package on a system that has nothing of ours: installed, used, started, removed.
//!
//! The system is a debootstrap folder. It needs root, as every package does.

use crate::shell::{self, Cmd};
use crate::{package, setup};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the window is left alone before it is looked at.
const LOOK_AFTER: Duration = Duration::from_secs(12);
/// A window with text has many colours; an empty screen has one or two.
const COLOURS: usize = 16;
const DATA: &str = "home/you/.local/share/parallax/parallax.db";

/// Installs the deb into a fresh system, answers once, opens the window, removes it and looks for the data.
pub(crate) fn deb() -> Result<Vec<String>> {
    if Cmd::new("id").arg("--user").output()?.trim() != "0" {
        bail!("this makes a system in a folder and needs root");
    }
    setup::system(&[&["debootstrap"], setup::VIRTUAL_DISPLAY])?;
    package::package(&[])?;
    let deb = package::built("deb")?.pop().context("no deb was built")?;
    let system = System::make(&shell::target_dir()?.join("clean-system"))?;
    let mut rows = vec!["| on a fresh system | found |".to_owned(), "|---|---|".to_owned()];

    std::fs::copy(&deb, system.path("tmp/parallax.deb"))?;
    system.run(
        "apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive \
                apt-get install --yes --quiet --quiet --no-install-recommends /tmp/parallax.deb >/dev/null",
    )?;
    rows.push(format!("| installed with its dependencies | {} |", system.run("parallax --version")?.trim()));

    system.run("useradd --create-home you && mkdir --mode=0700 /run/you && chown you /run/you")?;
    let answer = system.run("su you -c 'parallax ask -m demo/quick Hello 2>/dev/null'")?;
    if answer.trim().is_empty() {
        bail!("the demo model said nothing");
    }
    rows.push(format!("| a demo model answers | {} characters |", answer.trim().chars().count()));
    rows.push(format!(
        "| the window, after {} s | {} colours on screen |",
        LOOK_AFTER.as_secs(),
        window(&system)?
    ));

    let before = std::fs::metadata(system.path(DATA))?.len();
    system.run(
        "DEBIAN_FRONTEND=noninteractive apt-get remove --yes --quiet --quiet parallax >/dev/null 2>&1",
    )?;
    for gone in ["usr/bin/parallax", "usr/bin/parallax-desktop", "usr/share/applications/Parallax.desktop"] {
        if system.path(gone).exists() {
            bail!("{gone} is left after removal");
        }
    }
    let after = std::fs::metadata(system.path(DATA)).context("the data went with the package")?.len();
    if after < before {
        bail!("the database shrank from {before} to {after} bytes");
    }
    rows.push(format!("| removed, data kept | {after} bytes of database |"));
    Ok(rows)
}

/// Opens the window for a while and counts the colours it shows.
fn window(system: &System) -> Result<usize> {
    let pixels = shell::target_dir()?.join("clean-screen");
    std::fs::create_dir_all(&pixels)?;
    let display = setup::Display::with(&["-fbdir".as_ref(), pixels.as_os_str()])?;
    let start =
        format!("su you -c 'XDG_RUNTIME_DIR=/run/you DISPLAY={} timeout 60 parallax-desktop'", display.name);
    let mut running = system.command(&start).command()?.spawn().context("cannot enter the system")?;
    std::thread::sleep(LOOK_AFTER);
    let ended = running.try_wait()?;
    let screen = std::fs::read(pixels.join("Xvfb_screen0"))?;
    // Without its display it ends by itself, in its own process tree.
    drop(display);
    running.wait()?;
    if let Some(status) = ended {
        bail!("the window closed by itself ({status})");
    }
    let mut colours: Vec<&[u8]> = screen.chunks_exact(4).skip(1_024).collect();
    colours.sort_unstable();
    colours.dedup();
    if colours.len() < COLOURS {
        bail!("only {} colours are on screen: nothing was drawn", colours.len());
    }
    Ok(colours.len())
}

/// A system in a folder, its mounts undone at the end.
struct System {
    folder: PathBuf,
    mounts: Vec<PathBuf>,
}

impl System {
    fn make(folder: &Path) -> Result<Self> {
        if folder.exists() {
            // Never across a mount: what is bound into it is the real thing.
            Cmd::new("rm").args(["--recursive", "--force", "--one-file-system"]).arg(folder).run()?;
        }
        let about = std::fs::read_to_string("/etc/os-release")?;
        let codename =
            about.lines().find_map(|l| l.strip_prefix("VERSION_CODENAME=")).context("no codename")?;
        shell::step(&format!("Making a minimal {codename} system"));
        Cmd::new("debootstrap")
            .args(["--variant=minbase", codename])
            .arg(folder)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()?;
        let mut system = Self { folder: folder.to_path_buf(), mounts: Vec::new() };
        std::fs::create_dir_all(system.path("tmp/.X11-unix"))?;
        std::fs::copy("/etc/resolv.conf", system.path("etc/resolv.conf"))?;
        for place in ["proc", "dev", "dev/shm", "tmp/.X11-unix"] {
            let mount = system.path(place);
            Cmd::new("mount")
                .args(["--bind".as_ref(), Path::new("/").join(place).as_os_str(), mount.as_os_str()])
                .run()?;
            system.mounts.push(mount);
        }
        Ok(system)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.join(inside)
    }

    fn command(&self, line: &str) -> Cmd {
        Cmd::new("chroot").arg(&self.folder).args(["sh", "-c", line]).env("LC_ALL", "C.UTF-8")
    }

    /// Runs a line inside and gives what it prints.
    fn run(&self, line: &str) -> Result<String> {
        self.command(line).output()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for mount in self.mounts.iter().rev() {
            // Lazily: a process that is just ending may still hold it.
            let _ = Cmd::new("umount").arg("--lazy").arg(mount).run();
        }
    }
}
