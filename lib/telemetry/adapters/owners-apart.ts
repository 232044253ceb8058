import { apimBodies, apimWhole, correlationOf, isWholeApim, namedIn } from './apim-parts.ts';
import { at, type Json, objectOf, textAt } from './fields.ts';
import { HeldWeight } from './held-weight.ts';

/**
 * Logs that say in another line than the call's whose it is. A row says which lines these are, by what id they are joined, and what a
 * call takes over; calls wait for that line, and go on without it when the input ends.
 */
interface OwnersApart {
  readonly name: string;
  readonly source: string;
  /** the id of a line that says whose a call is, and what calls take over; undefined for any other line */
  readonly owner: (entry: Json) => Owner | undefined;
  /** the id of a call that does not say itself whose it is */
  readonly call: (entry: Json) => string | undefined;
  readonly joined: (call: Json, facts: Json) => Json;
  /** a call can be used only with its other line: it waits */
  readonly waits: boolean;
  /** where a call may be told in several lines: whether one is all of it, and the call of several */
  readonly parts?: {
    readonly isWhole: (call: Json) => boolean;
    readonly whole: (parts: readonly Json[]) => Json;
  };
}

interface Owner {
  readonly id: string | undefined;
  readonly facts: Json;
}

const ROWS: readonly OwnersApart[] = [
  {
    name: 'azure-apim-llm',
    source: 'https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewaylogs',
    owner: (entry) => {
      const held = objectOf(entry.properties) ?? entry;
      const apimSubscriptionId = namedIn(held, 'apimSubscriptionId');
      const kind = [entry.category, entry.Category, entry.Type].find((said) => typeof said === 'string');
      const isGatewayLog = kind === 'GatewayLogs' || kind === 'ApiManagementGatewayLogs';
      if (apimSubscriptionId === undefined || !isGatewayLog || apimBodies(entry) !== undefined)
        return undefined;
      const callerIpAddress = entry.callerIpAddress ?? namedIn(held, 'callerIpAddress');
      const facts = { apimSubscriptionId, callerIpAddress, responseCode: namedIn(held, 'responseCode') };
      return { id: correlationOf(entry), facts };
    },
    call: (entry) => {
      const held = objectOf(entry.properties) ?? entry;
      const isCall = namedIn(held, 'requestMessages') !== undefined;
      const isOwned = namedIn(held, 'apimSubscriptionId') !== undefined && isWholeApim(entry);
      return isCall && !isOwned ? correlationOf(entry) : undefined;
    },
    joined: (call, facts) => {
      const properties = objectOf(call.properties);
      return properties === undefined
        ? { ...facts, ...call }
        : { ...call, properties: { ...facts, ...properties } };
    },
    waits: true,
    parts: { isWhole: isWholeApim, whole: apimWhole },
  },
  {
    name: 'openai-agents',
    source: 'https://openai.github.io/openai-agents-python/ref/tracing/',
    owner: ({ object, id, group_id, metadata }) =>
      object === 'trace' && typeof id === 'string' ? { id, facts: { group_id, metadata } } : undefined,
    call: (entry) => (entry.object === 'trace.span' ? textAt(entry, 'trace_id') : undefined),
    joined: (call, { group_id, metadata }) => ({
      ...call,
      group_id,
      metadata: { ...objectOf(metadata), ...objectOf(call.metadata) },
    }),
    // a trace begins with its own line
    waits: false,
  },
  {
    name: 'langfuse',
    source:
      'https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage (traces, observations)',
    owner: (entry) => {
      const isTrace =
        ('sessionId' in entry || 'session_id' in entry) &&
        ('userId' in entry || 'user_id' in entry) &&
        ['bookmarked', 'public', 'release'].some((name) => name in entry) &&
        !('trace_id' in entry || 'traceId' in entry);
      return isTrace
        ? { id: textAt(entry, 'id'), facts: { userId: entry.userId ?? entry.user_id } }
        : undefined;
    },
    call: (entry) =>
      (entry.userId ?? entry.user_id ?? at(entry, 'metadata', 'account') ?? at(entry, 'trace', 'userId')) ==
      null
        ? (textAt(entry, 'traceId') ?? textAt(entry, 'trace_id'))
        : undefined,
    joined: (call, { userId }) => ({ ...call, userId: call.userId ?? call.user_id ?? userId }),
    waits: true,
  },
];

const FORMATS = new Set(ROWS.map(({ name }) => name));

/** The name of the format of a line that says whose a call is. */
export function ownersFormat(entry: Json): string | undefined {
  return ROWS.find((row) => row.owner(entry)?.id !== undefined)?.name;
}

/** A call, with what its owner's line says where that has come. */
export interface OwnedCall {
  readonly format: string;
  readonly entry: Json;
  readonly origin: unknown;
}

/** Calls that wait, and owners that are remembered. */
export interface HeldOwners {
  readonly calls: ReadonlyMap<string, readonly OwnedCall[]>;
  readonly owners: ReadonlyMap<string, Json>;
}

