import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { HalfSipKey, SipKey } from './siphash.ts';

/**
 * The keyring: one secret for account pseudonyms that does not rotate (else every profile would split),
 * and secrets of key epochs for the fingerprints that do, overlapping by design.
 */
const secret = z
  .string()
  .min(32)
  .max(1024)
  .describe('at least 32 characters with 256 bits of randomness, for example `openssl rand -base64 32`');

const moment = z.iso.datetime({ offset: true });

export const keyring = z
  .strictObject({
    account: z.strictObject({ secret: secret.describe('pseudonyms of accounts; never rotates') }),
    epochs: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^[A-Za-z0-9._-]{1,32}$/)
            .describe('for example 2026-03'),
          secret,
          from: moment.describe('first event time of the epoch'),
          until: moment
            .optional()
            .describe("end of the epoch's service, after the next one has begun; open when absent"),
        }),
      )
      .min(1),
    development: z
      .boolean()
      .optional()
      .describe('derived from a seed: anyone who has the seed can test guesses'),
  })
  .superRefine((ring, context) => {
    const seen = new Set<string>();
    const from = ring.epochs.map((epoch) => Date.parse(epoch.from));
    for (const [index, epoch] of ring.epochs.entries()) {
      if (seen.has(epoch.id))
        context.addIssue({
          code: 'custom',
          path: ['epochs', index, 'id'],
          message: `${epoch.id} is there twice`,
        });
      seen.add(epoch.id);
      const start = from[index] as number;
      if (epoch.until !== undefined && Date.parse(epoch.until) <= start)
        context.addIssue({ code: 'custom', path: ['epochs', index, 'until'], message: 'must be after from' });
      const serving = ring.epochs.filter(
        (other, i) =>
          (from[i] as number) <= start && (other.until === undefined || Date.parse(other.until) > start),
      );
      if (serving.length > 2)
        context.addIssue({
          code: 'custom',
          path: ['epochs', index, 'from'],
          message: `more than two epochs serve at ${epoch.from}: close the oldest with until`,
        });
    }
    if (new Set(from).size !== from.length)
      context.addIssue({ code: 'custom', path: ['epochs'], message: 'two epochs begin at the same time' });
    if (ring.epochs.some((epoch) => epoch.secret === ring.account.secret))
      context.addIssue({
        code: 'custom',
        path: ['account', 'secret'],
        message: 'must differ from the epochs’ secrets',
      });
  });

export type Keyring = z.infer<typeof keyring>;

/**
 * Reads a keyring from parsed JSON.
 * @throws Error naming the field; the value is a secret and is never printed.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { parseKeyring } from '@siphonwatch/recorder';
 *
 * const keys = parseKeyring(JSON.parse(readFileSync('keyring.json', 'utf8')));
 * keys.epochs.length; // => 1
 */
export function parseKeyring(json: unknown): Keyring {
  const parsed = keyring.safeParse(json);
  if (parsed.success && parsed.data.epochs.some(({ id }) => id === DEVELOPMENT_EPOCH))
    throw new Error(`keyring: epochs: "${DEVELOPMENT_EPOCH}" names development keys, which a stream refuses`);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(
    `keyring: ${issue?.path.join('.') || '(top)'}: ${issue?.message ?? 'not a keyring'} (values are not shown)`,
  );
}

/** Name of the epoch of every development key: functions refuse what was made under it, except in a demo. */
export const DEVELOPMENT_EPOCH = 'dev';

/**
 * A keyring that anyone with the seed can rebuild: for development, tests and shipped examples only.
 *
 * @example
 * import { developmentKeyring } from '@siphonwatch/recorder';
 *
 * developmentKeyring('for this example only').development; // => true
 */
