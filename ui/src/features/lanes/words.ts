// Words for the head of a column: how a run stands, which way it went, what it saw.
import type { ErrorKind } from '../../ipc/generated/ErrorKind';
import type { RunView } from '../../ipc/generated/RunView';
import type { Waiting } from '../../ipc/generated/Waiting';
import type { AdviceTable } from '../../state/errors';
import { span } from '../../shared/format';
import { t } from '../../shared/i18n.svelte';

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

/** It has come to its end and says nothing: neither words, nor a picture, nor a call of a tool. */
export function saysNothing(run: RunView): boolean {
  return (
    run.state === 'done' &&
    run.sections.every(
      ({ kind, blocks }) =>
        kind.type === 'reasoning' || kind.type === 'seam' || (kind.type === 'answer' && blocks.length === 0),
    )
  );
}

/** `Waiting for Groq, 4 s`; without a time where it ends with another request. */
export function waitingWords({ provider, why, ms, ahead }: Waiting): string {
  if (why === 'earlier') return t('Waiting for the answer above');
  const long =
    ms === null
      ? ''
      : ms < 60_000
        ? t(', {seconds} s', { seconds: Math.max(1, Math.ceil(ms / 1000)) })
        : `, ${span(ms)}`;
  return t('Waiting for {provider}{long}{queue}', {
    provider,
    long,
    queue: ahead > 0 ? t(', {ahead} ahead', { ahead }) : '',
  });
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
      return of('clock', t('Queued'), '');
    case 'connecting':
      return of('pulse', t('Connecting'), 'live');
    case 'streaming':
      return isThinking(run) ? of('brain', t('Thinking'), 'live') : of('pulse', t('Writing'), 'live', true);
    case 'done':
      return done(run, of);
    case 'failed': {
      if (run.failure?.kind === 'billing.budget')
        return of('wallet', hasContent(run) ? t('Stopped') : t('Over budget'), 'hold');
      const status = run.failure?.upstream?.status;
      const short = run.failure ? advice[run.failure.kind].short : t('Error');
      // An error event inside a stream comes with 200; that says nothing.
      return of(
        'alert',
        status && status >= 400 ? t('Error {status}', { status }) : short,
        run.failure ? tone(run, advice) : 'err',
      );
    }
    case 'cancelled':
      return of('stop', t('Stopped'), 'hold');
    case 'interrupted':
      return of('alert', t('Interrupted'), 'hold');
  }
}

function tone(run: RunView, advice: AdviceTable): Standing['tone'] {
  return run.failure && advice[run.failure.kind].tone === 'bad' ? 'err' : 'hold';
}

function done(
  run: RunView,
  of: (icon: StateIcon, word: string, tone: Standing['tone'], quiet?: boolean) => Standing,
): Standing {
  if (run.finish_reason === 'length') return of('alert', t('Length limit'), 'hold');
  if (run.finish_reason === 'content_filter') return of('alert', t('Filtered'), 'hold');
  if (run.sections.some((section) => section.kind.type === 'refusal'))
    return of('alert', t('Refused'), 'hold');
  return of('check', t('Finished'), '', true);
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
      const was = { provider: step.provider };
      const title = Object.hasOwn(advice, how) ? advice[how as ErrorKind].short.toLowerCase() : how;
      // Another one was asked beside it and was quicker.
      if (how === 'outrun') {
        return { text: t('{provider} late', was), title: t('{provider}: another answered first', was) };
      }
      // A status is said as it is; a label is for the tooltip, the note below has the words.
      return {
        text: /^\d+$/.test(how) ? `${step.provider} ${how}` : t('{provider} failed', was),
        title: `${step.provider}, ${step.upstream_model}: ${title}`,
      };
    });
  const last = run.route.at(-1);
  const dead = last !== undefined && last.failed !== null && run.state === 'failed';
  let next: string | null = null;
  if (dead && !hasContent(run)) next = t('no route left');
  else if (last?.failed === null && !last.demo) {
    next =
      failed.length > 0
        ? last.provider
        : last.local
          ? t('via {provider}, on this machine', { provider: last.provider })
          : t('via {provider}', { provider: last.provider });
  }
  const rest = last?.demo ? t('Demo, not an AI · {saw}', { saw: saw(run) }) : saw(run);
  return { failed, next, rest, dead };
}

function saw(run: RunView): string {
  const { saw } = run;
  switch (saw.type) {
    case 'prompt_only':
      return t('saw the prompt only');
    case 'own':
      return t('saw its own {count} turns', { count: saw.turns });
    case 'other':
      return t('saw {model}’s answer', { model: saw.model });
    case 'no_pick':
      return t('no best was picked: saw its own {count} turns', { count: saw.turns });
    case 'all':
      return t('saw all {answers}', { answers: t('{count} answers', { count: saw.answers }) });
    case 'chosen':
      return t('saw the answers of {models}', { models: saw.models.join(t(' and ')) });
  }
}

/** The letter of a place, from 0. */
export const letterOf = (place: number): string => String.fromCharCode(65 + (place % 26));

/** What an answer is called where it is read out: before a blind vote by its letter, else by its model. */
export const called = (run: RunView, place: number, hidden: boolean): string =>
  hidden ? t('Answer {letter}', { letter: letterOf(place) }) : run.model_name;
