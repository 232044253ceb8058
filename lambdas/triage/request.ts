import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type AnswerRequest, answerRequest } from '../../lib/findings/answer-request.ts';
import { decisionId } from '../../lib/findings/decision-id.ts';
import {
  DECISION_PATHS,
  type DecisionRequest,
  decisionRequest,
} from '../../lib/findings/decision-request.ts';
import { AUTHOR_MAX, FINDING_STATES } from '../../lib/findings/finding.ts';
import { type Author, authorOfArn } from '../../lib/findings/principal.ts';
import { plain } from '../../lib/findings/sanitize.ts';
import type { FindingFilter } from '../../lib/stores/finding-queries.ts';
import { printable, reasonOf } from '../../lib/telemetry/reason.ts';

/** What a caller wants, parsed. */
export type Request =
  | { readonly kind: 'list'; readonly filter: FindingFilter; readonly limit: number }
  | { readonly kind: 'show'; readonly id: string }
  | { readonly kind: 'review' }
  | { readonly kind: 'answer'; readonly asked: AnswerRequest; readonly decision: string }
  | {
      readonly kind: 'decide';
      readonly id: string;
      readonly asked: DecisionRequest;
      /** id of the decision: given again, it is not made twice */
      readonly decision: string;
    };

/** A request that is refused, in words for whoever wrote it: which field, what it held, what is allowed. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly field: string | undefined;
  readonly value: string | undefined;

  constructor(status: number, message: string, field?: string, value?: string) {
    super(message);
    this.status = status;
    this.field = field;
    this.value = value;
  }
}

/** The part of a function URL's event that is read (payload format 2.0). */
const urlEvent = z.object({
  rawPath: z.string(),
  queryStringParameters: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
  requestContext: z.object({
    requestId: z.string().optional(),
    http: z.object({ method: z.string() }),
    authorizer: z.object({ iam: z.object({ userArn: z.string().min(1) }) }),
  }),
});
export type UrlEvent = z.infer<typeof urlEvent>;

/** Findings in one answer at most: with fifty members each they still fit into the 6 MB that a function may answer. */
const MAX_LISTED = 200;
/** Characters of a body at most; a note has 4,000. */
const BODY_MAX = 20_000;

const query = z.strictObject({
  state: z.enum([...FINDING_STATES, 'all']).default('open'),
  level: z.enum(['watch', 'suspect', 'critical']).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `must be a whole number from 1 to ${MAX_LISTED}`)
    .transform(Number)
    .pipe(z.number().min(1).max(MAX_LISTED))
    .default(50),
  shadow: z.enum(['true', 'false']).default('false'),
});
const decision = decisionId.optional();

/** What may be asked of a finding, by the last part of the path. */
const ASKED = new Map(Object.entries(DECISION_PATHS).map(([asked, part]) => [part as string, asked]));

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Who calls, by the signature that IAM checked.
 * @throws Error where the event is none of a function URL with IAM: it was invoked otherwise
 */
export function readEvent(event: unknown): UrlEvent {
  const parsed = urlEvent.safeParse(event);
  if (parsed.success) return parsed.data;
  const reason = reasonOf(parsed.error, event);
  throw new Error(
    `not an event of a function URL with IAM authentication: ${reason.field}: ${reason.message}`,
  );
}

/** The author of changes in the audit trail, by the caller's ARN. */
export function authorOf(event: UrlEvent): Author {
  const { principal, claimed } = authorOfArn(plain(event.requestContext.authorizer.iam.userArn, AUTHOR_MAX));
  return { principal, ...(claimed === undefined ? {} : { claimed }) };
}

/** @throws Refused */
export function parseRequest(event: UrlEvent): Request {
  const { method } = event.requestContext.http;
  const [root, id, action, more] = event.rawPath.split('/').slice(1);
  if (root === 'review' && action === undefined) return reviewRequest(event, id);
  if (root !== 'findings' || more !== undefined) throw unknownPath(event);
  if (id === undefined) {
    allow(method, 'GET');
    const { limit, shadow, state, level } = parse(query, event.queryStringParameters ?? {});
    return {
      kind: 'list',
      limit,
      filter: { state, shadow: shadow === 'true', ...(level === undefined ? {} : { level }) },
    };
  }
  if (!ID.test(id)) throw new Refused(400, 'is no id of a finding', 'id', printable(id));
  if (action === undefined) {
    allow(method, 'GET');
    return { kind: 'show', id };
  }
  const wanted = ASKED.get(action);
  if (wanted === undefined) throw unknownPath(event);
  allow(method, 'POST');
  const { decision: name, ...rest } = parse(z.looseObject({ decision }), bodyOf(event));
  if ('action' in rest) throw new Refused(400, 'is said by the path', 'action', printable(rest.action));
  const asked = parse(decisionRequest, { action: wanted, ...rest });
  return { kind: 'decide', id, asked, decision: name ?? requestOf(event) };
}

/** `GET /review`: what is asked; `POST /review/ACCOUNT`: an answer. @throws Refused */
function reviewRequest(event: UrlEvent, account: string | undefined): Request {
  const { method } = event.requestContext.http;
  if (account === undefined) {
    allow(method, 'GET');
    return { kind: 'review' };
  }
  allow(method, 'POST');
  const { decision: name, ...rest } = parse(z.looseObject({ decision }), bodyOf(event));
  if ('account' in rest) throw new Refused(400, 'is said by the path', 'account', printable(rest.account));
  const asked = parse(answerRequest, { ...rest, account });
  return { kind: 'answer', asked, decision: name ?? requestOf(event) };
}

/** A caller that sends its request again without a decision of its own makes another one. */
function requestOf({ requestContext }: UrlEvent): string {
  return requestContext.requestId ?? randomUUID();
}

function unknownPath({ rawPath }: UrlEvent): Refused {
  return new Refused(
    404,
    `must be /findings, /findings/ID, /findings/ID/ and ${[...ASKED.keys()].join(', ')}, /review, or /review/ACCOUNT`,
    'path',
    printable(rawPath),
  );
}

function allow(method: string, allowed: string): void {
  if (method !== allowed) throw new Refused(405, `must be ${allowed}`, 'method', printable(method));
}

function bodyOf(event: UrlEvent): unknown {
  const body = event.body ?? '';
  if (body === '') return {};
  if (body.length > BODY_MAX)
    throw new Refused(413, `must have at most ${BODY_MAX} characters`, 'body', String(body.length));
  const text = event.isBase64Encoded === true ? Buffer.from(body, 'base64').toString('utf8') : body;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'must be JSON', 'body', printable(text));
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message, value: held } = reasonOf(parsed.error, value);
  throw new Refused(400, message, field, held);
}
