import { type BinaryLike, createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { type Answer, answer } from '../findings/answer.ts';
import type { AnswerRequest } from '../findings/answer-request.ts';
import { DECISION_PATHS, type DecisionRequest } from '../findings/decision-request.ts';
import { exception } from '../findings/exception.ts';
import { auditEntry } from '../findings/finding.ts';
import { type Triaged, TriageError } from '../findings/triage.ts';

/** Longest that an answer may take, ms: the function's own time limit and a cold start. */
const WAIT_MS = 40_000;
/** Characters of an answer that are shown where it is none of ours. */
const SHOWN = 120;

const made = z.object({ entry: auditEntry, exception: exception.nullable() });
const kept = z.object({ answer });
const refused = z.object({ error: z.object({ field: z.string().optional(), message: z.string() }) });

const forbidden = z.object({ Message: z.string().max(1000) });

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface TriageUrlOptions {
  /** the stack's output TriageApiUrl */
  readonly url: string;
  readonly region: () => Promise<string>;
  readonly credentials: () => Promise<Credentials>;
}

/**
 * Verdicts through the triage API: the function writes them, in the name that IAM reads from the signature.
 * Signed with SigV4 for the service `lambda` (lambda/latest/dg/urls-invocation.html).
 */
export class TriageUrl {
  readonly #options: TriageUrlOptions;

  constructor(options: TriageUrlOptions) {
    this.#options = options;
  }

  /**
   * @param decision id of the decision: given again, it is not made twice
   * @throws TriageError where the request, or the finding as it stands, does not allow it
   * @throws Error where AWS or the network would not, named as AWS names it
   */
  async decide(
    id: string,
    { action, ...rest }: DecisionRequest,
    decision: string,
  ): Promise<Omit<Triaged, 'finding'>> {
    const { status, text } = await this.#post(
      `findings/${encodeURIComponent(id)}/${DECISION_PATHS[action]}`,
      { ...rest, decision },
    );
    return answerOf(status, text, made, ({ entry, exception: held }) => ({
      entry,
      exception: held ?? undefined,
    }));
  }

  /**
   * Answers the review. @param decision as above
   * @throws TriageError where the request does not fit
   * @throws Error where AWS or the network would not, named as AWS names it
   */
  async answer({ account, ...rest }: AnswerRequest, decision: string): Promise<Answer> {
    const { status, text } = await this.#post(`review/${encodeURIComponent(account)}`, { ...rest, decision });
    return answerOf(status, text, kept, ({ answer: held }) => held);
  }

  async #post(path: string, value: object): Promise<{ status: number; text: string }> {
    const url = new URL(path, this.#options.url);
    const body = JSON.stringify(value);
    const signer = new SignatureV4({
      service: 'lambda',
      region: await this.#options.region(),
      credentials: await this.#options.credentials(),
      sha256: Sha256,
    });
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    });
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(WAIT_MS),
    });
    return { status: response.status, text: await response.text() };
  }
}

function answerOf<T, R>(status: number, text: string, schema: z.ZodType<T>, read: (value: T) => R): R {
  const value = jsonOf(text);
  const done = status === 200 ? schema.safeParse(value) : undefined;
  if (done?.success === true) return read(done.data);
  const no = refused.safeParse(value);
  if (no.success) {
    const { field, message } = no.data.error;
    throw field === 'until'
      ? new TriageError(message, 'until')
      : new TriageError(field === undefined ? message : `${field}: ${message}`);
  }
  if (status === 403)
    throw named(
      'AccessDeniedException',
      `the triage API says: ${saidBy(value, text)} (TriagePolicyArn lets people in)`,
    );
  if (status === 429) throw named('TooManyRequestsException', 'the triage API is busy');
  throw named('ServiceUnavailable', `the triage API answered ${status}: ${text.slice(0, SHOWN)}`);
}

/** What AWS says of a request that it did not hand to the function. */
function saidBy(value: unknown, text: string): string {
  const said = forbidden.safeParse(value);
  return said.success ? said.data.Message : text.slice(0, SHOWN);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said with the status
  }
}

/** SHA-256, or HMAC with it where there is a secret, as the signer wants it. */
class Sha256 {
  readonly #secret: BinaryLike | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytes(secret);
    this.#hash = this.#fresh();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytes(of: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof of === 'string') return Buffer.from(of, 'utf8');
  return ArrayBuffer.isView(of)
    ? new Uint8Array(of.buffer, of.byteOffset, of.byteLength)
    : new Uint8Array(of);
}
