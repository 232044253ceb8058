import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { Command } from 'commander';
import { compare } from '../backtest/compare.ts';
import { measure } from '../backtest/measure.ts';
import type { AccountOutcome, BacktestResult, Outcome } from '../backtest/outcome.ts';
import { startReplay } from '../backtest/replay.ts';
import { Scoreboard } from '../backtest/scoreboard.ts';
import { CampaignTracker } from '../campaigns/tracker.ts';
import type { Rules } from '../detection/judge.ts';
import { misfits } from '../policy/diff.ts';
import type { Policy } from '../policy/policy.ts';
import { joinSlices } from '../profile/window.ts';
import { staleness } from '../scoring/calibration.ts';
import { itemBytes } from '../stores/profile-item.ts';
import { MemoryProfileStore } from '../stores/profile-memory.ts';
import { printable } from '../telemetry/reason.ts';
import { createRecorder, type Recorder } from '../telemetry/recorder.ts';
import { CODE_VERSION } from '../version.ts';
import { colours } from './colours.ts';
import { inputFiles } from './input.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from './keyring.ts';
import { type Labels, labelsReader } from './labels.ts';
import { loadCalibration, loadPolicy } from './policy-file.ts';
import { fileProgress } from './progress.ts';
import { readUsageEvents } from './usage-events.ts';
import { printJson, runVerb, say } from './verb.ts';

export type { BacktestResult } from '../backtest/outcome.ts';

export interface BacktestOptions extends KeyOptions {
  readonly labels?: string;
  readonly policy?: string;
  readonly calibration?: string;
  readonly compare?: string;
  readonly compareCalibration?: string;
  readonly report?: string;
  readonly save?: string;
  readonly json?: boolean;
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
    .option('--compare <file>', 'a second policy over the same traffic, side by side')
    .option('--compare-calibration <file>', 'calibration of the second policy; default: that of the first')
    .option('--report <file>', 'write a self-contained HTML report')
    .option(
      '--save <file>',
      'write everything found, an account a record (JSON; gzip where it ends in .gz), for `console`',
    )
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((files: string[], options: BacktestOptions) =>
    runVerb('backtest', async () => {
      const { outcomes } = await backtest(files, options);
      const [outcome, candidate] = outcomes;
      if (options.report !== undefined) {
        const { backtestReport } = await import('../backtest/report.ts');
        await writeFile(options.report, await backtestReport(outcome, candidate));
        say(`report: ${options.report}`);
      }
      if (options.save !== undefined) {
        const text = JSON.stringify(candidate ?? outcome);
        await writeFile(options.save, options.save.endsWith('.gz') ? gzipSync(text) : text);
        say(`saved: ${options.save}`);
      }
      if (options.json === true)
        printJson(
          candidate === undefined
            ? outcome.result
            : {
                ...outcome.result,
                compared: { ...candidate.result, change: comparisonOf(outcome, candidate) },
              },
        );
      else {
        printTables(outcome.result);
        if (candidate !== undefined) printComparison(outcome, candidate);
      }
      return 0;
    }),
  );
}

/** One policy's replay: its own store and scoreboard over the events that all of them see. */
interface Track {
  readonly policy: Policy;
  readonly calibration: string;
  readonly board: Scoreboard;
  readonly store: MemoryProfileStore;
  readonly replay: ReturnType<typeof startReplay>;
  readonly sampled: { items: number; units: number };
  /** looks for campaigns at arrival time `at`, ms */
  readonly link: (at: number) => void;
  /** that its calibration is too old for traffic of `at`, in words */
  readonly stale: (at: number) => string | undefined;
}

/** Campaigns are looked for every hour of arrival time; production looks every fifteen minutes. */
const LINK_EVERY_MS = 3_600_000;

/** Every so-many-th item is encoded to know its size. */
const SAMPLE_EVERY = 61;

async function trackOf(
  policyFile: string | undefined,
  calibrationFile: string | undefined,
  campaignOf: ReadonlyMap<string, string>,
): Promise<Track> {
  const policy = await loadPolicy(policyFile);
  const calibration = await loadCalibration(calibrationFile);
  for (const misfit of misfits(policy, calibration)) say(`WARNING: ${misfit}`);
  if (policy.campaigns.enabled && calibration.groupScore === undefined)
    say(
      `note: calibration ${calibration.id} knows no benign groups: campaigns are linked, none is judged (siphonwatch calibrate learns them)`,
    );
  const board = new Scoreboard(campaignOf);
  const store = new MemoryProfileStore({
    retentionDays: Math.max(...policy.windows) / 24 + 1,
  });
  const sampled = { items: 0, units: 0 };
  const rules: Rules = { policy, calibration, code: CODE_VERSION, shadow: false };
  const tracker = new CampaignTracker({});
  let linkAt: number | undefined;
  const link = (at: number): void => {
    const { notices } = tracker.run(
      at,
      {
        slicesOf(account) {
          const { profile, sealed } = store.one(account);
          return joinSlices([sealed, profile.slices]);
        },
        samplesOf: (account) => store.one(account).profile.samples,
      },
      rules,
    );
    for (const notice of notices) board.notice(notice);
  };
  const replay = startReplay(store, rules, {
    onArrival: (event, _, at) => tracker.observe(event.account, event, at),
    onFlush(at) {
      linkAt ??= at + LINK_EVERY_MS;
      if (at < linkAt) return;
      linkAt = at + LINK_EVERY_MS;
      link(at);
    },
    onStep(account, step) {
      board.step(account, step);
      if (step.changed && board.writes % SAMPLE_EVERY === 0) {
        sampled.items++;
        sampled.units += Math.ceil(itemBytes(step.state) / 1024);
      }
    },
  });
  const stale = (at: number): string | undefined => staleness(calibration, at);
  return { policy, calibration: calibration.id, board, store, replay, sampled, link, stale };
}

