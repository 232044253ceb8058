import { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinkFunction } from '../../lambdas/link/link.ts';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { LINK_PREFIX } from '../../lib/contract/link-steps.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { startEmulators } from '../../lib/emulator/services/emulators.ts';
import { linkMachine } from '../../lib/infra/link-machine.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { testCalibration } from '../calibration.ts';
import { historiesOf, rulesOf, type World } from '../campaigns/divided-world.ts';
import { DAY } from '../events.ts';
import type { Json } from '../infra/synthesized.ts';
import { createTable } from '../tables.ts';
import { Execution } from './play-states.ts';

/** The function's own code against emulated AWS, asked by the state machine as the stack declares it. */

const world: World = {
  sets: [6, 4],
  students: 3,
  company: 7,
  robust: true,
  past: 500,
  candidate: true,
};
const { policy, candidate, calibration } = rulesOf(world);
const histories = historiesOf(world);
const accounts = histories.flatMap(([event]) => event?.account ?? []);
let emulators: Awaited<ReturnType<typeof startEmulators>>;
let clients: Clients;
let newest = 0;

beforeAll(async () => {
  emulators = await startEmulators();
  clients = localClients(emulators.endpoints);
  await createTable(clients.dynamodb, 'profile', 'profiles');
  await createTable(clients.dynamodb, 'link', 'links');
  await clients.s3.send(new CreateBucketCommand({ Bucket: 'state' }));
  await new CalibrationBucket(clients.s3, 'state').put({
    ...calibration,
    accounts: testCalibration.accounts,
    id: 'own',
  });
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 400 });
  const links = new LinkTable(clients.dynamodb, 'links', { retentionDays: 400 });
  const rules = { policy, calibration, code: 'test', shadow: false };
  for (const events of histories) {
    let stored = newAccount(events[0]?.account ?? '');
    for (let i = 0; i < events.length; i += 15) {
      const arrivals = events.slice(i, i + 15).map((event, j) => ({
        event,
        time: Date.parse(event.time),
        arrived: Date.parse(event.time),
        position: { epoch: 's/b1', sequence: padSequence(String(i + j + 1)), index: 0 },
      }));
      const step = processBatch(stored, arrivals, rules, true);
      await profiles.save(stored, step.state, step.seal);
      stored = step.state;
    }
    newest = Math.max(newest, stored.profile.arrived);
    const { account } = stored.profile;
    await links.put(account, collectFacts(undefined, events), undefined, { version: 1 });
    await links.noteContent(account, newest + 60 * DAY, { version: 1 });
    await links.watch(account, true, { version: 1, until: newest + 60 * DAY });
  }
}, 120_000);
afterAll(async () => {
  clients.close();
  await emulators.close();
});

/** The function with campaigns of its own; what it starts is kept. */
async function linking(name: string) {
  const table = `campaigns-${name}`;
  await createTable(clients.dynamodb, 'campaign', table);
  await new RunRequests(clients.dynamodb, table, { minutes: 5 }).moveClock(newest);
  const started: string[] = [];
  const make = (divided: boolean) =>
    new LinkFunction({
      environment: {
        PROFILE_TABLE: 'profiles',
        LINK_TABLE: 'links',
        CAMPAIGN_TABLE: table,
        STATE_BUCKET: 'state',
        LINK_PRESSURE_MINUTES: '5',
        LINK_MACHINE: divided ? 'machine' : '',
        FOREIGN_CALIBRATION: 'accuse',
        POLICY_APPLICATION: 'policies',
        POLICY_STALENESS_SECONDS: '30',
        POWERTOOLS_SERVICE_NAME: 'link',
        POWERTOOLS_METRICS_NAMESPACE: 'test',
        LOG_LEVEL: 'SILENT',
      },
      dynamodb: clients.dynamodb,
      s3: clients.s3,
      policies: {
        active: async () => ({ ...policy, calibration: 'own' }),
        shadow: async () => candidate && { ...candidate.policy, calibration: 'own' },
      },
      logger: new Logger({ logLevel: 'SILENT' }),
      metrics: { addMetric: () => {}, publishStoredMetrics: () => {} } as unknown as Metrics,
      start: divided
        ? async (run) => {
            started.push(run);
            return 'started';
          }
        : undefined,
    });
  const remaining = () => 300_000;
  return {
    whole: () => make(false).handle({ source: 'aws.events' }, remaining),
    // every step is an invocation of another environment
    step: (event: unknown) => make(true).handle(event, remaining),
    start: () => make(true).handle({ source: 'aws.events' }, remaining),
    started,
    outcome: async () => {
      const campaigns = new CampaignTable(clients.dynamodb, table);
      const notes = new MembershipItems(clients.dynamodb, table, campaigns);
      const held = [];
      for await (const stored of campaigns.all()) held.push(stored);
      return {
        campaigns: held.sort((a, b) => (a.campaign.id < b.campaign.id ? -1 : 1)),
        accused: await Promise.all(accounts.map((account) => notes.of(account))),
      };
    },
  };
}

