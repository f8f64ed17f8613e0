//! What the user keeps to use again: system prompts, prompts with gaps, line-ups.

use crate::{
    Api,
    types::{PromptList, PutPrompt, PutTeam, SavedPrompt, SavedRef, Team},
};
use domain::{ErrorKind, Failure, say};
use engine::{LANE_LIMIT, PromptRow, TeamRow};

const LONGEST_NAME: usize = 80;
const LONGEST_SLASH: usize = 32;
const LONGEST_TEXT: usize = 64 * 1024;
/// Most texts, and most line-ups.
const MOST: usize = 500;

fn refuse(why: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, why.into())
}

pub(crate) async fn list(api: &Api, (): ()) -> Result<PromptList, Failure> {
    let (prompts, teams) = api.engine.store().read(|tx| Ok((tx.prompts()?, tx.teams()?))).await?;
    Ok(PromptList {
        prompts: prompts.into_iter().map(shown).collect(),
        teams: teams
            .into_iter()
            .map(|TeamRow { id, name, line_up, .. }| Team { id, name, line_up })
            .collect(),
    })
}

fn shown(row: PromptRow) -> SavedPrompt {
    let PromptRow { id, system, name, slash, text, .. } = row;
    SavedPrompt { id, system, name, slash, gaps: gaps(&text), text }
}

/// The names between `{{` and `}}`, in order, each once. A name has no braces and no line break.
pub(crate) fn gaps(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else { continue };
        let name = name.trim();
        let is_name = !name.is_empty() && name.len() <= 60 && !name.contains(['{', '}', '\n']);
        if is_name && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

fn named(name: &str) -> Result<String, Failure> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(refuse(say!("A name has 1 to 80 characters.")));
    }
    Ok(name)
}

/// The word behind a slash, from what was given or from the name.
fn slash(given: Option<&str>, name: &str) -> Result<String, Failure> {
    let given = given.map(|word| word.trim().trim_start_matches('/')).filter(|word| !word.is_empty());
    let fits = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let word = match given {
        Some(word) if word.chars().all(fits) => word.to_lowercase(),
        Some(word) => {
            return Err(refuse(say!(
                "“/{word}” cannot be typed as a command: use letters, digits, - and _.",
                word
            )));
        }
        None => {
            let lower = name.to_lowercase();
            let pieces = lower.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty());
            pieces.collect::<Vec<_>>().join("-")
        }
    };
    let word: String = word.chars().take(LONGEST_SLASH).collect();
    if word.is_empty() { Err(refuse(say!("Give it a word to type behind the slash."))) } else { Ok(word) }
}

pub(crate) async fn put(api: &Api, wanted: PutPrompt) -> Result<PromptList, Failure> {
    let name = named(&wanted.name)?;
    if wanted.text.trim().is_empty() {
        return Err(refuse(say!("The text is empty.")));
    }
    if wanted.text.len() > LONGEST_TEXT {
        return Err(refuse(say!("The text is longer than 64 kB. Attach it as a file instead.")));
    }
    let slash = if wanted.system { None } else { Some(slash(wanted.slash.as_deref(), &name)?) };
    let row = PromptRow {
        id: wanted.id.unwrap_or_else(|| api.engine.clock().id().to_string()),
        system: wanted.system,
        name,
        slash,
        text: wanted.text,
        updated_at: api.engine.clock().now(),
    };
    let write = api.engine.store().write(move |tx| {
        let others: Vec<PromptRow> = tx.prompts()?.into_iter().filter(|other| other.id != row.id).collect();
        if others.len() >= MOST {
            return Err(refuse(say!("There are 500 of them. Remove some first.")));
        }
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        if others.iter().any(|other| other.system == row.system && same(&other.name, &row.name)) {
            return Err(refuse(say!(
                "There is one called “{name}” already. Choose another name.",
                name = row.name
            )));
        }
        if let Some(other) = others.iter().find(|other| other.slash.is_some() && other.slash == row.slash) {
            let word = row.slash.as_deref().unwrap_or_default();
            return Err(refuse(say!(
                "“/{word}” brings up “{name}” already. Choose another word.",
                word,
                name = other.name
            )));
        }
        tx.put_prompt(&row)
    });
    write.await?;
    list(api, ()).await
}

pub(crate) async fn remove(api: &Api, which: SavedRef) -> Result<PromptList, Failure> {
    api.engine.store().write(move |tx| tx.remove_prompt(&which.id)).await?;
    list(api, ()).await
}

pub(crate) async fn put_team(api: &Api, wanted: PutTeam) -> Result<PromptList, Failure> {
    let name = named(&wanted.name)?;
    if wanted.line_up.is_empty() || wanted.line_up.len() > LANE_LIMIT {
        return Err(refuse(say!("A line-up has 1 to 16 models.")));
    }
    let row = TeamRow {
        id: wanted.id.unwrap_or_else(|| api.engine.clock().id().to_string()),
        name,
        line_up: wanted.line_up,
        updated_at: api.engine.clock().now(),
    };
    let write = api.engine.store().write(move |tx| {
        let others: Vec<TeamRow> = tx.teams()?.into_iter().filter(|other| other.id != row.id).collect();
        if others.len() >= MOST {
            return Err(refuse(say!("There are 500 of them. Remove some first.")));
        }
        if others.iter().any(|other| other.name.to_lowercase() == row.name.to_lowercase()) {
            return Err(refuse(say!(
                "There is one called “{name}” already. Choose another name.",
                name = row.name
            )));
        }
        tx.put_team(&row)
    });
    write.await?;
    list(api, ()).await
}

pub(crate) async fn remove_team(api: &Api, which: SavedRef) -> Result<PromptList, Failure> {
    api.engine.store().write(move |tx| tx.remove_team(&which.id)).await?;
    list(api, ()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_found_once_each_and_braces_alone_are_none() {
        assert_eq!(gaps("Translate {{text}} to {{ language }}. {{text}}"), ["text", "language"]);
        assert!(gaps("fn f() { {} } {{}} {{\n}} {{open").is_empty());
    }

    #[test]
    fn a_slash_word_comes_from_the_name_or_is_one_that_can_be_typed() {
        assert_eq!(slash(None, "Explain like I am five!").unwrap(), "explain-like-i-am-five");
        assert_eq!(slash(Some("/Fix_it"), "x").unwrap(), "fix_it");
        assert!(slash(Some("two words"), "x").is_err() && slash(None, "…").is_err());
    }
}
