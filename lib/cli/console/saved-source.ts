import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import type { AccountOutcome, BacktestOutcome } from '../../backtest/outcome.ts';
import type { ConsoleStatus } from '../../console/status.ts';
import { applyNotice, type Finding, type Notice } from '../../findings/finding.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';
import { parsePolicy } from '../../policy/parse-policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { describeReason, reasonOf } from '../../telemetry/reason.ts';
import { DAY_MS } from '../../time.ts';
import { loadCalibration } from '../policy/policy-file.ts';
import type { ConsoleSource } from './console-source.ts';

const outcomeFile = z.looseObject({
  v: z.literal(1),
  result: z.looseObject({
    versions: z.looseObject({ policy: z.string() }),
    accounts: z.unknown().optional(),
  }),
  policy: z.unknown(),
  accounts: z.array(
    z.looseObject({
      id: z.string(),
      account: z.string(),
      p: z.number(),
      peak: z.number(),
      group: z.string(),
    }),
  ),
  notices: z.array(
    z.looseObject({ finding: z.string(), subject: z.looseObject({ type: z.string(), id: z.string() }) }),
  ),
});

/** What `backtest --save` wrote. @throws InputError saying what the file is not */
export async function saved(
  file: string,
  options: { readonly calibration?: string; readonly compared?: boolean },
): Promise<ConsoleSource> {
  const json = await jsonOf(file);
  const parsed = outcomeFile.safeParse(json);
  if (!parsed.success)
    throw new InputError(
      `${file}: not what backtest --save writes: ${describeReason(reasonOf(parsed.error, json))}`,
    );
  // The shape that the page reads is checked above; the rest is shown as text.
  const both = json as BacktestOutcome & { readonly compared?: BacktestOutcome };
  if (options.compared === true && both.compared === undefined)
    throw new InputError(`--compared: ${file} holds one policy; make it with backtest --compare and --save`);
  const outcome = options.compared === true && both.compared !== undefined ? both.compared : both;
  const policy = parsePolicy(JSON.stringify(outcome.policy));
  if (!policy.ok)
    throw new InputError(`${file}: its policy is of another version of siphonwatch: run backtest again`);
  const calibration = await loadCalibration(options.calibration);
  const opened = new Map(
    outcome.accounts.flatMap(({ flag }) => (flag?.finding === undefined ? [] : [[flag.finding, flag.at]])),
  );
  return {
    title: `backtest of ${outcome.result.events.read.toLocaleString('en-US')} events`,
    labelled: outcome.accounts.some((held) => held.label !== '') ? 'labels' : 'none',
    policy: policy.policy,
    calibration,
    accounts: outcome.accounts,
    findings: outcome.notices.map((notice) => findingOf(notice, opened.get(notice.finding))),
    status: statusOf(outcome, calibration),
    now: lastSeen(outcome.accounts),
  };
}

/** A backtest keeps the newest notice of a finding; when it opened is known from the first flag. */
function findingOf(notice: Notice, opened: number | undefined): Finding {
  const held = applyNotice(undefined, notice);
  if (opened === undefined || opened >= Date.parse(notice.at)) return held;
  const openedAt = new Date(opened).toISOString();
  return {
    ...held,
    openedAt,
    history: [{ number: 0, transition: 'opened', level: notice.previous, at: openedAt }, ...held.history],
  };
}

function lastSeen(accounts: readonly AccountOutcome[]): number {
  return accounts.reduce((latest, held) => Math.max(latest, held.lastSeen ?? 0), 0);
}

function statusOf({ accounts, policy, result }: BacktestOutcome, calibration: Calibration): ConsoleStatus {
  const last = lastSeen(accounts);
  return {
    readAt: new Date().toISOString(),
    lastEvent: new Date(last).toISOString(),
    accounts: accounts.length,
    active: accounts.filter((held) => held.lastSeen > last - DAY_MS).length,
    events: result.events.used,
    policy: { id: policy.id, since: '', state: 'replayed', note: '' },
    shadow: undefined,
    calibration: {
      id: calibration.id,
      madeAt: calibration.madeAt,
      accounts: calibration.accounts,
      days: calibration.days,
      foreign: calibration.foreign,
    },
    week: undefined,
    review: undefined,
    warnings: [],
  };
}

async function jsonOf(file: string): Promise<unknown> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new InputError(`${file}: cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  try {
    return JSON.parse((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw new InputError(
      `${file}: ${bytes[0] === 0x1f ? 'truncated or damaged gzip, or not JSON' : 'not JSON'}; make it with backtest --save`,
      { cause: error },
    );
  }
}
