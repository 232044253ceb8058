import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import picocolors from 'picocolors';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import type { Labels } from '../../backtest/labels.ts';
import { type Cloud, startCloud } from '../../emulator/cloud.ts';
import { checkDevelopmentPackages, PackagesMissing } from '../../emulator/development-packages.ts';
import { checkEngine, ENGINES, type Engine, EngineMissing } from '../../emulator/services/emulators.ts';
import { synthesize } from '../../emulator/template/assembly.ts';
import type { Finding } from '../../findings/finding.ts';
import { count, plural } from '../../findings/format.ts';
import { shellWord } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from '../../input/keyring.ts';
import { labelsReader } from '../../input/labels.ts';
import { inputFiles } from '../../input/lines.ts';
import type { Policy } from '../../policy/policy.ts';
import { createRecorder, type Recorder } from '../../telemetry/recorder.ts';
import type { Terminal } from '../record/record.ts';
import { calledAs, pathFromHere, quoted } from '../shared/called-as.ts';
import { jsonLine } from '../shared/command.ts';
import type { DemoLabel } from '../shared/deployment.ts';
import { EXIT, failureOf } from '../shared/failure.ts';
import { terminalWidth } from '../shared/fitted-table.ts';
import { demoFileFor, removeDemoFile, writeDemoFile } from './demo-file.ts';
import { checkUsable, EXCERPT_DAYS, excerptInput, wholeInput } from './demo-input.ts';
import { latencies, mailedFindings, notificationOf } from './demo-mails.ts';
import { pushDemoPolicy } from './demo-policy.ts';
import { demoProgress } from './demo-progress.ts';
import { type DemoCounts, type DemoReport, renderReport, spread, suspectsOf } from './demo-report.ts';
import { sendMore } from './demo-send.ts';
import { Interruption, onInterrupt, stayUp } from './demo-stay.ts';
import { findingToShow, storyOf } from './demo-story.ts';
import { type DemoView, SETTLE_MS, type Sent, sendAll, wake } from './demo-traffic.ts';

interface DemoOptions extends KeyOptions {
  readonly input?: readonly string[];
  readonly labels?: string;
  readonly engine: Engine;
  readonly all?: boolean;
  readonly keep?: boolean;
  readonly send?: readonly string[] | boolean;
  readonly json?: boolean;
}

const DATA = new URL('../../../examples/data/', import.meta.url);
const EXAMPLE = fileURLToPath(new URL('*.ndjson.gz', DATA));
const EXAMPLE_LABELS = fileURLToPath(new URL('labels.csv', DATA));

/**
 * Settings that the demo deploys with, all of them ordinary ones: old traffic is replayed under its own clock. The
 * batching window is the default, so that the time from event to notification is a deployment's.
 */
export const CONTEXT = {
  'siphonwatch:replayClock': true,
  // the demo has too short a past of its own
  'siphonwatch:foreignCalibration': 'accuse',
  // records, of some hundred events each: findings come while traffic is still being sent
  'siphonwatch:batchSize': 8,
  // the embedded cloud has no function URLs: verdicts go into its table
  'siphonwatch:triageApi': false,
  // a policy that is pushed to the demo is in force at the next event but a few
  'siphonwatch:policyStalenessSeconds': 2,
} as const;

/** AWS begins with four; on one machine they would only be polled in turn. */
const SHARDS = 1;

/** `demo`: the whole pipeline on embedded AWS emulators, from telemetry to notifications. */
export function demoCommand(): Command {
  const command = new Command('demo')
    .description('run the whole pipeline on this machine: real telemetry in, notifications out')
    .option('--input <files...>', 'exchanges or usage events of your own (NDJSON, plain or gzip)')
    .option('--labels <file>', 'CSV account,label,kind,campaign of your own traffic: says who was right')
    .addOption(new Option('--engine <name>', 'what keeps the tables').choices(ENGINES).default('dynalite'))
    .option('--keep', 'stay up afterwards, open the console, and let the other commands work on it')
    .option('--all', `the whole week of the example instead of its first ${EXCERPT_DAYS} days`)
    .option(
      '--send [files...]',
      'put more traffic into the demo that runs in this folder; without files the rest of the example, then the example again, a week later',
    )
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action(async (options: DemoOptions) => {
    const terminal = { stdout: process.stdout, stderr: process.stderr };
    process.exitCode = await runDemo(options, terminal);
    // emulators and threads may still be at work: nothing of them outlives the process
    const send = options.send !== undefined && process.exitCode !== EXIT.done;
    if (process.exitCode === EXIT.interrupted || options.keep === true || send) process.exit();
  });
}

