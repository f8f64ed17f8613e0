// Diagrams that somebody had drawn. Where their answer is put on the page anew, after another page, they stand there
// again as they were.
import { draw, type Drawing } from './draw';

/** Most drawings that are kept; of each its image, which may be large. */
export const MOST = 24;

interface Kept {
  dark: boolean;
  drawing: Promise<Drawing>;
}

/** A diagram of an answer: its text, and which of those with the same text it is, from 0. */
export interface Source {
  text: string;
  nth: number;
}

export class Drawn {
  private readonly kept = new Map<string, Kept>();

  /** Nothing was drawn: nobody needs to look. */
  get none(): boolean {
    return this.kept.size === 0;
  }

  /** Is there one for this source in this answer? */
  has(answer: string, source: Source): boolean {
    return this.kept.has(key(answer, source));
  }

  /** The drawing, as it was or made now. */
  of(answer: string, source: Source, dark: boolean): Promise<Drawing> {
    const name = key(answer, source);
    const known = this.kept.get(name);
    // The colours of the other theme are no use.
    const one = known?.dark === dark ? known : { dark, drawing: draw(source.text, dark) };
    this.kept.delete(name);
    this.kept.set(name, one);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST && oldest !== undefined) this.kept.delete(oldest);
    // One that failed is tried again when it is asked for again.
    one.drawing.catch(() => {
      if (this.kept.get(name) === one) this.kept.delete(name);
    });
    return one.drawing;
  }

  /** It was put away. */
  drop(answer: string, source: Source): void {
    this.kept.delete(key(answer, source));
  }
}

const key = (answer: string, { text, nth }: Source): string => `${answer}\n${String(nth)}\n${text}`;
