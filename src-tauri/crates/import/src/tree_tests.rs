use super::*;

fn node(id: &str, parent: &str, who: Who, model: &str) -> Node {
    Node {
        id: id.to_owned(),
        parent: (!parent.is_empty()).then(|| parent.to_owned()),
        who,
        at: None,
        model: (!model.is_empty()).then(|| model.to_owned()),
        system: None,
        parts: if id.starts_with('_') { Vec::new() } else { vec![Part::Text { text: id.to_owned() }] },
        cut: false,
    }
}

/// `prompt(after turn.answer): lane=words …` a line.
fn drawn(nodes: Vec<Node>, current: &str, side_by_side: bool) -> Vec<String> {
    let (turns, lanes) = turns(nodes, Reading { current: Some(current), side_by_side });
    let text = |parts: &[Part]| -> String {
        let words = parts.iter().map(|part| match part {
            Part::Text { text } => text.as_str(),
            _ => "?",
        });
        words.collect::<Vec<_>>().join("+")
    };
    let mut lines: Vec<String> = turns
        .iter()
        .map(|turn| {
            let after = turn.nodes[0].parent.map_or(String::new(), |(t, a)| format!("({t}.{a})"));
            let answers = turn.answers.iter().map(|a| format!(" {}={}", a.lane, text(&a.parts)));
            format!("{}{after}:{}", text(&turn.prompt), answers.collect::<String>())
        })
        .collect();
    lines.push(lanes.iter().map(|l| if l.in_line_up { '#' } else { '-' }).collect());
    lines
}

use Who::{Model, User};

#[test]
fn a_line_of_messages_is_a_line_of_turns() {
    let nodes = vec![
        node("_root", "", Model, ""),
        node("u1", "_root", User, ""),
        node("a1", "u1", Model, "m"),
        node("tool", "a1", Model, ""),
        node("a2", "tool", Model, "m"),
        node("u2", "a2", User, ""),
        node("b", "u2", Model, "n"),
        node("u3", "b", User, ""),
    ];
    assert_eq!(drawn(nodes, "u3", true), ["u1: 0=a1+tool+a2", "u2(0.0): 0=b", "u3(1.0):", "#"]);
}

#[test]
fn an_answer_asked_for_again_stays_behind_the_one_that_was_kept() {
    let nodes = vec![
        node("u1", "", User, ""),
        node("kept", "u1", Model, "m"),
        node("old", "u1", Model, "m"),
        node("u2", "kept", User, ""),
        node("b", "u2", Model, "m"),
    ];
    assert_eq!(drawn(nodes, "b", false), ["u1: 0=old 0=kept", "u2(0.1): 0=b", "#"]);
}

#[test]
fn an_edited_prompt_is_a_turn_before_the_one_that_was_kept() {
    let nodes = vec![
        node("u1", "", User, ""),
        node("a1", "u1", Model, "m"),
        node("new", "a1", User, ""),
        node("b2", "new", Model, "m"),
        node("old", "a1", User, ""),
        node("b1", "old", Model, "m"),
    ];
    assert_eq!(drawn(nodes, "b2", false), ["u1: 0=a1", "old(0.0): 0=b1", "new(0.0): 0=b2", "#"]);
}

#[test]
fn several_models_stand_side_by_side() {
    let nodes = vec![
        node("u1", "", User, ""),
        node("a", "u1", Model, "m"),
        node("b", "u1", Model, "n"),
        node("u2", "b", User, ""),
        node("c", "u2", Model, "m"),
        node("d", "u2", Model, "n"),
        node("d2", "u2", Model, "n"),
    ];
    let expected = ["u1: 0=a 1=b", "u2(0.1): 0=c 1=d 1=d2", "##"];
    assert_eq!(drawn(nodes, "d2", true), expected);
}

#[test]
fn rings_and_strays_are_kept_and_end() {
    let nodes = vec![
        node("u1", "gone", User, ""),
        node("x", "z", User, ""),
        node("y", "x", Model, ""),
        node("z", "y", User, ""),
        node("_a", "_b", Model, ""),
        node("_b", "_a", Model, ""),
        node("w", "_a", User, ""),
        node("self", "self", Model, ""),
        node("u5", "u1", User, ""),
    ];
    let mut lines = drawn(nodes, "none", true);
    lines.sort();
    assert_eq!(lines, ["#", ": 0=self", "u1+u5:", "w:", "x: 0=y", "z(3.0):"]);
}

#[test]
fn branches_cannot_multiply_a_file() {
    let long = "x".repeat(100_000);
    let mut nodes = vec![node("u", "", User, "")];
    for n in 0..2_000 {
        let parent = if n == 0 { "u".to_owned() } else { format!("a{}", n - 1) };
        let mut next = node(&format!("a{n}"), &parent, Model, "m");
        next.parts = vec![Part::Text { text: if n == 0 { long.clone() } else { "y".to_owned() } }];
        nodes.push(next);
        nodes.push(node(&format!("q{n}"), &format!("a{n}"), User, ""));
    }
    let (turns, _) = turns(nodes, Reading { current: None, side_by_side: true });
    let total: usize = turns.iter().flat_map(|t| &t.answers).flat_map(|a| &a.parts).map(size).sum();
    assert!(total < 2 * SHARED, "{total}");
    assert_eq!(turns.len(), 2_001);
}

#[test]
fn which_answer_goes_by_the_message_they_share_does_not_hang_on_which_was_kept() {
    let at = |mut node: Node, at: i64| {
        node.at = Some(Timestamp(at));
        node
    };
    let nodes = || {
        vec![
            at(node("u", "", User, ""), 1),
            at(node("f", "u", Model, "m"), 2),
            at(node("young", "f", Model, "m"), 9),
            at(node("old", "f", Model, "m"), 3),
            at(node("end", "old", Model, "m"), 20),
        ]
    };
    for current in ["young", "end", "none"] {
        let (turns, _) = turns(nodes(), Reading { current: Some(current), side_by_side: false });
        let mut keys: Vec<(usize, String, Vec<String>)> = turns[0]
            .answers
            .iter()
            .map(|answer| (answer.parts.len(), answer.key.clone(), answer.shared.clone().unwrap().alone))
            .collect();
        keys.sort();
        let own = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let expected = [(2, "young".to_owned(), own(&["young"])), (3, "f".to_owned(), own(&["end", "old"]))];
        assert_eq!(keys, expected, "{current}");
    }
    // What stops where another goes on is the older of the two.
    let mut nodes = nodes();
    nodes.truncate(3);
    nodes.push(at(node("u2", "f", User, ""), 30));
    let (turns, _) = turns(nodes, Reading { current: Some("young"), side_by_side: false });
    let keys: Vec<&str> = turns[0].answers.iter().map(|answer| answer.key.as_str()).collect();
    assert_eq!(keys, ["f", "young"]);
}
