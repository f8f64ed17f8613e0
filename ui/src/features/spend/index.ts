export { default as SpendPage } from './SpendPage.svelte';
