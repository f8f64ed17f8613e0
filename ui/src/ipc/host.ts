// The seam between the window and the core. Nothing outside `ipc/` knows which host it talks to.
import type { Table } from './generated/Table';
import type { TurnFrame } from './generated/TurnFrame';

/** Pushed to the window some milliseconds after commits, several together. */
export interface Changed {
  tables: Table[];
}

export interface Host {
  /** Runs one command. Rejects with a `Failure`. */
  rpc(cmd: string, payload: unknown): Promise<unknown>;
  /** Runs a command that also sends frames; the listener is in place before the command starts. */
  stream(cmd: string, payload: unknown, onFrame: (frame: TurnFrame) => void): Promise<unknown>;
  /** Calls back for every change once this has resolved, with how to stop that. */
  onChanged(listener: (change: Changed) => void): Promise<() => void>;
}
