export { default as Thread } from './Thread.svelte';
