//! What was said is found however it is spelt, in every script, and in an index from before that was so.

use crate::{
    fixture::{conversation, lane, memory, options, uuid},
    search::{hits, numbers, said, terms},
};
use domain::{ConversationId, RunId};
use rusqlite::Connection;
use store::{Find, Match, Store, Tx};

/// What was said, what finds it as words, and what must not.
const SAID: &[(&str, &[&str], &[&str])] = &[
    ("Die Größe der Straße", &["strasse", "STRASSE", "GRÖSSE", "grosse", "straße"], &["grase"]),
    ("œuvre d'été à Łódź, Ærø", &["oeuvre", "lodz", "ete", "aero", "Œuvre", "łódź"], &["uvre"]),
    ("kırmızı İzmir", &["kirmizi", "izmir", "KIRMIZI", "İZMİR"], &[]),
    ("Tiếng Việt đẹp", &["tieng viet", "dep", "Tie\u{302}\u{301}ng"], &[]),
    ("Καλημέρα, Σίσυφος", &["καλημερα", "ΚΑΛΗΜΕΡΑ", "σισυφος", "ΣΊΣΥΦΟΣ"], &[]),
    ("Чёрный ёж в мае", &["еж", "черный", "ЁЖ", "Черныи\u{306}"], &["черныи"]),
    ("їжак і йод", &["йод", "Їжак", "и\u{306}од"], &["иод", "іжак"]),
    ("مُحَمَّد مـــرحبا أحمد", &["محمد", "مرحبا", "احمد", "مُحَمَّد"], &[]),
    ("שָׁלוֹם עולם", &["שלום", "שָׁלוֹם עולם"], &[]),
    ("हिन्दी किताब", &["हिन्दी", "किताब"], &["हन्दी", "कताब", "हिन्दा"]),
    ("বাংলা ভাষা", &["বাংলা", "ভাষা"], &["বাংলি"]),
    ("தமிழ் மொழி", &["தமிழ்", "மொழி"], &["தமழ்"]),
    ("ภาษาไทย มี", &["ไทย", "ภาษา", "มี"], &["มา", "ม้"]),
    (
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165} ㅋㅠㅠ",
        &["한국어", "한국", "ㅠㅠ"],
        &["하국", "큐"],
    ),
    ("カ\u{3099}ソリン が ｶﾀｶﾅ", &["ガソリン", "カタカナ", "が", "ｶﾞｿﾘﾝ"], &["カソリン", "か"]),
    ("ＡＢＣ１２３ eﬃcient ﬁnance", &["abc123", "efficient", "finance", "ﬁnance"], &["nance"]),
    (
        "Donau\u{ad}dampf hello\u{200b}world می\u{200c}خواهم",
        &["donaudampf", "helloworld", "میخواهم", "Donau\u{ad}dampf"],
        &[],
    ),
    ("Parallax™ geht´s x² H₂O", &["parallax", "geht's", "x2", "h2o"], &[]),
];

fn fill(tx: &mut Tx<'_>) -> Result<(), domain::Failure> {
    tx.insert_conversation(&conversation(1))?;
    tx.put_lanes(ConversationId::new(uuid(1)), &[lane(1, 0)])?;
    for (n, (text, _, _)) in (1..).zip(SAID) {
        said(tx, n, "ask", text, "openai/gpt-5.1", i64::try_from(n).unwrap());
        tx.index_run(RunId::new(uuid(n)))?;
    }
    Ok(())
}

/// Everything is found as it should be, with what was found marked.
fn all_are_found(store: &Store) {
    for (n, (text, found, missed)) in (1..).zip(SAID) {
        for typed in *found {
            let hits = hits(store, &terms(&[typed]), Match::Words);
            assert!(numbers(&hits).contains(&n), "{typed} in {text}");
            let hit = hits
                .iter()
                .find(|hit| hit.run.is_some_and(|run| i64::try_from(run.uuid().as_u128()) == Ok(n)));
            let snippet = &hit.unwrap().snippet;
            let whole: String = snippet.iter().map(|(piece, _)| piece.as_str()).collect();
            assert_eq!(whole, *text, "it is shown as it was written");
            assert!(typed.contains('\'') || snippet.iter().any(|(_, hit)| *hit), "{typed} in {snippet:?}");
        }
        for typed in *missed {
            let found = numbers(&hits(store, &terms(&[typed]), Match::Words));
            assert!(!found.contains(&n), "{typed} in {text}");
        }
    }
}