export function developmentKeyring(seed: string): Keyring {
  const derive = (purpose: string) =>
    createHmac('sha256', seed).update(`siphonwatch/development/${purpose}`).digest('base64url');
  return {
    account: { secret: derive('account') },
    epochs: [{ id: DEVELOPMENT_EPOCH, secret: derive('epoch'), from: '1970-01-01T00:00:00Z' }],
    development: true,
  };
}

/** What a fingerprint is of; each has a key of its own, so prints of different facts never match by accident. */
export const PRINT_FIELDS = [
  'prompt',
  'opening',
  'closing',
  'layout',
  'system',
  'address',
  'network',
  'asn',
  'tls',
  'agent',
  'credential',
  'payment',
] as const;
export type PrintField = (typeof PRINT_FIELDS)[number];

/** The fast keys of one epoch, derived from its secret by HMAC-SHA256. */
export interface EpochKeys {
  readonly id: string;
  /** event time in ms since 1970 */
  readonly from: number;
  readonly until: number;
  readonly print: Readonly<Record<PrintField, SipKey>>;
  readonly sketchWord: HalfSipKey;
  readonly sketchPair: HalfSipKey;
}

function derive(secretText: string, purpose: string): Buffer {
  return createHmac('sha256', secretText).update(`siphonwatch/v1/${purpose}`).digest();
}

/** Derives each epoch's keys; newest epoch first. */
export function epochKeys(ring: Keyring): EpochKeys[] {
  return ring.epochs
    .map((epoch) => {
      const print = {} as Record<PrintField, SipKey>;
      for (const field of PRINT_FIELDS) {
        const bytes = derive(epoch.secret, `print/${field}`);
        print[field] = [
          bytes.readInt32LE(0),
          bytes.readInt32LE(4),
          bytes.readInt32LE(8),
          bytes.readInt32LE(12),
        ];
      }
      const word = derive(epoch.secret, 'sketch/word');
      const pair = derive(epoch.secret, 'sketch/pair');
      return {
        id: epoch.id,
        from: Date.parse(epoch.from),
        until: epoch.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(epoch.until),
        print,
        sketchWord: [word.readInt32LE(0), word.readInt32LE(4)] as const,
        sketchPair: [pair.readInt32LE(0), pair.readInt32LE(4)] as const,
      };
    })
    .sort((a, b) => b.from - a.from);
}

/**
 * The epochs that serve at an event time (ms), newest first: the newest that has begun, and during an overlap the
 * one before it. The newest serves on past its `until`, and the oldest serves what came before it, because a
 * forgotten rotation must not blind the detector.
 */
export function servingEpochs(newestFirst: readonly EpochKeys[], time: number): EpochKeys[] {
  const begun = newestFirst.filter((epoch) => epoch.from <= time);
  const current = begun[0] ?? newestFirst[newestFirst.length - 1];
  if (current === undefined) throw new Error('keyring: no epochs');
  const previous = begun[1];
  return previous !== undefined && time < previous.until ? [current, previous] : [current];
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * An account's pseudonym: `a_` and the first 130 bits of HMAC-SHA256(account secret, name) in lower-case base32.
 *
 * @example
 * import { accountPseudonym, developmentKeyring } from '@siphonwatch/recorder';
 *
 * accountPseudonym(developmentKeyring('for this example only'), 'acme'); // => 'a_x4tmpfrhnq7iqlgc7bwfz2owi3'
 */
export function accountPseudonym(ring: Keyring, account: string): string {
  // As UTF-16, so that names which differ only in broken surrogates stay apart.
  const bytes = createHmac('sha256', ring.account.secret)
    .update('siphonwatch/v1/account/')
    .update(account, 'utf16le')
    .digest();
  let text = 'a_';
  let bits = 0;
  let held = 0;
  for (let i = 0; text.length < 28; ) {
    if (held < 5) {
      bits = ((bits << 8) | (bytes[i++] as number)) & 0xfff;
      held += 8;
    }
    text += BASE32[(bits >>> (held - 5)) & 31];
    held -= 5;
  }
  return text;
}
