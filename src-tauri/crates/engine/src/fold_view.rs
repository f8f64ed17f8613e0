//! Folds frames into a turn's view. The UI folds the same way; both are held to the same vectors.

use crate::frame::{Notice, Op, RunView, Section, TurnFrame, TurnView};

/// Applies a frame. Patches of runs the view does not show are left out, and so are sections
/// beyond the next and blocks of a section that was never opened: a frame can only come from us, and a view can always be fetched anew.
pub fn apply(view: &mut TurnView, frame: &TurnFrame) {
    view.seq = frame.seq;
    for patch in &frame.runs {
        if let Some(run) = view.runs.iter_mut().find(|run| run.id == patch.run) {
            patch.ops.iter().for_each(|op| apply_op(run, op));
        }
    }
    view.live = !frame.last;
}

fn apply_op(run: &mut RunView, op: &Op) {
    match op {
        Op::State { state } => {
            run.state = *state;
            run.waiting = None;
        }
        Op::Waiting { waiting } => run.waiting = Some(waiting.clone()),
        Op::Route { route } => run.route.clone_from(route),
        Op::Section { index, kind } => {
            let fresh = Section { kind: kind.clone(), blocks: Vec::new() };
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            if index == run.sections.len() {
                run.sections.push(fresh);
            } else if let Some(section) = run.sections.get_mut(index) {
                *section = fresh;
            }
        }
        Op::Blocks { section, keep, blocks } => {
            let index = usize::try_from(*section).unwrap_or(usize::MAX);
            if let Some(section) = run.sections.get_mut(index) {
                section.blocks.truncate(usize::try_from(*keep).unwrap_or(usize::MAX));
                section.blocks.extend(blocks.iter().cloned());
            }
        }
        Op::Metrics { metrics } => run.metrics = metrics.clone(),
        Op::Notice { kind, detail } => {
            run.notices.push(Notice { kind: *kind, detail: detail.clone() });
        }
        Op::End { state, finish_reason, failure, metrics, continue_on } => {
            run.state = *state;
            run.waiting = None;
            run.continue_on.clone_from(continue_on);
            run.finish_reason = *finish_reason;
            run.failure.clone_from(failure);
            run.metrics = metrics.clone();
        }
    }
}