#[test]
fn what_was_said_is_found_however_it_is_spelt_in_every_script() {
    let store = memory();
    store.write(fill).wait().unwrap();
    all_are_found(&store);
    for (n, part) in
        [(1, "ROSSE"), (3, "irmi"), (6, "ерны"), (8, "حمد"), (10, "ताब"), (16, "ffici"), (17, "udampf")]
    {
        assert_eq!(numbers(&hits(&store, &terms(&[part]), Match::Parts)), [n], "{part}");
    }
    // Nobody sees it, so nobody looks for it.
    assert_eq!(hits(&store, &terms(&["\u{200b}"]), Match::Words), []);
    assert_eq!(hits(&store, &terms(&["\u{ad}"]), Match::Parts), []);
    assert_eq!(numbers(&hits(&store, &terms(&["efficient", "\u{feff}"]), Match::Words)), [16]);
    let model = Find { models: vec!["ＧＰＴ".to_owned()], ..terms(&["strasse"]) };
    assert_eq!(numbers(&hits(&store, &model, Match::Words)), [1]);
}

/// What the index holds as it was before texts were folded.
fn unfold(database: &Connection) {
    let places: Vec<i64> = {
        let mut of =
            database.prepare("SELECT place FROM search_docs WHERE run IS NOT NULL ORDER BY place").unwrap();
        of.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(places.len(), SAID.len());
    for (place, (text, _, _)) in places.iter().zip(SAID) {
        let apart: String =
            text.chars().flat_map(|c| if alone(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
        let parts: String = text.to_lowercase().chars().map(|c| if alone(c) { ' ' } else { c }).collect();
        for table in ["search_words", "search_parts"] {
            database.execute(&format!("DELETE FROM {table} WHERE rowid = ?1"), [place]).unwrap();
        }
        let words = "INSERT INTO search_words (rowid, text, model, provider, marks) VALUES (?1, ?2, 'openai/gpt-5.1', '', '')";
        database.execute(words, rusqlite::params![place, apart]).unwrap();
        let sql = "INSERT INTO search_parts (rowid, text) VALUES (?1, ?2)";
        database.execute(sql, rusqlite::params![place, parts]).unwrap();
    }
    // As if the migration had been made just now.
    let all = "UPDATE search_backlog SET done = 0, until = (SELECT max(place) FROM turns)";
    database.execute(all, []).unwrap();
}

fn alone(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1100}'..='\u{11ff}' | '\u{3031}'..='\u{318f}' | '\u{ff66}'..='\u{ffdc}')
}

fn places(database: &Connection) -> Vec<(i64, Vec<u8>)> {
    let mut of = database.prepare("SELECT place, message FROM search_docs ORDER BY place").unwrap();
    of.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_index_from_before_is_searched_as_it_was_until_it_is_folded() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options(1)).unwrap();
    store.write(fill).wait().unwrap();
    store.close();
    let raw = Connection::open(dir.path().join("parallax.db")).unwrap();
    unfold(&raw);
    let before = places(&raw);

    let store = Store::open(dir.path(), options(2)).unwrap();
    // As it was written, each is found as ever; and what is said meanwhile is found in any spelling.
    for (n, typed) in
        [(1, "Größe"), (2, "œuvre"), (6, "ёж"), (8, "مُحَمَّد"), (10, "हिन्दी"), (13, "ไทย"), (14, "ㅠㅠ")]
    {
        assert_eq!(numbers(&hits(&store, &terms(&[typed]), Match::Words)), [n], "{typed}");
    }
    assert_eq!(numbers(&hits(&store, &terms(&["röße"]), Match::Parts)), [1]);
    assert_eq!(hits(&store, &terms(&["strasse"]), Match::Words), []);
    store
        .write(|tx| {
            said(tx, 99, "ask", "Große Straße", "openai/gpt-5.1", 99);
            tx.index_run(RunId::new(uuid(99)))
        })
        .wait()
        .unwrap();
    assert_eq!(numbers(&hits(&store, &terms(&["strasse"]), Match::Words)), [99]);
    assert_eq!(numbers(&hits(&store, &terms(&["Straße"]), Match::Words)), [99, 1]);

    while !store.write(|tx| tx.index_backlog()).wait().unwrap() {}
    all_are_found(&store);
    assert_eq!(numbers(&hits(&store, &terms(&["strasse"]), Match::Words)), [99, 1]);
    assert_eq!(numbers(&hits(&store, &terms(&["ask"]), Match::Words)).len(), SAID.len() + 1);
    let after = places(&raw);
    assert_eq!(after[..before.len()], before, "everything stands where it stood");
    assert_eq!(after.len(), before.len() + 2);
    let left: bool = raw.query_row("SELECT done < until FROM search_backlog", [], |row| row.get(0)).unwrap();
    assert!(!left, "nothing is asked for as it was any more");
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
}
