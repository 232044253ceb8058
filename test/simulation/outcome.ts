import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { readArchivedEvents } from '../../lib/aws/archived-events.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { decodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import { EXPIRY_ATTRIBUTE, PROFILE_ITEMS } from '../../lib/contract/tables.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import { wholeAccount } from '../../lib/detection/lanes.ts';
import { asff } from '../../lib/findings/views/asff.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import {
  mergePromptSamples,
  NO_PROMPTS,
  type PromptSamples,
  sampleOf,
} from '../../lib/profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { contentValue, entryValues, isComparable, watchedValue } from '../../lib/stores/link-store.ts';
import { DAY } from '../events.ts';
import { Clients, HOME } from './functions.ts';
import { type Decision, findingsIn } from './people.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** What is left when everything is over, in a form that can be compared. */
export interface End {
  /** by account: profile and judgement, without what depends on the number of writes */
  readonly states: ReadonlyMap<string, string>;
  /** by account: all slices, hot and sealed, bit for bit */
  readonly slices: ReadonlyMap<string, string>;
  /** by account: requests in its slices */
  readonly counted: ReadonlyMap<string, number>;
  /** by account: its sample of prompts, written and waiting, as the bytes of one */
  readonly samples: ReadonlyMap<string, string>;
  /** by finding: its transitions */
  readonly findings: ReadonlyMap<string, string>;
  /** accounts whose newest transition is in none of their findings */
  readonly unrecorded: readonly string[];
  /** findings that are still claimed */
  readonly claimed: readonly string[];
  /** by notice: ids of the messages that it is in */
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
  /** accounts with notices that still wait */
  readonly waiting: readonly string[];
  /** lines that could not be used: where they stood */
  readonly badLines: ReadonlySet<string>;
  /** events that were set aside though they could be read */
  readonly setAside: readonly string[];
  readonly archived: ReadonlySet<string>;
  /** entries of the link table that are not what the profiles say, or are missing */
  readonly misindexed: readonly string[];
  /** raw prints that stand in findings or messages, where analysts read */
  readonly leaked: readonly string[];
  /** items whose expiry is no moment of the next years, in seconds */
  readonly misdated: readonly string[];
  /** findings whose copy in Security Hub is not what they are, and marks of imports that nobody took away */
  readonly outdated: readonly string[];
  /** decisions of people that do not stand in their finding's trail exactly once */
  readonly miscounted: readonly string[];
}

export async function endOf(
  world: World,
  { accounts, events, unordered = new Set() }: Traffic,
  decisions: readonly Decision[],
): Promise<End> {
  const clients = new Clients(world, { dead: false, sure: true });
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
  const loaded = await profiles.load(accounts);
  const times = events.map(({ time }) => Date.parse(time));
  const archived = await readArchivedEvents(
    clients.s3,
    'archive',
    new Set(accounts),
    Math.min(...times) - DAY,
    Math.max(...times) + DAY,
  );
  const held = findingsIn(world);
  const per = <T>(read: (state: AccountState) => T): Map<string, T> =>
    new Map([...loaded].map(([account, state]) => [account, read(state)]));
  return {
    states: per(judged),
    slices: per((state) => Buffer.from(encodeSlices(slicesOf(state))).toString('base64')),
    counted: per((state) => slicesOf(state).reduce((sum, { counts }) => sum + counts.events, 0)),
    samples: per((state) => sampleText(sampleOf(wholeAccount(state).asked))),
    findings: new Map(
      held
        .filter(({ notice }) => !unordered.has(notice.subject.id))
        .map((one) => [one.id, transitions(one.history)]),
    ),
    unrecorded: [...loaded].flatMap(([account, { judgement }]) => {
      const recorded = held.some(
        ({ notice, delivered }) => notice.subject.id === account && delivered === judgement.numbered,
      );
      return judgement.numbered === 0 || recorded ? [] : [`${account}/${judgement.numbered}`];
    }),
    claimed: held.filter(({ claim }) => claim !== undefined).map(({ id }) => id),
    told: told(world),
    waiting: world.tables
      .items('profiles')
      .filter(({ notices }) => notices !== undefined)
      .map(({ account }) => account?.S ?? ''),
    ...quarantined(world),
    misindexed: misindexed(
      world,
      per(({ asked }) => asked.sealed),
    ),
    leaked: leaked(world, events),
    misdated: misdated(world),
    outdated: outdated(world),
    miscounted: decisions.flatMap(({ finding: of, id }) => {
      const trail = held.find((one) => one.id === of)?.audit ?? [];
      const times = trail.filter(({ decision }) => decision === id).length;
      return times === 1 ? [] : [`${of}: ${id} stands ${times} times`];
    }),
    archived: new Set(archived.events.map(({ event }) => event.id)),
  };
}

/** A sample in a form that can be compared. */
export function sampleText(samples: PromptSamples): string {
  return Buffer.from(encodePromptSamples(samples)).toString('base64');
}

function slicesOf(state: AccountState) {
  const { sealed, profile } = wholeAccount(state);
  return joinSlices([sealed, profile.slices]);
}

function judged({ profile, judgement }: AccountState): string {
  // where a write ended decides what is sealed and where ids lie, and nothing else
  const { version, slices, sealed, sealedName, recent, redriven, ...rest } = profile;
  return JSON.stringify({ ...rest, judgement: { ...judgement, notices: undefined } });
}

