//! `prove`: what takes too long, or depends too much on the machine, for every change.
//!
//! A proof is a measurement here (`measure`) or a test target of the suite named `prove_NAME` that does not run
//! by default (`test = false` in its entry). Whatever it prints as a Markdown table becomes `tests/proofs/NAME.md`; what
//! was measured is kept though a goal was missed, and says so.

use crate::{clean, clients, fresh, measure, python, setup, shell, ui};
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a proof prints for its table: Markdown rows, and the sentences that explain them.
type Lines = Vec<String>;
type Proof = (&'static str, &'static str, fn() -> Result<Lines>);

/// Name, what it proves, body. The suite's own are found by their target's name.
const PROOFS: &[Proof] = &[
    ("build", "clean build and test time: `cargo xtask test` on a clone that was never built", fresh::build),
    ("cuts", "recordings decode the same for every way of cutting their bytes", cuts),
    ("start", "process start to first paint, beside an empty window", measure::start),
    ("memory", "memory of all the app's processes, beside an empty window's", measure::memory),
    ("size", "size of the release binaries", size),
    (
        "prices",
        "two calculators of others over the same recordings (needs Python and a package index)",
        prices,
    ),
    ("decode", "how fast answers are decoded, beside a JSON parser on the same bytes", decode),
    ("diff", "two answers of 20 KB compared, and what six of them share", || compared("diff")),
    ("agreement", "how well \"only one says this\" is found on labelled answers", || compared("agreement")),
    ("ratings", "strengths beside others' code, what intervals hold, how often noise is a winner", ratings),
    ("deb", "the package installs, starts and goes on a fresh system, data kept (needs root)", clean::deb),
];

/// What the suite's proofs are about, by name.
const ABOUT: &[(&str, &str)] = &[
    ("latency", "last byte of a delta at the socket to its frame in the window"),
    (
        "render",
        "eight answers of Markdown at 200 tokens a second each, beside a page that only appends the text",
    ),
    ("first_token", "Enter to the first token on the screen, over the provider's own time"),
    (
        "history",
        "a million messages: every screen's queries, searches, and the start beside an empty profile's",
    ),
    ("long", "a conversation of ten thousand messages is opened and scrolled"),
    ("ask", "what the command line adds to the provider's own time"),
    ("kill", "killed at random moments, nothing shown is lost"),
    ("outage", "the first provider is gone for thirty seconds while four lanes write: nobody sees an error"),
    ("experiment", "two hundred cells against a provider that answers at once"),
    ("import", "an export of 1 GB comes in under 256 MiB, killed at twenty moments, to the same database"),
    ("search", "time to find a word among a hundred thousand messages"),
    ("plan", "time to plan a request to a model with thirty endpoints"),
    ("resets", "fifty recorded streams cut off after every byte: text kept, failure named, books right"),
    ("router", "our way of choosing beside others', over thousands of simulated hours"),
    (
        "budgets",
        "no budget is exceeded, whatever happens at once, and the provider's own bill is in the ledger",
    ),
    ("spend", "a million rows: every query of the Spend page, and the page opened in the real window"),
    ("local_model", "a real local model answers in the real window"),
    ("fuzz", "no bytes break a decoder or make it gather without bound (PARALLAX_FUZZ_MINUTES)"),
    (
        "gateway",
        "what the gateway adds to a request, beside a bare proxy and the gateways of three other makers",
    ),
    (
        "gateway_faults",
        "fourteen faults and more through the gateway, all told right, and through those of three other makers",
    ),
    ("clients", "clients of eleven makers, unmodified, against the gateway"),
    ("gateway_pages", "a hostile page in Chromium and WebKit reaches nothing behind the gateway's door"),
    (
        "gateway_schema",
        "Schemathesis finds no failure of ours in the OpenAPI document that the gateway serves",
    ),
    (
        "gateway_fuzz",
        "ten million requests of no sense: none of ours fails, nothing panics (PARALLAX_FUZZ_REQUESTS)",
    ),
    ("faults", "every fault in every dialect loses nothing, and a stop reaches the provider"),
];

/// Proofs that drive no program of ours, so that none has to be built for them.
const ALONE: &[&str] = &[
    "agreement",
    "budgets",
    "build",
    "clients",
    "decode",
    "diff",
    "faults",
    "fuzz",
    "gateway",
    "gateway_faults",
    "gateway_fuzz",
    "gateway_pages",
    "gateway_schema",
    "prices",
    "ratings",
    "router",
    "search",
];

/// Proofs that are built as the tests are: what they find does not depend on speed, or is no worse at another.
const DEV: &[&str] =
    &["build", "clients", "faults", "gateway_faults", "gateway_pages", "gateway_schema", "prices", "router"];

/// Proofs of more cases than the tests' build gets through, in a profile that is fast and still checks itself.
const CHECKED: &[&str] = &["gateway_fuzz"];

