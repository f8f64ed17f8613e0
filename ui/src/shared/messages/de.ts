// German. Every text of the window has its line here; what is no longer said is taken out by the test.
import { app } from './de/app';
import { beside } from './de/beside';
import { chat } from './de/chat';
import { compare } from './de/compare';
import { errors } from './de/errors';
import { filing } from './de/filing';
import { gateway } from './de/gateway';
import { history } from './de/history';
import { models } from './de/models';
import { money } from './de/money';
import { receipt } from './de/receipt';
import { routing } from './de/routing';
import { settings } from './de/settings';
import { shared } from './de/shared';

export { core } from './de/core';

export const german = {
  ...app,
  ...beside,
  ...chat,
  ...compare,
  ...errors,
  ...filing,
  ...gateway,
  ...history,
  ...models,
  ...money,
  ...receipt,
  ...routing,
  ...settings,
  ...shared,
};
export type German = typeof german;
