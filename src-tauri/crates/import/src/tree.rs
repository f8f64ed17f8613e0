//! From a tree of messages, as other programs keep it, to turns with their answers.
//!
//! A prompt is a turn. What lies between it and the next prompts is its answers: one, or one a branch.
//! Answers asked for again stay in the same lane, older ones behind the one that was kept; answers of
//! several models to one prompt stand in lanes of their own where the other program shows them so. A prompt
//! that was edited is a turn of its own before the one that was kept. Nothing that was said is dropped.

use crate::{Answer, Lane, PromptNode, Shared, Turn};
use domain::{Part, Timestamp};
use std::collections::{HashMap, HashSet};

/// Bytes of text that may be written twice because branches share it, before later branches begin with what
/// is their own. Otherwise a small file could ask for any amount of memory.
const SHARED: usize = 16 * 1024 * 1024;

/// Who speaks in a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A person.
    User,
    /// The model, or a tool working for it.
    Model,
}

/// A message of the other program.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub id: String,
    pub parent: Option<String>,
    pub who: Who,
    pub at: Option<Timestamp>,
    pub model: Option<String>,
    pub system: Option<String>,
    /// Empty = a node that only joins others.
    pub parts: Vec<Part>,
    pub cut: bool,
}

/// How a program's tree is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    /// The last message of the branch that was kept.
    pub current: Option<&'a str>,
    /// Answers of several models to one prompt stand side by side.
    pub side_by_side: bool,
}

struct Tree {
    nodes: Vec<Node>,
    children: Vec<Vec<usize>>,
    current: HashSet<usize>,
}

/// A prompt still to be taken, with what leads to it.
struct Todo {
    node: usize,
    parent: Option<(usize, usize)>,
    before: Vec<Part>,
}

/// One way from a prompt to the next ones.
struct Way {
    parts: Vec<Part>,
    first: usize,
    last: usize,
    /// Messages that are on no other way.
    alone: Vec<usize>,
    model: Option<String>,
    system: Option<String>,
    cut: bool,
    next: Vec<usize>,
}

/// Turns and lanes of a tree.
pub(crate) fn turns(nodes: Vec<Node>, reading: Reading<'_>) -> (Vec<Turn>, Vec<Lane>) {
    let (tree, roots) = Tree::new(nodes, reading.current);
    let mut made = Made { tree: &tree, reading, turns: Vec::new(), lanes: Vec::new(), shared: 0 };
    let mut todo: Vec<Todo> = Vec::new();
    for root in roots {
        match tree.nodes[root].who {
            Who::User => todo.push(Todo { node: root, parent: None, before: Vec::new() }),
            // A conversation that begins with the model: an answer to nothing.
            Who::Model => todo.extend(made.orphan(root)),
        }
    }
    todo.reverse();
    while let Some(next) = todo.pop() {
        let more = made.turn(next);
        todo.extend(more.into_iter().rev());
    }
    let Made { turns, mut lanes, .. } = made;
    line_up(&turns, &mut lanes);
    (turns, lanes)
}

/// The lanes of the last turn are the line-up; the others have left it.
fn line_up(turns: &[Turn], lanes: &mut [Lane]) {
    let last = turns.iter().rposition(|turn| !turn.answers.is_empty());
    for (place, lane) in lanes.iter_mut().enumerate() {
        let used = last.is_some_and(|last| turns[last].answers.iter().any(|answer| answer.lane == place));
        lane.in_line_up = used;
    }
}

impl Tree {
    /// Nodes without words are taken out, their children hang on what was above. Also gives the roots.
    fn new(nodes: Vec<Node>, current: Option<&str>) -> (Self, Vec<usize>) {
        let by_id: HashMap<&str, usize> =
            nodes.iter().enumerate().map(|(place, node)| (node.id.as_str(), place)).collect();
        let above: Vec<Option<usize>> = nodes
            .iter()
            .enumerate()
            .map(|(place, node)| {
                by_id.get(node.parent.as_deref()?).copied().filter(|parent| *parent != place)
            })
            .collect();
        let spoken = |place: usize| !nodes[place].parts.is_empty();
        // The nearest node above that says something; a ring of empty ones ends nowhere.
        let mut parents: Vec<Option<usize>> = vec![None; nodes.len()];
        for place in 0..nodes.len() {
            let mut up = above[place];
            let mut steps = 0;
            while let Some(parent) = up.filter(|parent| !spoken(*parent)) {
                up = above[parent];
                steps += 1;
                if steps > nodes.len() {
                    up = None;
                }
            }
            parents[place] = up;
        }
        let mut marked = HashSet::new();
        let mut up = current.and_then(|id| by_id.get(id).copied());
        while let Some(place) = up {
            if !marked.insert(place) {
                break;
            }
            up = above[place];
        }
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        let mut roots = Vec::new();
        for place in (0..nodes.len()).filter(|place| spoken(*place)) {
            match parents[place] {
                Some(parent) => children[parent].push(place),
                None => roots.push(place),
            }
        }
        let order = |places: &mut Vec<usize>| {
            places.sort_by_key(|place| {
                (marked.contains(place), nodes[*place].at.map_or(i64::MAX, |at| at.0), *place)
            });
        };
        children.iter_mut().for_each(order);
        order(&mut roots);
        // What hangs in a ring is reached from none of the roots: the ring is cut at its first node.
        let mut reached = vec![false; nodes.len()];
        reach(&roots, &children, &mut reached);
        for place in (0..nodes.len()).filter(|place| spoken(*place)) {
            if !reached[place] {
                if let Some(parent) = parents[place] {
                    children[parent].retain(|child| *child != place);
                }
                reach(&[place], &children, &mut reached);
                roots.push(place);
            }
        }
        (Self { nodes, children, current: marked }, roots)
    }
}

