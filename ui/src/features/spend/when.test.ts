import { afterEach, describe, expect, it } from 'vitest';
import { speak } from '../../shared/i18n.svelte';
import { barName, barTick, monthBefore, monthEnd, monthName, periodName } from './when';

const at = (year: number, month: number, day: number, hour = 0) =>
  new Date(year, month - 1, day, hour).getTime();
const bar = (from: number, until: number, present = false) => ({ from, until, present, tick: 'x' });
const hour = bar(at(2026, 11, 20, 9), at(2026, 11, 20, 10));
const day = bar(at(2026, 11, 21), at(2026, 11, 22));
const first = bar(at(2026, 11, 1), at(2026, 11, 2));
const month = bar(at(2026, 11, 1), at(2026, 12, 1));
const year = bar(at(2026, 1, 1), at(2027, 1, 1));

afterEach(() => speak('en'));

describe('when something was spent', () => {
  it('is said in English', () => {
    expect([hour, day, month, year].map(barName)).toEqual([
      '20 November, 09:00',
      '21 November',
      'November 2026',
      '2026',
    ]);
    expect(barTick(hour, 9, 24)).toBe('09:00');
    expect(barTick(day, 5, 7)).toBe('Sat 21');
    expect(barTick(day, 20, 30)).toBe('21');
    expect(barTick({ ...day, present: true }, 20, 30)).toBe('Today');
    expect(barTick({ ...day, tick: null }, 20, 30)).toBeNull();
    expect(barTick(first, 0, 30)).toBe('1 Nov');
    expect([barTick(month, 0, 12), barTick(month, 3, 12)]).toEqual(['Nov 2026', 'Nov']);
    expect(barTick(year, 1, 5)).toBe('2026');
    expect(periodName('week', at(2026, 11, 16))).toBe('Week of 16 November 2026');
    expect(periodName('all', at(2025, 3, 1))).toBe('Since March 2025');
    expect(monthBefore(at(2026, 11, 21))).toBe('1 to 21 October');
    expect(monthBefore(at(2026, 3, 31))).toBe('1 to 28 February');
    expect(monthBefore(at(2026, 1, 1))).toBe('1 December');
    expect(monthEnd(at(2026, 2, 3))).toBe('28 February');
  });

  it('is said in German', async () => {
    await speak('de');
    expect([day, month].map(barName)).toEqual(['21. November', 'November 2026']);
    expect(barTick({ ...day, present: true }, 20, 30)).toBe('Heute');
    expect(barTick(bar(at(2026, 3, 1), at(2026, 4, 1)), 2, 12)).toBe('Mär');
    expect(periodName('day', at(2026, 10, 3))).toBe('3. Oktober 2026');
    expect(periodName('week', at(2026, 11, 16))).toBe('Woche vom 16. November 2026');
    expect(monthName(at(2026, 3, 3))).toBe('März');
    expect(monthBefore(at(2026, 11, 21))).toBe('1. bis 21. Oktober');
  });
});
