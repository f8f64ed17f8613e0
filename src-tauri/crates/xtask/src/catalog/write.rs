//! Writes the data files: sorted, one model or endpoint a line, so that a refresh is a diff to read.

use super::{
    decimal::{self, PER_MILLION, PER_UNIT},
    literal::Node,
    models::{self, Built, Endpoint, Model},
    prices::{Rates, Rule, Sheet, When},
    sources::{self, Source},
};
use anyhow::Result;
use serde_json::to_string as quoted;
use std::{fmt::Write as _, fs, path::Path};

/// Meters whose rates are dollars per unit, not per million tokens.
const UNITS: &[&str] = &["request", "web_search"];

/// Replaces everything the command makes.
pub(crate) fn write(data: &Path, built: &Built) -> Result<()> {
    let folder = data.join("endpoints");
    let others = data.join("others");
    for folder in [&folder, &others] {
        fs::create_dir_all(folder)?;
        for old in fs::read_dir(folder)?.flatten().map(|e| e.path()) {
            if old.extension().is_some_and(|e| e == "json") {
                fs::remove_file(old)?;
            }
        }
    }
    let lines =
        built.models.iter().map(|(slug, model)| model_line(slug, model)).collect::<Result<Vec<_>>>()?;
    let head = format!("{{\"date\":{},\"models\":[\n", quoted(models::today())?);
    fs::write(data.join("models.json"), format!("{head}{}\n]}}\n", lines.join(",\n")))?;
    for (host, endpoints) in built.endpoints.iter().filter(|(_, endpoints)| !endpoints.is_empty()) {
        fs::write(folder.join(format!("{host}.json")), endpoint_file(endpoints)?)?;
    }
    for (host, models) in built.others.iter().filter(|(_, models)| !models.is_empty()) {
        fs::write(others.join(format!("{host}.json")), others_file(models)?)?;
    }
    fs::write(data.join("REPORT.md"), report(built)?)?;
    fs::write(data.join("SOURCES.md"), origins()?)?;
    Ok(())
}

/// Fields of one JSON object; absent ones are not written.
#[derive(Default)]
struct Line(String);

impl Line {
    fn put(&mut self, key: &str, json: &str) {
        self.0.push_str(if self.0.is_empty() { "{" } else { "," });
        self.0.push_str(&format!("\"{key}\":{json}"));
    }
    fn text(&mut self, key: &str, value: Option<&str>) -> Result<()> {
        if let Some(value) = value {
            self.put(key, &quoted(value)?);
        }
        Ok(())
    }
    fn count(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.put(key, &value.to_string());
        }
    }
    fn truth(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.put(key, if value { "true" } else { "false" });
        }
    }
    fn end(self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { self.0 + "}" }
    }
}

fn model_line(slug: &str, model: &Model) -> Result<String> {
    let mut line = Line::default();
    line.text("slug", Some(slug))?;
    line.text("name", Some(&model.name))?;
    if !model.aliases.is_empty() {
        line.put("aliases", &quoted(&model.aliases)?);
    }
    line.count("context", model.context);
    line.count("longest", model.longest);
    line.put("input", &quoted(&model.input)?);
    line.put("output", &quoted(&model.output)?);
    line.truth("tools", model.tools.then_some(true));
    line.truth("schema", model.schema.then_some(true));
    line.truth("reasoning", model.reasoning.then_some(true));
    line.truth("temperature", model.temperature);
    line.truth("weights", model.weights);
    line.text("cutoff", model.cutoff.as_deref())?;
    line.text("released", model.released.as_deref())?;
    line.text("retires", model.retires.as_deref())?;
    line.text("checked", Some(model.checked))?;
    Ok(line.end())
}

/// Prices by conditions on the id, the first that holds counts.
fn others_file(models: &[(Node, Sheet)]) -> Result<String> {
    let source = &sources::GENAI_PRICES;
    let mut lines = Vec::new();
    for (clause, sheet) in models {
        let mut line = Line::default();
        line.put("match", &clause_json(clause)?);
        let rules = sheet.rules.iter().map(rule_json).collect::<Result<Vec<_>>>()?;
        line.put("rules", &format!("[{}]", rules.join(",")));
        lines.push(line.end());
    }
    let name = quoted(&format!("{} ({})", source.name, source.package))?;
    let checked = quoted(source.date)?;
    Ok(format!("{{\"source\":{name},\"checked\":{checked},\"models\":[\n{}\n]}}\n", lines.join(",\n")))
}

/// A condition on an id, as its source writes it.
fn clause_json(clause: &Node) -> Result<String> {
    let mut line = Line::default();
    for (key, value) in clause.entries() {
        match value.as_text() {
            Some(text) => line.text(key, Some(text))?,
            None => {
                let parts = value.items().iter().map(clause_json).collect::<Result<Vec<_>>>()?;
                line.put(key, &format!("[{}]", parts.join(",")));
            }
        }
    }
    Ok(line.end())
}