fn reach(from: &[usize], children: &[Vec<usize>], reached: &mut [bool]) {
    let mut stack = from.to_vec();
    while let Some(place) = stack.pop() {
        if !std::mem::replace(&mut reached[place], true) {
            stack.extend(&children[place]);
        }
    }
}

struct Made<'t> {
    tree: &'t Tree,
    reading: Reading<'t>,
    turns: Vec<Turn>,
    lanes: Vec<Lane>,
    shared: usize,
}

impl Made<'_> {
    fn split(&self, node: usize) -> (Vec<usize>, Vec<usize>) {
        self.tree.children[node].iter().partition(|child| self.tree.nodes[**child].who == Who::User)
    }

    /// Takes a prompt; gives the prompts after it.
    fn turn(&mut self, todo: Todo) -> Vec<Todo> {
        let Todo { node, parent, before } = todo;
        let (users, models) = self.split(node);
        let mut prompt = before;
        prompt.extend(self.tree.nodes[node].parts.iter().cloned());
        if models.is_empty() && !users.is_empty() {
            // Prompts that follow each other without an answer are one.
            let last = users.len() - 1;
            let mut prompts: Vec<Vec<Part>> = users[..last].iter().map(|_| self.share(&prompt)).collect();
            prompts.push(prompt);
            let todo = users.into_iter().zip(prompts);
            return todo.map(|(node, before)| Todo { node, parent, before }).collect();
        }
        let shared = if users.is_empty() { Vec::new() } else { self.share(&prompt) };
        let mut more: Vec<Todo> =
            users.iter().map(|user| Todo { node: *user, parent, before: shared.clone() }).collect();
        more.extend(self.answered(node, parent, prompt, models));
        more
    }

    /// A conversation that begins with an answer.
    fn orphan(&mut self, node: usize) -> Vec<Todo> {
        self.answered(node, None, Vec::new(), vec![node])
    }

    fn answered(
        &mut self,
        node: usize,
        parent: Option<(usize, usize)>,
        prompt: Vec<Part>,
        models: Vec<usize>,
    ) -> Vec<Todo> {
        let place = self.turns.len();
        let source = &self.tree.nodes[node];
        let key = if prompt.is_empty() { format!("before {}", source.id) } else { source.id.clone() };
        let depth = parent.map_or(0, |(turn, answer)| self.turns[turn].answers[answer].depth + 1);
        self.turns.push(Turn {
            key: key.clone(),
            at: source.at,
            prompt,
            nodes: vec![PromptNode { key, parent }],
            answers: Vec::new(),
            own: None,
        });
        let ways: Vec<Way> = models.into_iter().flat_map(|model| self.ways(model)).collect();
        let lanes = self.lanes_of(&ways, parent);
        let mut more = Vec::new();
        let mut beginning: HashMap<usize, usize> = HashMap::new();
        for way in &ways {
            *beginning.entry(way.first).or_default() += 1;
        }
        let mut heirs: HashMap<usize, usize> = HashMap::new();
        for (way, lane) in ways.into_iter().zip(lanes) {
            let number = self.turns[place].answers.len();
            let first = &self.tree.nodes[way.first];
            let shared = beginning.get(&way.first).is_some_and(|ways| *ways > 1);
            // The first message names an answer. Of ways that part later it names the oldest, whichever was kept, and
            // the others are named by their last.
            let heir =
                !shared || *heirs.entry(way.first).or_insert_with(|| self.oldest(way.first)) == way.last;
            let key = if heir { &first.id } else { &self.tree.nodes[way.last].id };
            let shared = shared.then(|| {
                let alone = way.alone.iter().rev().map(|node| self.tree.nodes[*node].id.clone()).collect();
                Box::new(Shared { first: first.id.clone(), alone })
            });
            let answer = Answer {
                key: key.clone(),
                at: first.at,
                lane,
                node: 0,
                depth,
                model: way.model.clone(),
                system: way.system,
                parts: way.parts,
                cut: way.cut,
                shared,
                own: None,
            };
            self.turns[place].answers.push(answer);
            self.lanes[lane].head = Some((place, number));
            if way.model.is_some() {
                self.lanes[lane].model = way.model;
            }
            more.extend(way.next.into_iter().map(|node| Todo {
                node,
                parent: Some((place, number)),
                before: Vec::new(),
            }));
        }
        // What was kept comes last, whichever way leads there.
        more.sort_by_key(|todo| self.tree.current.contains(&todo.node));
        more
    }

    /// The end of the oldest way from an answer's first message.
    fn oldest(&self, first: usize) -> usize {
        let mut node = first;
        loop {
            let (users, models) = self.split(node);
            let oldest = models.into_iter().min_by_key(|place| {
                let next = &self.tree.nodes[*place];
                (next.at.map_or(i64::MAX, |at| at.0), &next.id)
            });
            match oldest {
                Some(next) if users.is_empty() => node = next,
                _ => return node,
            }
        }
    }

    /// Every way from an answer's first message to a prompt or an end.
    fn ways(&mut self, first: usize) -> Vec<Way> {
        let mut done = Vec::new();
        let mut open = vec![Way {
            parts: Vec::new(),
            first,
            last: first,
            alone: Vec::new(),
            model: None,
            system: None,
            cut: false,
            next: vec![first],
        }];
        while let Some(mut way) = open.pop() {
            let Some(node) = way.next.pop() else { continue };
            let source = &self.tree.nodes[node];
            way.last = node;
            way.alone.push(node);
            way.parts.extend(source.parts.iter().cloned());
            way.model = source.model.clone().or(way.model);
            way.system = source.system.clone().or(way.system);
            way.cut = source.cut;
            let (users, models) = self.split(node);
            if models.is_empty() {
                done.push(Way { next: users, ..way });
                continue;
            }
            let mut copies: Vec<Vec<Part>> = models.iter().skip(1).map(|_| self.share(&way.parts)).collect();
            if !users.is_empty() {
                let parts = self.share(&way.parts);
                done.push(Way {
                    parts: std::mem::replace(&mut way.parts, parts),
                    alone: std::mem::take(&mut way.alone),
                    next: users,
                    model: way.model.clone(),
                    system: way.system.clone(),
                    ..way
                });
            }
            if models.len() > 1 {
                way.alone.clear();
            }
            copies.push(way.parts);
            // The last one is the one that was kept, and is to be done last: the stack turns them round.
            for (model, parts) in models.into_iter().zip(copies).rev() {
                let (model_name, system) = (way.model.clone(), way.system.clone());
                let alone = std::mem::take(&mut way.alone);
                open.push(Way { parts, alone, next: vec![model], model: model_name, system, ..way });
            }
        }
        done
    }

    /// A copy of what branches share, as long as there is not too much of it.
    fn share(&mut self, parts: &[Part]) -> Vec<Part> {
        let size: usize = parts.iter().map(size).sum();
        self.shared = self.shared.saturating_add(size + 64 * parts.len());
        if self.shared > SHARED { Vec::new() } else { parts.to_vec() }
    }

    /// The lane of each way.
    fn lanes_of(&mut self, ways: &[Way], parent: Option<(usize, usize)>) -> Vec<usize> {
        let own = parent.map_or(0, |(turn, answer)| self.turns[turn].answers[answer].lane);
        let mut names: Vec<&Option<String>> = Vec::new();
        for way in ways {
            if !names.contains(&&way.model) {
                names.push(&way.model);
            }
        }
        if names.len() < 2 || !self.reading.side_by_side {
            self.lane_at(own);
            return vec![own; ways.len()];
        }
        let mut places: Vec<usize> = Vec::new();
        for name in &names {
            let known = (0..self.lanes.len()).find(|n| &self.lanes[*n].model == *name && !places.contains(n));
            let place = known.unwrap_or(self.lanes.len());
            self.lane_at(place);
            self.lanes[place].model.clone_from(name);
            places.push(place);
        }
        ways.iter()
            .map(|way| names.iter().position(|name| **name == way.model).map_or(own, |place| places[place]))
            .collect()
    }

    fn lane_at(&mut self, place: usize) {
        while self.lanes.len() <= place {
            self.lanes.push(Lane {
                key: None,
                model: None,
                provider: None,
                policy: None,
                in_line_up: false,
                head: None,
            });
        }
    }
}

/// Bytes of its words.
pub(crate) fn size(part: &Part) -> usize {
    match part {
        Part::Text { text }
        | Part::System { text }
        | Part::Refusal { text }
        | Part::Reasoning { text, .. } => text.len(),
        Part::ServerTool { name, text } => name.len() + text.len(),
        Part::ToolCall { arguments, .. } => arguments.len(),
        Part::ToolResult { content, .. } => content.len(),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
