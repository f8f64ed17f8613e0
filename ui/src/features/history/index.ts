export { default as HistoryPage } from './HistoryPage.svelte';
export { default as ImportDialog } from './ImportDialog.svelte';
export { default as SearchDialog } from './SearchDialog.svelte';
