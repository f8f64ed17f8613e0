use super::*;
use domain::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use uuid::Uuid;

fn chat(n: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(n))
}

fn drawn(how: How, name: &str) -> Drawn {
    Drawn { how, content: ContentId::new(name.to_owned()) }
}

fn answers(names: &[&str]) -> HashSet<Drawn> {
    names.iter().map(|name| drawn(How::Answer, name)).collect()
}

/// Each text is the name of its content.
fn named(some: Vec<Drawn>) -> Vec<(Arc<str>, Drawn)> {
    some.into_iter().map(|drawn| (drawn.content.to_string().into(), drawn)).collect()
}

/// How many texts had to be read.
async fn reads(kept: &Kept, wanted: HashSet<Drawn>, most: usize) -> usize {
    let read = AtomicUsize::new(0);
    let all = filled(kept, wanted.clone(), most, |some| {
        read.fetch_add(some.len(), SeqCst);
        std::future::ready(Ok(named(some)))
    })
    .await
    .unwrap();
    assert_eq!(all.keys().cloned().collect::<HashSet<_>>(), wanted);
    for (drawn, text) in &all {
        assert_eq!(**text, *drawn.content.to_string());
    }
    read.into_inner()
}

#[test]
fn capitals_and_kinds_of_spaces_make_no_difference() {
    assert_eq!(folded("Two\n\tWORDS"), "two words");
    assert_eq!(folded(" É\u{a0} \n x\0  \0 y "), " e x\0 \0 y ");
    assert_eq!(count(&folded("Stop.  Go   on"), &folded("stop. go  ON")), 1);
    assert_eq!(folded("ÄRGER İzmir\u{a0}ΟΔΟΣ 東京"), "arger izmir οδοσ 東京");
    assert_eq!(folded("Stra\u{df}e \u{ad} e\u{fb03}cient"), "strasse efficient");
    assert_eq!(count("ana banana", "ana"), 2, "one does not begin in another");
    assert!(is_blank(&folded("")) && is_blank(&folded(" \t\u{3000}")) && !is_blank(&folded(" a ")));
}

#[test]
fn spaces_are_those_of_the_window() {
    // White space and line ends of ECMA-262, which `\\s` matches.
    let spaces: String =
        (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| folded(&c.to_string()) == " ").collect();
    let theirs = "\t\n\u{b}\u{c}\r \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
                  \u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
    assert_eq!(spaces, theirs);
    assert_eq!(folded("a\u{b}b"), "a b");
    assert_eq!(folded("ä\u{b}\u{85}\u{feff}b"), "a \u{85} b");
}

#[tokio::test]
async fn who_asks_while_another_reads_waits_for_it_and_reads_only_the_rest() {
    let kept = Kept { conversation: chat(1), texts: Default::default() };
    let read = AtomicUsize::new(0);
    let ask = |wanted| {
        filled(&kept, wanted, MOST_KEPT, |some| {
            read.fetch_add(some.len(), SeqCst);
            async {
                // Whoever else may go on does so now.
                tokio::task::yield_now().await;
                Ok(named(some))
            }
        })
    };
    let (one, two, three) =
        tokio::join!(ask(answers(&["a", "b"])), ask(answers(&["a", "b"])), ask(answers(&["b", "c"])));
    assert_eq!([one.unwrap().len(), two.unwrap().len(), three.unwrap().len()], [2, 2, 2]);
    assert_eq!(read.load(SeqCst), 3);
}

#[tokio::test]
async fn what_had_been_read_is_kept_when_the_rest_cannot_be() {
    let kept = Kept { conversation: chat(1), texts: Default::default() };
    let names: Vec<String> = (0..AT_ONCE + 7).map(|n| n.to_string()).collect();
    let wanted: HashSet<Drawn> = names.iter().map(|name| drawn(How::Answer, name)).collect();
    let failed = filled(&kept, wanted.clone(), MOST_KEPT, |some| {
        let full = some.len() == AT_ONCE;
        let gone = Failure::new(ErrorKind::StoreBusy, "gone");
        std::future::ready(if full { Ok(named(some)) } else { Err(gone) })
    });
    assert!(failed.await.is_err());
    assert_eq!(reads(&kept, wanted, MOST_KEPT).await, 7);
}

#[tokio::test]
async fn what_has_room_is_kept_and_other_branches_make_room_first() {
    let kept = Kept { conversation: chat(1), texts: Default::default() };
    let five = answers(&["aaaa", "bbbb", "cccc", "dddd", "eeee"]);
    assert_eq!(reads(&kept, five.clone(), 8).await, 5);
    assert_eq!(reads(&kept, five, 8).await, 3, "two have room");
    let other = answers(&["ffff", "gggg"]);
    assert_eq!(reads(&kept, other.clone(), 8).await, 2);
    assert_eq!(reads(&kept, other.clone(), 8).await, 0, "the branch on the screen goes before others");
    assert_eq!(kept.texts.lock().await.bytes, 8);
    // Where there is room for all, another branch stays.
    assert_eq!(reads(&kept, answers(&["hhhh"]), 12).await, 1);
    assert_eq!(reads(&kept, other, 12).await, 0);
}

#[tokio::test]
async fn a_masked_text_is_kept_by_the_names_and_until_they_are_seen() {
    let kept = Kept { conversation: chat(1), texts: Default::default() };
    let masked = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        HashSet::from([drawn(How::Masked(names), "a")])
    };
    assert_eq!(reads(&kept, masked(&["Zorblat"]), MOST_KEPT).await, 1);
    assert_eq!(reads(&kept, masked(&["Zorblat"]), MOST_KEPT).await, 0);
    assert_eq!(reads(&kept, masked(&["Zorblat", "Quixnar"]), MOST_KEPT).await, 1, "one name more to mask");
    assert_eq!(reads(&kept, answers(&["a"]), MOST_KEPT).await, 1, "the names are seen");
    assert_eq!(kept.texts.lock().await.texts.len(), 1);
    let names = [String::from("Zorblat")].into();
    let said = [Part::Text { text: "I am **Zorblat**, words".to_owned() }];
    let text = read_out(&drawn(How::Masked(names), "a"), &said);
    assert!(text.contains("words") && !text.contains("zorblat"), "{text}");
}

#[test]
fn what_is_given_up_is_freed_by_the_last_who_asks() {
    let mut last = ReadLast::default();
    let asking = last.of(chat(1));
    let freed = Arc::downgrade(&asking);
    assert!(Arc::ptr_eq(&asking, &last.of(chat(1))));
    last.give_up();
    assert!(freed.upgrade().is_some(), "one still asks");
    assert!(Arc::ptr_eq(&asking, &last.of(chat(1))), "and who comes meanwhile joins in");
    last.give_up();
    drop(asking);
    assert!(freed.upgrade().is_none());
    // Without anybody asking it is held for the next, until that is about another conversation.
    let held = Arc::downgrade(&last.of(chat(1)));
    assert!(held.upgrade().is_some());
    last.of(chat(2));
    assert!(held.upgrade().is_none());
}
