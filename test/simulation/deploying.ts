import * as z from 'zod';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { putBack, type QuarantinedObject } from '../../lib/cli/redrive/put-back.ts';
import { deliveryId, findingIdStart } from '../../lib/findings/finding.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import type { ProducerPort } from '../../lib/telemetry/producer.ts';
import type { CodeVersion, Deployment } from './code-versions.ts';
import { USUAL } from './faults.ts';
import { Clients, start } from './functions.ts';
import type { End } from './outcome.ts';
import { findingsIn } from './people.ts';
import type { Violation } from './properties.ts';
import { violations } from './properties.ts';
import { live, randomFor } from './run.ts';
import type { SeedResult } from './simulate.ts';
import { recut, type Traffic, traffic } from './traffic.ts';
import { inVirtualTime } from './virtual-time.ts';
import type { World } from './world.ts';

/** A version, and the next: pairs that stand beside each other while a deployment, or a rollback, is under way. */
const PAIRS = [
  ['json', 'current'],
  ['deflated', 'current'],
  ['current', 'next'],
] as const satisfies readonly (readonly [CodeVersion, CodeVersion])[];

/** Operations that a stretch of a deployment takes at most: the older alone, both, the newer alone, both again, and so on. */
const STRETCH = 250;

/** Deployments and rollbacks, in stretches of random lengths. */
function deploymentOf(random: Uniform): Deployment {
  const [older, newer] = PAIRS[Math.floor(random() * PAIRS.length)] ?? PAIRS[0];
  const stretches: { readonly to: number; readonly versions: readonly CodeVersion[] }[] = [];
  for (let to = 0, i = 0; i < 6; i++) {
    to += random() * STRETCH;
    const alone = i % 4 === 0 ? older : newer;
    stretches.push({ to, versions: i % 2 === 1 ? [older, newer] : [alone] });
  }
  return {
    newest: newer,
    versionsAt: (at) => stretches.find(({ to }) => at < to)?.versions ?? [newer],
  };
}

/** Events that an older version set aside because it could not read their account's item. */
interface Passed {
  /** by account, ids */
  readonly events: ReadonlyMap<string, ReadonlySet<string>>;
  /** others that were set aside though they can be read, with the reason */
  readonly others: readonly string[];
}

/** What the reason of an event begins with that could be read, and whose account's item could not be written. */
const UNWRITTEN = 'profile not written: ';

const entry = z.object({ reason: z.object({ message: z.string() }), payload: z.string() });
const event = z.object({ account: z.string(), id: z.string() });

function passedIn({ objects }: World): Passed {
  const events = new Map<string, Set<string>>();
  const others: string[] = [];
  for (const name of objects.names('quarantine', 'events/'))
    for (const line of objects.text('quarantine', name).split('\n').filter(Boolean)) {
      const { reason, payload } = entry.parse(JSON.parse(line));
      if (!reason.message.startsWith(UNWRITTEN)) continue;
      if (!/meta of version (?:255|9) /.test(reason.message)) others.push(reason.message);
      const { account, id } = event.parse(JSON.parse(payload));
      events.set(account, (events.get(account) ?? new Set()).add(id));
    }
  return { events, others };
}

/** What is compared with the history without faults, and differs for an account of which something is in quarantine. */
const COMPARED: ReadonlySet<string> = new Set([
  'the same profile and judgement',
  'the same slices, bit for bit',
  'each request counts once',
  'the same sample of prompts',
  'the same findings',
  'no other findings',
  'every transition is told',
  'nothing else is told',
]);
const SET_ASIDE = 'nothing is set aside for a fault that passes';

export interface DeployingResult extends SeedResult {
  /** accounts of whose events some were set aside */
  readonly setAside: number;
}

/**
 * One history in which an older and a newer version of the code run beside each other, with the usual faults. An account whose item an
 * older one cannot read has the events of that batch set aside, and nothing else happens: no event is lost or counted twice, and no
 * transition is forgotten or kept from people.
 */
