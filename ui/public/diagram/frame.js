// Draws one diagram and gives it back as text. This page is framed without an origin: it has no bridge to the
// program, no storage and no network, and its only way out is one message. It loads the drawing library only
// after it has made sure of that.
'use strict';

const LONGEST = 20_000;
const LARGEST = 1_000_000;

function answer(message) {
  parent.postMessage(message, '*');
}

/** True where nothing of the program can be reached from here. */
function alone() {
  return (
    self.origin === 'null' && parent !== self && !('__TAURI_INTERNALS__' in self) && !('__TAURI__' in self)
  );
}

function load() {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = 'mermaid.js';
    script.onload = () => resolve(self.mermaid);
    script.onerror = () => reject({ code: 'library' });
    document.head.append(script);
  });
}

async function draw(source, dark) {
  if (typeof source !== 'string' || source.length > LONGEST) throw { code: 'too_large' };
  const mermaid = await load();
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    theme: dark ? 'dark' : 'neutral',
    maxTextSize: LONGEST,
    maxEdges: 300,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    class: { htmlLabels: false },
    fontFamily: 'sans-serif',
    fontSize: 14,
    // What stands in the diagram may not change any of these.
    secure: [
      'secure',
      'securityLevel',
      'startOnLoad',
      'suppressErrorRendering',
      'maxTextSize',
      'maxEdges',
      'htmlLabels',
      'flowchart',
      'class',
      'fontFamily',
      'altFontFamily',
      'themeCSS',
      'dompurifyConfig',
    ],
  });
  const { svg } = await mermaid.render('drawing', source);
  const page = new DOMParser().parseFromString(svg, 'text/html');
  const image = page.querySelector('svg');
  if (!image) throw { code: 'nothing' };
  // An image of its own has the size it says.
  const [, , width, height] = (image.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number);
  if (!(width > 0 && height > 0)) throw { code: 'nothing' };
  image.setAttribute('width', String(Math.ceil(width)));
  image.setAttribute('height', String(Math.ceil(height)));
  image.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const text = new XMLSerializer().serializeToString(image);
  if (text.length > LARGEST) throw { code: 'too_large' };
  return { svg: text, width: Math.ceil(width), height: Math.ceil(height) };
}

addEventListener('message', (event) => {
  if (event.source !== parent || typeof event.data !== 'object' || event.data === null) return;
  const { source, dark } = event.data;
  draw(source, dark === true).then(answer, (reason) =>
    answer({ error: reason?.code ?? 'words', words: String(reason?.message ?? '').slice(0, 500) }),
  );
});

answer(alone() ? { ready: true } : { error: 'unsafe' });
