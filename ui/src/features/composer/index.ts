export { default as Composer } from './Composer.svelte';
export { default as ContextChoice } from './ContextChoice.svelte';
export { default as To } from './To.svelte';
export { default as PolicyChoice } from './PolicyChoice.svelte';
