import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backtest } from '../../lib/cli/backtest/run-backtest.ts';
import { tuneCommand } from '../../lib/cli/tune/tune.ts';
import { parsePolicy } from '../../lib/policy/parse-policy.ts';
import { calibration } from '../../lib/scoring/calibration.ts';
import { supportedBudget } from '../../lib/scoring/supported-budget.ts';
import { holdToSchema } from './outputs.ts';

const EVENTS = 'examples/data/events.ndjson.gz';
const LABELS = 'examples/data/labels.csv';
interface Told {
  readonly ok: boolean;
  readonly backtest: unknown;
  readonly policy: { readonly windows: readonly number[]; readonly calmHours: number };
  readonly search: {
    readonly windows: readonly { readonly windows: readonly number[]; readonly chosen: boolean }[];
    readonly calm: readonly { readonly calmHours: number; readonly chosen: boolean }[];
  };
}
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-tune-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('tune tells of its policy what backtest counts, and proposes no level that cannot be reached', async () => {
  const out = join(folder, 'tuned.yaml');
  let printed = '';
  const write = process.stdout.write;
  process.stdout.write = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  try {
    await tuneCommand().parseAsync(
      [EVENTS, '--labels', LABELS, '--max-fpr', '0.05', '--search-minutes', '0.5', '--out', out, '--json'],
      {
        from: 'user',
      },
    );
  } finally {
    process.stdout.write = write;
  }
  const told = JSON.parse(printed) as Told;
  expect(told.ok).toBe(true);
  holdToSchema(['tune', '--json'], printed);
  // one set of windows and one calm are taken, and the policy has them
  const taken = told.search.windows.filter(({ chosen }) => chosen);
  expect(taken.map(({ windows }) => windows)).toEqual([told.policy.windows]);
  expect(told.search.calm.filter(({ chosen }) => chosen).map(({ calmHours }) => calmHours)).toEqual([
    told.policy.calmHours,
  ]);
  const beside = out.replace('.yaml', '.calibration.json');
  const { result } = await backtest([EVENTS], { labels: LABELS, policy: out, calibration: beside });
  expect(told.backtest).toEqual(result.accounts);
  // it has learnt from these accounts, and says so
  expect(result.learntFrom?.traffic).toBe('overlapping');
  const policy = parsePolicy(readFileSync(out, 'utf8'));
  if (!policy.ok) throw new Error('the policy does not parse');
  const size = calibration.parse(JSON.parse(readFileSync(beside, 'utf8')));
  expect(supportedBudget(size, policy.policy.budget)).toMatchObject(policy.policy.budget);
});
