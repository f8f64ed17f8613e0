// What is to be done in an animation frame to come, once, however often it is asked for.

/** After this long it is done where nothing is being painted. */
const LATEST_MS = 120;

export class NextFrame {
  private frame: number | null = null;
  private pause: ReturnType<typeof setTimeout> | null = null;
  private latest: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly run: () => void) {}

  get waiting(): boolean {
    return this.latest !== null;
  }

  /** Wants it in the first frame after a pause of so many milliseconds; an earlier one that was asked for stays. */
  ask(pause: number): void {
    this.latest ??= setTimeout(() => this.now(), LATEST_MS);
    if (this.frame !== null) return;
    if (pause <= 0) this.request();
    else this.pause ??= setTimeout(() => this.request(), pause);
  }

  cancel(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    if (this.pause !== null) clearTimeout(this.pause);
    if (this.latest !== null) clearTimeout(this.latest);
    this.frame = this.pause = this.latest = null;
  }

  private request(): void {
    this.frame ??= requestAnimationFrame(() => this.now());
  }

  private now(): void {
    this.cancel();
    this.run();
  }
}
