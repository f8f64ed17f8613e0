export { default as Thread } from './Thread.svelte';
export { default as MapDialog } from './MapDialog.svelte';
