// Words about lanes that a budget holds back.
import type { LaneEstimate } from '../../ipc/generated/LaneEstimate';
import { word } from '../../shared/format';
import { t } from '../../shared/i18n.svelte';

/** `DeepSeek V3.2 does not fit your budget` and `and is held; the other three are sent.` */
export function heldWords(held: readonly LaneEstimate[], lanes: number): { lead: string; rest: string } {
  const names = [...new Set(held.map((lane) => lane.model))];
  const many = names.length > 1;
  const who = names.length > 2 ? t('{count} models', { count: held.length }) : names.join(t(' and '));
  const others = lanes - held.length;
  const lead = many
    ? t('{who} do not fit your budget', { who })
    : t('{who} does not fit your budget', { who });
  if (others <= 0) return { lead, rest: t('and would not be sent.') };
  const left =
    others === 1 ? t('the other one is sent.') : t('the other {others} are sent.', { others: word(others) });
  return { lead, rest: many ? t('and are held; {left}', { left }) : t('and is held; {left}', { left }) };
}
