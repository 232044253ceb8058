/**
 * One odd fact costs that fact, not the exchange: what a caller chooses (a limit of -1, a temperature of 99, a header of two
 * kilobytes) must not take its request out of sight. Facts that an exchange cannot do without are not touched here.
 */

/** Bounds of optional facts; what lies outside is left out. */
const NUMBERS: Readonly<Record<string, { min: number; max: number; whole: boolean }>> = {
  temperature: { min: 0, max: 10, whole: false },
  topP: { min: 0, max: 1, whole: false },
  maxTokens: { min: 0, max: 1e9, whole: true },
  n: { min: 1, max: 1e6, whole: true },
  seed: { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, whole: false },
};

/** Longest texts of optional facts, in characters; what is longer is cut, and still tells one client from another. */
const TEXTS: Readonly<Record<string, number>> = { ip: 256, tls: 512, userAgent: 8192, credential: 8192 };
const PAYMENT = 512;
const MAX_ASN = 4294967295;

type Json = Readonly<Record<string, unknown>>;

/** Whether a sampling parameter is one that an event can carry. */
export function isSound(name: string, value: unknown): boolean {
  const bounds = NUMBERS[name];
  if (bounds === undefined) return true;
  return (
    typeof value === 'number' &&
    value >= bounds.min &&
    value <= bounds.max &&
    (!bounds.whole || Number.isInteger(value))
  );
}

/** An exchange's JSON without its odd optional facts, and their names (dotted paths). The same object where there are none. */
export function withoutOddFacts(json: unknown): { json: unknown; odd: readonly string[] } {
  if (!isObject(json)) return { json, odd: [] };
  const odd: string[] = [];
  const params = isObject(json.params) ? soundParams(json.params, odd) : dropped(json.params, 'params', odd);
  const origin = isObject(json.origin) ? soundOrigin(json.origin, odd) : dropped(json.origin, 'origin', odd);
  const customer = isObject(json.customer) ? soundCustomer(json.customer, odd) : json.customer;
  if (params === json.params && origin === json.origin && customer === json.customer) return { json, odd };
  return { json: { ...json, params, origin, customer }, odd };
}

function dropped(value: unknown, name: string, odd: string[]): undefined {
  if (value !== undefined) odd.push(name);
  return undefined;
}

function soundParams(params: Json, odd: string[]): Json {
  const bad = Object.keys(NUMBERS).filter(
    (name) => params[name] !== undefined && !isSound(name, params[name]),
  );
  const { logprobs } = params;
  if (logprobs !== undefined && typeof logprobs !== 'boolean' && !Number.isFinite(logprobs))
    bad.push('logprobs');
  if (bad.length === 0) return params;
  odd.push(...bad.map((name) => `params.${name}`));
  return Object.fromEntries(Object.entries(params).filter(([name]) => !bad.includes(name)));
}

function soundOrigin(origin: Json, odd: string[]): Json {
  const changed: Record<string, unknown> = { ...origin };
  let touched = false;
  for (const [name, longest] of Object.entries(TEXTS)) {
    const value = origin[name];
    if (value === undefined || (typeof value === 'string' && value.length <= longest)) continue;
    touched = true;
    odd.push(`origin.${name}`);
    changed[name] = typeof value === 'string' ? shortened(name, value, longest) : undefined;
  }
  const { asn } = origin;
  if (asn !== undefined && !isAsn(asn)) {
    touched = true;
    // logs whose values are all texts (Bedrock's requestMetadata) write the number as one
    changed.asn =
      typeof asn === 'string' && /^\d{1,10}$/.test(asn) && isAsn(Number(asn)) ? Number(asn) : undefined;
    if (changed.asn === undefined) odd.push('origin.asn');
  }
  return touched ? changed : origin;
}

function isAsn(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ASN;
}

/** Of a forwarding list the first address counts (network.ts), so its rest is not missed. */
function shortened(name: string, value: string, longest: number): string {
  return name === 'ip' ? (value.split(',', 1)[0] ?? '').slice(0, longest) : value.slice(0, longest);
}

function soundCustomer(customer: Json, odd: string[]): Json {
  const { payment } = customer;
  if (payment === undefined || (typeof payment === 'string' && payment.length <= PAYMENT)) return customer;
  odd.push('customer.payment');
  return { ...customer, payment: typeof payment === 'string' ? payment.slice(0, PAYMENT) : undefined };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
