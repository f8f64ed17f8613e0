//! Going on with an answer that broke off, at another endpoint of the same model: what it is asked, how its
//! words are joined to those before, and where that is possible.

use crate::{
    draft::{Draft, DraftBlock},
    frame::ContinueOn,
    registry::Registry,
    routing::Choice,
};
use domain::{
    BlockKind, EndpointId, ErrorKind, Failure, LaneTarget, Message, ModelSlug, Part, Request, Role, Route,
    Seam, StreamEvent, say,
};
use std::collections::VecDeque;
use store::AttemptRow;

/// So much of the end of what stands is looked for at the beginning of what follows, in bytes.
const TAIL: usize = 400;
/// A shorter repetition may be meant.
const LEAST: usize = 12;
/// So much of its end is quoted to the model, in characters.
const QUOTED: usize = 200;

/// What stands of an answer that broke off.
#[derive(Clone)]
pub(crate) struct Kept {
    pub draft: Draft,
    /// Endpoint that wrote the last of it.
    pub endpoint: EndpointId,
    /// Its model. No other goes on with it.
    pub model: ModelSlug,
    /// Display name of its provider.
    pub provider: String,
    /// HTTP status or label of the failure.
    pub why: String,
}

impl Kept {
    /// The seam towards a provider of this name.
    pub(crate) fn seam(&self, to: &str) -> Seam {
        Seam {
            from: self.provider.clone(),
            to: to.to_owned(),
            why: self.why.clone(),
            endpoint: self.endpoint.to_string(),
        }
    }

    /// What is asked so that a model goes on: the same once more, what it has said, and to go on there.
    /// With nothing but thoughts said, the same once more.
    pub(crate) fn request(&self, of: &Request) -> Request {
        let mut request = of.clone();
        let said = self.draft.text();
        if said.trim().is_empty() {
            return request;
        }
        let start = said.char_indices().rev().nth(QUOTED - 1).map_or(0, |(at, _)| at);
        let end = said.get(start..).unwrap_or_default();
        let ask = format!(
            "Your answer above was cut off in the middle. Go on exactly where it stops, in the middle of a word \
             if need be. Repeat nothing, explain nothing, and do not mention the interruption. Your answer so \
             far ends with:\n\n{end}"
        );
        request.messages.push(message(Role::Assistant, said.clone()));
        request.messages.push(message(Role::User, ask));
        if let Some(most) = &mut request.params.max_completion_tokens {
            *most = most.saturating_sub(ledger::tokens_of(&self.draft.generated())).max(1);
        }
        request
    }
}

fn message(role: Role, text: String) -> Message {
    Message { role, parts: vec![Part::Text { text }] }
}

/// A branch's answer as a model is shown it again: without seams, in one piece.
pub(crate) fn mended(parts: &[Part]) -> Vec<Part> {
    let mut mended: Vec<Part> = Vec::new();
    let mut joining = false;
    for part in parts {
        match (part, mended.last_mut()) {
            (Part::Seam(_), _) => joining = true,
            (Part::Text { text }, Some(Part::Text { text: before })) if joining => {
                before.push_str(text);
                joining = false;
            }
            _ => mended.push(part.clone()),
        }
    }
    mended
}

/// Can an answer that failed so, and of which this stands, be gone on with? Words can, also where a budget
/// stopped them; half a call or half a document of a schema cannot.
pub(crate) fn possible(failure: &Failure, target: &LaneTarget, parts: &[Part]) -> bool {
    let broke = router::broke_off(failure.kind)
        || matches!(failure.kind, ErrorKind::Interrupted | ErrorKind::BillingBudget);
    let plain = |part: &Part| {
        matches!(part, Part::Text { .. } | Part::Reasoning { .. } | Part::Citation { .. } | Part::Seam(_))
    };
    broke && !parts.is_empty() && parts.iter().all(plain) && target.params.response_format.is_none()
}

/// The attempt that wrote the last of what stands. One that a crash ended does not say when it began to.
pub(crate) fn wrote(attempts: &[AttemptRow]) -> Option<&AttemptRow> {
    attempts.iter().rfind(|row| row.first_content.is_some()).or(attempts.last())
}

