import { at, type Json, jsonIn, nameAt, objectOf, textAt } from './adapters/fields.ts';
import type { PromptFacts } from './adapters/prompt-faults.ts';
import type { Exchange } from './exchange.ts';
import type { Reason } from './reason.ts';

/**
 * What an entry of a log says besides its exchange, for the health of telemetry alone: which gateway and route it is of, and whom
 * else than the account it names. It is held in memory for as long as the exchange, or the reason against it, is, and never sent.
 */
export interface EntryFacts {
  /** what it was read as */
  readonly format: string;
  readonly gateway?: string;
  readonly route?: string;
  readonly model?: string;
  /** fields that may name end users or sessions, and what they say */
  readonly people: readonly (readonly [field: string, value: string])[];
}

/** What is known of an event's exchange that the event does not say. */
export interface ReadFacts {
  readonly prompt?: PromptFacts | undefined;
  readonly entry?: EntryFacts | undefined;
}

const known = new WeakMap<object, EntryFacts>();

/** Facts of the entry that an exchange or a reason was made of. */
export function entryFactsOf(made: Exchange | Reason): EntryFacts | undefined {
  return known.get(made);
}

export function keepEntryFacts(made: Exchange | Reason, facts: EntryFacts): void {
  known.set(made, facts);
}

/** Names of the gateway, and of a part of it, in logs; the first that is there counts. */
const GATEWAYS: readonly (readonly string[])[] = [
  ...[['gateway'], ['gateway', 'name'], ['gateway_id'], ['gateway_name'], ['gatewayId'], ['gatewayName']],
  ...[['service'], ['service', 'name'], ['service.name'], ['service_name'], ['serviceName'], ['ServiceName']],
  ...[
    ['app'],
    ['application'],
    ['app_name'],
    ['source'],
    ['logger'],
    ['kubernetes', 'container_name'],
    ['logGroup'],
  ],
];
const ROUTES: readonly (readonly string[])[] = [
  ...[['route'], ['route', 'name'], ['route', 'id'], ['route_id'], ['route_name'], ['endpoint'], ['path']],
  ...[['http.route'], ['url', 'path'], ['request', 'path'], ['provider']],
];
const MODELS: readonly (readonly string[])[] = [
  ...[['model'], ['request', 'model'], ['request', 'body', 'model'], ['modelId'], ['gen_ai.request.model']],
];
/** Fields that may name whom a customer serves, or a session of his. */
const PERSON =
  /^(?:end_?user|user|session|conversation|thread|chat|customer|tenant|consumer|client|visitor|member|organi[sz]ation|workspace|team)(?:_?(?:id|name|key|hash))?$|^safety_identifier$/i;
/** Before such a name in attributes of a span. */
const PREFIX =
  /^(?:gen_ai|langfuse|langsmith|metadata|ai\.telemetry\.metadata|traceloop\.association\.properties)\./;
const HOLDERS: readonly (readonly string[])[] = [
  [],
  ['metadata'],
  ['requestMetadata'],
  ['request'],
  ['request', 'metadata'],
  ['request', 'body'],
  ['attributes'],
];
const LONGEST = 128;
const MOST_PEOPLE = 8;
const MOST_FIELDS = 64;

/** What an entry says of where it comes from. Reads anything, throws on nothing. */
export function entryFacts(format: string, entry: unknown): EntryFacts {
  const places = placesOf(entry);
  const gateway = named(entry, places.gateways);
  const route = named(entry, places.routes);
  const model = named(entry, places.models);
  return {
    format,
    ...(gateway === undefined ? {} : { gateway }),
    ...(route === undefined ? {} : { route: route.replace(/\?.*$/s, '') }),
    ...(model === undefined ? {} : { model }),
    people: peopleIn(entry, places.holders),
  };
}

/** Where entries of one form, by the names of their fields, may say something. */
interface Places {
  readonly gateways: typeof GATEWAYS;
  readonly routes: typeof ROUTES;
  readonly models: typeof MODELS;
  readonly holders: typeof HOLDERS;
}

/** Entries of one form come again and again. */
const placesByForm = new Map<string, Places>();
const MOST_FORMS = 500;
const LONGEST_FORM = 4_096;
const NO_PLACES: Places = { gateways: [], routes: [], models: [], holders: [] };

function placesOf(entry: unknown): Places {
  const object = objectOf(entry);
  if (object === undefined) return NO_PLACES;
  const fields = Object.keys(object);
  const form = fields.length > MOST_FIELDS ? '' : fields.join('\n');
  const known = placesByForm.get(form);
  if (known !== undefined) return known;
  const are = ([first]: readonly string[]) => first === undefined || fields.includes(first);
  const places: Places = {
    gateways: GATEWAYS.filter(are),
    routes: ROUTES.filter(are),
    models: MODELS.filter(are),
    holders: HOLDERS.filter(are),
  };
  if (form !== '' && form.length <= LONGEST_FORM && placesByForm.size < MOST_FORMS)
    placesByForm.set(form, places);
  return places;
}

function named(entry: unknown, places: readonly (readonly string[])[]): string | undefined {
  for (const place of places) {
    const held = textAt(entry, ...place);
    if (held !== undefined && held.length <= LONGEST) return held;
  }
  return undefined;
}

function peopleIn(entry: unknown, holders: typeof HOLDERS): (readonly [string, string])[] {
  const people: (readonly [string, string])[] = [];
  for (const holder of holders) {
    const found = holder.length === 0 ? entry : at(entry, ...holder);
    if (found === undefined) continue;
    const held: Json = objectOf(jsonIn(found)) ?? {};
    // the metadata of a request is free: any name may be a customer's
    const isFree = holder.at(-1) === 'requestMetadata';
    let fields = 0;
    for (const field of Object.keys(held)) {
      if (++fields > MOST_FIELDS) break;
      if (people.length >= MOST_PEOPLE) return people;
      if (field.length > LONGEST || !(isFree || isPerson(field))) continue;
      const value = nameAt(held, field) ?? nameAt(held, field, 'id') ?? nameAt(held, field, 'stringValue');
      if (value !== undefined && value.length <= LONGEST) people.push([[...holder, field].join('.'), value]);
    }
  }
  return people;
}

/** Names of fields come again with every entry. */
const judged = new Map<string, boolean>();
const MOST_JUDGED = 2_000;

function isPerson(field: string): boolean {
  const known = judged.get(field);
  if (known !== undefined) return known;
  const is = PERSON.test(field.replace(PREFIX, '').replaceAll(/[.-]/g, '_'));
  if (judged.size < MOST_JUDGED) judged.set(field, is);
  return is;
}
