// Texts the scripted host speaks, already as the blocks the core would send.
import type { HtmlBlock } from '../generated/HtmlBlock';

const blocks = (html: string[]): HtmlBlock[] =>
  html.map((part, index) => ({ key: `${index}-${part.length}-${part.slice(0, 24)}`, html: part }));

const code = (label: string, body: string) =>
  `<figure class="code"><figcaption><span class="code-lang">${label}</span><span class="code-acts"><button type="button" class="code-wrap" data-act="wrap" aria-pressed="false" aria-label="Wrap long lines"></button><button type="button" class="code-copy" data-act="copy" aria-label="Copy code"></button></span></figcaption><pre tabindex="0"><code>${body}</code></pre></figure>`;
const k = (text: string) => `<span class="s-keyword">${text}</span>`;

export const sketches = blocks([
  '<p><strong>Stop counting rows at read time.</strong> Distinct-per-day over 400 M rows has to sort or hash every user id on each load. Keep one small sketch per day instead and merge sketches when the dashboard asks.</p>',
  '<h4>1. A roll-up table with HyperLogLog</h4>',
  code(
    'SQL',
    `${k('CREATE')} ${k('EXTENSION')} ${k('IF')} ${k('NOT')} ${k('EXISTS')} hll;\n\n${k('CREATE')} ${k('TABLE')} daily_users (\n  day   <span class="s-type">date</span> ${k('PRIMARY')} ${k('KEY')},\n  users hll ${k('NOT')} NULL\n);\n\n${k('INSERT')} ${k('INTO')} daily_users\n${k('SELECT')} ts::<span class="s-type">date</span>, hll_add_agg(hll_hash_bigint(user_id))\n${k('FROM')}   events\n${k('WHERE')}  ts &gt;= <span class="s-string">'2026-01-01'</span> <span class="s-comment">-- this year</span>\n${k('GROUP')}  ${k('BY')} <span class="s-constant">1</span>;`,
  ),
  '<p>Reads become 30 rows per month. Each sketch is 1.3 kB and they <em>union</em>, so weekly and monthly actives come free. See <a class="link" href="https://www.postgresql.org/docs/" title="https://www.postgresql.org/docs/">the manual</a>.</p>',
  '<h4>What to expect</h4>',
  '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th>Step</th><th class="n">Before</th><th class="n">After</th></tr></thead><tbody><tr><td>30-day chart</td><td class="n">40 s</td><td class="n">9 ms</td></tr><tr><td>Today’s tile</td><td class="n">2.1 s</td><td class="n">0.3 s</td></tr></tbody></table></div>',
  '<p>If finance needs exact numbers, run the exact count once per night and store both.</p>',
]);

export const partitions = blocks([
  '<p>I would change <strong>where the work happens</strong> before touching indexes. An index cannot save a query that must look at every row in the range.</p>',
  '<ol><li><strong>Partition by day.</strong> Pruning alone takes a 30-day query from 400 M rows to about 36 M.</li><li><strong>Pre-aggregate per (day, user).</strong> One row per active user per day, roughly 60× smaller.</li><li><strong>Then</strong> decide whether you need exact counts.</li></ol>',
  code(
    'SQL',
    `${k('CREATE')} ${k('MATERIALIZED')} ${k('VIEW')} user_days ${k('AS')}\n${k('SELECT')} date_trunc(<span class="s-string">'day'</span>, ts) ${k('AS')} day, user_id\n${k('FROM')} events ${k('GROUP')} ${k('BY')} <span class="s-constant">1</span>, <span class="s-constant">2</span>;`,
  ),
  '<p>Refresh it concurrently every five minutes, for the last two days only.</p>',
]);

export const plan = blocks([
  '<p>The main cost is <code>COUNT(DISTINCT)</code>: it sorts, it spills to disk, and it cannot run in parallel in Postgres. Three moves, cheapest first.</p>',
  '<h4>Check the plan</h4>',
  '<p>The inner <code>GROUP BY</code> <strong>can</strong> go parallel. On eight workers I would expect 6 to 9 s with no schema change.</p>',
  '<h4>Roll up nightly</h4>',
  '<ul><li>30 sketches × 1.3 kB = 39 kB read</li><li>error about 0.8 % at p = 14</li><li>weekly and monthly actives from the same table</li></ul>',
  '<blockquote><p>Measure before and after, on the same day of data.</p></blockquote>',
]);

export const short = blocks([
  '<p>Short answer: <strong>pre-aggregate</strong>. The query is slow because it is doing the same work on every page load.</p>',
  '<ul><li>Create <code>daily_active(day, user_id)</code> with a unique index.</li><li>Fill it with <code>INSERT … ON CONFLICT DO NOTHING</code> from your ingest path.</li><li>Count from that table.</li></ul>',
  '<p>This keeps the counts exact. If the table itself becomes large, move to HyperLogLog, which</p>',
]);

export const thought = blocks([
  '<p>The user wants the error at p = 14, so m = 16,384 registers. Standard error 1.04/√m. For 10 M that is about 81 k at one sigma.</p>',
  '<p>Need to mention bias correction in the small range: linear counting below 2.5 m = 40,960.</p>',
]);
