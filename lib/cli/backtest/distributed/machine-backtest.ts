import type { BacktestRuns } from '../../../aws/backtest-runs.ts';
import type { MachineRun, MapMachineRuns } from '../../../aws/map-machine-runs.ts';
import type { BacktestRequest, Turn } from '../../../backtest/shards/turns.ts';
import { BACKTEST_DAYS } from '../../../contract/backtest-steps.ts';
import { plain } from '../../../findings/sanitize.ts';
import type { BacktestCost } from '../../../infra/cost/backtest-cost.ts';
import { InputError, NotYetError } from '../../../input/errors.ts';
import { say } from '../../../input/say.ts';
import { DAY_MS } from '../../../time.ts';
import { CODE_VERSION } from '../../../version.ts';
import { digestOf } from '../../replay/checkpoint.ts';
import { typedHere } from '../../shared/called-as.ts';
import { printJson } from '../../shared/command.ts';
import { type Asked, identityOf, type MadeReplay, mergedRuns, tellWarnings } from '../asked-backtest.ts';
import { archiveNotes } from './archive-notes.ts';
import { requireEnd } from './bounds.ts';
import { type ToldOutcome, toldOutcome } from './told-outcome.ts';

/** A deployment, as far as a backtest in shards needs it. */
export interface Machine {
  readonly machine: Pick<MapMachineRuns, 'latest' | 'running' | 'start' | 'describe' | 'cancel' | 'resume'>;
  readonly runs: BacktestRuns;
  readonly shards: number;
  readonly cost: (
    asked: Asked,
  ) => Promise<BacktestCost & { readonly objects: number; readonly bytes: number }>;
  /** of a run that does not exist yet */
  readonly newName: () => string;
}

/** A replay, or the exit code of what was done instead. */
export type MachineBacktest = MadeReplay | number;

const BY = 'siphonwatch backtest --cancel';

/**
 * Ends the newest run that is under way, whoever started it and whatever it is of, and says so.
 * @param names as they were given
 * @throws InputError where there is none
 */
export async function cancelRun(
  { machine, runs }: Pick<Machine, 'machine' | 'runs'>,
  names: readonly string[],
): Promise<number> {
  const [running, ...others] = await machine.running();
  if (running === undefined)
    throw new InputError(`nothing to cancel: the last run is ${wordOf(required(await machine.latest()))}`);
  await machine.cancel(running.run, BY);
  // whoever may stop a run may not be allowed to read it
  const request = await runs.request(running.name).catch(() => undefined);
  const isOurs = request === undefined || request.identity.files === digestOf(names);
  const of = request === undefined ? '' : `, of ${objectsOf(request)}`;
  say(
    typedHere(
      `canceled ${running.name}, under way since ${running.started}${of}; for ${BACKTEST_DAYS} days ${
        isOurs
          ? 'the same command goes on with it: --resume instead of --cancel'
          : 'the command that started it goes on with it, with --resume: it is of another input than was given here'
      }`,
    ),
  );
  for (const { name, started } of others)
    say(`${name} is under way still, since ${started}: --cancel once more ends it`);
  return 0;
}

/**
 * Starts a run, or goes on with the last one, and watches it to its end.
 * @param names as they were given
 */
export async function machineBacktest(
  on: Machine,
  names: readonly string[],
  asked: Asked,
): Promise<MachineBacktest> {
  const { options } = asked;
  // objects come while days go on: a run is of those that it began with
  const identity = { ...identityOf(asked, digestOf(names)), shards: String(on.shards) };
  const begun =
    options.resume === true ? await resumed(on, identity) : await started(on, asked, { ...identity });
  if (begun === undefined) return 0;
  const request = await on.runs.needRequest(begun.name);
  const ended = await watched(on, begun);
  if (ended.state !== 'SUCCEEDED') {
    say(typedHere(failureWords(ended)));
    return 1;
  }
  const told = await toldOutcome(on.runs, ended.name, request);
  return replayOf(on, ended, told);
}

