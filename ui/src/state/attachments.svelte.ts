// Files on their way into a prompt, and what is known of those that are there already.
import { SvelteMap } from 'svelte/reactivity';
import type { Client } from '../ipc/client';
import type { Attachment } from '../ipc/generated/Attachment';
import type { AttachmentFact } from '../ipc/generated/AttachmentFact';
import type { MediaData } from '../ipc/generated/MediaData';
import type { Draft } from './drafts.svelte';
import type { Toasts } from './toasts.svelte';
import { t } from '../shared/i18n.svelte';

/** Larger files are refused before they are read. */
export const LARGEST = 32 * 1024 * 1024;
/** Most files of a prompt. */
export const MOST = 20;

export class Attachments {
  /** Facts by hash; `null` = the file is not on this computer any more. */
  readonly facts = new SvelteMap<string, AttachmentFact | null>();
  /** Files that are being taken in. */
  taking = $state(0);
  private readonly asked = new Set<string>();

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  /** Takes files in, one after the other, and puts them into the draft. What cannot be taken is said. */
  async add(draft: Draft, files: readonly File[]): Promise<void> {
    for (const file of files) {
      if (draft.files.length >= MOST) {
        this.toasts.show(t('A prompt has at most 20 files. The others were left out.'));
        return;
      }
      if (file.size > LARGEST) {
        this.toasts.show(
          t('“{name}” is larger than 32 MB. Attach a smaller one, or a part of it.', { name: file.name }),
        );
        continue;
      }
      this.taking += 1;
      try {
        const fact = await this.client.call('attachment/add', {
          name: file.name === '' ? 'pasted' : file.name,
          base64: await base64(file),
        });
        this.facts.set(fact.file.sha256, fact);
        draft.attach(fact.file);
      } catch (reason) {
        this.toasts.fail(reason);
      } finally {
        this.taking -= 1;
      }
    }
  }

  /** What is known of a file, fetched when first asked for. */
  fact(file: Attachment): AttachmentFact | null | undefined {
    const known = this.facts.get(file.sha256);
    if (known === undefined) void this.look(file.sha256);
    return known;
  }

  /** A file as it is sent. */
  data(file: Attachment): Promise<MediaData> {
    return this.client.call('attachment/data', { sha256: file.sha256 });
  }

  private async look(sha256: string): Promise<void> {
    if (this.asked.has(sha256)) return;
    this.asked.add(sha256);
    const fact = await this.client.call('attachment/view', { sha256 }).catch(() => null);
    this.facts.set(sha256, fact);
  }
}

/** The bytes of a file as base64. */
function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = typeof reader.result === 'string' ? reader.result : '';
      resolve(url.slice(url.indexOf(',') + 1));
    };
    reader.onerror = () =>
      reject(new Error(t('“{name}” could not be read. Try again.', { name: file.name })));
    reader.readAsDataURL(file);
  });
}
