import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BacktestResult } from '../lib/backtest/outcome.ts';
import { PHASES, type Phase, type PhaseResult, runPhase } from './backtest-phases.ts';
import { type StepTimes, stepTimes } from './backtest-steps.ts';
import { dataFolder } from './traffic.ts';

/**
 * How fast a backtest is and what it keeps: `npm run bench:backtest -- --data DIR [--json FILE] [--only PHASE,...]`.
 * DIR holds exchanges-*.ndjson.gz; usage events are recorded from them first. Each phase is a process of its own. Unless phases
 * are named, the command itself then replays the usage events in one process, and in 1 and 2 shards: campaigns included; and the steps
 * of a backtest on Step Functions are taken one after another (`distributed`).
 */

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at >= 0 ? process.argv[at + 1] : undefined;
};

const ONE = fileURLToPath(import.meta.url);

async function run(data: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'siphonwatch-bench-'));
  try {
    const exchanges = (await readdir(data))
      .filter((name) => /^exchanges-.*\.ndjson(\.gz)?$/.test(name))
      .sort()
      .map((name) => join(data, name));
    const events = join(folder, 'events.ndjson');
    process.stderr.write('recording usage events\n');
    command('bin/siphonwatch.mjs', ['record', ...exchanges, '--key-seed', 'benchmark', '--out', events]);
    const asked = argument('--only')?.split(',');
    const results: Partial<Record<Phase, PhaseResult>> = {};
    for (const phase of Object.keys(PHASES) as Phase[]) {
      if (asked !== undefined && !asked.includes(phase)) continue;
      process.stderr.write(`${phase}: ${PHASES[phase]}\n`);
      const files = phase === 'exchanges' ? exchanges : [events];
      const made = command(ONE, ['--phase', phase, ...files]);
      results[phase] = JSON.parse(made) as PhaseResult;
    }
    const commands = asked === undefined || asked.includes('shards') ? throughputs(events) : {};
    const steps =
      asked === undefined || asked.includes('distributed')
        ? (JSON.parse(command(ONE, ['--steps', events])) as StepTimes)
        : undefined;
    const result = {
      phases: results,
      ...derived(results),
      commands,
      ...(steps === undefined ? {} : { steps }),
    };
    print(result);
    const json = argument('--json');
    if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the command says of its own pace, from the first line read to the last campaign judged: events a second. */
function throughputs(events: string): Record<string, number> {
  const paces: Record<string, number> = {};
  for (const shards of [undefined, 1, 2]) {
    const words = shards === undefined ? [] : ['--shards', String(shards)];
    const name = shards === undefined ? 'one process' : `${shards} shard${shards === 1 ? '' : 's'}`;
    process.stderr.write(`backtest ${words.join(' ')}\n`);
    const made = command('bin/siphonwatch.mjs', ['backtest', events, ...words, '--json']);
    paces[name] = (JSON.parse(made) as BacktestResult).throughput.eventsPerSecond;
  }
  return paces;
}

/** Standard output of a script in a process of its own. */
function command(script: string, words: readonly string[]): string {
  const made = spawnSync(
    process.execPath,
    ['--max-semi-space-size=64', '--expose-gc', '--import', 'tsx', script, ...words],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 },
  );
  if (made.status !== 0) throw new Error(`${script} ${words[0] ?? ''} ended with ${made.status}`);
  return made.stdout;
}

interface Derived {
  /** memory after four times the events, as a multiple of that after one */
  readonly growthOverEvents?: number;
  /** what an account more costs, bytes: both crowds are larger than the number that is kept decoded */
  readonly heldBytesPerAccount?: number;
  readonly storedBytesPerAccount?: number;
}

function derived({ once, fourfold, pair, crowd }: Partial<Record<Phase, PhaseResult>>): Derived {
  if (once === undefined) return {};
  return {
    ...(fourfold === undefined ? {} : { growthOverEvents: fourfold.heldBytes / once.heldBytes }),
    ...(crowd === undefined || pair === undefined
      ? {}
      : {
          heldBytesPerAccount: Math.round(
            (crowd.heldBytes - pair.heldBytes) / (crowd.accounts - pair.accounts),
          ),
        }),
    storedBytesPerAccount: Math.round(once.storedBytes / once.accounts),
  };
}

function print(
  result: {
    phases: Partial<Record<Phase, PhaseResult>>;
    commands: Readonly<Record<string, number>>;
    steps?: StepTimes;
  } & Derived,
): void {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  for (const [phase, held] of Object.entries(result.phases)) {
    process.stdout.write(
      `${phase.padEnd(10)} ${String(held.eventsPerSecond).padStart(8)} a second (${held.events}, ${held.seconds.toFixed(1)} s, processor ${held.processorSeconds.toFixed(1)} s); `,
    );
    process.stdout.write(
      held.accounts === 0
        ? `peak ${mb(held.peakRssBytes)}\n`
        : `${held.accounts} accounts, held ${mb(held.heldBytes)}, stored ${Math.round(held.storedBytes / held.accounts)} bytes an account, peak ${mb(held.peakRssBytes)}\n`,
    );
  }
  if (result.growthOverEvents !== undefined)
    process.stdout.write(`four times the events: ${result.growthOverEvents.toFixed(2)} times the memory\n`);
  if (result.heldBytesPerAccount !== undefined)
    process.stdout.write(
      `${result.heldBytesPerAccount} bytes for each account more: all that a backtest keeps of it\n`,
    );
  for (const [name, pace] of Object.entries(result.commands))
    process.stdout.write(`backtest in ${name}: ${pace} usage events a second, campaigns included\n`);
  if (result.steps !== undefined) printSteps(result.steps);
}

function printSteps({ events, packedBytes, putBytes, putObjects, seconds }: StepTimes): void {
  const packed = packedBytes / 1e6;
  const perMb = (value: number): string => (value / packed).toFixed(2);
  process.stdout.write(
    `on Step Functions: ${events} events, ${packed.toFixed(1)} MB of the archive; of each MB, seconds of a processor: divide ${perMb(seconds.divide)}, replay ${perMb(seconds.replay)}, merge ${perMb(seconds.merge)}; put ${perMb(putBytes / 1e6)} MB in ${perMb(putObjects)} objects\n`,
  );
}

const steps = argument('--steps');
const phase = argument('--phase');
if (steps !== undefined) process.stdout.write(JSON.stringify(await stepTimes(steps)));
else if (phase !== undefined) {
  const files = process.argv.slice(process.argv.indexOf('--phase') + 2);
  process.stdout.write(JSON.stringify(await runPhase(phase as Phase, files)));
} else {
  const folder = dataFolder(process.argv, 'bench:backtest');
  if (folder !== undefined) await run(folder);
}
