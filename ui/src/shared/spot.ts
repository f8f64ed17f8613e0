// Words of an answer found again in what is drawn of it, where marks of Markdown are gone.

interface Letter {
  text: string;
  node: Text;
  at: number;
  end: number;
}

/** Letters and digits of a text, each with where it stands. */
function letters(root: Node): Letter[] {
  const found: Letter[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    let at = 0;
    for (const char of node.textContent ?? '') {
      const end = at + char.length;
      if (/[\p{L}\p{N}]/u.test(char)) {
        for (const text of char.toLowerCase()) found.push({ text, node: node as Text, at, end });
      }
      at = end;
    }
  }
  return found;
}

/** Where words stand in what is drawn; `null` = they do not. */
export function findWords(root: Node, words: string): Range | null {
  const sought = [...words.toLowerCase()].filter((char) => /[\p{L}\p{N}]/u.test(char));
  if (sought.length === 0) return null;
  const all = letters(root);
  for (let from = 0; from + sought.length <= all.length; from += 1) {
    if (!sought.every((char, n) => all[from + n]?.text === char)) continue;
    const first = all[from];
    const last = all[from + sought.length - 1];
    if (!first || !last) return null;
    const range = document.createRange();
    range.setStart(first.node, first.at);
    range.setEnd(last.node, last.end);
    return range;
  }
  return null;
}

/** Selects words and brings them into view; false = they do not stand there. */
export function showWords(root: HTMLElement, words: string): boolean {
  const range = findWords(root, words);
  if (!range) return false;
  const selection = window.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  range.startContainer.parentElement?.scrollIntoView({ block: 'center' });
  return true;
}
