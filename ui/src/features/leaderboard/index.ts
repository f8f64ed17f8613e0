export { default as LeaderboardPage } from './LeaderboardPage.svelte';
