//! `data/models.json` and `data/endpoints/*.json`, joined by model, with tables to find a line by.

use super::{files, stem};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    error,
    fmt::Write as _,
    fs,
    path::Path,
};

type Outcome<T> = Result<T, Box<dyn error::Error>>;

/// A model with its endpoints.
struct Line {
    model: Value,
    /// Rows of endpoint files, in the order of providers and then of their files.
    served: Vec<Value>,
}

/// Text with the tables that find things in it: offsets instead of strings, since each string of a table
/// would have to be relocated at every start.
#[derive(Default)]
struct Text(String);

impl Text {
    /// Adds a piece; where it begins and ends.
    fn add(&mut self, piece: &str) -> (usize, usize) {
        let start = self.0.len();
        self.0.push_str(piece);
        (start, self.0.len())
    }
}

/// Writes `MODELS_TEXT`, `NAMES_TEXT` and the tables `MODELS`, `ALIASES` and `UPSTREAM`, `BY_ID`: the places in that in
/// the order of the ids alone, and `MEANT`: the models by their names without an author and by the ids they are listed
/// under.
pub(super) fn embed(code: &mut String, data: &Path, out: &Path) -> Outcome<()> {
    let path = data.join("models.json");
    println!("cargo::rerun-if-changed={}", path.display());
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let date = file["date"].as_str().ok_or("models.json has no date")?.to_owned();
    let Value::Array(rows) = file["models"].take() else { return Err("models.json has no models".into()) };
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    for mut row in rows {
        let slug = row["slug"].as_str().ok_or("a model has no slug")?.to_owned();
        if let Some(Value::Array(names)) = row.as_object_mut().and_then(|row| row.remove("aliases")) {
            let name = |name: &Value| Some((name.as_str()?.to_owned(), slug.clone()));
            aliases.extend(names.iter().filter_map(name));
        }
        let line = Line { model: row, served: Vec::new() };
        if lines.insert(slug.clone(), line).is_some() {
            return Err(format!("models.json: {slug} is there twice").into());
        }
    }
    for path in files(&data.join("endpoints"), "json")? {
        endpoints(&path, &mut lines).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    write(code, out, &date, &lines, &aliases)
}

/// Puts the rows of one file to their models, each with its provider and the source of its price.
fn endpoints(path: &Path, lines: &mut BTreeMap<String, Line>) -> Outcome<()> {
    println!("cargo::rerun-if-changed={}", path.display());
    let file: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let known = ["sources", "endpoints"];
    if let Some(key) =
        file.as_object().and_then(|file| file.keys().find(|key| !known.contains(&key.as_str())))
    {
        return Err(format!("{key:?} means nothing here").into());
    }
    for row in file["endpoints"].as_array().ok_or("no endpoints")? {
        let mut row: Map<String, Value> = row.as_object().ok_or("an endpoint is no object")?.clone();
        let model = row.remove("model");
        let model = model.as_ref().and_then(Value::as_str).ok_or("an endpoint without a model")?;
        let wrong = |what: &str| format!("{model}: {what}");
        match row.remove("source") {
            Some(place) => {
                let place = place.as_u64().and_then(|place| usize::try_from(place).ok());
                let source = place.and_then(|place| file["sources"].get(place));
                row.insert("source".into(), source.ok_or_else(|| wrong("no such source"))?.clone());
            }
            None if row.contains_key("rules") => return Err(wrong("a price without a source").into()),
            None => {}
        }
        row.insert("provider".into(), stem(path)?.into());
        let line = lines.get_mut(model).ok_or_else(|| wrong("is not in models.json"))?;
        line.served.push(row.into());
    }
    Ok(())
}

fn write(
    code: &mut String,
    out: &Path,
    date: &str,
    lines: &BTreeMap<String, Line>,
    aliases: &BTreeMap<String, String>,
) -> Outcome<()> {
    let (mut text, mut names) = (Text::default(), Text::default());
    writeln!(code, "/// Day of the newest source.\nconst DATE: &str = {date:?};")?;
    writeln!(code, "const MODELS: &[(u32, u32, u32)] = &[")?;
    let mut upstream: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (place, (slug, line)) in lines.iter().enumerate() {
        let (start, end) = text.add(slug);
        let (_, last) = text.add(&json!({ "model": line.model, "served": line.served }).to_string());
        text.add("\n");
        writeln!(code, "    ({start}, {end}, {last}),")?;
        find(&mut upstream, place, &line.served);
    }
    writeln!(code, "];\nconst ALIASES: &[(u32, u32, u16)] = &[")?;
    let slugs: Vec<&String> = lines.keys().collect();
    for (alias, slug) in aliases {
        let (start, end) = names.add(alias);
        let place = slugs.binary_search(&slug).map_err(|_| format!("{slug} is no model"))?;
        writeln!(code, "    ({start}, {end}, {place}),")?;
    }
    writeln!(code, "];\nconst UPSTREAM: &[(u32, u32, u16, u16)] = &[")?;
    // Where a name stands in the text.
    let mut stands: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, (model, endpoint)) in &upstream {
        let (start, end) = names.add(name);
        writeln!(code, "    ({start}, {end}, {model}, {endpoint}),")?;
        if let Some((_, id)) = name.split_once('\0') {
            stands.insert(id, (end - id.len(), end));
        }
    }
    writeln!(code, "];\nconst BY_ID: &[u16] = &[")?;
    let id = |name: &str| name.split_once('\0').map(|(_, id)| id.to_owned());
    let mut by_id: Vec<(Option<String>, usize)> =
        upstream.keys().enumerate().map(|(place, name)| (id(name), place)).collect();
    by_id.sort();
    for (_, place) in by_id {
        writeln!(code, "    {},", u16::try_from(place)?)?;
    }
    writeln!(code, "];\nconst MEANT: &[(u32, u32, u16)] = &[")?;
    for (name, model) in &meant(lines) {
        let (start, end) = *stands.entry(name).or_insert_with(|| names.add(name));
        writeln!(code, "    ({start}, {end}, {}),", u16::try_from(*model)?)?;
    }
    writeln!(code, "];")?;
    for (name, text) in [("MODELS_TEXT", text), ("NAMES_TEXT", names)] {
        let path = out.join(name);
        fs::write(&path, text.0)?;
        writeln!(code, "const {name}: &str = include_str!({:?});", path.to_str().ok_or("not UTF-8")?)?;
    }
    Ok(())
}

/// Names without an author: those of the slugs, and the ids that models are listed under.
fn meant(lines: &BTreeMap<String, Line>) -> BTreeSet<(String, usize)> {
    let names = lines.iter().enumerate().flat_map(|(place, (slug, line))| {
        let short = slug.split_once('/').map(|(_, name)| name.to_owned());
        let ids = line.served.iter().filter_map(|row| row["id"].as_str().map(str::to_owned));
        short.into_iter().chain(ids).map(move |name| (name, place))
    });
    names.collect()
}

/// Enters the names that a provider knows a model by: first those that are listed, then those that are not,
/// counted on. A name that stands twice is the first one.
fn find(upstream: &mut BTreeMap<String, (usize, usize)>, model: usize, served: &[Value]) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = served.iter().map(|row| (&row["provider"], text(&row["id"])));
    let pinned = served.iter().flat_map(|row| {
        let also = row["also"].as_array().map_or(&[][..], Vec::as_slice);
        also.iter().map(|id| (&row["provider"], text(id)))
    });
    for (endpoint, (provider, id)) in listed.chain(pinned).enumerate() {
        if let Entry::Vacant(place) = upstream.entry(format!("{}\0{id}", text(provider))) {
            place.insert((model, endpoint));
        }
    }
}
