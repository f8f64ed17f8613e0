// Which of the answers that grow are drawn in a frame. Each costs style, layout and paint, so that with many of them a
// letter typed beside them would wait for all: they take turns, and those nobody sees come now and then.

/** So many are drawn in one frame; where more grow, they take turns. */
const AT_ONCE = 2;
/** None waits for more frames of text than this: of very many, more are drawn in one. */
const MOST_ROUNDS = 4;
/** One that is out of sight is drawn this often. */
const UNSEEN_MS = 250;

export class Pace {
  private readonly unseen = new Set<string>();
  private readonly drawn = new Map<string, number>();

  /** An answer came into sight, or left it. */
  sees(id: string, seen: boolean): void {
    if (seen) this.unseen.delete(id);
    else this.unseen.add(id);
  }

  isSeen(id: string): boolean {
    return !this.unseen.has(id);
  }

  drew(id: string, now: number): void {
    this.drawn.set(id, now);
  }

  /** Is there something new of it that is to be drawn by now? */
  isDue(id: string, now: number): boolean {
    return this.isSeen(id) || now - this.last(id) >= UNSEEN_MS;
  }

  /** Those of `growing` that are drawn now: what has waited longest comes first. */
  turns(growing: readonly string[], now: number): Set<string> {
    const due = growing.filter((id) => this.isDue(id, now));
    const rounds = Math.min(Math.ceil(due.length / AT_ONCE), MOST_ROUNDS);
    const waited = due.sort((a, b) => this.last(a) - this.last(b));
    return new Set(waited.slice(0, Math.ceil(due.length / Math.max(rounds, 1))));
  }

  private last(id: string): number {
    return this.drawn.get(id) ?? -Infinity;
  }
}