async function resumed(
  { machine, runs }: Machine,
  identity: BacktestRequest['identity'],
): Promise<MachineRun> {
  const running = await machine.running();
  // of several that are under way, the one of this command
  for (const run of running.length > 1 ? running : []) {
    const request = await runs.request(run.name);
    if (request !== undefined && differences(request.identity, identity).length === 0) return run;
  }
  const last = running[0] ?? required(await machine.latest());
  const request = await runs.request(last.name);
  if (request === undefined)
    throw new InputError(
      `nothing to resume: the outcome of the last run, of ${last.started}, was read, or it is older than ${BACKTEST_DAYS} days: start a new one with --yes`,
    );
  const changed = differences(request.identity, identity);
  if (changed.length > 0)
    throw new InputError(
      `--resume: the last run is of another command (${changed.join(', ')} differ): give the command that started it, or start a new run with --yes`,
    );
  if (last.state === 'RUNNING' || last.state === 'SUCCEEDED') return last;
  await machine.resume(last.run);
  // a resumed run may take as long again as a new one
  say(
    `its first parts expire after ${new Date(Date.parse(last.started) + BACKTEST_DAYS * DAY_MS).toISOString().slice(0, 10)}: where it has not ended by then, it fails and has to be started anew`,
  );
  return machine.describe(last.run);
}

/** Names of what is not the same. */
function differences(one: BacktestRequest['identity'], other: BacktestRequest['identity']): string[] {
  return Object.keys({ ...one, ...other }).filter((name) => one[name] !== other[name]);
}

/** undefined where only the cost was asked for */
async function started(
  on: Machine,
  asked: Asked,
  identity: BacktestRequest['identity'],
): Promise<MachineRun | undefined> {
  const { traffic, tracks, campaignOf, options } = asked;
  const last = await on.machine.latest();
  if (last?.state === 'RUNNING')
    throw new NotYetError(
      `a run is under way since ${last.started}: the same command with --resume watches it where it is of the same input, --cancel ends it`,
    );
  const cost = await on.cost(asked);
  requireEnd(cost.minutes, traffic.files);
  for (const note of archiveNotes(traffic.files)) say(note);
  say(
    typedHere(
      `note: ${on.shards} functions run at once, beside those that score traffic, out of the account's concurrency; siphonwatch doctor compares`,
    ),
  );
  if (options.yes !== true) {
    if (options.json === true) printJson({ cost: { ...cost, shards: on.shards } });
    else process.stdout.write(typedHere(costWords(cost, on.shards)));
    return undefined;
  }
  tellWarnings(tracks);
  say(`reckoned: ${objectsOf(cost)} in ${on.shards} shards, USD ${cost.usd.toFixed(2)}`);
  const name = on.newName();
  await on.runs.ask(name, {
    code: CODE_VERSION,
    shards: on.shards,
    identity,
    files: traffic.files,
    tracks,
    campaignOf,
  });
  return on.machine.start(name);
}

function required(run: MachineRun | undefined): MachineRun {
  if (run === undefined) throw new InputError('no run of the last 90 days: start one with --yes');
  return run;
}

async function watched(on: Machine, begun: MachineRun): Promise<MachineRun> {
  let run = begun;
  const tty = process.stderr.isTTY === true;
  const progress = new Progress(on.runs, begun.name);
  let said = '';
  let pause = FIRST_PAUSE_MS;
  while (run.state === 'RUNNING') {
    const words = await progress.words(run);
    if (tty) process.stderr.write(`\r\x1b[K${words} (Ctrl-C leaves it running; --resume watches it again)`);
    else if (words !== said) say(words);
    said = words;
    await wait(pause);
    pause = Math.min(MOST_PAUSE_MS, pause * 1.5);
    run = await on.machine.describe(run.run);
  }
  if (tty) process.stderr.write('\r\x1b[K');
  return run;
}

