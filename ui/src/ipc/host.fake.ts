// A host that answers what it is told to. For tests, `vite dev` and builds made with `--mode fake`; the
// production build does not contain it.
import type { Commands, Streams } from './generated/Commands';
import type { Failure } from './generated/Failure';
import type { TurnFrame } from './generated/TurnFrame';
import type { Changed, Host } from './host';

type Payload<K> = K extends keyof Commands
  ? Commands[K]['payload']
  : K extends keyof Streams
    ? Streams[K]['payload']
    : never;
type Result<K> = K extends keyof Commands
  ? Commands[K]['result']
  : K extends keyof Streams
    ? Streams[K]['result']
    : never;
type Name = keyof Commands | keyof Streams;
export type Send = (frame: TurnFrame) => void;
type Handler<K> = (payload: Payload<K>, send: Send) => Result<K> | Promise<Result<K>>;

export class FakeHost implements Host {
  /** Every command that came in, oldest first. */
  readonly calls: { cmd: string; payload: unknown }[] = [];
  private readonly handlers = new Map<string, Handler<never>>();
  private readonly listeners = new Set<(change: Changed) => void>();
  private closed = false;

  on<K extends Name>(cmd: K, handler: Handler<K>): this {
    this.handlers.set(cmd, handler as unknown as Handler<never>);
    return this;
  }

  /** Makes a command fail from now on. */
  fails(cmd: Name, failure: Failure): this {
    this.handlers.set(cmd, () => Promise.reject(failure as unknown as Error));
    return this;
  }

  rpc(cmd: string, payload: unknown): Promise<unknown> {
    return this.run(cmd, payload, () => {});
  }

  stream(cmd: string, payload: unknown, onFrame: Send): Promise<unknown> {
    return this.run(cmd, payload, (frame) => {
      if (!this.closed) onFrame(frame);
    });
  }

  onChanged(listener: (change: Changed) => void): Promise<() => void> {
    this.listeners.add(listener);
    return Promise.resolve(() => void this.listeners.delete(listener));
  }

  /** Sends no more frames: the window they were for is gone. */
  close(): void {
    this.closed = true;
  }

  /** Pushes a change, as the core does after a commit. */
  push(change: Changed): void {
    for (const listener of this.listeners) listener(change);
  }

  /** Payloads of all calls of one command. */
  sent<K extends Name>(cmd: K): Payload<K>[] {
    return this.calls.filter((call) => call.cmd === cmd).map((call) => call.payload as Payload<K>);
  }

  private async run(cmd: string, payload: unknown, send: Send): Promise<unknown> {
    this.calls.push({ cmd, payload });
    const handler = this.handlers.get(cmd) as ((payload: unknown, send: Send) => unknown) | undefined;
    if (!handler) {
      const failure: Failure = {
        kind: 'bug',
        message: `The fake host does not know ${cmd}.`,
        upstream: null,
      };
      throw failure as unknown as Error;
    }
    // What crosses the boundary is JSON; sharing objects would hide mistakes.
    return structuredClone(await handler(structuredClone(payload), send));
  }
}
