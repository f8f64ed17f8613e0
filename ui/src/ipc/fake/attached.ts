// Files over the scripted host: kept as they came, a picture as its own small view.
import type { AttachmentFact } from '../generated/AttachmentFact';
import type { FakeHost } from '../host.fake';

/** A grey square with a frame. */
const SQUARE =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGNoaGjAihgGpwQDAwMAcvh9gUHrWikAAAAASUVORK5CYII=';

export function attachedHost(host: FakeHost): void {
  const known = new Map<string, { fact: AttachmentFact; base64: string }>();
  let made = 0;
  const one = (sha256: string) => {
    const found = known.get(sha256);
    if (!found) throw new Error('This file is not on this computer any more. Attach it again.');
    return found;
  };
  host
    .on('attachment/add', ({ name, base64 }) => {
      const media_type = /\.(png|jpe?g|gif|webp)$/i.test(name)
        ? 'image/png'
        : /\.pdf$/i.test(name)
          ? 'application/pdf'
          : /\.wav$/i.test(name)
            ? 'audio/wav'
            : 'text/plain';
      const picture = media_type === 'image/png';
      const fact: AttachmentFact = {
        file: {
          sha256: String(made++).padStart(64, '0'),
          name,
          media_type,
          bytes: Math.max(1, Math.floor((base64.length * 3) / 4)),
        },
        width: picture ? 640 : null,
        height: picture ? 480 : null,
        preview: picture ? `data:image/png;base64,${SQUARE}` : null,
        notes: [],
      };
      known.set(fact.file.sha256, { fact, base64 });
      return fact;
    })
    .on('attachment/view', ({ sha256 }) => one(sha256).fact)
    .on('attachment/data', ({ sha256 }) => {
      const { fact, base64 } = one(sha256);
      const { media_type } = fact.file;
      return media_type.startsWith('audio/')
        ? { media_type, base64 }
        : { media_type: 'image/png', base64: SQUARE };
    })
    .on('run/picture', () => ({ media_type: 'image/png', base64: SQUARE }));
}
