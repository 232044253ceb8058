import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import picocolors from 'picocolors';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { type Cloud, startCloud } from '../../emulator/cloud.ts';
import { checkEngine, ENGINES, type Engine, EngineMissing } from '../../emulator/services/emulators.ts';
import { synthesize } from '../../emulator/template/assembly.ts';
import type { Finding } from '../../findings/finding.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { inputFiles } from '../../input/lines.ts';
import type { Terminal } from '../record/record.ts';
import { latencies, mailOf } from './demo-mails.ts';
import { type DemoCounts, type DemoReport, renderReport, spread, suspectsOf } from './demo-report.ts';
import { Interruption, onInterrupt, stayUp } from './demo-stay.ts';
import { SETTLE_MS, sendAll, wake } from './demo-traffic.ts';

interface DemoOptions extends KeyOptions {
  readonly input?: readonly string[];
  readonly engine: Engine;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const EXAMPLE = fileURLToPath(new URL('../../../examples/data/*.ndjson.gz', import.meta.url));

/**
 * Settings that the demo deploys with, all of them ordinary ones: old traffic is replayed under its own clock. The
 * batching window is the default, so that the time from event to notification is a deployment's.
 */
const CONTEXT = {
  'siphonwatch:replayClock': true,
  // the demo has no past of its own to learn from
  'siphonwatch:foreignCalibration': 'accuse',
  // a policy that is pushed to the demo is in force at the next event but a few
  'siphonwatch:policyStalenessSeconds': 2,
} as const;

/** `demo`: the whole pipeline on embedded AWS emulators, from telemetry to notifications. */
export function demoCommand(): Command {
  const command = new Command('demo')
    .description('run the whole pipeline on this machine: real telemetry in, notifications out')
    .option('--input <files...>', 'exchanges or usage events of your own (NDJSON, plain or gzip)')
    .addOption(new Option('--engine <name>', 'what keeps the tables').choices(ENGINES).default('dynalite'))
    .option('--keep', 'stay up afterwards and print the endpoints')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action(async (options: DemoOptions) => {
    process.exitCode = await runDemo(options, { stdout: process.stdout, stderr: process.stderr });
  });
}

/** Runs the verb; returns its exit code: 1 when events went missing or a function failed. */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  const say = (line: string): void => void terminal.stderr.write(`${line}\n`);
  try {
    return await demo(options, terminal, say);
  } catch (error) {
    if (error instanceof Interruption) return 130;
    if (!(error instanceof InputError || error instanceof EngineMissing)) throw error;
    say(`demo: ${error.message}`);
    return 2;
  }
}

const seconds = (from: number): number => (performance.now() - from) / 1000;

