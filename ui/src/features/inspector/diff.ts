// Two texts, line by line: what only one of them has.

export interface DiffLine {
  side: 'both' | 'left' | 'right';
  text: string;
}

/** Lines compared at most; beyond that the middle is given as a whole, which is right though not smallest. */
const MOST_CELLS = 4_000_000;

export function diffLines(left: string, right: string): DiffLine[] {
  const a = left.split('\n');
  const b = right.split('\n');
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1;
  let tail = 0;
  while (
    tail < a.length - from &&
    tail < b.length - from &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail += 1;
  }
  const both = (lines: string[]): DiffLine[] => lines.map((text) => ({ side: 'both', text }));
  return [
    ...both(a.slice(0, from)),
    ...middle(a.slice(from, a.length - tail), b.slice(from, b.length - tail)),
    ...both(a.slice(a.length - tail)),
  ];
}

function middle(a: string[], b: string[]): DiffLine[] {
  const only = (side: 'left' | 'right', lines: string[]): DiffLine[] => lines.map((text) => ({ side, text }));
  if (a.length * b.length > MOST_CELLS) return [...only('left', a), ...only('right', b)];
  // Lengths of the longest common rest, row by row.
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ side: 'both', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push({ side: 'left', text: a[i++] ?? '' });
    else lines.push({ side: 'right', text: b[j++] ?? '' });
  }
  return [...lines, ...only('left', a.slice(i)), ...only('right', b.slice(j))];
}

/** The differences with some lines around them; `null` = lines left out. */
export function folded(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some((line) => line.side !== 'both'),
  );
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, index) => {
    if (near[index]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}