/** Runs the replay; prints nothing but progress and rejects, on standard error. The second outcome is that of `--compare`. */
export async function backtest(
  names: readonly string[],
  options: BacktestOptions,
): Promise<{ result: BacktestResult; outcomes: [Outcome, ...Outcome[]] }> {
  const files = await inputFiles(names);
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
  const first = await trackOf(options.policy, options.calibration, campaignOf);
  const tracks = [first];
  if (options.compare !== undefined)
    tracks.push(
      await trackOf(options.compare, options.compareCalibration ?? options.calibration, campaignOf),
    );
  const bar = await fileProgress(
    files,
    process.stderr,
    'backtest',
    () => `${first.replay.counts.read} events`,
  );
  let rejected = 0;
  const began = performance.now();
  try {
    for await (const batch of readUsageEvents(files, {
      format: 'auto',
      recorder: keyed,
      onBytes: bar.bytes,
    })) {
      rejected += batch.rejects.length;
      for (const event of batch.events) for (const { replay } of tracks) replay.push(event);
    }
  } finally {
    bar.stop();
  }
  for (const { replay, link, stale } of tracks) {
    replay.finish();
    link(replay.now());
    const old = stale(replay.now());
    if (old !== undefined) say(`WARNING: ${old}`);
  }
  const seconds = (performance.now() - began) / 1000;
  if (rejected > 0) say(`${rejected} lines set aside (record --rejects FILE shows them)`);
  if (labels !== undefined) tellAbsent(labels, first.board);
  const outcome = outcomeOf(first, labels, rejected, seconds);
  return {
    result: outcome.result,
    outcomes: [outcome, ...tracks.slice(1).map((track) => outcomeOf(track, labels, rejected, seconds))],
  };
}

/** Labels whose accounts sent nothing count nowhere; silence about them would hide a wrong key or a wrong file. */
function tellAbsent(labels: Labels, board: Scoreboard): void {
  const absent = labels.list.filter((held) => !board.standings.has(held.pseudonym));
  const [first] = absent;
  if (first === undefined) return;
  say(
    `WARNING: ${absent.length} of ${labels.list.length} labelled accounts have no events here (the first is ${printable(first.account)}): they count on no side. ${absent.length === labels.list.length ? 'Probably the events were recorded under another key: give --keyring or --key-seed.' : ''}`.trimEnd(),
  );
}

function outcomeOf(track: Track, labels: Labels | undefined, rejected: number, seconds: number): Outcome {
  const { board, store, policy, sampled } = track;
  const { counts } = track.replay;
  const labelOf = (account: string): string => labels?.byPseudonym.get(account)?.account ?? account;
  const perItem = sampled.items === 0 ? 1 : sampled.units / sampled.items;
  const writeUnits = Math.round(board.writes * perItem + board.parts);
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
    versions: { policy: policy.id, calibration: track.calibration, code: CODE_VERSION },
    cost: {
      writes: board.writes,
      parts: board.parts,
      writeUnits,
      writeUnitsPerEvent: Number((writeUnits / Math.max(1, counts.used)).toFixed(4)),
    },
  };
  const accounts: AccountOutcome[] = [];
  for (const [account, held] of board.standings) {
    const label = labels?.byPseudonym.get(account);
    const flag = board.flags.get(account);
    accounts.push({
      id: labelOf(account),
      account,
      label: label?.label ?? '',
      kind: label?.kind ?? '',
      campaign: label?.campaign ?? '',
      group: held.group,
      events: held.events,
      firstSeen: held.firstSeen,
      lastSeen: held.lastSeen,
      peak: Number(held.peak.toPrecision(5)),
      peakAt: held.peakAt,
      p: Number(held.p.toPrecision(5)),
      reasons: held.reasons,
      ...(flag === undefined
        ? {}
        : {
            flag: {
              level: flag.level,
              at: flag.firstAt,
              events: flag.events,
              via: flag.via,
              ...(flag.finding === undefined ? {} : { finding: flag.finding }),
            },
          }),
      ...(held.trace.length === 0
        ? {}
        : {
            trace: held.trace.map(
              ([at, score, p]) => [at, Number(score.toPrecision(4)), Number(p.toPrecision(4))] as const,
            ),
          }),
    });
  }
  return { v: 1, result, policy, accounts, notices: [...board.latest.values()] };
}

export function comparisonOf(active: Outcome, candidate: Outcome): Record<string, unknown> {
  const { gained, lost, ...counts } = compare(active, candidate);
  return { ...counts, gained: gained.map((held) => held.id), lost: lost.map((held) => held.id) };
}

export function printComparison(active: Outcome, candidate: Outcome): void {
  const change = compare(active, candidate);
  const names = (list: readonly AccountOutcome[]): string =>
    list.length === 0
      ? 'nobody'
      : `${list.length} (${list
          .slice(0, 8)
          .map((held) => `${held.id}${held.label === '' ? '' : ` ${held.label}`}`)
          .join(', ')}${list.length > 8 ? ', ...' : ''})`;
  process.stdout.write(
    `\n${candidate.policy.id} beside ${active.policy.id}: newly caught ${change.newlyCaught}, newly wronged ${change.newlyWronged}, no longer caught ${change.noLongerCaught}, no longer wronged ${change.noLongerWronged}\n  only ${candidate.policy.id} flags ${names(change.gained)}\n  only ${active.policy.id} flags ${names(change.lost)}\n`,
  );
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
        row.flagged > 0 && row.label === 'benign' ? colours.red(String(row.flagged)) : row.flagged,
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
