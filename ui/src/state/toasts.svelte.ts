import { told } from './failures';

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  /** Puts back what the toast speaks of. */
  undo: (() => void) | null;
}

/** How long a toast stays; long enough to reach for Undo. */
export const TOAST_MS = 8000;

export class Toasts {
  list = $state.raw<Toast[]>([]);
  /** Pixels of the lower edge of the window that they keep free; `null` = as many as they do by themselves. */
  above = $state<number | null>(null);
  private next = 1;

  show(text: string, undo: (() => void) | null = null): void {
    this.push({ id: this.next++, text, bad: false, undo });
  }

  /** Says that a command failed. */
  fail(reason: unknown): void {
    this.push({ id: this.next++, text: told(reason), bad: true, undo: null });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Undoes the newest thing that can be undone; false if there is none. */
  undoLast(): boolean {
    const toast = this.list.findLast((candidate) => candidate.undo);
    if (!toast) return false;
    this.dismiss(toast.id);
    toast.undo?.();
    return true;
  }

  private push(toast: Toast): void {
    this.list = [...this.list.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), TOAST_MS);
  }
}