/** Between two looks: a short run is not waited for long. */
const FIRST_PAUSE_MS = 200;
const MOST_PAUSE_MS = 5000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How far a run is: turns of dividing and merging, and shards in between. */
class Progress {
  readonly #runs: BacktestRuns;
  readonly #run: string;
  readonly #turns = { divide: [] as Turn[], merge: [] as Turn[] };

  constructor(runs: BacktestRuns, run: string) {
    this.#runs = runs;
    this.#run = run;
  }

  async words({ maps }: MachineRun): Promise<string> {
    const divided = await this.#newest('divide');
    if (divided?.done !== true)
      return divided === undefined
        ? 'dividing'
        : `dividing: ${divided.count.toLocaleString('en-US')} events, ${percent(divided.share)} of the objects`;
    const [map] = maps;
    if (map === undefined || map.done < map.shards)
      return `replaying ${map?.done ?? 0} of ${map?.shards ?? '?'} shards${map !== undefined && map.failed > 0 ? `, ${map.failed} failed` : ''}`;
    const merged = await this.#newest('merge');
    return merged === undefined ? 'merging' : `merging: ${percent(merged.share)} of the reports`;
  }

  async #newest(step: 'divide' | 'merge'): Promise<Turn | undefined> {
    const turns = this.#turns[step];
    while (turns.at(-1)?.done !== true) {
      const next = await this.#runs.turn(this.#run, step, turns.length);
      if (next === undefined) break;
      turns.push(next);
    }
    return turns.at(-1);
  }
}

const percent = (share: number): string => `${Math.floor(100 * share)} %`;

function replayOf(on: Machine, ended: MachineRun, { merged, divided, warnings }: ToldOutcome): MadeReplay {
  for (const { severe, text } of warnings)
    say(`${severe ? 'WARNING: BLIND, this traffic cannot be judged: ' : 'warning: '}${text}`);
  const { division, rejected } = divided;
  return {
    runs: mergedRuns(merged, division),
    rejected,
    seconds: (Date.parse(ended.ended ?? ended.started) - Date.parse(ended.started)) / 1000,
    drop: async () => {
      try {
        await on.runs.drop(ended.name);
      } catch (error) {
        const why = error instanceof Error ? error.name : String(error);
        say(`note: the parts of the run could not be deleted (${why}): they expire in ${BACKTEST_DAYS} days`);
      }
    },
  };
}

function wordOf({ state }: MachineRun): string {
  return state.toLowerCase().replace('_', ' ');
}

/** What Lambda says of an invocation that ended before its turn did: lambda/latest/dg/troubleshooting-invocation.html. */
const TOO_SMALL = /timed out|Runtime\.ExitError|OutOfMemory/i;

function failureWords(run: MachineRun): string {
  const lines = [
    `${wordOf(run)}: started ${run.started}${run.ended === undefined ? '' : `, ended ${run.ended}`}`,
  ];
  if (run.cause !== undefined) {
    lines.push(plain(run.cause, 300));
    if (TOO_SMALL.test(run.cause))
      lines.push(
        'an invocation ended before a turn did: a larger batchMemoryMb, or more backtestShards, and a new run',
      );
  }
  lines.push(`turns that ended are kept for ${BACKTEST_DAYS} days: the same command with --resume goes on`);
  return lines.join('\n');
}

const objectsOf = ({ objects }: { readonly objects: number }): string =>
  `${objects} object${objects === 1 ? '' : 's'}`;

function costWords(cost: Awaited<ReturnType<Machine['cost']>>, shards: number): string {
  const lines = cost.lines.map(({ what, usd }) => `  ${what}: USD ${usd.toFixed(2)}`);
  return `${objectsOf(cost)}, ${(cost.bytes / 1e6).toFixed(1)} MB packed, in ${shards} shards: some ${Math.ceil(cost.minutes)} minutes, USD ${cost.usd.toFixed(2)}\n${lines.join('\n')}\nReckoned at list prices of us-east-1 and measured times a megabyte (npm run bench:backtest); campaigns of many accounts take longer. Start it: the same command with --yes\n`;
}
