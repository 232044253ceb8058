import { LIMITS } from '../../limits.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { timeOf } from '../../telemetry/utc-time.ts';
import { DAY_MS } from '../../time.ts';

/**
 * Link facts: what an account shares, or may share, with others. They are infrastructure only: who pays, which
 * credential, which address block, which client. No prompt, no rhythm and no volume is among them, so that whatever
 * they link can be judged on behaviour without a circle.
 */

/**
 * Kinds of link facts. `hard` ones belong to one owner by their nature: two accounts with one payment are one payer.
 * `soft` ones are places where strangers meet too: they link only together, and only beyond chance.
 */
export const LINK_KINDS = {
  payment: { hard: true, title: 'payment method' },
  credential: { hard: true, title: 'credential' },
  network: { hard: false, title: 'address block' },
  client: { hard: false, title: 'address block and client' },
  setting: { hard: false, title: 'address block and sampling parameters' },
  created: { hard: false, title: 'opened in the same hour on the same plan' },
  content: { hard: false, title: 'ask the same kinds of things' },
  synchrony: { hard: false, title: 'active in the same five minutes, again and again' },
} as const;
export type LinkKind = keyof typeof LINK_KINDS;

export interface LinkFact {
  readonly kind: LinkKind;
  /** keyed value; meaningless without the recorder's key */
  readonly value: string;
}

/** The name of a fact in the index: kind and value. */
export function factKey(fact: LinkFact): string {
  return `${fact.kind}#${fact.value}`;
}

export function kindOf(key: string): LinkKind {
  return key.slice(0, key.indexOf('#')) as LinkKind;
}

/** Kinds that are collected from events as they come; the others follow from them (see linkFacts). */
const COLLECTED = ['payment', 'credential', 'network', 'client', 'setting'] as const;
type Collected = (typeof COLLECTED)[number];

/** Most values kept of a kind, the newest; however many an account shows, its item stays small. */
export const VALUES_PER_KIND = LIMITS.factValues.most;
/**
 * When a value was last seen is kept to the fortnight: it says which values are the newest and when they may be forgotten, and each
 * change of it writes the account's facts and its entries in the link table, a fifth of all writes were it kept to the day.
 */
const SEEN_MS = 14 * DAY_MS;

export interface SeenValue {
  readonly value: string;
  /** start of the fortnight of event time in which it was last seen, ms since 1970; of versions before, the week or the day */
  readonly seen: number;
}

/** All link facts of one account, bounded; one item of its own in the profile table. */
export interface AccountFacts {
  readonly v: 1;
  readonly plan: string;
  readonly product: string;
  /** ms since 1970 */
  readonly createdAt: number;
  /** day of event time in which it was first seen, ms */
  readonly firstSeen: number;
  readonly values: Readonly<Record<Collected, readonly SeenValue[]>>;
}

/** Remembers the last setting seen: making its name costs more than comparing its parts. */
const last = {
  temperature: undefined as number | undefined,
  topP: undefined as number | undefined,
  maxTokens: undefined as number | undefined,
  name: '//',
};

/** Name of the sampling parameters, as a script has them set. */
function settingOf({ temperature, topP, maxTokens }: UsageEvent['params']): string {
  if (last.temperature !== temperature || last.topP !== topP || last.maxTokens !== maxTokens) {
    last.temperature = temperature;
    last.topP = topP;
    last.maxTokens = maxTokens;
    last.name = `${temperature ?? ''}/${topP ?? ''}/${maxTokens ?? ''}`;
  }
  return last.name;
}

function holds(list: readonly SeenValue[], value: string, fortnight: number): boolean {
  for (let i = 0; i < list.length; i++) {
    const held = list[i] as SeenValue;
    if (held.value === value) return held.seen >= fortnight;
  }
  return false;
}

/** Newest first, equal fortnights by value: the same set in whatever order the events of one come. */
function newest(a: SeenValue, b: SeenValue): number {
  return b.seen - a.seen || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
}

function withValue(list: readonly SeenValue[], value: string, fortnight: number): readonly SeenValue[] {
  if (holds(list, value, fortnight)) return list;
  const next = list.filter((held) => held.value !== value);
  next.push({ value, seen: fortnight });
  next.sort(newest);
  if (next.length <= VALUES_PER_KIND) return next;
  // a newcomer that falls out at once changes nothing: there is nothing to store
  if (next[VALUES_PER_KIND]?.value === value) return list;
  return next.slice(0, VALUES_PER_KIND);
}

const NOTHING: Record<Collected, readonly SeenValue[]> = {
  payment: [],
  credential: [],
  network: [],
  client: [],
  setting: [],
};

