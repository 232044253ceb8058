import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import type * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { printable } from '../telemetry/reason.ts';
import { DAY_MS } from '../time.ts';
import { POLICY_VERSION, type Policy, policy as schema } from './policy.ts';

/** What is wrong with a policy file, where, and what to do. */
export interface PolicyFault {
  /** from 1; 0 where the file as a whole is meant */
  readonly line: number;
  readonly column: number;
  /** dotted path */
  readonly field: string;
  /** what stands there, made safe to print */
  readonly value: string;
  readonly message: string;
  readonly remedy: string;
}

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** Larger than any policy: exceptions are for accounts, not for a customer base. */
export const MAX_POLICY_BYTES = LIMITS.policyBytes.most;

/**
 * Reads a policy from YAML or JSON text (JSON is YAML). All faults are told, each with its line.
 * @param now ms; given, exceptions that have expired are faults. A running function leaves it out: an exception that
 *   expires while the policy is active must not take the policy down.
 */
export function parsePolicy(text: string, now?: number): ParsedPolicy {
  if (text.length > MAX_POLICY_BYTES)
    return whole(`is ${text.length} characters long`, `keep it below ${MAX_POLICY_BYTES}`);
  if (hasTooManyTokens(text))
    return whole(`has more than ${MAX_TOKENS} words and marks of YAML`, 'leave out what is no policy');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0)
    return {
      ok: false,
      faults: document.errors.slice(0, FAULTS_SHOWN).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          line,
          column: col,
          field: '(syntax)',
          value: printable(text.split('\n')[line - 1]?.trim() ?? ''),
          message: error.code === 'DUPLICATE_KEY' ? 'names a field twice' : printable(error.message),
          remedy:
            error.code === 'DUPLICATE_KEY'
              ? 'keep one of the two'
              : 'correct the YAML; indentation is by spaces, text with a colon needs quotes',
        };
      }),
    };
  let json: unknown;
  try {
    json = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    return whole(
      printable(error instanceof Error ? error.message : String(error)),
      'write it out without aliases',
    );
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return whole(
      json === null || json === undefined ? 'is empty' : 'is not a mapping of fields',
      'start from examples/policy.yaml',
    );
  const version = (json as Record<string, unknown>).v;
  if (typeof version === 'number' && version > POLICY_VERSION)
    return {
      ok: false,
      faults: [
        {
          ...place(document, lines, ['v']),
          field: 'v',
          value: printable(version),
          message: `is from a newer version of Siphonwatch; this one reads version ${POLICY_VERSION}`,
          remedy: 'upgrade Siphonwatch, or push a policy of this version',
        },
      ],
    };
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    return {
      ok: false,
      faults: firstFaults(parsed.error.issues, (issue) => faultsOf(issue, json, document, lines)),
    };
  const wrong = now === undefined ? [] : exceptionFaults(parsed.data, now);
  if (wrong.length > 0)
    return {
      ok: false,
      faults: wrong.map(({ index, until, ...said }) => ({
        ...place(document, lines, ['exceptions', index, 'until']),
        field: `exceptions.${index}.until`,
        value: until,
        ...said,
      })),
    };
  return { ok: true, policy: parsed.data };
}

const MAX_TOKENS = LIMITS.policyTokens.most;

/** What a parser of YAML spends goes with its tokens, of which each character may be one; reading these alone is cheap. */
function hasTooManyTokens(text: string): boolean {
  if (text.length <= MAX_TOKENS) return false;
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) if (++tokens > MAX_TOKENS) return true;
  return false;
}

/** One line for people and logs. */
export function describeFault(fault: PolicyFault, file = ''): string {
  const where =
    fault.line === 0 ? file : `${file}${file === '' ? 'line ' : ':'}${fault.line}:${fault.column}`;
  return `${where === '' ? '' : `${where}: `}${fault.field}: ${fault.message} (got ${fault.value}); ${fault.remedy}`;
}

function whole(message: string, remedy: string): ParsedPolicy {
  return {
    ok: false,
    faults: [{ line: 0, column: 0, field: '(whole)', value: 'the text', message, remedy }],
  };
}

/** What is wrong with the dates of exceptions when a policy is written: past, or so far that nobody will look again. */
function exceptionFaults(
  held: Policy,
  now: number,
): { index: number; until: string; message: string; remedy: string }[] {
  const longest = LIMITS.longestSilenceDays.most;
  const far = held.exceptions.flatMap(({ until }, index) =>
    Date.parse(until) > now + longest * DAY_MS ? [{ index, until }] : [],
  );
  return [
    ...expiredExceptions(held, now).map((at) => ({
      ...at,
      message: 'has expired',
      remedy: 'remove the exception, or decide anew and give a later date',
    })),
    ...far.map((at) => ({
      ...at,
      message: `is more than ${longest} days away`,
      remedy: 'give a date within a year, and decide anew then',
    })),
  ];
}