/** Runs the verb; returns its exit code: 1 when events went missing or a function failed. */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  const say = (line: string): void => void terminal.stderr.write(`${line}\n`);
  const progress = demoProgress(terminal);
  try {
    if (options.send === undefined || options.send === false)
      return await demo(options, terminal, { progress, say });
    const files = await inputFiles(options.send === true ? [EXAMPLE] : options.send);
    const sent = await sendMore({ files, rest: options.send === true }, options, progress, say);
    if (options.json === true) terminal.stdout.write(jsonLine(sent));
    else
      terminal.stdout.write(
        `${count(sent.events)} events, ${sent.from.slice(0, 16)} to ${sent.to.slice(0, 16)}${sent.weeks === 0 ? '' : ` (moved by ${plural(sent.weeks, 'week')}, so that they come after what the demo has seen)`}, are judged.\nNext: ${calledAs()} findings list\nWith a candidate in the shadow: ${calledAs()} policy shadow\n`,
      );
    return EXIT.done;
  } catch (error) {
    progress.stop();
    if (error instanceof Interruption) return EXIT.interrupted;
    if (!(error instanceof InputError || error instanceof EngineMissing || error instanceof PackagesMissing))
      throw error;
    say(`demo: ${error.message}`);
    return error instanceof InputError ? failureOf(error).code : EXIT.input;
  } finally {
    progress.stop();
  }
}

const seconds = (from: number): number => (performance.now() - from) / 1000;
const STEPS = 4;
const step = (n: number, what: string): string => `${n}/${STEPS} ${what}`;

async function demo(options: DemoOptions, terminal: Terminal, view: DemoView): Promise<number> {
  const { progress, say } = view;
  const staying = options.keep === true ? demoFileFor(process.pid).path : undefined;
  if (staying !== undefined) await writeDemoFile(staying, { pid: process.pid, starting: true });
  try {
    return await demoOnce(options, terminal, { progress, say });
  } finally {
    if (staying !== undefined) await removeDemoFile(staying, process.pid);
  }
}

async function demoOnce(options: DemoOptions, terminal: Terminal, view: DemoView): Promise<number> {
  const { progress, say } = view;
  // The demo's own clients never leave this machine; the notice would be the first thing that a visitor reads.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const began = performance.now();
  const files = await inputFiles(options.input ?? [EXAMPLE]);
  const labels = await labelsOf(options, say);
  checkDevelopmentPackages();
  checkEngine(options.engine);
  if (options.input !== undefined) await checkUsable(files, options, say);

  progress.step(step(1, 'Synthesizing the stack, bundling functions'));
  const assembly = await synthesize(CONTEXT);
  const synthesisSeconds = seconds(began);
  progress.done(assembly.cached ? 'unchanged since the last time' : 'done');

  progress.step(step(2, `Starting emulators (tables: ${options.engine})`));
  const starting = performance.now();
  const interrupted = onInterrupt();
  const cloud = await startCloud({
    stack: assembly.folder,
    engine: options.engine,
    onDemandShards: SHARDS,
  });
  const stopped = interrupted.wait.then(() => {
    throw new Interruption('interrupted');
  });
  stopped.catch(() => undefined);
  try {
    const { template } = cloud;
    const policy = await Promise.race([pushDemoPolicy(cloud), stopped]);
    const startSeconds = seconds(starting);
    progress.done(
      `${template.streams.length} stream, ${template.tables.length} tables, ${template.buckets.length} buckets, ${template.topics.length} topics, ${template.functions.length} functions`,
    );
    const run = { files, labels, policy, began, synthesisSeconds, cached: assembly.cached, startSeconds };
    const working = work(cloud, run, options, view);
    working.catch(() => undefined); // what an interruption leaves behind
    const { report, clock } = await Promise.race([working, stopped]);
    if (options.json === true) terminal.stdout.write(jsonLine(report));
    else terminal.stdout.write(renderReport(report, colors(terminal), columns(terminal)));
    if (options.keep === true) await stayUp(cloud, clock, demoLabels(labels), say, interrupted);
    return report.problems.length > 0 ? EXIT.no : EXIT.done;
  } catch (error) {
    if (error instanceof Interruption) {
      progress.stop();
      say('Stopping: emulators and functions end with this process, nothing is left behind.');
    }
    throw error;
  } finally {
    interrupted.off();
    // after an interruption nobody waits for work in flight
    if (!interrupted.yes) await cloud.close();
  }
}

