import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cloud } from '../../emulator/cloud.ts';
import { LOCAL_REGION } from '../../emulator/names.ts';
import { hasDesktop, openInBrowser } from '../console/console.ts';
import { type ConsoleServer, startConsole } from '../console/console-server.ts';
import { liveOrigin } from '../console/live-source.ts';
import { userName } from '../shared/author.ts';
import { calledAs } from '../shared/called-as.ts';
import { connect, DEMO_FILE_VARIABLE, type DemoLabel } from '../shared/deployment.ts';
import { failureOf } from '../shared/failure.ts';
import { demoFileFor, removeDemoFile, updateDemoFile, writeDemoFile } from './demo-file.ts';
import { SETTLE_MS, wake } from './demo-traffic.ts';
import { judgedEvents } from './progress-meter.ts';

/** Labels of more accounts are left out of the demo's file. */
const MAX_LABELS = 20_000;
/** How often it tells how far it is, ms. */
const TELL_MS = 1000;
/** How often a demo that stays looks whether more was sent, ms. */
const LOOK_MS = 1000;

/** Keeps the demo up, tells the other verbs where it is, and judges what `demo --send` puts on its stream. */
export async function stayUp(
  cloud: Cloud,
  began: number,
  labels: readonly DemoLabel[],
  say: (line: string) => void,
  interrupted: Interrupted,
): Promise<void> {
  // old traffic is replayed: schedules go on from its last event, not from today
  const from = Date.now();
  cloud.startSchedules((now) => (Number.isFinite(began) ? began + now - from : now));
  const { path, other } = demoFileFor(process.pid);
  await writeDemoFile(path, {
    ...whereabouts(cloud, began),
    ...(labels.length === 0 || labels.length > MAX_LABELS ? {} : { labels }),
  });
  if (other !== undefined)
    say(
      `Another demo runs in this folder (process ${other}); the commands find that one. For this one: export ${DEMO_FILE_VARIABLE}=${path}`,
    );
  const page = await openConsole(path, say);
  say(`Staying up (${path} tells the commands where). Ctrl-C ends it and leaves nothing behind.`);
  try {
    let clock = began;
    await Promise.race([interrupted.wait, learnDaily(cloud, clock, say)]);
    for (;;) {
      await Promise.race([interrupted.wait, sleep(LOOK_MS)]);
      if (interrupted.yes) return;
      const more = sentIn(path);
      if (more === undefined || more.clock === clock) continue;
      clock = more.clock;
      await Promise.race([interrupted.wait, judgeMore(cloud, more, path, say)]);
      await Promise.race([interrupted.wait, learnDaily(cloud, clock, say)]);
    }
  } finally {
    await page?.close();
    await removeDemoFile(path, process.pid);
  }
}

/** The console on this demo; on a desktop it is opened in the browser. A demo without its page is still a demo. */
async function openConsole(path: string, say: (line: string) => void): Promise<ConsoleServer | undefined> {
  try {
    process.env[DEMO_FILE_VARIABLE] = path;
    const deployment = await connect({}, {});
    const author = { principal: userName() };
    const page = await startConsole(liveOrigin(deployment, { demo: true }, author));
    say(`\nConsole: ${page.url}`);
    if (process.stdout.isTTY === true && hasDesktop()) openInBrowser(page.url);
    return page;
  } catch (error) {
    say(`The console did not start: ${failureOf(error).message}`);
    return undefined;
  }
}

/** What a schedule would do after more traffic; whoever sent it waits for `judged`. */
async function judgeMore(
  cloud: Cloud,
  { clock, events }: SentMore,
  path: string,
  say: (line: string) => void,
): Promise<void> {
  const judgedOf = judgedEvents(cloud);
  const before = judgedOf();
  // whoever sent it sees how far it is; one write of the file at a time
  let told = Promise.resolve();
  const timer = setInterval(() => {
    const judged = Math.min(events, judgedOf() - before);
    told = told.then(() => updateDemoFile(path, { progress: { judged, events } })).catch(() => undefined);
  }, TELL_MS);
  say(`More traffic came, up to ${new Date(clock).toISOString().slice(0, 16)}: judging it ...`);
  try {
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
    for (const name of ['link', 'sweep'])
      for (const failure of await wake(cloud, name, clock)) say(`! ${failure}`);
    await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
  } finally {
    clearInterval(timer);
    await told;
  }
  await updateDemoFile(path, { judged: new Date(clock).toISOString() });
  say('  done');
}

/**
 * The daily calibration, which in a demo comes when the traffic ends: from it come the questions of `review`. What it learns judges
 * nobody, as the demo's policy names the shipped one.
 */
export async function learnDaily(cloud: Cloud, clock: number, say: (line: string) => void): Promise<void> {
  say('The daily calibration learns from this traffic ...');
  const failures = await wake(cloud, 'calibrate', clock);
  for (const failure of failures) say(`! ${failure}`);
  if (failures.length === 0) say(`  done; what it asks: ${calledAs()} review`);
}

interface SentMore {
  readonly clock: number;
  readonly events: number;
}

function sentIn(path: string): SentMore | undefined {
  try {
    const { clock, sent = 0 } = JSON.parse(readFileSync(path, 'utf8')) as { clock?: string; sent?: number };
    return clock === undefined ? undefined : { clock: Date.parse(clock), events: sent };
  } catch {
    return undefined; // being written, or removed: looked at again in a second
  }
}

/** Where a running demo's parts are, for the verbs of the security and platform teams (cli/deployment.ts reads it). */
function whereabouts(cloud: Cloud, clock: number): Record<string, unknown> {
  const told: Record<string, string> = {};
  for (const { spec } of cloud.functions) Object.assign(told, spec.environment);
  const { endpoints } = cloud;
  return {
    pid: process.pid,
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

/** Ctrl-C before the end; the emulators are still closed on the way out, a second Ctrl-C ends at once. */
export class Interruption extends Error {}

export interface Interrupted {
  readonly yes: boolean;
  readonly wait: Promise<void>;
  off(): void;
}

/** Hears the first Ctrl-C; a second one ends at once. */
export function onInterrupt(): Interrupted {
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