export function expiredExceptions(held: Policy, now: number): { index: number; until: string }[] {
  return held.exceptions.flatMap(({ until }, index) => (Date.parse(until) <= now ? [{ index, until }] : []));
}

type Path = readonly PropertyKey[];

/** Where a path stands in the text, or the nearest part of it that does. */
function place(document: Document.Parsed, lines: LineCounter, path: Path): { line: number; column: number } {
  for (let length = path.length; length > 0; length--) {
    const at = keyOrValue(document, path.slice(0, length));
    if (at?.range) {
      const { line, col } = lines.linePos(at.range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

/** The key of a field, since that is where an editor's cursor should go; the item itself in a list. */
function keyOrValue(document: Document.Parsed, path: Path): Node | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path[path.length - 1];
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
    return pair !== undefined && isNode(pair.key) ? pair.key : undefined;
  }
  const value: unknown = document.getIn(path, true);
  return isNode(value) ? value : undefined;
}

function valueAt(json: unknown, path: Path): unknown {
  let value = json;
  for (const step of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined;
  return value;
}

/** Faults that are worked out: finding the line of each reads the whole text, and nobody reads hundreds. */
const FAULTS_SHOWN = LIMITS.policyFaults.most;

function firstFaults(
  issues: readonly z.core.$ZodIssue[],
  faults: (issue: z.core.$ZodIssue) => readonly PolicyFault[],
): PolicyFault[] {
  const found: PolicyFault[] = [];
  for (const issue of issues) {
    const short =
      issue.code === 'unrecognized_keys' ? { ...issue, keys: issue.keys.slice(0, FAULTS_SHOWN) } : issue;
    found.push(...faults(short));
    if (found.length >= FAULTS_SHOWN) break;
  }
  return found.slice(0, FAULTS_SHOWN);
}

function faultsOf(
  issue: z.core.$ZodIssue,
  json: unknown,
  document: Document.Parsed,
  lines: LineCounter,
): PolicyFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return {
        ...place(document, lines, path),
        field: printable(path.map(String).join('.')),
        value: printable(valueAt(json, path)),
        message: 'is not a field of a policy',
        remedy: unknownRemedy(key, issue.path),
      };
    });
  const value = valueAt(json, issue.path);
  return [
    {
      ...place(document, lines, issue.path),
      field: printable(issue.path.map(String).join('.')),
      value: printable(value),
      message: value === undefined ? 'is missing' : printable(issue.message),
      remedy: remedyFor(issue, value),
    },
  ];
}

/** Names that stand beside an unknown one, taken from the schema itself. */
function unknownRemedy(key: string, path: Path): string {
  const known = fieldsAt(path);
  const near = known
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), key.toLowerCase().slice(0, 64)) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined && near.distance <= Math.max(2, key.length / 3)) return `did you mean ${near.name}?`;
  return known.length === 0 ? 'remove it' : `remove it; known here are ${known.join(', ')}`;
}

function fieldsAt(path: Path): string[] {
  switch (String(path[0] ?? '')) {
    case '':
      return Object.keys(schema.shape);
    case 'budget':
    case 'peerGroups':
      return ['watch', 'suspect', 'critical'];
    case 'exceptions':
      return ['account', 'until', 'reason'];
    case 'prices':
      return ['inputPerMillion', 'outputPerMillion'];
    case 'campaigns':
      return ['enabled', 'budget', 'smallest'];
    case 'notifications':
      return path.length > 1 ? ['name', 'levels', 'subjects', 'peerGroups', 'delivery'] : ['routes'];
    default:
      return [];
  }
}

function remedyFor(issue: z.core.$ZodIssue, value: unknown): string {
  const top = String(issue.path[0] ?? '');
  if (issue.code === 'too_small')
    return `give ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `give at most ${issue.maximum}`;
  if (top === 'v') return `write v: ${POLICY_VERSION}`;
  if (top === 'budget' || top === 'peerGroups')
    return 'give watch the largest share and critical the smallest';
  if (top === 'windows')
    return 'give one to four different lengths in hours, multiples of 6, such as [24, 168]';
  if (top === 'retentionDays') return 'keep slices at least as long as the longest window';
  if (top === 'notifications' && issue.path.at(-1) === 'name')
    return 'give each route a name of its own: small letters, digits and -';
  if (issue.path.at(-1) === 'until') return "give a time in UTC such as '2027-01-31T00:00:00Z'";
  if (issue.path.at(-1) === 'account') return 'give the pseudonym, as findings print it';
  const field = Object.hasOwn(schema.shape, top) ? schema.shape[top as keyof typeof schema.shape] : undefined;
  const said = field?.description ?? '';
  if (value === undefined) return said === '' ? 'add it' : `add it: ${said}`;
  return said === '' ? 'see examples/policy.yaml' : `it means: ${said}`;
}

/** Levenshtein's distance, for suggestions only. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[b.length] as number;
}
