import Table from 'cli-table3';
import { Command } from 'commander';
import pc from 'picocolors';
import { type Measurement, measure } from '../backtest/measure.ts';
import { startReplay } from '../backtest/replay.ts';
import { Scoreboard } from '../backtest/scoreboard.ts';
import { MemoryProfileStore } from '../stores/profile-memory.ts';
import { createRecorder, type Recorder } from '../telemetry/recorder.ts';
import { CODE_VERSION } from '../version.ts';
import { inputFiles } from './input.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from './keyring.ts';
import { labelsReader } from './labels.ts';
import { loadCalibration, loadPolicy } from './policy-file.ts';
import { fileProgress } from './progress.ts';
import { readUsageEvents } from './usage-events.ts';
import { printJson, runVerb, say } from './verb.ts';

export interface BacktestOptions extends KeyOptions {
  readonly labels?: string;
  readonly policy?: string;
  readonly calibration?: string;
  readonly report?: string;
  readonly json?: boolean;
}

/** What `backtest --json` prints; fields are only ever added. */
export interface BacktestResult extends Partial<Measurement> {
  events: { read: number; used: number; quarantined: number; late: number; repeated: number };
  flags: {
    account: string;
    level: string;
    firstAt: string;
    score: number;
    log10E: number;
    via: 'account' | 'campaign';
  }[];
  throughput: { eventsPerSecond: number; seconds: number; bytesPerAccount: number };
  versions: { policy: string; calibration: string; code: string };
}

/** `backtest EVENTS...`: replays usage events or exchanges through the production code; with labels it measures. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description(
      'replay usage events (or exchanges) through the production code and say what would have been found',
    )
    .argument(
      '<events...>',
      'NDJSON files in order of arrival, plain or gzip; patterns are expanded; - is standard input',
    )
    .option('--labels <file>', 'CSV account,label,kind,campaign: measures against it')
    .option('--policy <file>', 'policy (YAML or JSON); default: the shipped one')
    .option('--calibration <file>', 'calibration (JSON); default: the shipped one')
    .option('--report <file>', 'write a self-contained HTML report')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((files: string[], options: BacktestOptions) =>
    runVerb('backtest', async () => {
      const { result, board, labelOf } = await backtest(files, options);
      if (options.report !== undefined) {
        const { writeBacktestReport } = await import('../backtest/report.ts');
        await writeBacktestReport(options.report, result, board, labelOf);
        say(`report: ${options.report}`);
      }
      if (options.json === true) printJson(result);
      else printTables(result);
      return 0;
    }),
  );
}

/** Runs the replay; prints nothing but progress and rejects, on standard error. */
export async function backtest(
  names: readonly string[],
  options: BacktestOptions,
): Promise<{ result: BacktestResult; board: Scoreboard; labelOf: (account: string) => string }> {
  const files = await inputFiles(names);
  const policy = await loadPolicy(options.policy);
  const calibration = await loadCalibration(options.calibration);
  let recorder: Recorder | undefined;
  const keyed = async (): Promise<Recorder> => {
    recorder ??= createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) });
    return recorder;
  };
  const labels =
    options.labels === undefined ? undefined : await labelsReader(options.labels, (await keyed()).pseudonym);
  const campaignOf = new Map<string, string>();
  for (const held of labels?.list ?? [])
    if (held.campaign !== '') campaignOf.set(held.pseudonym, held.campaign);
  const board = new Scoreboard(campaignOf);
  const store = new MemoryProfileStore({ retentionDays: 8 });
  const replay = startReplay(
    store,
    { policy, calibration, code: CODE_VERSION, shadow: false },
    { onStep: (account, step) => board.step(account, step) },
  );
  const bar = await fileProgress(files, process.stderr, 'backtest', () => `${replay.counts.read} events`);
  let rejected = 0;
  const began = performance.now();
  try {
    for await (const batch of readUsageEvents(files, {
      format: 'auto',
      recorder: keyed,
      onBytes: bar.bytes,
    })) {
      rejected += batch.rejects.length;
      for (const event of batch.events) replay.push(event);
    }
  } finally {
    bar.stop();
  }
  const counts = replay.finish();
  const seconds = (performance.now() - began) / 1000;
  if (rejected > 0) say(`${rejected} lines set aside (record --rejects FILE shows them)`);
  const labelOf = (account: string): string => labels?.byPseudonym.get(account)?.account ?? account;
  const result: BacktestResult = {
    events: {
      read: counts.read + rejected,
      used: counts.used,
      quarantined: counts.quarantined + rejected,
      late: counts.late,
      repeated: counts.repeated,
    },
    ...(labels === undefined
      ? {}
      : measure(
          labels.list.map((held) => ({ ...held, id: held.account, account: held.pseudonym })),
          board.flags,
          board.activity(),
          board.eventsAtFlag,
        )),
    flags: [...board.flags.values()]
      .sort((a, b) => a.firstAt - b.firstAt)
      .map((flag) => ({
        account: labelOf(flag.account),
        level: flag.level,
        firstAt: new Date(flag.firstAt).toISOString(),
        score: flag.score,
        log10E: flag.log10E,
        via: flag.via,
      })),
    throughput: {
      eventsPerSecond: Math.round(counts.read / Math.max(seconds, 1e-3)),
      seconds: Number(seconds.toFixed(2)),
      bytesPerAccount: store.accounts === 0 ? 0 : Math.round(store.bytes() / store.accounts),
    },
    versions: { policy: policy.id, calibration: calibration.id, code: CODE_VERSION },
  };
  return { result, board, labelOf };
}

