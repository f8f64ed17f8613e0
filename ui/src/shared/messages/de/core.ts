// German for what the core says by itself: failures, notices, notes. The keys are its English forms, which stand in its
// source; a test holds that each has its line here, and that nothing stands here that is no longer said.
import { access } from './core/access';
import { chat } from './core/chat';
import { compare } from './core/compare';
import { files } from './core/files';
import { imports } from './core/imports';
import { money } from './core/money';
import { notices } from './core/notices';

export const core: Record<string, string> = {
  ...access,
  ...chat,
  ...compare,
  ...files,
  ...imports,
  ...money,
  ...notices,
};