/// The endpoints of the route that serve this model: others first, the one that broke off last. Where a
/// budget stopped it, the one that wrote it comes first: it knows the beginning.
pub(crate) fn offers(
    registry: &Registry,
    route: &Route,
    broke: &EndpointId,
    model: &ModelSlug,
    kind: ErrorKind,
) -> Vec<ContinueOn> {
    let mut offers: Vec<ContinueOn> = Vec::new();
    for candidate in &route.planned {
        let id = &candidate.endpoint;
        let Some(known) = registry.serving(id, model) else { continue };
        if offers.iter().all(|offer| offer.endpoint != *id) {
            offers.push(ContinueOn { endpoint: id.clone(), provider: known.provider.name.clone() });
        }
    }
    let well = kind == ErrorKind::BillingBudget;
    offers.sort_by_key(|offer| (offer.endpoint == *broke) != well);
    offers
}

/// Both pieces as one answer. `cut`: so many bytes of the second only repeat the first.
pub(crate) fn joined(kept: &Kept, seam: Option<Seam>, second: &Draft, cut: usize) -> Draft {
    let mut whole = kept.draft.clone();
    whole.finish.clone_from(&second.finish);
    whole.usage.clone_from(&second.usage);
    let Some(seam) = seam else { return whole };
    whole.blocks.iter_mut().for_each(|block| block.closed = true);
    let kind = BlockKind::Seam(seam);
    whole.blocks.push(DraftBlock { kind, text: String::new(), signature: None, closed: true });
    let mut cut = Some(cut);
    for block in &second.blocks {
        let mut block = block.clone();
        if block.kind == BlockKind::Text
            && let Some(cut) = cut.take()
        {
            block.text = block.text.get(cut..).unwrap_or_default().to_owned();
        }
        whole.blocks.push(block);
    }
    whole.notices.extend(second.notices.iter().cloned());
    whole.unknown += second.unknown;
    whole
}

/// A failure in a word, as the route line shows it: HTTP status or label.
pub(crate) fn why(failure: &Failure) -> String {
    let status = failure.upstream.as_ref().and_then(|upstream| upstream.status);
    status.filter(|status| *status >= 400).map_or_else(|| failure.kind.as_str().to_owned(), |s| s.to_string())
}

/// Leaves only what may go on with what stands: endpoints of its model, `on` alone where it is named.
pub(crate) fn only(left: &mut VecDeque<Choice>, kept: &Kept, on: Option<&EndpointId>) -> Result<(), Failure> {
    left.retain(|choice| {
        choice.endpoint.model == kept.model && on.is_none_or(|on| choice.endpoint.id == *on)
    });
    if on.is_none() {
        // Who has just broken off is asked last.
        left.make_contiguous().sort_by_key(|choice| choice.endpoint.id == kept.endpoint);
    }
    if left.is_empty() {
        return Err(Failure::new(
            ErrorKind::RequestNoModel,
            say!(
                "What would go on with this answer may not be asked now: a policy, a key or a limit stands against \
             it. Look why with `parallax route explain`, or retry the answer."
            ),
        ));
    }
    Ok(())
}

/// What stands, as the events that make it.
pub(crate) fn events(draft: &Draft) -> Vec<StreamEvent> {
    let mut events = Vec::new();
    for (block, of) in (0u32..).zip(&draft.blocks) {
        events.push(StreamEvent::BlockOpen { block, kind: of.kind.clone() });
        if !of.text.is_empty() {
            events.push(StreamEvent::BlockDelta { block, text: of.text.clone() });
        }
        events.push(StreamEvent::BlockClose { block, signature: of.signature.clone() });
    }
    events
}

/// A stored answer as a draft again.
pub(crate) fn draft(parts: &[Part]) -> Draft {
    let block = |kind, text: &str, signature: &Option<String>| DraftBlock {
        kind,
        text: text.to_owned(),
        signature: signature.clone(),
        closed: true,
    };
    let blocks = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(block(BlockKind::Text, text, &None)),
        Part::Reasoning { text, signature, .. } => Some(block(BlockKind::Reasoning, text, signature)),
        Part::Citation { url, title } => {
            Some(block(BlockKind::Citation { url: url.clone(), title: title.clone() }, "", &None))
        }
        Part::Seam(seam) => Some(block(BlockKind::Seam(seam.clone()), "", &None)),
        _ => None,
    });
    Draft { blocks: blocks.collect(), ..Draft::default() }
}

