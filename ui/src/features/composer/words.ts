// Words about lanes that a budget holds back.
import type { LaneEstimate } from '../../ipc/generated/LaneEstimate';
import { word } from '../../shared/format';

/** `DeepSeek V3.2 does not fit your budget` and `and is held; the other three are sent.` */
export function heldWords(held: readonly LaneEstimate[], lanes: number): { lead: string; rest: string } {
  const names = [...new Set(held.map((lane) => lane.model))];
  const many = names.length > 1;
  const who = names.length > 2 ? `${held.length} models` : names.join(' and ');
  const others = lanes - held.length;
  const lead = `${who} ${many ? 'do' : 'does'} not fit your budget`;
  if (others <= 0) return { lead, rest: 'and would not be sent.' };
  const rest = others === 1 ? 'the other one is sent.' : `the other ${word(others)} are sent.`;
  return { lead, rest: `and ${many ? 'are' : 'is'} held; ${rest}` };
}