interface Run {
  readonly files: readonly string[];
  readonly labels: Labels | undefined;
  readonly policy: Policy;
  readonly began: number;
  readonly synthesisSeconds: number;
  readonly cached: boolean;
  readonly startSeconds: number;
}

/** Sends everything, lets the pipeline come to rest, and reads what it found. */
async function work(
  cloud: Cloud,
  run: Run,
  options: DemoOptions,
  view: DemoView,
): Promise<{ report: DemoReport; clock: number }> {
  const { progress } = view;
  const flowing = performance.now();
  const input =
    options.input === undefined && options.all !== true
      ? await excerptInput(run.files, EXCERPT_DAYS, options, view.say)
      : await wholeInput(run.files, options, view.say);
  progress.step(step(3, 'Judging traffic'));
  const sent = await sendAll(cloud, input, view);
  progress.done(`${sent.producer.events.toLocaleString('en-US')} events of ${sent.taken.size} accounts`);
  progress.step(step(4, 'The last notifications'));
  await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
  const failures = [...sent.failures, ...(await wake(cloud, 'sweep', sent.clock))];
  await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
  const pipelineSeconds = seconds(flowing);
  const findings = await readFindings(cloud);
  const mails = await cloud.inbox('findings');
  progress.done(`${mails.length} notifications about ${findings.length} findings`);
  const counts = countsOf(cloud, sent, findings.length, mails.length);
  const shown = findingToShow(findings);
  const mailed = mailedFindings(mails, findings);
  const story = run.labels && storyOf(run.labels.list, sent.taken, findings, shown);
  const events = Math.max(1, counts.events);
  const highestLevel = findings[0]?.notice.highestLevel;
  const meter = Object.values(await cloud.meter());
  const units = (of: 'writeUnits' | 'readUnits'): number =>
    meter.reduce((sum, table) => sum + table[of], 0) / events;
  const report: DemoReport = {
    engine: options.engine,
    input: run.files,
    policy: { id: run.policy.id, budget: run.policy.budget },
    ...(options.input === undefined && options.all !== true ? { excerptDays: EXCERPT_DAYS } : {}),
    counts,
    ...(story === undefined ? {} : { story }),
    ...(highestLevel === undefined ? {} : { highestLevel }),
    suspects: suspectsOf(findings),
    notification: notificationOf(mails, mailed, shown),
    mailed: mailed.length,
    figures: {
      synthesisSeconds: run.synthesisSeconds,
      synthesisCached: run.cached,
      startSeconds: run.startSeconds,
      pipelineSeconds,
      eventsPerSecond: counts.events / pipelineSeconds,
      writeUnitsPerEvent: units('writeUnits'),
      readUnitsPerEvent: units('readUnits'),
      eventToNotificationMs: spread(latencies(mails, sent.taken)),
      streamBytesPerEvent: sent.producer.bytes / events,
      totalSeconds: seconds(run.began),
    },
    problems: [...failures, ...problemsOf(cloud, counts)],
    next: nextOf(options, shown),
  };
  return { report, clock: sent.clock };
}

