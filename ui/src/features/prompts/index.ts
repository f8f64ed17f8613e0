export { default as PresetChoice } from './PresetChoice.svelte';
export { default as PromptsSection } from './PromptsSection.svelte';
export { default as TeamsMenu } from './TeamsMenu.svelte';
