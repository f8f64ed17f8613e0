// Numbers as people type them, in the language of the window. What could mean two numbers is no number: a
// budget of 1.000 may be one dollar or a thousand.
import { locale, t } from './i18n.svelte';
import { price } from './format';

interface Signs {
  /** Before the decimals. */
  point: string;
  /** Between thousands. */
  group: string;
}

function signs(): Signs {
  const parts = new Intl.NumberFormat(locale()).formatToParts(1234567.5);
  const sign = (type: string) => parts.find((part) => part.type === type)?.value;
  return { point: sign('decimal') ?? '.', group: sign('group') ?? ',' };
}

/** Without blanks around and between thousands, and without a `$` at either end. */
const bare = (text: string): string =>
  text
    .trim()
    .replace(/^\$|\$$/g, '')
    .trim()
    .replace(/(?<=\d)[\s’'](?=\d{3}(\D|$))/g, '');

const join = (sign: string, whole: string, fraction: string): string | null =>
  /^\d+$/.test(whole) && /^\d*$/.test(fraction)
    ? `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
    : null;

/** Thousands as they are written: `1.000`, `12.345.678`. */
const grouped = (text: string, group: string): boolean => {
  const [first = '', ...rest] = text.split(group);
  return /^\d{1,3}$/.test(first) && rest.length > 0 && rest.every((part) => /^\d{3}$/.test(part));
};

type Read = { plain: string } | { whole: string; part: string } | null;

function read(text: string): Read {
  const match = /^([-−]?)([\d.,]+)$/.exec(bare(text));
  if (!match) return null;
  const sign = match[1] === '' ? '' : '-';
  const figure = match[2] ?? '';
  const some = (plain: string | null): Read => (plain === null ? null : { plain });
  const { point, group } = signs();
  const [points, groups] = [figure.split(point).length - 1, figure.split(group).length - 1];
  if (points === 0 && groups === 0) return some(join(sign, figure, ''));
  if (points > 0 && groups > 0) {
    // Both are there: the last one is before the decimals, whichever language that is.
    const [last, other] =
      figure.lastIndexOf(point) > figure.lastIndexOf(group) ? [point, group] : [group, point];
    const [whole = '', fraction = '', ...more] = figure.split(last);
    return more.length === 0 && grouped(whole, other)
      ? some(join(sign, whole.replaceAll(other, ''), fraction))
      : null;
  }
  const [used, count] = points > 0 ? [point, points] : [group, groups];
  if (count > 1) return grouped(figure, used) ? some(join(sign, figure.replaceAll(used, ''), '')) : null;
  const [whole = '', fraction = ''] = figure.split(used);
  if (whole === '' && fraction === '') return null;
  if (used === point) return some(join(sign, whole === '' ? '0' : whole, fraction));
  if (/^[1-9]\d{0,2}$/.test(whole) && /^\d{3}$/.test(fraction)) {
    return { whole: `${sign}${whole}${fraction}`, part: `${sign}${whole}.${fraction}` };
  }
  // No thousands are written so: the sign of another language before the decimals.
  return fraction.length === 3 && !/^0?$/.test(whole)
    ? null
    : some(join(sign, whole === '' ? '0' : whole, fraction));
}

/** A number with decimals as a plain one, with a point: `1.234,5` is `1234.5`. `null` = none, or not clear which. */
export function typed(text: string): string | null {
  const found = read(text);
  return found && 'plain' in found ? found.plain : null;
}

/** A whole number: here a sign between thousands can be nothing else. `null` = none. */
export function typedWhole(text: string): string | null {
  const found = read(text);
  if (found === null) return null;
  const plain = 'plain' in found ? found.plain : found.whole;
  return /^-?\d+$/.test(plain) ? plain : null;
}

/** What to say where a number is there that has two readings; `null` where that is not so. */
export function unclear(text: string): string | null {
  const found = read(text);
  if (found === null || 'plain' in found) return null;
  return t('“{text}” may be {whole} or {part}. Write one of these.', {
    text: text.trim(),
    whole: found.whole,
    part: found.part.startsWith('-') ? `-${price(found.part.slice(1))}` : price(found.part),
  });
}

/** A plain number as one would type it in the language of the window. */
export const typable = (plain: string): string => (plain === '' ? '' : price(plain));
