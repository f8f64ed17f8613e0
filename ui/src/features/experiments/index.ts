export { default as ExperimentsPage } from './ExperimentsPage.svelte';