/// Puts the events of a second piece behind those of the first: numbers its blocks on, and leaves out what
/// it repeats.
pub(crate) struct Splice {
    seam: Seam,
    /// Blocks of the first piece that are still open.
    open: Vec<u32>,
    /// Number of the seam.
    at: u32,
    tail: String,
    /// The first block of words, and what of it is held back until it is clear whether it repeats.
    first: Option<u32>,
    seen: String,
    decided: bool,
    cut: usize,
    begun: bool,
}

impl Splice {
    pub(crate) fn new(kept: &Kept, to: &str) -> Self {
        let said = kept.draft.text();
        let mut start = said.len().saturating_sub(TAIL);
        while !said.is_char_boundary(start) {
            start += 1;
        }
        let open = (0u32..).zip(&kept.draft.blocks).filter(|(_, block)| !block.closed).map(|(n, _)| n);
        Self {
            seam: kept.seam(to),
            open: open.collect(),
            at: u32::try_from(kept.draft.blocks.len()).unwrap_or(u32::MAX),
            tail: said.get(start..).unwrap_or_default().to_owned(),
            first: None,
            seen: String::new(),
            decided: false,
            cut: 0,
            begun: false,
        }
    }

    /// The seam, once it is shown, and how many bytes of the second piece are left out.
    pub(crate) fn shown(&self) -> (Option<Seam>, usize) {
        // What is still held back was not shown.
        let cut = if self.decided { self.cut } else { self.seen.len() };
        (self.begun.then(|| self.seam.clone()), cut)
    }

    /// The end of the first piece and the seam; nothing the second time.
    pub(crate) fn begin(&mut self) -> Vec<StreamEvent> {
        if std::mem::replace(&mut self.begun, true) {
            return Vec::new();
        }
        let mut events: Vec<StreamEvent> =
            self.open.iter().map(|&block| StreamEvent::BlockClose { block, signature: None }).collect();
        let (block, kind) = (self.at, BlockKind::Seam(self.seam.clone()));
        events.push(StreamEvent::BlockOpen { block, kind });
        events.push(StreamEvent::BlockClose { block, signature: None });
        events
    }

    pub(crate) fn pass(&mut self, events: Vec<StreamEvent>) -> Vec<StreamEvent> {
        let mut passed = Vec::with_capacity(events.len());
        for event in events {
            match event {
                StreamEvent::BlockOpen { block, kind } => {
                    if kind == BlockKind::Text && self.first.is_none() {
                        self.first = Some(block);
                    }
                    passed.push(StreamEvent::BlockOpen { block: self.number(block), kind });
                }
                StreamEvent::BlockDelta { block, text } => {
                    let text = if self.first == Some(block) { self.unrepeated(&text) } else { text };
                    if !text.is_empty() {
                        passed.push(StreamEvent::BlockDelta { block: self.number(block), text });
                    }
                }
                StreamEvent::BlockClose { block, signature } => {
                    if self.first == Some(block) {
                        passed.extend(self.rest());
                    }
                    passed.push(StreamEvent::BlockClose { block: self.number(block), signature });
                }
                other => passed.push(other),
            }
        }
        passed
    }

    fn number(&self, block: u32) -> u32 {
        self.at.saturating_add(1).saturating_add(block)
    }

    /// What is held back, once nothing more comes.
    pub(crate) fn rest(&mut self) -> Option<StreamEvent> {
        let block = self.number(self.first?);
        let text = if self.decided { String::new() } else { self.decide() };
        (!text.is_empty()).then_some(StreamEvent::BlockDelta { block, text })
    }

    fn unrepeated(&mut self, text: &str) -> String {
        if self.decided {
            return text.to_owned();
        }
        self.seen.push_str(text);
        let open = self.endings().any(|end| end.len() > self.seen.len() && end.starts_with(&self.seen));
        if open { String::new() } else { self.decide() }
    }

    fn decide(&mut self) -> String {
        self.decided = true;
        let cut = self.endings().find(|end| self.seen.starts_with(end)).map_or(0, str::len);
        self.cut = cut;
        self.seen.get(self.cut..).unwrap_or_default().to_owned()
    }