/// Runs one proof, or lists them.
pub(crate) fn prove(arguments: &[String]) -> Result<()> {
    let suite = suite_proofs()?;
    let [name] = arguments else {
        println!("cargo xtask prove NAME\n");
        for (name, about, _) in PROOFS {
            println!("  {name:<12} {about}");
        }
        for name in &suite {
            let about = ABOUT.iter().find(|(known, _)| known == name).map_or("", |(_, about)| about);
            println!("  {name:<12} {about}");
        }
        return Ok(());
    };
    setup::toolchain()?;
    if ALONE.contains(&name.as_str()) {
        setup::system(&[setup::BUILD])?;
        if name == "clients" {
            clients::install_all()?;
        }
        if name == "gateway_schema" {
            clients::install_schemathesis()?;
        }
        if name == "gateway" || name == "gateway_faults" {
            clients::install_gateways()?;
        }
        if name == "gateway" {
            shell::step("Building the command line");
            shell::cargo(&["build", "--release", "--package", "parallax-cli"]).run()?;
        }
        let lines = match PROOFS.iter().find(|(known, ..)| known == name) {
            Some((.., body)) => body()?,
            None if name == "gateway_pages" && cfg!(target_os = "linux") => {
                setup::system(&[setup::VIRTUAL_DISPLAY, setup::TEST])?;
                return run_suite(name, Some(&setup::Display::start()?));
            }
            None => return run_suite(name, None),
        };
        return write(name, &lines, true);
    }
    setup::system(&[setup::BUILD, setup::VIRTUAL_DISPLAY, setup::TEST])?;
    ui::install()?;
    ui::build()?;
    if let Some((.., body)) = PROOFS.iter().find(|(known, ..)| known == name) {
        write(name, &body()?, true)
    } else if suite.contains(name) {
        shell::step("Building the release");
        shell::release().run()?;
        let display = if cfg!(target_os = "linux") { Some(setup::Display::start()?) } else { None };
        run_suite(name, display.as_ref())
    } else {
        bail!("no proof is called {name:?}; without a name, the list");
    }
}

/// Names of the suite's `prove_*` targets.
pub(crate) fn suite_proofs() -> Result<Vec<String>> {
    let all = shell::metadata()?;
    let packages = all["packages"].as_array().context("cargo metadata lists no packages")?;
    let targets = packages.iter().filter_map(|p| p["targets"].as_array()).flatten();
    let names = targets.filter(|t| t["kind"][0] == "test").filter_map(|t| t["name"].as_str());
    Ok(names.filter_map(|name| name.strip_prefix("prove_")).map(str::to_owned).collect())
}

/// Runs a proof of the suite and writes what it printed, then fails if it did.
fn run_suite(name: &str, display: Option<&setup::Display>) -> Result<()> {
    let target = format!("prove_{name}");
    shell::step(&format!("Running {target}"));
    let of: &[&str] = match name {
        name if DEV.contains(&name) => &["--workspace"],
        name if CHECKED.contains(&name) => &["--profile", "proof", "--package", "parallax-suite"],
        // Of a package that needs no others.
        "fuzz" => &["--release", "--package", "parallax-wire"],
        "gateway" => &["--release", "--package", "parallax-load"],
        _ => &["--release", "--package", "parallax-suite"],
    };
    let mut command = shell::cargo(&["test"]).args(of.iter().chain(&["--test", &target]));
    if name == "fuzz" {
        // Numbers that overflow are to be found, not wrapped.
        command = command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    }
    let mut command = command.args(["--", "--nocapture", "--test-threads=1"]);
    if let Some(display) = display {
        command = command.env("DISPLAY", &display.name);
    }
    let (lines, status) = command.run_to_its_end(|line| line.starts_with('|'))?;
    write(name, &lines, status.success())?;
    if !status.success() {
        bail!("{target} failed ({status})");
    }
    Ok(())
}

/// The conformance test with every cut instead of a sample.
fn cuts() -> Result<Lines> {
    shell::step("Cutting every recording at every byte (some minutes)");
    shell::cargo(&[
        "test",
        "--release",
        "--package",
        "parallax-suite",
        "--test",
        "conformance",
        "--",
        "--nocapture",
    ])
    .env("PARALLAX_PROVE", "1")
    .run_keeping(|line| line.starts_with('|') || line.starts_with("test result:"))
}

fn decode() -> Result<Lines> {
    shell::step("Decoding every recorded stream");
    let command = ["bench", "--package", "parallax-wire", "--bench", "decode"];
    shell::cargo(&command).run_keeping(|line| line.starts_with('|'))
}

fn compared(bench: &str) -> Result<Lines> {
    shell::step(&format!("Measuring {bench}"));
    let command = ["bench", "--package", "parallax-compare", "--bench", bench];
    shell::cargo(&command).run_keeping(|line| line.starts_with('|'))
}

