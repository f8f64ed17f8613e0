export { default as ShortcutsSection } from './ShortcutsSection.svelte';