const percent = (rate: number): string => `${(rate * 100).toFixed(2)} %`;
const rounded = (value: number | null, digits = 0): string => (value === null ? '-' : value.toFixed(digits));

function printTables(result: BacktestResult): void {
  const out = (line = ''): void => {
    process.stdout.write(`${line}\n`);
  };
  const { events, throughput } = result;
  out(
    `${events.read} events: ${events.used} used, ${events.late} late, ${events.repeated} repeated, ${events.quarantined} set aside; ${throughput.eventsPerSecond} a second, ${throughput.bytesPerAccount} bytes an account`,
  );
  if (result.accounts !== undefined && result.byKind !== undefined) {
    const { accounts } = result;
    out(
      `benign flagged ${accounts.benignFlagged} of ${accounts.benign} (${percent(accounts.fpr)}, 95 % ${percent(accounts.fprInterval[0])} to ${percent(accounts.fprInterval[1])}); extraction flagged ${accounts.extractionFlagged} of ${accounts.extraction} (${percent(accounts.tpr)})`,
    );
    const kinds = new Table({
      head: ['kind', 'label', 'accounts', 'flagged', 'events to flag', 'hours to flag'],
      style: { head: [], border: [] },
    });
    for (const [kind, row] of Object.entries(result.byKind))
      kinds.push([
        kind,
        row.label,
        row.accounts,
        row.flagged > 0 && row.label === 'benign' ? pc.red(String(row.flagged)) : row.flagged,
        rounded(row.medianEventsToFlag),
        rounded(row.medianHoursToFlag, 1),
      ]);
    out(kinds.toString());
    const campaigns = new Table({
      head: ['campaign', 'kind', 'accounts', 'recall', 'hours to flag', 'events to flag', 'foreign'],
      style: { head: [], border: [] },
    });
    for (const row of result.campaigns ?? [])
      campaigns.push([
        row.campaign,
        row.kind,
        row.accounts,
        percent(row.memberRecall),
        rounded(row.hoursToFlag, 1),
        rounded(row.eventsToFlag),
        row.foreignMembers,
      ]);
    out(campaigns.toString());
  }
  const flags = new Table({
    head: ['first flag', 'account', 'level', 'score', 'log10 E', 'via'],
    style: { head: [], border: [] },
  });
  for (const flag of result.flags.slice(0, 25))
    flags.push([
      flag.firstAt.slice(0, 16),
      flag.account,
      flag.level,
      flag.score.toFixed(1),
      flag.log10E.toFixed(1),
      flag.via,
    ]);
  out(flags.toString());
  if (result.flags.length > 25) out(`... and ${result.flags.length - 25} more (--json has all)`);
}