    /// Ends of the first piece, the longest first.
    fn endings(&self) -> impl Iterator<Item = &str> {
        let tail = self.tail.as_str();
        tail.char_indices()
            .map(move |(at, _)| tail.get(at..).unwrap_or_default())
            .filter(|end| end.len() >= LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, closed: bool) -> DraftBlock {
        DraftBlock { kind: BlockKind::Text, text: text.to_owned(), signature: None, closed }
    }

    fn kept(said: &str) -> Kept {
        Kept {
            draft: Draft { blocks: vec![text(said, false)], ..Draft::default() },
            endpoint: EndpointId::new("a/m".to_owned()),
            model: "x/m".parse().unwrap(),
            provider: "A".to_owned(),
            why: "503".to_owned(),
        }
    }

    /// The whole answer by both ways: by its events, and by its drafts.
    fn continued(said: &str, pieces: &[&str]) -> String {
        let kept = kept(said);
        let mut splice = Splice::new(&kept, "B");
        let mut whole = Draft::default();
        events(&kept.draft).iter().for_each(|event| whole.apply(event));
        splice.begin().iter().for_each(|event| whole.apply(event));
        let mut second = Draft::default();
        let mut all = vec![StreamEvent::BlockOpen { block: 0, kind: BlockKind::Text }];
        all.extend(pieces.iter().map(|p| StreamEvent::BlockDelta { block: 0, text: (*p).to_owned() }));
        for event in all {
            second.apply(&event);
            splice.pass(vec![event]).iter().for_each(|event| whole.apply(event));
        }
        splice.rest().iter().for_each(|event| whole.apply(event));
        let (seam, cut) = splice.shown();
        let joined = joined(&kept, seam, &second, cut);
        assert_eq!(joined.text(), whole.text(), "what is stored is what was shown");
        assert_eq!(joined.parts("b/m"), whole.parts("b/m"));
        whole.text()
    }

    #[test]
    fn what_is_repeated_is_left_out_and_nothing_else() {
        let said = "The quick brown fox jumps";
        assert_eq!(continued(said, &[" over the dog."]), "The quick brown fox jumps over the dog.");
        assert_eq!(
            continued(said, &["brown ", "fox jumps", " over"]),
            "The quick brown fox jumps over",
            "twelve letters and more"
        );
        assert_eq!(
            continued(said, &["jumps", " high"]),
            "The quick brown fox jumpsjumps high",
            "may be meant"
        );
        assert_eq!(continued(said, &["brown fox", " runs"]), "The quick brown fox jumpsbrown fox runs");
        assert_eq!(continued(said, &["quick brown fox jumps"]), said);
        assert_eq!(
            continued("Größe über alles, Straße", &["über alles, Straße", "n"]),
            "Größe über alles, Straßen"
        );
        assert_eq!(continued(said, &[]), said);
    }

    #[test]
    fn half_a_call_is_never_gone_on_with() {
        let broke = Failure::new(ErrorKind::StreamTruncated, "");
        let target = LaneTarget {
            model: domain::ModelRef::parse("x/m").unwrap(),
            system: None,
            params: domain::Params::default(),
            policy: None,
        };
        let words = vec![Part::Text { text: "Half".to_owned() }];
        assert!(possible(&broke, &target, &words));
        assert!(!possible(&broke, &target, &[]), "nothing came: that is a retry");
        assert!(!possible(&Failure::new(ErrorKind::PolicyRefused, ""), &target, &words));
        let mut call = words.clone();
        call.push(Part::ToolCall {
            id: "1".to_owned(),
            name: "f".to_owned(),
            arguments: "{\"a".to_owned(),
            signature: None,
            issuer: String::new(),
        });
        assert!(!possible(&broke, &target, &call));
        let mut json = target;
        json.params.response_format = Some(domain::ResponseFormat::JsonObject);
        assert!(!possible(&broke, &json, &words), "half a document");
    }

    #[test]
    fn a_model_is_shown_its_answer_in_one_piece() {
        let piece = |text: &str| Part::Text { text: text.to_owned() };
        let parts = [piece("Hel"), Part::Seam(kept("").seam("B")), piece("lo"), piece("there")];
        assert_eq!(mended(&parts), [piece("Hello"), piece("there")]);
    }
}