fn endpoint_file(endpoints: &[Endpoint]) -> Result<String> {
    let used = |source: &&&Source| {
        endpoints.iter().any(|e| e.price.as_ref().is_some_and(|(s, _)| s.name == source.name))
    };
    let used: Vec<&&Source> = sources::ALL.iter().filter(used).collect();
    let mut heads = Vec::new();
    for source in &used {
        let mut line = Line::default();
        line.text("source", Some(&format!("{} ({})", source.name, source.package)))?;
        line.text("checked", Some(source.date))?;
        heads.push(line.end());
    }
    let mut lines = Vec::new();
    for endpoint in endpoints {
        let mut line = Line::default();
        line.text("id", Some(&endpoint.id))?;
        line.text("model", Some(&endpoint.slug))?;
        if !endpoint.also.is_empty() {
            line.put("also", &quoted(&endpoint.also)?);
        }
        line.count("context", endpoint.context);
        line.count("longest", endpoint.longest);
        if let Some((source, sheet)) = &endpoint.price {
            let at = used.iter().position(|s| s.name == source.name);
            line.count("source", at.and_then(|at| u64::try_from(at).ok()));
            let rules = sheet.rules.iter().map(rule_json).collect::<Result<Vec<_>>>()?;
            line.put("rules", &format!("[{}]", rules.join(",")));
        }
        lines.push(line.end());
    }
    Ok(format!("{{\"sources\":[{}],\"endpoints\":[\n{}\n]}}\n", heads.join(","), lines.join(",\n")))
}

fn rule_json(rule: &Rule) -> Result<String> {
    let mut line = Line::default();
    if rule.when != When::default() {
        line.put("when", &when_json(&rule.when)?);
    }
    let part = |units: bool| -> Rates {
        rule.rates
            .iter()
            .filter(|(meter, _)| UNITS.contains(*meter) == units)
            .map(|(m, r)| (*m, *r))
            .collect()
    };
    for (key, rates, places) in [("mtok", part(false), PER_MILLION), ("unit", part(true), PER_UNIT)] {
        if !rates.is_empty() {
            let mut map = Line::default();
            for (meter, rate) in rates {
                map.text(meter, Some(&decimal::text(rate, places)))?;
            }
            line.put(key, &map.end());
        }
    }
    Ok(line.end())
}

fn when_json(when: &When) -> Result<String> {
    let mut line = Line::default();
    line.count("prompt_tokens_gt", when.tokens_gt);
    line.text("from", when.from.as_deref())?;
    line.text("until", when.until.as_deref())?;
    if let Some(utc) = when.utc {
        line.put("utc", &quoted(&utc)?);
    }
    if !when.weekdays.is_empty() {
        line.put("weekdays", &quoted(&when.weekdays)?);
    }
    line.text("service_tier", when.tier.as_deref())?;
    Ok(line.end())
}

fn report(built: &Built) -> Result<String> {
    let report = &built.report;
    let mut out = String::from("# What the last build of the catalogue found\n\n");
    writeln!(out, "Written by `cargo xtask catalog`; not read by the program.\n\n{}.\n", report.summary())?;
    writeln!(out, "## Sources that disagree by more than 1 % (dollars per million tokens)\n")?;
    writeln!(out, "| provider | id | meter | figures | taken from |\n|---|---|---|---|---|")?;
    for line in &report.disagreements {
        writeln!(out, "| {line} |")?;
    }
    let lists = [
        ("Figures that could not be carried over", &report.lost),
        ("Endpoints without a price (unknown, which is not free)", &report.unpriced),
        ("Ids left out", &report.skipped),
    ];
    for (title, list) in lists {
        writeln!(out, "\n## {title}\n")?;
        for line in list {
            writeln!(out, "- {line}")?;
        }
    }
    Ok(out)
}

fn origins() -> Result<String> {
    let mut out = String::from("# Sources of the catalogue's figures\n\n");
    writeln!(
        out,
        "Written by `cargo xtask catalog`, which takes each from its package without running anything of it.\n"
    )?;
    writeln!(
        out,
        "| source | package and version | date of the data | used for | licence |\n|---|---|---|---|---|"
    )?;
    for s in sources::ALL {
        writeln!(out, "| {} | {} | {} | {} | {} |", s.name, s.package, s.date, s.used_for, s.licence)?;
    }
    writeln!(out, "\nAll four are under the MIT licence, whose text is:\n\n{MIT}")?;
    Ok(out)
}

const MIT: &str = "\
> Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
> documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation
> the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
> permit persons to whom the Software is furnished to do so, subject to the following conditions:
>
> The above copyright notice and this permission notice shall be included in all copies or substantial portions of
> the Software.
>
> THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
> THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
> AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT,
> TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
> SOFTWARE.
";
