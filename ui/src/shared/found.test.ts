import { afterEach, expect, it, vi } from 'vitest';
import { folded, isBlank, mark, rangeOf, Reading } from './found';

afterEach(() => vi.unstubAllGlobals());

const drawn = (html: string): HTMLElement => {
  const root = document.createElement('div');
  root.innerHTML = html;
  document.body.replaceChildren(root);
  return root;
};

function all(html: string, needle: string): string[] {
  const reading = new Reading([drawn(html)]);
  return Array.from({ length: reading.look(folded(needle)) }, (_, nth) => {
    const place = reading.place(nth);
    return place ? rangeOf(place).toString() : '?';
  });
}

it('finds words across marks, whatever their capitals, and not from one paragraph into the next', () => {
  const html =
    '<p>You have <b hidden></b><strong>14</strong> <em>Days</em>,\nsays</p><p>the shop. 14 days!</p>';
  expect(all(html, '14 DAYS')).toEqual(['14 Days', '14 days']);
  expect(all(html, 'days, says')).toEqual(['Days,\nsays']);
  expect(all(html, 'says the')).toEqual([]);
  expect(all('<p>ana banana</p>', 'ana')).toEqual(['ana', 'ana']);
  expect(all('<p>anything</p>', '  ')).toEqual([]);
});

it('keeps places with letters whose small form is longer, and finds scripts without spaces', () => {
  expect(all('<p>İİİ İzmir</p>', 'izmir')).toEqual(['İzmir']);
  expect(all('<p>ΟΔΟΣ οδος</p>', 'οδοσ')).toEqual(['ΟΔΟΣ', 'οδος']);
  expect(all('<p>内存<strong>悬空</strong>指针</p>', '存悬')).toEqual(['存悬']);
  expect(all('<p>Ärger, Café</p>', 'ärger, café')).toEqual(['Ärger, Café']);
});

it('finds other spellings where they are drawn', () => {
  expect(all('<p>In der Stra\u00dfe, STRASSE</p>', 'strasse')).toEqual(['Stra\u00dfe', 'STRASSE']);
  expect(all('<p>caf<em>e</em>\u0301s, Caf\u00e9</p>', 'caf\u00e9')).toEqual(['cafe\u0301', 'Caf\u00e9']);
  expect(all('<p>Donau\u00addampf, die\u00ad</p>', 'donaudampf')).toEqual(['Donau\u00addampf']);
  expect(all('<p>die\u00ad See  am Meer</p>', 'see am')).toEqual(['See  am']);
  expect(all('<p>e\ufb03cient, o\ufb03ce</p>', 'ffic')).toEqual(['\ufb03c', '\ufb03c']);
  expect(all('<p>\u0451\u0436, \u0435\u0436</p>', '\u0435\u0436')).toHaveLength(2);
  expect(all('<p>\u1112\u1161\u11ab\u1100\u116e\u11a8</p>', '\ud55c\uad6d')).toHaveLength(1);
  expect(all('<p>\u043c\u0430\u0439 \u043c\u0430\u0438</p>', '\u043c\u0430\u0438')).toEqual([
    '\u043c\u0430\u0438',
  ]);
});

it('takes many spaces for one, as a paragraph draws them', () => {
  const html = '<p>Stop.  Go  <em></em> <strong> on</strong>, go on.</p><pre>go \n\t on</pre>';
  expect(all(html, 'stop. go')).toEqual(['Stop.  Go']);
  expect(all(html, 'go on')).toEqual(['Go    on', 'go on', 'go \n\t on']);
  expect(all(html, 'go   on')).toHaveLength(3);
  expect(all(html, 'on,')).toEqual(['on,']);
  expect(all(html, '. ')).toEqual(['. ']);
  expect(all('<p>a  </p><p>  b</p>', 'a b')).toEqual([]);
});

it('passes over labels, formulas and badges', () => {
  const code =
    '<figure class="code"><figcaption>SQL<button>Copy</button></figcaption><pre><code>copy <span>sql</span></code></pre></figure>';
  expect(all(code, 'sql')).toEqual(['sql']);
  expect(all(code, 'copy sql')).toEqual(['copy sql']);
  expect(
    all('<p>a<span class="hidden-char">U+202E</span>b x<math><mi>y</mi></math>z</p>', 'ab'),
  ).toHaveLength(1);
  expect(all('<p>x<math><mi>y</mi></math>z</p>', 'xz')).toEqual([]);
});

it('knows that a place is gone', () => {
  const root = drawn('<p>heron</p>');
  const reading = new Reading([root]);
  expect(reading.look('heron')).toBe(1);
  root.replaceChildren();
  expect(reading.place(0)).toBeNull();
  expect(reading.place(1)).toBeNull();
});

it('takes for white space what the core takes for it', () => {
  expect(folded('a\u00a0b\u3000c\vd\ufeffe\u0085f')).toBe('a b c d e\u0085f');
  expect(isBlank(folded(' \ufeff\t'))).toBe(true);
  expect(isBlank(folded('\u0085'))).toBe(false);
});

it('knows a place by the element it stands in', () => {
  const root = drawn('<p>ana</p><p>ana banana</p>');
  const [first, second] = root.children;
  if (!first || !second) throw new Error('not drawn');
  const before = new Reading([first, second]);
  before.look('ana');
  const held = before.standing(2);
  expect(held).toEqual({ root: second, nth: 1 });
  first.textContent = 'banana ana';
  const after = new Reading([first, second]);
  after.look('ana');
  expect(held && after.nth(held)).toBe(3);
  expect(after.nth({ root: first, nth: 2 })).toBeNull();
  expect(after.nth({ root, nth: 0 })).toBeNull();
  expect(after.standing(9)).toBeNull();
});

it('empties a mark that is replaced or taken away: the engine draws anew what it sees change', () => {
  const marks = new Map<string, Set<StaticRange>>();
  vi.stubGlobal('Highlight', class extends Set<StaticRange> {});
  vi.stubGlobal('StaticRange', Range);
  vi.stubGlobal('CSS', { highlights: marks });
  const root = drawn('<p>heron</p>');
  const places = [{ startContainer: root, startOffset: 0, endContainer: root, endOffset: 1 }];
  mark('found', places);
  const first = marks.get('found');
  expect(first?.size).toBe(1);
  mark('found', places);
  const second = marks.get('found');
  expect([first?.size, second?.size]).toEqual([0, 1]);
  mark('found', []);
  expect([second?.size, marks.size]).toEqual([0, 0]);
});
