import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import picocolors from 'picocolors';
import type { Finding } from '../findings/finding.ts';
import { synthesize } from '../local/assembly.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { checkEngine, ENGINES, type Engine, EngineMissing } from '../local/emulators.ts';
import type { Mail } from '../local/inbox.ts';
import { LOCAL_REGION } from '../local/names.ts';
import { eventStream } from '../stores/event-stream.ts';
import { DynamoFindingStore } from '../stores/finding-store.ts';
import { createProducer, type Producer } from '../telemetry/producer.ts';
import { describeReason } from '../telemetry/reason.ts';
import { createRecorder } from '../telemetry/recorder.ts';
import { type DemoCounts, type DemoReport, renderReport, spread, suspectsOf } from './demo-report.ts';
import { DEMO_FILE } from './deployment.ts';
import { InputError, inputFiles, totalBytes } from './input.ts';
import { type KeyOptions, loadKeyring, withKeyOptions } from './keyring.ts';
import type { Terminal } from './record.ts';
import { readUsageEvents } from './usage-events.ts';

interface DemoOptions extends KeyOptions {
  readonly input?: readonly string[];
  readonly engine: Engine;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const EXAMPLE = fileURLToPath(new URL('../../examples/data/*.ndjson.gz', import.meta.url));

/** Keys of a replay of exchanges that nobody gave keys for; the shipped example is telemetry already. */
const DEMO_SEED = 'siphonwatch-demo';

/**
 * Settings that the demo deploys with, all of them ordinary ones: old traffic is replayed under its own clock. The
 * batching window is the default, so that the time from event to notification is a deployment's.
 */
const CONTEXT = {
  'siphonwatch:replayClock': true,
  // a policy that is pushed to the demo is in force at the next event but a few
  'siphonwatch:policyStalenessSeconds': 2,
} as const;

/** Campaigns are looked for once a simulated day, in milliseconds of event time. */
const LINK_EVERY = 24 * 3_600_000;

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

/** Ctrl-C before the end; the emulators are still closed on the way out, a second Ctrl-C ends at once. */
class Interruption extends Error {}

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
    const sent = await sendAll(cloud, files, options, terminal, say, interrupted);
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

const SETTLE_MS = 300_000;

interface Sent {
  readonly lines: number;
  readonly rejected: number;
  readonly taken: Taken;
  /** running maximum of event time, epoch milliseconds */
  readonly clock: number;
  readonly producer: Producer['counts'];
  readonly failures: readonly string[];
}

/** Puts the files on the stream through the producer that gateways use, and wakes `link` by the replay's clock. */
async function sendAll(
  cloud: Cloud,
  files: readonly string[],
  options: DemoOptions,
  terminal: Terminal,
  say: (line: string) => void,
  interrupted: Interrupted,
): Promise<Sent> {
  const [stream] = cloud.template.streams;
  if (!stream) throw new Error('the template declares no stream');
  const port = eventStream({ stream: stream.name, client: cloud.clients.kinesis });
  const producer = createProducer(port, { stampArrived: true });
  const taken = new Map<string, Map<number, number>>();
  const failures: string[] = [];
  const noted: string[] = [];
  let lines = 0;
  let rejected = 0;
  let clock = Number.NEGATIVE_INFINITY;
  let link = Number.POSITIVE_INFINITY;
  const bytes = await totalBytes(files);
  const bar = terminal.stderr.isTTY === true && bytes !== undefined ? progress(bytes, terminal) : undefined;
  if (!bar) say('Sending the events through the stream ...');
  const usedSoFar = usedEvents(cloud);
  try {
    const source = {
      format: 'auto' as const,
      recorder: async () => createRecorder({ keys: await loadKeyring(options, say, DEMO_SEED) }),
      onBytes: (read: number) => bar?.increment(read, { sent: producer.counts.events, scored: usedSoFar() }),
    };
    for await (const batch of readUsageEvents(files, source)) {
      if (interrupted.yes) throw new Interruption('interrupted');
      lines += batch.lines;
      rejected += batch.rejects.length;
      for (const reject of batch.rejects.slice(0, NOTED - noted.length)) {
        noted.push(`${reject.file}:${reject.line}: ${describeReason(reject.reason)}`);
      }
      for (const event of batch.events) {
        const time = Date.parse(event.time);
        if (time > clock) clock = time;
        if (link === Number.POSITIVE_INFINITY) link = clock + LINK_EVERY;
        if (clock >= link) {
          link = clock + LINK_EVERY;
          await producer.flush();
          await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
          failures.push(...(await wake(cloud, 'link', clock)));
        }
        await producer.put(event);
        const ofAccount = taken.get(event.account) ?? new Map<number, number>();
        taken.set(event.account, ofAccount.set(time, Date.now()));
      }
    }
    await producer.close();
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    failures.push(...(await wake(cloud, 'link', clock)));
    bar?.update(bytes ?? 0, { sent: producer.counts.events, scored: usedSoFar() });
  } finally {
    bar?.stop();
  }
  for (const line of noted) say(`  ${line}`);
  if (rejected > noted.length) say(`  ... and ${rejected - noted.length} more lines that are no events`);
  if (producer.counts.events === 0) throw new InputError('nothing usable in the input');
  return { lines, rejected, taken, clock, producer: producer.counts, failures };
}

const NOTED = 3;

function progress(bytes: number, terminal: Terminal): SingleBar {
  const bar = new SingleBar({
    format:
      'Events through the stream [{bar}] {percentage}% | {sent} sent | {scored} scored | {eta_formatted} left',
    stream: terminal.stderr,
    hideCursor: true,
    etaBuffer: 50,
  });
  bar.start(bytes, 0, { sent: 0, scored: 0 });
  return bar;
}

/** Counts up as metrics come in, without going over the old ones again. */
function usedEvents(cloud: Cloud): () => number {
  let seen = 0;
  let used = 0;
  return () => {
    for (; seen < cloud.metrics.length; seen++) {
      const metric = cloud.metrics[seen];
      if (metric?.name === 'EventsUsed') used += metric.value;
    }
    return used;
  };
}

/** Wakes a scheduled function as its rule would at `clock`; what went wrong, in words. */
async function wake(cloud: Cloud, name: string, clock: number): Promise<string[]> {
  const invocation = await cloud.wake(name, clock);
  return invocation.ok
    ? []
    : [`${name} failed: ${invocation.error.errorType}: ${invocation.error.errorMessage}`];
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
  if (cloud.givenUp.length > 0) problems.push(`${cloud.givenUp.length} batches were given up and set aside`);
  for (const problem of cloud.problems) problems.push(String(problem));
  return problems;
}

/** The mail about a finding, else the first that came. */
function mailOf(mails: readonly Mail[], finding: string | undefined): DemoReport['notification'] {
  const about = finding === undefined ? undefined : mails.find((mail) => mail.text.includes(finding));
  const mail = about ?? mails.at(0);
  return mail && { subject: mail.subject, text: mail.text };
}

async function stayUp(
  cloud: Cloud,
  clock: number,
  say: (line: string) => void,
  interrupted: Interrupted,
): Promise<void> {
  cloud.startSchedules();
  say('\nStaying up; schedules run on the clock. Point the findings verbs or the AWS command line here:\n');
  for (const [name, value] of Object.entries(cloud.variables)) say(`  export ${name}=${value}`);
  say('');
  for (const [name, value] of Object.entries(cloud.template.outputs)) say(`  ${name.padEnd(24)} ${value}`);
  await mkdir(dirname(DEMO_FILE), { recursive: true });
  await writeFile(DEMO_FILE, `${JSON.stringify(whereabouts(cloud, clock), null, 2)}\n`);
  say(`\n${DEMO_FILE} tells findings, triage, dossier and policy where this is. Ctrl-C ends it.`);
  try {
    await interrupted.wait;
  } finally {
    await rm(DEMO_FILE, { force: true });
  }
}

/** Where a running demo's parts are, for the verbs of the security and platform teams (cli/deployment.ts reads it). */
function whereabouts(cloud: Cloud, clock: number): Record<string, unknown> {
  const told: Record<string, string> = {};
  for (const { spec } of cloud.functions) Object.assign(told, spec.environment);
  const { endpoints } = cloud;
  return {
    region: LOCAL_REGION,
    ...(Number.isFinite(clock) ? { clock: new Date(clock).toISOString() } : {}),
    stack: told.POLICY_APPLICATION,
    endpoints: {
      dynamodb: endpoints.dynamodb,
      sns: endpoints.messages,
      s3: endpoints.messages,
      kinesis: endpoints.kinesis,
      eventbridge: endpoints.eventBridge,
      appconfig: endpoints.appConfigData,
    },
    tables: {
      profile: told.PROFILE_TABLE,
      finding: told.FINDING_TABLE,
      link: told.LINK_TABLE,
      campaign: told.CAMPAIGN_TABLE,
    },
    buckets: { quarantine: told.QUARANTINE_BUCKET, archive: told.ARCHIVE_BUCKET, state: told.STATE_BUCKET },
    topics: { findings: told.FINDINGS_TOPIC },
    stream: told.STREAM_NAME,
  };
}

interface Interrupted {
  readonly yes: boolean;
  readonly wait: Promise<void>;
  off(): void;
}

function onInterrupt(): Interrupted {
  let yes = false;
  let resolve: () => void = () => undefined;
  const wait = new Promise<void>((settle) => {
    resolve = settle;
  });
  const listen = (): void => {
    yes = true;
    resolve();
  };
  process.once('SIGINT', listen);
  process.once('SIGTERM', listen);
  return {
    get yes() {
      return yes;
    },
    wait,
    off() {
      process.off('SIGINT', listen);
      process.off('SIGTERM', listen);
    },
  };
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
  const { findings } = await new DynamoFindingStore(cloud.clients.dynamodb, table.name).list(MOST_FINDINGS);
  return findings;
}

const MOST_FINDINGS = 10_000;

/** Wall-clock times at which the producer took events, by account and event time. */
type Taken = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Milliseconds from the event that decided a notice to its publication, for the notices whose event is known. */
function latencies(mails: readonly Mail[], taken: Taken): number[] {
  return mails.flatMap((mail) => {
    const notice = noticeOf(mail);
    const at = notice && taken.get(notice.subject)?.get(notice.at);
    return at === undefined ? [] : [mail.publishedAt - at];
  });
}

function noticeOf(mail: Mail): { readonly subject: string; readonly at: number } | undefined {
  try {
    const { notice } = JSON.parse(mail.document) as { notice?: { subject: { id: string }; at: string } };
    return notice && { subject: notice.subject.id, at: Date.parse(notice.at) };
  } catch {
    return undefined; // a mail that is no notice: a digest, an alarm
  }
}
