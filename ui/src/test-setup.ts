import { configure } from '@testing-library/svelte';
import '@testing-library/jest-dom/vitest';

// Two shared cores may take seconds over what takes a desk milliseconds; what never comes fails all the same.
configure({ asyncUtilTimeout: 20_000 });