function countsOf(cloud: Cloud, sent: Sent, findings: number, notifications: number): DemoCounts {
  const total = (name: string): number =>
    cloud.metrics.reduce((sum, metric) => (metric.name === name ? sum + metric.value : sum), 0);
  return {
    lines: sent.lines,
    rejected: sent.rejected,
    events: sent.producer.events,
    used: total('EventsUsed'),
    quarantined: total('EventsQuarantined'),
    late: total('EventsLate'),
    repeated: total('EventsRepeated'),
    accounts: sent.taken.size,
    findings,
    notifications,
  };
}

/** For the console's page. */
function demoLabels(labels: Labels | undefined): DemoLabel[] {
  return (labels?.list ?? []).map(({ pseudonym, label, kind, campaign }) => ({
    account: pseudonym,
    label,
    kind,
    campaign,
  }));
}

/** The labels that were given; the example's own with the example. */
async function labelsOf(options: DemoOptions, say: (line: string) => void): Promise<Labels | undefined> {
  const file = options.labels ?? (options.input === undefined ? EXAMPLE_LABELS : undefined);
  if (file === undefined) return undefined;
  let recorder: Recorder | undefined;
  return labelsReader(file, async (account) => {
    recorder ??= createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) });
    return recorder.pseudonym(account);
  });
}

/** The shipped example of a candidate, as somebody in this folder names it. */
function exampleCandidate(): string {
  const path = fileURLToPath(new URL('../../../examples/candidate.yaml', import.meta.url));
  return quoted(pathFromHere(path));
}

/** What works after this run, as printed: on the demo where it stays, else on the next one. */
function nextOf(options: DemoOptions, shown: Finding | undefined): DemoReport['next'] {
  const me = calledAs();
  const input = (options.input ?? []).map((file) => ` --input ${shellWord(file) ?? 'FILE'}`).join('');
  if (options.keep !== true)
    return [
      {
        command: `${me} demo --keep${input}`,
        what: 'the same, and it stays up: the console, verdicts, dossiers and policies can be tried on it',
      },
    ];
  const id = shown?.id ?? 'ID';
  return [
    { command: `${me} console --open`, what: 'in another terminal, in this folder: the findings as a page' },
    { command: `${me} findings show ${id}`, what: 'the finding of the notification above, in full' },
    {
      command: `${me} triage ${id} --verdict unsure --note "looking"`,
      what: 'a verdict; --undo takes it back',
    },
    {
      command: `${me} dossier ${id} --out dossier`,
      what: 'its evidence, for people who were not here; then:',
    },
    {
      command: `${me} dossier verify dossier`,
      what: 'works every number out again; exit code 3 says that nobody signed it',
    },
    { command: `${me} review`, what: 'whose verdict would help the daily calibration most, and why' },
    { command: `${me} policy shadow ${exampleCandidate()}`, what: 'a policy beside the active one, then:' },
    {
      command: `${me} demo --send`,
      what:
        options.input === undefined
          ? 'the rest of the example: traffic to try it on, then:'
          : 'the shipped example: traffic to try it on, then:',
    },
    { command: `${me} policy shadow`, what: 'what the candidate would have done' },
    ...(options.input === undefined
      ? []
      : [
          {
            command: `${me} resolve PSEUDONYM --key-seed ${DEVELOPMENT_SEED} --accounts FILE`,
            what: 'whose account it is (the shipped example’s keys were thrown away; yours here are for development)',
          },
        ]),
  ];
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
      const lost = accounted !== counts.events || cloud.givenUp.length > 0;
      problems.push(
        `${spec.logicalId}: ${statistics.failures} of ${plural(statistics.invocations, 'invocation')} failed. ${lost ? 'Figures above may be too low.' : 'What failed was tried again, as Lambda does, and no event is missing above.'}`,
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
  'columns' in terminal.stdout && typeof terminal.stdout.columns === 'number'
    ? terminal.stdout.columns
    : terminalWidth({});

/** The findings, newest change first. */
async function readFindings(cloud: Cloud): Promise<readonly Finding[]> {
  const table = cloud.template.tables.find((one) => one.logicalId.includes('Finding'));
  if (!table) throw new Error('the template declares no table of findings');
  const { findings } = await new DynamoFindingStore(cloud.clients.dynamodb, table.name).list(MAX_FINDINGS);
  return findings;
}

const MAX_FINDINGS = 10_000;