const play = (shards: number, run: string, step: (event: unknown) => Promise<unknown>) =>
  new Execution(linkMachine('link', shards) as unknown as Json, run, (_, payload) => step(payload));

async function left(): Promise<string[]> {
  const { Contents = [] } = await clients.s3.send(
    new ListObjectsV2Command({ Bucket: 'state', Prefix: LINK_PREFIX }),
  );
  return Contents.flatMap(({ Key }) => Key ?? []).filter((key) => !key.endsWith('/ended'));
}

describe('a run of link', () => {
  let expected: unknown;
  let report: unknown;
  beforeAll(async () => {
    const single = await linking('whole');
    report = await single.whole();
    const outcome = await single.outcome();
    expect(outcome.campaigns.length).toBeGreaterThan(1);
    expect(outcome.accused.filter((found) => found !== undefined).length).toBeGreaterThan(2);
    expected = outcome;
  });

  it('is the same in 2, 7 and 16 shards as in one invocation, bit for bit', async () => {
    for (const shards of [2, 7, 16]) {
      const divided = await linking(`of-${shards}`);
      expect([shards, await play(shards, `of-${shards}`, divided.step).run()]).toEqual([shards, report]);
      expect([shards, await divided.outcome()]).toEqual([shards, expected]);
      expect(await left()).toEqual([]);
    }
  });

  it('goes on after a map that was cut in the middle, wherever, with what is missing', async () => {
    // of 3 shards: plan, then in the second, third and fourth map, at group, among those that judge, and at the end
    for (const cutAt of [5, 9, 12, 13, 15, 17]) {
      const divided = await linking(`cut-${cutAt}`);
      let calls = 0;
      const execution = play(3, `cut-${cutAt}`, async (event) => {
        if (calls++ === cutAt) throw new Error('cut');
        return divided.step(event);
      });
      await expect(execution.run()).rejects.toThrow('cut');
      expect((await left()).length).toBeGreaterThan(2);
      expect(await execution.redrive()).toEqual(report);
      expect([cutAt, await divided.outcome()]).toEqual([cutAt, expected]);
      expect(await left()).toEqual([]);
    }
  });

  it('is started, once a minute at most, where it is divided; a step without the one before is refused', async () => {
    const divided = await linking('started');
    expect(await divided.start()).toEqual({ run: divided.started[0], is: 'started' });
    expect(divided.started[0]).toMatch(/^link-\d{4}-\d\d-\d\dT\d\d-\d\d$/);
    await expect(divided.step({ step: 'read', run: 'never', shards: 2, shard: 0 })).rejects.toThrow(
      /never\/basis is not there/,
    );
    await expect(divided.step({ step: 'read', run: '../x', shards: 2, shard: 0 })).rejects.toThrow();
    await expect(divided.step({ step: 'read', run: 'x', shards: 65, shard: 0 })).rejects.toThrow();
  });
});
