export { default as Composer } from './Composer.svelte';
export { default as ContextChoice } from './ContextChoice.svelte';