/**
 * The account's facts after a run of its events; `previous` itself where nothing changed, so that the caller can tell
 * by identity whether there is anything to store. Absent fields are no facts: two accounts without a payment share
 * nothing.
 */
export function collectFacts(
  previous: AccountFacts | undefined,
  events: readonly UsageEvent[],
): AccountFacts | undefined {
  let facts = previous;
  let before: UsageEvent | undefined;
  for (const event of events) {
    if (before === undefined || !saysTheSame(before, event)) facts = withEvent(facts, event);
    before = event;
  }
  return facts;
}

/** Whether an event of the same account shows nothing that the one before it did not show: so it is with most. */
function saysTheSame(a: UsageEvent, b: UsageEvent): boolean {
  const [one, more] = a.prints;
  const [other, others] = b.prints;
  return (
    one !== undefined &&
    other !== undefined &&
    more === undefined &&
    others === undefined &&
    one.network === other.network &&
    one.agent === other.agent &&
    one.tls === other.tls &&
    one.payment === other.payment &&
    one.credential === other.credential &&
    a.params.temperature === b.params.temperature &&
    a.params.topP === b.params.topP &&
    a.params.maxTokens === b.params.maxTokens &&
    a.customer.plan === b.customer.plan &&
    a.customer.product === b.customer.product &&
    a.time.slice(0, 10) === b.time.slice(0, 10)
  );
}

function withEvent(held: AccountFacts | undefined, event: UsageEvent): AccountFacts {
  const time = timeOf(event.time);
  const fortnight = Math.floor(time / SEEN_MS) * SEEN_MS;
  const day = Math.floor(time / DAY_MS) * DAY_MS;
  let { payment, credential, network, client, setting } = held?.values ?? NOTHING;
  for (const prints of event.prints) {
    if (prints.payment !== undefined) payment = withValue(payment, prints.payment, fortnight);
    if (prints.credential !== undefined) credential = withValue(credential, prints.credential, fortnight);
    if (prints.network !== undefined) {
      network = withValue(network, prints.network, fortnight);
      client = withValue(client, `${prints.network}.${prints.agent ?? ''}.${prints.tls ?? ''}`, fortnight);
      setting = withValue(setting, `${prints.network}.${settingOf(event.params)}`, fortnight);
    }
  }
  const { customer } = event;
  if (held !== undefined) {
    const { values } = held;
    if (
      payment === values.payment &&
      credential === values.credential &&
      network === values.network &&
      client === values.client &&
      setting === values.setting &&
      day >= held.firstSeen &&
      customer.plan === held.plan &&
      customer.product === held.product
    )
      return held;
  }
  return {
    v: 1,
    plan: customer.plan,
    product: customer.product,
    createdAt: openedAt(held, Date.parse(customer.createdAt)),
    firstSeen: held === undefined ? day : Math.min(held.firstSeen, day),
    values: { payment, credential, network, client, setting },
  };
}

/** What two writers know of one account, together: nothing that it showed is lost. What both say otherwise is as `newer` has it. */
export function mergeFacts(newer: AccountFacts, older: AccountFacts): AccountFacts {
  const values = { ...newer.values };
  for (const kind of COLLECTED)
    for (const { value, seen } of older.values[kind]) values[kind] = withValue(values[kind], value, seen);
  return { ...newer, firstSeen: Math.min(newer.firstSeen, older.firstSeen), values };
}

/** An account that was first seen so long after its opening, ms, was opened on no day that is known (telemetry/opening-date.ts). */
const OPENING_KEPT = 30 * DAY_MS;

/** Events say it less and less exactly, and never later: the latest date of the same month is the exactest. */
function openedAt(held: AccountFacts | undefined, said: number): number {
  if (held === undefined || Math.abs(held.createdAt - said) > 31 * DAY_MS) return said;
  return Math.max(held.createdAt, said);
}

/** The facts under which an account stands in the link index: those collected and those that follow from them. */
export function linkFacts(facts: AccountFacts): LinkFact[] {
  const list: LinkFact[] = [];
  for (const kind of COLLECTED) for (const { value } of facts.values[kind]) list.push({ kind, value });
  // later events say the opening date less exactly: then it is no fact that two accounts share
  if (facts.firstSeen - facts.createdAt < OPENING_KEPT)
    list.push({
      kind: 'created',
      value: `${facts.product}/${facts.plan}/${Math.floor(facts.createdAt / DAY_MS)}`,
    });
  return list;
}

/** When an account last showed anything, ms, at the latest: the end of the newest fortnight that its facts name. */
export function lastShown(facts: AccountFacts): number {
  let newest = facts.firstSeen + DAY_MS;
  for (const kind of COLLECTED)
    for (const { seen } of facts.values[kind]) newest = Math.max(newest, seen + SEEN_MS);
  return newest;
}
