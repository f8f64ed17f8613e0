// What the clients' scripts share: each scenario prints one line of JSON, and nothing stops the others.

export const BASE = process.env.GATEWAY;
export const KEY = process.env.GATEWAY_KEY;
export const MODELS = process.env.GATEWAY_MODELS.split(' ');
export const TEXT = 'Hello wörld!';
export const PNG = 'iVBORw0KGgo=';
export const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
export const PERSON = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};

/** They are equal, or it says what they are. */
export function same(got, wanted) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

/** It fails with this kind of error, which is returned. */
export async function fails(kind, call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`no ${kind.name}`);
}

/** Runs every scenario against every model. */
export async function run(client, scenarios) {
  for (const model of MODELS) {
    for (const scenario of scenarios) {
      const line = { name: `${client} ${scenario.name} ${model}`, ok: true };
      try {
        await scenario(model);
      } catch (error) {
        line.ok = false;
        line.detail = `${error?.constructor?.name}: ${error?.message}`.slice(0, 600);
      }
      console.log(JSON.stringify(line));
    }
  }
}
