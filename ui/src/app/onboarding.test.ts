// What comes after the first start: who is asked, once something is connected.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { model, target } from '../ipc/fake/samples';
import type { AppState } from '../ipc/generated/AppState';
import type { LaneTarget } from '../ipc/generated/LaneTarget';
import type { ModelList } from '../ipc/generated/ModelList';
import { ids } from '../shared/testids';
import type { Services } from '../state/services.svelte';
import { altered, host, open, stage, user } from './stage.help';

stage();

const DEMOS = ['demo/quick', 'demo/steady', 'demo/thinker', 'demo/flaky'];

/** A first start: the demos are lined up, and the models that can be used are these of that provider. */
async function first(provider: string, count: number, lineUp = DEMOS): Promise<Services> {
  const services = await open('onboarding', () => {
    altered('app/state', (state: AppState) => ({ ...state, line_up: lineUp.map((slug) => target(slug)) }));
    altered('models/search', (found: ModelList) => ({
      rows: [
        ...Array.from({ length: count }, (_, at) =>
          model(`x/m${at}`, `Model ${at}`, { providers: [provider] }),
        ),
        ...found.rows.filter((row) => row.demo),
      ],
      total: count + 4,
    }));
    const rpc = host.rpc.bind(host);
    host.rpc = async (cmd, payload) =>
      cmd === 'models/resolve'
        ? (payload as LaneTarget[]).map(({ model: { model: slug } }) =>
            model(slug, slug, { demo: slug.startsWith('demo/') }),
          )
        : rpc(cmd, payload);
  });
  await screen.findByTestId(ids.onboarding);
  return services;
}
const lined = (services: Services) => services.newLineUp.targets.map((one) => one.model.model);

describe('the first start', () => {
  it('goes on with what was connected, where that is a few models', async () => {
    const services = await first('Anthropic', 3);
    await user.click(screen.getByTestId(ids.continue));
    await screen.findByTestId(ids.composer);
    expect(lined(services)).toEqual(['x/m0', 'x/m1', 'x/m2']);
    expect(host.sent('settings/onboarded')).toEqual([{ onboarded: true }]);
    expect(screen.queryByTestId(ids.modelSearch)).toBeNull();
  });

  it('lets one choose where there are many', async () => {
    const services = await first('Anthropic', 5);
    await user.click(screen.getByTestId(ids.continue));
    expect(await screen.findByTestId(ids.modelSearch)).toBeInTheDocument();
    expect(lined(services)).toEqual([]);
  });

  it('leaves a line-up that was chosen, and the demos where nothing is connected or who skips', async () => {
    const chosen = await first('Anthropic', 3, ['openai/gpt-5']);
    await user.click(screen.getByTestId(ids.continue));
    await screen.findByTestId(ids.composer);
    expect(lined(chosen)).toEqual(['openai/gpt-5']);
    document.body.replaceChildren();
    host.close();
    // Its key was refused.
    const refused = await first('Mistral', 3);
    await user.click(screen.getByTestId(ids.continue));
    await waitFor(() => expect(refused.nav.page.name).toBe('new'));
    expect(lined(refused)).toEqual(DEMOS);
    document.body.replaceChildren();
    host.close();
    const skipped = await first('Anthropic', 3);
    await user.click(screen.getByTestId(ids.skip));
    await waitFor(() => expect(skipped.nav.page.name).toBe('new'));
    expect(lined(skipped)).toEqual(DEMOS);
  });
});