export function transitions(
  history: readonly { number: number; transition: string; level: string }[],
): string {
  return history.map(({ number, transition, level }) => `${number} ${transition} ${level}`).join(', ');
}

/** By notice, the messages that it is in. */
export function told(world: World): Map<string, Set<string>> {
  const messages = new Map<string, Set<string>>();
  for (const { deliveryId, rows } of world.messages.published)
    for (const delivery of rows?.map((row) => row.delivery) ?? [deliveryId]) {
      const ids = messages.get(delivery) ?? new Set();
      messages.set(delivery, ids.add(deliveryId));
    }
  return messages;
}

/** An expiry lies at most so far ahead, ms. */
const LONGEST_KEPT = 10 * 365 * DAY;

/** The time to live counts seconds; an item with another number is never deleted (time-to-live-ttl-how-to.html). */
function misdated({ tables, now }: World): string[] {
  return tables.names().flatMap((table) =>
    tables.items(table).flatMap(({ [EXPIRY_ATTRIBUTE]: expiry, ...item }) => {
      const ahead = expiry === undefined ? 0 : Number(expiry.N) * 1000 - now;
      return ahead > -LONGEST_KEPT && ahead < LONGEST_KEPT
        ? []
        : [`${table}: ${JSON.stringify(item).slice(0, 100)} expires at ${expiry?.N}`];
    }),
  );
}

/**
 * What the link table holds against what the profile table's items say: by value and account. An entry that only a part asked for which
 * a death left behind may stand: its prompts are the account's own, of events that were applied once more.
 * @param own by account, of the parts that it has sealed
 */
function misindexed({ tables }: World, own: ReadonlyMap<string, PromptSamples>): string[] {
  const must = new Map<string, string>();
  const sampled = new Map<string, PromptSamples>();
  for (const { account, item, facts, level, prompts } of tables.items('profiles')) {
    const name = account?.S ?? '';
    if (item?.S === PROFILE_ITEMS.facts)
      for (const value of entryValues(name, decodeFacts(facts?.S ?? '')))
        must.set(`${value} of ${name}`, facts?.S ?? '');
    if (item?.S === PROFILE_ITEMS.hot && level !== undefined)
      must.set(`${watchedValue(name)} of ${name}`, '');
    if (prompts?.B !== undefined)
      sampled.set(name, mergePromptSamples(sampled.get(name) ?? NO_PROMPTS, decodePromptSamples(prompts.B)));
  }
  for (const [name, samples] of own)
    if (isComparable(samples)) must.set(`${contentValue(name)} of ${name}`, '');
  const may = new Set(
    [...sampled]
      .filter(([, samples]) => isComparable(samples))
      .map(([name]) => `${contentValue(name)} of ${name}`),
  );
  const is = new Map(
    tables
      .items('links')
      .filter(({ gone }) => gone === undefined)
      .map(({ value, member, facts }) => [`${value?.S} of ${member?.S}`, facts?.S ?? '']),
  );
  return [...new Set([...must.keys(), ...is.keys()])].filter(
    (place) => must.get(place) !== is.get(place) && (must.has(place) || !may.has(place)),
  );
}

function outdated(world: World): string[] {
  const { securityHub, tables } = world;
  if (securityHub === undefined) return [];
  const waiting = tables
    .items('findings')
    .flatMap(({ finding }) => (finding?.S?.startsWith('import#') ? [finding.S] : []));
  const behind = findingsIn(world).flatMap((held) => {
    if (held.hub !== true) return [];
    const { Id } = asff(held, HOME, 0);
    const is = securityHub.held.get(Id);
    // what is to be done next, and until when, is said as of the import
    return is !== undefined && isDeepStrictEqual(is, asff(held, HOME, Date.parse(is.UpdatedAt)))
      ? []
      : [`${held.id} of ${held.updatedAt}, imported ${is?.UpdatedAt ?? 'never'}`];
  });
  return [...waiting, ...behind];
}

/** Whoever reads prints and may also ask the models needs no key (docs/telemetry.md). */
function leaked({ tables, messages }: World, events: Traffic['events']): string[] {
  const prints = new Set(
    events.flatMap((event) =>
      event.prints.flatMap(({ epoch, ...prints }) => Object.values(prints).map(String)),
    ),
  );
  const read = JSON.stringify([tables.items('findings'), messages.texts, messages.events]);
  return (read.match(/[\w-]{9,}/g) ?? []).filter((word) => prints.has(word));
}

const entry = z.object({
  reason: z.object({ message: z.string() }),
  origin: z.object({ sequence: z.string(), index: z.number() }),
});

function quarantined({ objects }: World): Pick<End, 'badLines' | 'setAside'> {
  const badLines = new Set<string>();
  const setAside: string[] = [];
  for (const name of objects.names('quarantine', 'events/'))
    for (const line of objects.text('quarantine', name).split('\n').filter(Boolean)) {
      const { reason, origin } = entry.parse(JSON.parse(line));
      if (reason.message.startsWith('profile not written'))
        setAside.push(`${origin.sequence}/${origin.index}`);
      else badLines.add(`${origin.sequence}/${origin.index}`);
    }
  return { badLines, setAside };
}
