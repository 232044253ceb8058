import { decided, isMadeBy } from '../../lib/findings/decision-request.ts';
import type { Author } from '../../lib/findings/principal.ts';
import { type Triaged, TriageError } from '../../lib/findings/triage.ts';
import { jsonView, sanitized } from '../../lib/findings/views/json.ts';
import { listFindings, wholeTrail } from '../../lib/stores/finding-queries.ts';
import type { FindingStore } from '../../lib/stores/finding-store.ts';
import { giveAnswer, openReview } from '../../lib/stores/reviews.ts';
import { change } from '../../lib/stores/verdicts.ts';
import { authorOf, parseRequest, Refused, type Request, type UrlEvent } from './request.ts';

export interface ApiResponse {
  readonly status: number;
  /** the same documents as `--json` of the verbs */
  readonly body: object;
  /** what was asked for, for the log; undefined where it could not be read */
  readonly request: Request | undefined;
}

/** Answers a request of whoever signed it. @param now processing time, ms */
export async function answer(event: UrlEvent, store: FindingStore, now: number): Promise<ApiResponse> {
  let request: Request | undefined;
  try {
    request = parseRequest(event);
    return { status: 200, body: await done(request, authorOf(event), store, now), request };
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    const { status, message, field, value } = refused;
    return {
      status,
      body: {
        error: {
          ...(field === undefined ? {} : { field }),
          ...(value === undefined ? {} : { value }),
          message,
        },
      },
      request,
    };
  }
}

function refusal(error: unknown): Refused | undefined {
  if (error instanceof TriageError)
    return new Refused(error.field === undefined ? 409 : 400, error.message, error.field);
  return error instanceof Refused ? error : undefined;
}

async function done(request: Request, author: Author, store: FindingStore, now: number): Promise<object> {
  switch (request.kind) {
    case 'list': {
      const { findings, more } = await listFindings(store, request.filter, request.limit, now);
      return { findings: sanitized(findings), more };
    }
    case 'show': {
      const finding = await found(store, request.id);
      const exception = await store.exceptionFor(finding.notice.subject.id, now);
      return {
        ...sanitized({ finding, audit: await wholeTrail(store, finding), exception: exception ?? null }),
        view: jsonView(finding.notice, now),
      };
    }
    case 'review':
      return { review: (await openReview(store)) ?? null };
    case 'answer':
      return sanitized({
        answer: await giveAnswer(store, request.asked, author, request.decision, now),
      }) as object;
    case 'decide': {
      await found(store, request.id);
      const { id, asked, decision } = request;
      return changed(
        await change(store, id, decided(asked, author, decision, now), decision, isMadeBy(asked, author)),
      );
    }
  }
}

async function found(store: FindingStore, id: string) {
  const held = await store.find(id);
  if (held === undefined) throw new Refused(404, 'there is no such finding', 'id', id);
  return held.finding;
}

function changed({ finding, entry, exception }: Triaged): object {
  return sanitized({ finding: finding.id, entry, exception: exception ?? null });
}
