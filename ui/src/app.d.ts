/** True in development, tests and `--mode fake` builds; the production build drops what depends on it. */
declare const __FAKE_HOST__: boolean;
