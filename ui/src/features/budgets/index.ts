export { default as BudgetsSection } from './BudgetsSection.svelte';