async function demo(options: DemoOptions, terminal: Terminal, say: (line: string) => void): Promise<number> {
  // The demo's own clients never leave this machine; the notice would be the first thing that a visitor reads.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const began = performance.now();
  const files = await inputFiles(options.input ?? [EXAMPLE]);
  checkEngine(options.engine);

  say('Synthesizing the stack and bundling its functions, as for a deployment ...');
  const assembly = await synthesize(CONTEXT);
  const synthesisSeconds = seconds(began);
  say(assembly.cached ? '  unchanged since the last time' : `  ${synthesisSeconds.toFixed(1)} s`);

  say(`Starting the emulators (tables: ${options.engine}) and making the template's resources ...`);
  const starting = performance.now();
  const cloud = await startCloud({ stack: assembly.folder, engine: options.engine });
  const interrupted = onInterrupt();
  try {
    const startSeconds = seconds(starting);
    const { template } = cloud;
    say(
      `  ${startSeconds.toFixed(1)} s: ${template.streams.length} stream, ${template.tables.length} tables, ${template.buckets.length} buckets, ${template.topics.length} topics, ${template.functions.length} functions, ${template.mappings.length} event source mappings`,
    );

    const flowing = performance.now();
    const sent = await sendAll(cloud, files, options, { terminal, say, interrupted });
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    const failures = [...sent.failures, ...(await wake(cloud, 'sweep', sent.clock))];
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    const pipelineSeconds = seconds(flowing);

    const findings = await readFindings(cloud);
    const mails = await cloud.inbox('findings');
    const meter = Object.values(await cloud.meter());
    const writeUnits = meter.reduce((sum, table) => sum + table.writeUnits, 0);
    const readUnits = meter.reduce((sum, table) => sum + table.readUnits, 0);
    const total = (name: string): number =>
      cloud.metrics.reduce((sum, metric) => (metric.name === name ? sum + metric.value : sum), 0);
    const counts: DemoCounts = {
      lines: sent.lines,
      rejected: sent.rejected,
      events: sent.producer.events,
      used: total('EventsUsed'),
      quarantined: total('EventsQuarantined'),
      late: total('EventsLate'),
      repeated: total('EventsRepeated'),
      accounts: sent.taken.size,
      findings: findings.length,
      notifications: mails.length,
    };
    const suspects = suspectsOf(findings);
    const events = Math.max(1, counts.events);
    const report: DemoReport = {
      engine: options.engine,
      input: files,
      counts,
      suspects,
      notification: mailOf(mails, suspects.at(0)?.finding),
      figures: {
        synthesisSeconds,
        synthesisCached: assembly.cached,
        startSeconds,
        pipelineSeconds,
        eventsPerSecond: counts.events / pipelineSeconds,
        writeUnitsPerEvent: writeUnits / events,
        readUnitsPerEvent: readUnits / events,
        eventToNotificationMs: spread(latencies(mails, sent.taken)),
        streamBytesPerEvent: sent.producer.bytes / events,
        totalSeconds: seconds(began),
      },
      problems: [...failures, ...problemsOf(cloud, counts)],
    };
    if (options.json === true) terminal.stdout.write(`${JSON.stringify(report)}\n`);
    else terminal.stdout.write(renderReport(report, colors(terminal), columns(terminal)));
    if (options.keep === true && !interrupted.yes) await stayUp(cloud, sent.clock, say, interrupted);
    return report.problems.length > 0 ? 1 : 0;
  } finally {
    interrupted.off();
    await cloud.close();
  }
}

/** Events must add up, and nothing may have failed or been given up. */
function problemsOf(cloud: Cloud, counts: DemoCounts): string[] {
  const problems: string[] = [];
  const accounted = counts.used + counts.quarantined + counts.late + counts.repeated;
  if (accounted !== counts.events) {
    problems.push(`${counts.events} events were sent, ${accounted} are accounted for`);
  }
  for (const { spec, statistics } of cloud.functions) {
    if (statistics.failures > 0) {
      problems.push(
        `${spec.logicalId}: ${statistics.failures} of ${statistics.invocations} invocations failed`,
      );
    }
  }
  if (cloud.givenUp.length > 0)
    problems.push(`${cloud.givenUp.length} batches were given up and quarantined`);
  for (const problem of cloud.problems) problems.push(String(problem));
  return problems;
}

const colors = (terminal: Terminal): ReturnType<typeof picocolors.createColors> =>
  picocolors.createColors(
    picocolors.isColorSupported && 'isTTY' in terminal.stdout && terminal.stdout.isTTY === true,
  );

const columns = (terminal: Terminal): number =>
  'columns' in terminal.stdout && typeof terminal.stdout.columns === 'number' ? terminal.stdout.columns : 120;

/** The findings, newest change first. */
async function readFindings(cloud: Cloud): Promise<readonly Finding[]> {
  const table = cloud.template.tables.find((one) => one.logicalId.includes('Finding'));
  if (!table) throw new Error('the template declares no table of findings');
  const { findings } = await new DynamoFindingStore(cloud.clients.dynamodb, table.name).list(MAX_FINDINGS);
  return findings;
}

const MAX_FINDINGS = 10_000;
