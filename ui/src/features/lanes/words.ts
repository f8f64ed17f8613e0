// Words for the head of a column: how a run stands, which way it went, what it saw.
import type { ErrorKind } from '../../ipc/generated/ErrorKind';
import type { RunView } from '../../ipc/generated/RunView';
import type { Waiting } from '../../ipc/generated/Waiting';
import type { AdviceTable } from '../../state/services.svelte';
import { plural, span } from '../../shared/format';

export type StateIcon = 'clock' | 'pulse' | 'brain' | 'check' | 'alert' | 'stop' | 'wallet';

export interface Standing {
  icon: StateIcon;
  word: string;
  /** Elapsed time, where it says something. */
  time: string | null;
  /** The icon and the time speak for themselves; the word is for screen readers. */
  quiet: boolean;
  tone: '' | 'live' | 'err' | 'hold';
}

/** Reasoning has begun and nothing of the answer has come yet. */
export function isThinking(run: RunView): boolean {
  return run.state === 'streaming' && run.sections.at(-1)?.kind.type === 'reasoning';
}

export function hasContent(run: RunView): boolean {
  return run.sections.some((section) => section.blocks.length > 0 || section.kind.type === 'citation');
}

/** `Waiting for Groq, 4 s`; without a time where it ends with another request. */
export function waitingWords({ provider, why, ms, ahead }: Waiting): string {
  if (why === 'earlier') return 'Waiting for the answer above';
  const long = ms === null ? '' : ms < 60_000 ? `, ${Math.max(1, Math.ceil(ms / 1000))} s` : `, ${span(ms)}`;
  return `Waiting for ${provider}${long}${ahead > 0 ? `, ${ahead} ahead` : ''}`;
}

/** How an attempt failed, for a sentence: a status as it is, a label in words. */
export function brokeWords(why: string, advice: AdviceTable): string {
  return Object.hasOwn(advice, why) ? advice[why as ErrorKind].short.toLowerCase() : why;
}

export function standing(run: RunView, elapsed: number | null, advice: AdviceTable): Standing {
  const time = elapsed === null ? null : span(elapsed);
  const of = (icon: StateIcon, word: string, tone: Standing['tone'], quiet = false): Standing => ({
    icon,
    word,
    time: tone === 'live' || quiet ? time : null,
    quiet,
    tone,
  });
  if (run.waiting) {
    return of('clock', waitingWords(run.waiting), '');
  }
  switch (run.state) {
    case 'pending':
      return of('clock', 'Queued', '');
    case 'connecting':
      return of('pulse', 'Connecting', 'live');
    case 'streaming':
      return isThinking(run) ? of('brain', 'Thinking', 'live') : of('pulse', 'Writing', 'live', true);
    case 'done':
      return done(run, of);
    case 'failed': {
      if (run.failure?.kind === 'billing.budget')
        return of('wallet', hasContent(run) ? 'Stopped' : 'Over budget', 'hold');
      const status = run.failure?.upstream?.status;
      const short = run.failure ? advice[run.failure.kind].short : 'Error';
      // An error event inside a stream comes with 200; that says nothing.
      return of(
        'alert',
        status && status >= 400 ? `Error ${status}` : short,
        run.failure ? tone(run, advice) : 'err',
      );
    }
    case 'cancelled':
      return of('stop', 'Stopped', 'hold');
    case 'interrupted':
      return of('alert', 'Interrupted', 'hold');
  }
}

function tone(run: RunView, advice: AdviceTable): Standing['tone'] {
  return run.failure && advice[run.failure.kind].tone === 'bad' ? 'err' : 'hold';
}

function done(
  run: RunView,
  of: (icon: StateIcon, word: string, tone: Standing['tone'], quiet?: boolean) => Standing,
): Standing {
  if (run.finish_reason === 'length') return of('alert', 'Length limit', 'hold');
  if (run.finish_reason === 'content_filter') return of('alert', 'Filtered', 'hold');
  if (run.sections.some((section) => section.kind.type === 'refusal')) return of('alert', 'Refused', 'hold');
  return of('check', 'Finished', '', true);
}

export interface RouteLine {
  /** Attempts that failed, as `OpenAI 529` or `Ollama failed`. */
  failed: { text: string; title: string }[];
  /** Who answers, or that nobody is left; `null` if the last one broke off half way. */
  next: string | null;
  /** What the answer saw, and that a demo is one. */
  rest: string;
  /** The failed attempts ended the run. */
  dead: boolean;
}

export function routeLine(run: RunView, advice: AdviceTable): RouteLine {
  const failed = run.route
    .filter((step) => step.failed !== null)
    .map((step) => {
      const how = step.failed ?? '';
      const title = Object.hasOwn(advice, how) ? advice[how as ErrorKind].short.toLowerCase() : how;
      // A status is said as it is; a label is for the tooltip, the note below has the words.
      const said = /^\d+$/.test(how) ? how : 'failed';
      return {
        text: `${step.provider} ${said}`,
        title: `${step.provider}, ${step.upstream_model}: ${title}`,
      };
    });
  const last = run.route.at(-1);
  const dead = last !== undefined && last.failed !== null && run.state === 'failed';
  let next: string | null = null;
  if (dead && !hasContent(run)) next = 'no route left';
  else if (last?.failed === null && !last.demo) {
    next = failed.length > 0 ? last.provider : `via ${last.provider}${last.local ? ', on this machine' : ''}`;
  }
  const rest = last?.demo ? `Demo, not an AI · ${saw(run)}` : saw(run);
  return { failed, next, rest, dead };
}

function saw(run: RunView): string {
  const { saw } = run;
  switch (saw.type) {
    case 'prompt_only':
      return 'saw the prompt only';
    case 'own':
      return `saw its own ${plural(saw.turns, 'turn')}`;
    case 'other':
      return `saw ${saw.model}’s answer`;
    case 'no_pick':
      return `no best was picked: saw its own ${plural(saw.turns, 'turn')}`;
    case 'all':
      return `saw all ${plural(saw.answers, 'answer')}`;
    case 'chosen':
      return `saw the answers of ${saw.models.join(' and ')}`;
  }
}

/** The letter of a place, from 0. */
export const letterOf = (place: number): string => String.fromCharCode(65 + (place % 26));
