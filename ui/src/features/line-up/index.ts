export { default as LineUp } from './LineUp.svelte';
