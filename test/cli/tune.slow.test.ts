import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backtest } from '../../lib/cli/backtest/backtest.ts';
import { tuneCommand } from '../../lib/cli/tune/tune.ts';
import { parsePolicy } from '../../lib/policy/parse-policy.ts';
import { calibration } from '../../lib/scoring/calibration.ts';
import { supportedBudget } from '../../lib/scoring/supported-budget.ts';

const EVENTS = 'examples/data/events.ndjson.gz';
const LABELS = 'examples/data/labels.csv';
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
      [EVENTS, '--labels', LABELS, '--max-fpr', '0.05', '--out', out, '--json'],
      {
        from: 'user',
      },
    );
  } finally {
    process.stdout.write = write;
  }
  const told = JSON.parse(printed) as { ok: boolean; backtest: unknown };
  expect(told.ok).toBe(true);
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
