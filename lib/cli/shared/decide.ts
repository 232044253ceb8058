import { randomUUID } from 'node:crypto';
import { TriageUrl } from '../../aws/triage-url.ts';
import type { Answer } from '../../findings/answer.ts';
import type { AnswerRequest } from '../../findings/answer-request.ts';
import { decisionId } from '../../findings/decision-id.ts';
import { type DecisionRequest, decided, isMadeBy } from '../../findings/decision-request.ts';
import type { Author } from '../../findings/principal.ts';
import { type Triaged, TriageError } from '../../findings/triage.ts';
import { InputError } from '../../input/errors.ts';
import type { FindingStore } from '../../stores/finding-store.ts';
import { giveAnswer } from '../../stores/reviews.ts';
import { change } from '../../stores/verdicts.ts';
import type { Deployment } from './deployment.ts';

/** The credentials may not write the findings table: those of analysts never may where there is a triage API. */
class VerdictNotWritten extends Error {
  override readonly name = 'VerdictNotWritten';
}

/** The id of a decision: as `--decision` gives it, else a new one. @throws InputError where it cannot be one */
export function decisionOf({ decision }: { readonly decision?: string }): string {
  if (decision === undefined) return randomUUID();
  const parsed = decisionId.safeParse(decision);
  if (!parsed.success)
    throw new InputError(`--decision: ${parsed.error.issues[0]?.message ?? 'cannot be used'}`);
  return parsed.data;
}

/** A person's decision about a finding of this deployment. @throws TriageError where it does not fit the finding */
export type Decide = (id: string, asked: DecisionRequest, decision: string) => Promise<Triaged>;

/**
 * Through the triage API where the deployment has one, which holds its callers to the rules and takes their name from their
 * signature; else into the table.
 *
 * @param author who writes into the table; not asked for with the API
 */
export function decideOn(
  { triageUrl, dynamodb }: Pick<Deployment, 'triageUrl' | 'dynamodb'>,
  store: FindingStore,
  author: () => Promise<Author>,
): Decide {
  if (triageUrl === undefined)
    return async (id, asked, decision) => {
      const by = await author();
      // processing time, as the functions have it that look at the date: also where old traffic is replayed
      return notDenied(() =>
        change(store, id, decided(asked, by, decision, Date.now()), decision, isMadeBy(asked, by)),
      );
    };
  const api = apiOf(triageUrl, dynamodb);
  return async (id, asked, decision) => {
    const made = await api.decide(id, asked, decision);
    const held = await store.find(id);
    if (held === undefined) throw new TriageError(`there is no finding ${id}`);
    return { finding: held.finding, ...made };
  };
}

/** A person's answer to the review of this deployment. @throws TriageError where it does not fit */
export type GiveAnswer = (asked: AnswerRequest, decision: string) => Promise<Answer>;

/** As verdicts on findings are given: through the triage API where the deployment has one, else into the table. @param author as above */
export function answerOn(
  { triageUrl, dynamodb }: Pick<Deployment, 'triageUrl' | 'dynamodb'>,
  store: FindingStore,
  author: () => Promise<Author>,
): GiveAnswer {
  if (triageUrl === undefined)
    return async (asked, decision) => {
      const by = await author();
      return notDenied(() => giveAnswer(store, asked, by, decision, Date.now()));
    };
  const api = apiOf(triageUrl, dynamodb);
  return (asked, decision) => api.answer(asked, decision);
}

function apiOf(url: string, { config: { region, credentials } }: Deployment['dynamodb']): TriageUrl {
  checkAddress(url);
  return new TriageUrl({ url, region, credentials });
}

/** @throws VerdictNotWritten where AWS does not allow the write */
async function notDenied<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
    throw new VerdictNotWritten(error.message, { cause: error });
  }
}

/** Domains of function URLs (lambda/latest/dg/urls-configuration.html), of AWS's partitions. */
const FUNCTION_URL = /\.lambda-url\.[a-z0-9-]+\.on\.(?:aws|amazonwebservices\.com\.cn)$/;

/** A signed request, with the session's token, goes to nobody but Lambda. @throws InputError */
function checkAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const local = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url === undefined || (!local && (url.protocol !== 'https:' || !FUNCTION_URL.test(url.hostname))))
    throw new InputError(
      'TRIAGE_API_URL: must be the address of a function URL, https://ID.lambda-url.REGION.on.aws/ (the output TriageApiUrl)',
    );
  if (!['http:', 'https:'].includes(url.protocol) || url.pathname !== '/')
    throw new InputError('TRIAGE_API_URL: must have no path');
}
