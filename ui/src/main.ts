import './shared/css/boot.css';

/** Longest wait for the first paint; a window that is hidden at the start never paints. */
const PATIENCE = 250;

// The name in `index.html` is painted before anything else is read and run.
let started = false;
function start(): void {
  if (started) return;
  started = true;
  void import('./start');
}
new PerformanceObserver((list) => {
  if (list.getEntriesByName('first-contentful-paint').length > 0) start();
}).observe({ type: 'paint', buffered: true });
setTimeout(start, PATIENCE);