export async function simulateDeploying(seed: number): Promise<DeployingResult> {
  const stream = traffic(randomFor(seed, 'deployed traffic'));
  const must = await live(stream, seed, undefined);
  const deployment = deploymentOf(randomFor(seed, 'deployment'));
  const is = await live(recut(stream, randomFor(seed, 'batches')), seed, USUAL, { deployment });
  const passed = passedIn(is.world);
  const names = [...passed.events.keys()].flatMap((name) => [name, findingIdStart('account', name)]);
  const found = [
    ...violations(must.end, is.end, stream).filter(
      ({ property, detail }) =>
        property !== SET_ASIDE && !(COMPARED.has(property) && names.some((name) => detail.includes(name))),
    ),
    ...passed.others.map((detail) => ({ property: SET_ASIDE, detail })),
    ...lostOrDoubled(is.end, stream, passed),
    ...untold(is.world, is.end),
    ...(await afterRedrive(is.world, stream, is.end, passed)),
  ];
  return {
    violations: found.map((one) => ({ seed, ...one })),
    tally: is.tally,
    setAside: passed.events.size,
  };
}

const sentBy = ({ events }: Traffic, account: string): number =>
  events.filter((one) => one.account === account).length;

/** Each event is counted or set aside. Both may be: a batch was applied, and came again to a version that could not see that. */
function lostOrDoubled({ counted }: End, stream: Traffic, { events }: Passed): Violation[] {
  return [...counted].flatMap(([account, of]) => {
    const [sent, aside] = [sentBy(stream, account), events.get(account)?.size ?? 0];
    return of <= sent && of + aside >= sent
      ? []
      : [
          {
            property: 'each event is counted once or set aside',
            detail: `${account}: ${sent} were sent, ${of} counted, ${aside} set aside`,
          },
        ];
  });
}

/** Every transition of which people are to be told stands in a message, whoever wrote it and whoever delivered it. */
function untold(world: World, { told }: End): Violation[] {
  return findingsIn(world).flatMap(({ notice, history }) =>
    history
      .filter(({ fate }) => fate !== 'quiet' && fate !== 'shadow')
      .map(({ number }) => deliveryId({ ...notice, number }))
      .filter((delivery) => !told.has(delivery))
      .map((detail) => ({ property: 'every transition is told', detail })),
  );
}

/** Sequence numbers of what is put back are above those of all shards. */
const PUT_BACK = 49700000000000000000000000000000000000000000000000000000n;

/** When all is deployed, what was set aside is put back, twice: each event counts once. */
async function afterRedrive(
  world: World,
  stream: Traffic,
  { counted }: End,
  { events }: Passed,
): Promise<Violation[]> {
  if (events.size === 0) return [];
  const clients = new Clients(world, SURE);
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
  const quarantine = new QuarantineBucket(clients.s3, 'quarantine');
  return inVirtualTime(world, async () => {
    const port = portInto(world);
    const found: Violation[] = [];
    for (const again of [false, true]) {
      await world.until(putBack(unwritten(quarantine.objects(['events/'], again)), port));
      for (const [account, { profile }] of await world.until(profiles.load([...events.keys()]))) {
        const sent = sentBy(stream, account);
        // what was applied and set aside as well counts twice where it is not remembered: see docs/exactness.md
        const both = (counted.get(account) ?? 0) + (events.get(account)?.size ?? 0) - sent;
        const now = profile.totals.events + profile.totals.late;
        if (now < sent || now > sent + both)
          found.push({
            property: 'what was set aside counts once when it is put back',
            detail: `${account}: ${sent} were sent, ${now} counted, ${both} of them applied and set aside`,
          });
      }
    }
    return found;
  });
}

/** Without what is in quarantine for another reason: copies that somebody put under another key beside their records. */
async function* unwritten(objects: AsyncIterable<QuarantinedObject>): AsyncGenerator<QuarantinedObject> {
  for await (const held of objects) {
    const lines = held.text.split('\n').filter((line) => line.includes(UNWRITTEN));
    if (lines.length > 0) yield { ...held, text: lines.join('\n') };
  }
}

const SURE = { dead: false, sure: true };

/** A stream whose records `score` of the newest version gets one by one. */
function portInto(world: World): ProducerPort {
  const score = start('score', world, SURE);
  let last = PUT_BACK;
  return {
    putRecords: async (entries) => {
      for (const { partitionKey, data } of entries) {
        const sequenceNumber = String(++last);
        await score({
          Records: [
            {
              eventID: `shardId-000000000003:${sequenceNumber}`,
              eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
              kinesis: {
                ...{ partitionKey, sequenceNumber, data: Buffer.from(data).toString('base64') },
                approximateArrivalTimestamp: world.now / 1000,
              },
            },
          ],
        });
      }
      return entries.map(() => ({ accepted: true as const }));
    },
    after: (ms, run) => {
      let stopped = false;
      world.timer(() => stopped || run(), ms);
      return () => {
        stopped = true;
      };
    },
    random: () => 0.5,
  };
}
