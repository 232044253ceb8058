import { TriageUrl } from '../../aws/triage-url.ts';
import { type DecisionRequest, decided } from '../../findings/decision-request.ts';
import type { Author } from '../../findings/principal.ts';
import { type Triaged, TriageError } from '../../findings/triage.ts';
import { InputError } from '../../input/errors.ts';
import type { FindingStore } from '../../stores/finding-store.ts';
import { change } from '../../stores/verdicts.ts';
import type { Deployment } from './deployment.ts';

/** A person's decision about a finding of this deployment. @throws TriageError where it does not fit the finding */
export type Decide = (id: string, asked: DecisionRequest, decision: string) => Promise<Triaged>;

/**
 * Through the triage API where the deployment has one, which holds its callers to the rules and takes their name from their
 * signature; else into the table.
 *
 * @param author who writes into the table; not asked for with the API
 */
export function decideOn(
  { triageUrl, dynamodb }: Deployment,
  store: FindingStore,
  author: () => Promise<Author>,
): Decide {
  if (triageUrl === undefined)
    return async (id, asked, decision) =>
      // processing time, as the functions have it that look at the date: also where old traffic is replayed
      change(store, id, decided(asked, await author(), decision, Date.now()), decision);
  if (!URL.canParse(triageUrl)) throw new InputError('TRIAGE_API_URL: is no address');
  const { region, credentials } = dynamodb.config;
  const api = new TriageUrl({ url: triageUrl, region, credentials });
  return async (id, asked, decision) => {
    const made = await api.decide(id, asked, decision);
    const held = await store.find(id);
    if (held === undefined) throw new TriageError(`there is no finding ${id}`);
    return { finding: held.finding, ...made };
  };
}
