export { default as ConversationList } from './ConversationList.svelte';
export { default as FilingDialogs } from './FilingDialogs.svelte';
