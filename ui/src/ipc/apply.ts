// Folds frames into the view of a turn. The core's fold and this one are tested on the same vectors.
// Parts that do not change keep their identity, so that the screen redraws only what did.
import type { Op } from './generated/Op';
import type { RunView } from './generated/RunView';
import type { Section } from './generated/Section';
import type { TurnFrame } from './generated/TurnFrame';
import type { TurnView } from './generated/TurnView';

/** What came of a frame: folded in, already known, or something is missing before it. */
export type Applied = { turn: TurnView } | 'known' | 'gap';

export function applyFrame(turn: TurnView, frame: TurnFrame): Applied {
  if (frame.turn !== turn.id) return 'known';
  if (frame.seq <= turn.seq) return 'known';
  if (frame.seq > turn.seq + 1) return 'gap';
  // A run this window has never heard of: it was started elsewhere. Only a snapshot can name it.
  if (frame.runs.some((patch) => !turn.runs.some((run) => run.id === patch.run))) return 'gap';
  const runs = turn.runs.map((run) => {
    const ops = frame.runs.filter((patch) => patch.run === run.id).flatMap((patch) => patch.ops);
    return ops.length === 0 ? run : ops.reduce(applyOp, run);
  });
  return { turn: { ...turn, runs, seq: frame.seq, live: !frame.last } };
}

export function applyOp(run: RunView, op: Op): RunView {
  switch (op.type) {
    case 'state':
      return { ...run, state: op.state, waiting: null };
    case 'waiting':
      return { ...run, waiting: op.waiting };
    case 'route':
      return { ...run, route: op.route };
    case 'section':
      return { ...run, sections: withSection(run.sections, op.index, { kind: op.kind, blocks: [] }) };
    case 'blocks': {
      const section = run.sections[op.section];
      if (!section) return run;
      const blocks = [...section.blocks.slice(0, op.keep), ...op.blocks];
      return { ...run, sections: withSection(run.sections, op.section, { kind: section.kind, blocks }) };
    }
    case 'metrics':
      return { ...run, metrics: op.metrics };
    case 'notice':
      return { ...run, notices: [...run.notices, { kind: op.kind, detail: op.detail }] };
    case 'end':
      return {
        ...run,
        state: op.state,
        finish_reason: op.finish_reason,
        failure: op.failure,
        metrics: op.metrics,
        waiting: null,
        continue_on: op.continue_on,
      };
  }
}

function withSection(sections: Section[], index: number, section: Section): Section[] {
  const next = sections.slice();
  next[index] = section;
  return next;
}
