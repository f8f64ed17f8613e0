import { describe, expect, it, vi } from 'vitest';
import {
  ago,
  bytes,
  compareMoney,
  contextSize,
  charge,
  cost,
  dayOf,
  firstToken,
  moment,
  money,
  pico,
  price,
  span,
  speed,
  sum,
  tokens,
} from './format';

describe('money', () => {
  it.each([
    ['0.0140', '$0.0140'],
    ['0.014', '$0.0140'],
    ['0.00004', '< $0.0001'],
    ['0.00005', '$0.0001'],
    ['0.099949', '$0.0999'],
    ['0.1', '$0.10'],
    ['1.14', '$1.14'],
    ['1.145', '$1.15'],
    ['1234567.891', '$1,234,567.89'],
    ['0', '$0.00'],
    ['-0.25', '−$0.25'],
  ])('%s is %s', (dollars, text) => expect(money(dollars)).toBe(text));

  it('of an unknown amount is a dash, never zero', () => expect(money(null)).toBe('–'));

  it('keeps every pico-dollar beyond what a float can hold', () => {
    expect(pico('9007.199254740993')).toBe(9_007_199_254_740_993n);
    expect(compareMoney('9007.199254740993', '9007.199254740992')).toBe(1);
  });

  it('takes no number for what is none', () => {
    for (const text of ['', 'NaN', '1e3', '1.', '.5', '0x1', '1.0000000000001'])
      expect(pico(text)).toBeNull();
  });
});

describe('a charge of an unknown basis', () => {
  it('is free where it is known to be nothing, and a dash where it is not known', () => {
    expect(['0', null, '0.0004'].map(charge)).toEqual(['free', '–', '$0.0004']);
  });
});

describe('cost', () => {
  it('is free only for what costs nothing', () => {
    expect(cost({ cost: '0', basis: 'computed', free: true })).toBe('free');
    expect(cost({ cost: null, basis: null, free: true })).toBe('free');
    expect(cost({ cost: '0', basis: 'computed', free: false })).toBe('$0.00');
  });
  it('says when it is estimated or unknown', () => {
    expect(cost({ cost: '0.0004', basis: 'estimated', free: false })).toBe('≈ $0.0004');
    expect(cost({ cost: null, basis: 'unknown', free: false })).toBe('–');
  });
});

describe('sum', () => {
  it('is a lower bound where something is missing', () => {
    expect(sum({ amount: '9.72', attempts: 388, unknown: 2 })).toBe('≥ $9.72');
    expect(sum({ amount: '0', attempts: 3, unknown: 3 })).toBe('–');
    expect(sum({ amount: '0', attempts: 0, unknown: 0 })).toBe('$0.00');
  });
});

describe('figures', () => {
  it('prices are as short as they can be said', () => {
    expect(['3', '1.25', '0.280', '0.075', '15.00'].map(price)).toEqual(['3', '1.25', '0.28', '0.075', '15']);
    expect(price(null)).toBe('–');
  });
  it('times', () => {
    expect([620, 9000, 12_100, 59_400, 180_000, 3_900_000].map(span)).toEqual([
      '0.62 s',
      '9.0 s',
      '12 s',
      '59 s',
      '3 min',
      '1 h 5 min',
    ]);
    expect(firstToken(1840)).toBe('1.84 s');
    expect(span(null)).toBe('–');
  });
  it('tokens, speed, context', () => {
    expect([1240, 3_100_000].map(tokens)).toEqual(['1,240', '3.10 M']);
    expect([820, 43, null].map(speed)).toEqual(['82/s', '4.3/s', '–']);
    expect([8192, 131_072, 1_048_576].map(contextSize)).toEqual(['8 k', '131 k', '1 M']);
  });
});

describe('days', () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  const at = (day: number, hour = 9, month = 10, year = 2026) =>
    new Date(year, month, day, hour, 41).getTime();
  it('are named from where the reader stands', () => {
    expect(dayOf(at(21), now)).toBe('Today');
    expect(dayOf(at(20, 23), now)).toBe('Yesterday');
    expect(dayOf(at(14), now)).toBe('Previous 7 days');
    expect(dayOf(at(3, 9, 9), now)).toBe('October');
    expect(dayOf(at(3, 9, 9, 2025), now)).toBe('October 2025');
    expect(moment(at(21), now)).toBe('Today 09:41');
    expect(moment(at(3, 9, 9), now)).toBe('3 Oct 09:41');
    expect(ago(now - 125_000, now)).toBe('2 min ago');
  });
  it('of a long list are written in a format that is made once, or once for summer and once for winter', () => {
    const made = vi.spyOn(Intl, 'DateTimeFormat');
    const afresh = vi.spyOn(Date.prototype, 'toLocaleDateString');
    const names = Array.from({ length: 24 }, (_, month) => dayOf(at(3, 9, month, 2020), now));
    expect(names[13]).toBe('February 2021');
    expect(made.mock.calls.length).toBeLessThanOrEqual(2);
    expect(afresh).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

it('lengths of files are read at a glance', () => {
  expect([820, 18_240, 999_600, 3_420_000].map(bytes)).toEqual(['820 B', '18 kB', '1.0 MB', '3.4 MB']);
});
