import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cloud } from '../../emulator/cloud.ts';
import { LOCAL_REGION } from '../../emulator/names.ts';
import { DEMO_FILE } from '../shared/demo-file.ts';

/** Keeps the demo up, and tells the other verbs where it is. */
export async function stayUp(
  cloud: Cloud,
  clock: number,
  say: (line: string) => void,
  interrupted: Interrupted,
): Promise<void> {
  cloud.startSchedules();
  say('\nStaying up; schedules run on the clock. Point the commands or the AWS command line here:\n');
  for (const [name, value] of Object.entries(cloud.variables)) say(`  export ${name}=${value}`);
  say('');
  for (const [name, value] of Object.entries(cloud.template.outputs)) say(`  ${name.padEnd(24)} ${value}`);
  await mkdir(dirname(DEMO_FILE), { recursive: true });
  await writeFile(DEMO_FILE, `${JSON.stringify(whereabouts(cloud, clock), null, 2)}\n`);
  say(`\n${DEMO_FILE} lets findings, triage, dossier and policy find this demo. Ctrl-C ends it.`);
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
