// The only file that knows Tauri.
import { Channel, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { TurnFrame } from './generated/TurnFrame';
import type { Changed, Host } from './host';

export function tauriHost(): Host {
  return {
    rpc: (cmd, payload) => invoke('rpc', { cmd, payload }),
    stream(cmd, payload, onFrame) {
      const channel = new Channel<TurnFrame>();
      channel.onmessage = onFrame;
      return invoke('rpc_stream', { cmd, payload, channel });
    },
    onChanged: (listener) => listen<Changed>('changed', (event) => listener(event.payload)),
  };
}