const MOST_WAITING = 50_000;
const MOST_OWNERS = 10_000;
/** Lines of one id whose parts are looked at whether they are whole: 32 KB each (apim-parts.ts). */
const MOST_PARTS = 512;
const LONGEST_ID = 256;

/** Joins calls and the lines that say whose they are, whichever comes first. */
export class OwnersApartReader {
  readonly #owners: Map<string, Json>;
  readonly #waiting: Map<string, OwnedCall[]>;
  #aging: ReadonlySet<string> = new Set();
  #calls = 0;
  readonly #weight: HeldWeight;

  /**
   * @param held what another reader of the same input held, to go on from
   * @param most weight of what waits
   */
  constructor(held?: HeldOwners, most?: number) {
    this.#weight = new HeldWeight(most);
    this.#waiting = new Map([...(held?.calls ?? [])].map(([key, calls]) => [key, [...calls]]));
    for (const [key, calls] of this.#waiting) {
      this.#calls += calls.length;
      for (const { entry } of calls) this.#weight.add(key, entry);
    }
    this.#owners = new Map(held?.owners);
  }

  get held(): HeldOwners {
    return { calls: this.#waiting, owners: this.#owners };
  }

  /**
   * @param format that the line was read as: names of fields alone make no line another's
   * @returns undefined for a line of another kind; the call, where it is whole; and calls of earlier lines that are whole now, or have
   * waited for too many others
   */
  read(
    format: string,
    entry: unknown,
    origin: unknown,
  ): { readonly call?: Json; readonly isOwner: boolean; readonly late: readonly OwnedCall[] } | undefined {
    const object = FORMATS.has(format) ? objectOf(entry) : undefined;
    if (object === undefined) return undefined;
    for (const row of ROWS) {
      if (row.name !== format) continue;
      const owner = row.owner(object);
      if (owner?.id !== undefined && owner.id.length <= LONGEST_ID)
        return { isOwner: true, late: this.#own(row, `${row.name} ${owner.id}`, owner.facts) };
      const id = row.call(object);
      if (id === undefined || id.length > LONGEST_ID) continue;
      const key = `${row.name} ${id}`;
      const facts = this.#owners.get(key);
      const waiting = this.#waiting.get(key) ?? [];
      const isAlone = waiting.length === 0 && row.parts?.isWhole(object) !== false;
      if (facts !== undefined && isAlone)
        return { isOwner: false, call: row.joined(object, facts), late: [] };
      if (!row.waits) return undefined;
      waiting.push({ format: row.name, entry: object, origin });
      this.#waiting.set(key, waiting);
      this.#calls++;
      this.#weight.add(key, object);
      if (facts !== undefined && waiting.length <= MOST_PARTS && this.#isWhole(row, key))
        return { isOwner: false, late: this.#release(key) };
      return { isOwner: false, late: this.#tooMany() };
    }
    return undefined;
  }

  /** The oldest of what waits, where that has become too much. */
  #tooMany(): readonly OwnedCall[] {
    const late: OwnedCall[] = [];
    for (const oldest of this.#waiting.keys()) {
      if (this.#calls <= MOST_WAITING && !this.#weight.isOver) break;
      for (const call of this.#release(oldest)) late.push(call);
    }
    return late;
  }

  #own(row: OwnersApart, key: string, facts: Json): readonly OwnedCall[] {
    this.#owners.delete(key);
    this.#owners.set(key, facts);
    const oldest = this.#owners.size > MOST_OWNERS ? this.#owners.keys().next().value : undefined;
    if (oldest !== undefined) this.#owners.delete(oldest);
    return this.#isWhole(row, key) ? this.#release(key) : [];
  }

  /** Whether what waits is whole, as far as can be seen. */
  #isWhole({ parts }: OwnersApart, key: string): boolean {
    const waiting = this.#waiting.get(key) ?? [];
    return parts === undefined || parts.isWhole(parts.whole(waiting.map(({ entry }) => entry)));
  }

  /** What waited already at the call before: for listeners, whose input does not end. */
  age(): readonly OwnedCall[] {
    const late = [...this.#aging].flatMap((key) => this.#release(key));
    this.#aging = new Set(this.#waiting.keys());
    return late;
  }

  /** What is left when the input ends. */
  finish(): readonly OwnedCall[] {
    return [...this.#waiting.keys()].flatMap((key) => this.#release(key));
  }

  #release(key: string): readonly OwnedCall[] {
    const calls = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#calls -= calls.length;
    this.#weight.drop(key);
    const row = ROWS.find(({ name }) => name === calls[0]?.format);
    const facts = this.#owners.get(key);
    const [last] = calls.slice(-1);
    const whole =
      row?.parts === undefined || last === undefined
        ? calls
        : [{ ...last, entry: row.parts.whole(calls.map(({ entry }) => entry)) }];
    return row === undefined || facts === undefined
      ? whole
      : whole.map((call) => ({ ...call, entry: row.joined(call.entry, facts) }));
  }
}