/// Against choix and SciPy, in a Python of their own; then some thousand simulated people.
fn ratings() -> Result<Lines> {
    setup::system(&[setup::PYTHON])?;
    let home = shell::target_dir()?.join("ratings");
    std::fs::create_dir_all(&home)?;
    let packages = ["choix==0.4.1", "scipy==1.17.1"];
    let python = python::environment(&home, "choix, scipy", &packages, "choix and SciPy (60 MB)")?;
    shell::step("Rating the votes of simulated people");
    let command = ["bench", "--package", "parallax-compare", "--bench", "ratings"];
    shell::cargo(&command).env("PARALLAX_PYTHON", python).run_keeping(|line| line.starts_with('|'))
}

/// The two calculators: module, name, packages. LiteLLM asks for more than it needs here, and for a `certifi`
/// newer than a package index may have, so what it does need is named.
const CALCULATORS: [(&str, &str, &[&str]); 3] = [
    ("genai_prices", "genai-prices", &["genai-prices==0.2.3"]),
    (
        "fastuuid, httpx, openai, tiktoken, tokenizers, jsonschema",
        "what LiteLLM needs (90 MB)",
        &[
            "fastuuid",
            "httpx[http2]",
            "openai<4",
            "python-dotenv",
            "pyyaml",
            "importlib-metadata",
            "tiktoken",
            "tokenizers",
            "click",
            "jinja2",
            "aiohttp",
            "pydantic",
            "pydantic-settings",
            "jsonschema",
        ],
    ),
    // Looked for without running it: it fetches a price list when it is imported.
    ("importlib.metadata as m; m.version('litellm')", "LiteLLM", &["--no-deps", "litellm==1.109.1"]),
];

/// LiteLLM is installed without what it asks for; see [`CALCULATORS`].
fn prices() -> Result<Lines> {
    setup::system(&[setup::PYTHON])?;
    let root = shell::root()?;
    let home = shell::target_dir()?.join("price-calculators");
    std::fs::create_dir_all(&home)?;
    let mut found = None;
    for (module, what, packages) in CALCULATORS {
        found = Some(python::environment(&home, module, packages, what)?);
    }
    let python = found.context("a calculator runs in Python")?;
    shell::step("Asking them");
    let script = root.join("src-tauri/crates/xtask/src/price_calculators.py");
    let mut command = shell::Cmd::new(&python).arg(script);
    for part in ["tests/recordings/registry", "tests/recordings/documented", "../shared/recordings/open"] {
        command = command.arg(root.join(part));
    }
    std::fs::write(root.join("tests/money/calculators.json"), command.output()?)?;
    shell::step("Comparing");
    let test = ["test", "--workspace", "--test", "money", "calculators", "--", "--nocapture"];
    let kept =
        shell::cargo(&test).run_keeping(|line| line.starts_with('|') || line.starts_with("genai-prices:"))?;
    // A table ends with an empty line.
    let (table, sums): (Lines, Lines) = kept.into_iter().partition(|line| line.starts_with('|'));
    Ok(table.into_iter().chain([String::new()]).chain(sums).collect())
}

fn size() -> Result<Lines> {
    shell::step("Building the release");
    shell::release().run()?;
    let folder = shell::target_dir()?.join("release");
    let mut lines = vec!["| binary | bytes | MB |".to_owned(), "|---|---:|---:|".to_owned()];
    for name in ["parallax-desktop", "parallax"] {
        let bytes = std::fs::metadata(folder.join(shell::program(name)))?.len();
        let tenths = bytes / 100_000;
        lines.push(format!("| {name} | {bytes} | {}.{} |", tenths / 10, tenths % 10));
    }
    Ok(lines)
}

fn write(name: &str, lines: &[String], met: bool) -> Result<()> {
    if lines.is_empty() {
        bail!("{name} printed no table");
    }
    let commit = shell::Cmd::new("git").args(["rev-parse", "--short", "HEAD"]).output().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let profile = match name {
        name if DEV.contains(&name) => "dev",
        name if CHECKED.contains(&name) => "proof",
        _ => "release",
    };
    let mut text = format!("# {name}\n\n");
    writeln!(
        text,
        "{}, {} {}, {cores} cores, {profile} profile, after commit {}. Written by `cargo xtask prove {name}`.\n",
        today(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        commit.trim(),
    )?;
    for line in lines {
        writeln!(text, "{line}")?;
    }
    if !met {
        writeln!(text, "\nThe run failed: it ended early, or a goal in it is not met.")?;
    }
    let folder = shell::root()?.join("tests/proofs");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.md")), &text)?;
    println!("\n{text}\n(in tests/proofs/{name}.md)");
    Ok(())
}

/// Today's date in UTC, `YYYY-MM-DD`.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The Gregorian date of a count of days since 1970-01-01. Years are counted from March, so that the leap day
/// ends one.
fn civil(days: u64) -> (u64, u64, u64) {
    let from_era = days + 719_468;
    let era = from_era / 146_097;
    let day_of_era = from_era % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(19_783), (2024, 3, 1));
        assert_eq!(civil(20_818), (2026, 12, 31));
    }
}
