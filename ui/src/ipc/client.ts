// Typed calls over a host. Names and shapes come from the core's own list of commands.
import type { Commands, Streams } from './generated/Commands';
import type { Failure } from './generated/Failure';
import type { TurnFrame } from './generated/TurnFrame';
import type { Host } from './host';

export class Client {
  constructor(private readonly host: Host) {}

  async call<K extends keyof Commands>(
    cmd: K,
    payload: Commands[K]['payload'],
  ): Promise<Commands[K]['result']> {
    try {
      return (await this.host.rpc(cmd, payload)) as Commands[K]['result'];
    } catch (reason) {
      throw asFailure(reason);
    }
  }

  async stream<K extends keyof Streams>(
    cmd: K,
    payload: Streams[K]['payload'],
    onFrame: (frame: TurnFrame) => void,
  ): Promise<Streams[K]['result']> {
    try {
      return (await this.host.stream(cmd, payload, onFrame)) as Streams[K]['result'];
    } catch (reason) {
      throw asFailure(reason);
    }
  }
}

/** Whatever was thrown, as a failure. A host that dies does not throw one of ours. */
export function asFailure(reason: unknown): Failure {
  if (typeof reason === 'object' && reason !== null && 'kind' in reason && 'message' in reason) {
    return reason as Failure;
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return { kind: 'bug', message, upstream: null };
}
