import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { RolloutError } from '../../aws/app-config-names.ts';
import { AppConfigRollout, type PolicyRollout } from '../../aws/policy-rollout.ts';
import { failureOf } from '../shared/failure.ts';
import type { Remains } from './remains.ts';

/** Where policies are; undefined: this deployment does not say. */
interface Policies {
  readonly application: string | undefined;
  readonly region: string | undefined;
}

const WHAT = 'exceptions of policies: versions in AppConfig, and files';
const OLDER =
  'older versions stay in AppConfig until somebody deletes them (aws appconfig delete-hosted-configuration-version)';

/** What policies still say of the account: an exception names it, with a reason in words. It is no state, and is never rewritten. */
export async function policyRemains(account: string, { application, region }: Policies): Promise<Remains> {
  if (application === undefined)
    return {
      what: WHAT,
      advice: `not looked at (--stack names them): take out those that name it; ${OLDER}`,
    };
  const client = new AppConfigClient(region === undefined ? {} : { region });
  try {
    return await exceptionsIn(new AppConfigRollout(client, application), account);
  } catch (error) {
    const { message } =
      error instanceof RolloutError ? error : failureOf(error, `AppConfig application ${application}`);
    return {
      what: WHAT,
      advice: `could not be looked at (${message}): take out those that name it; ${OLDER}`,
    };
  } finally {
    client.destroy();
  }
}

/** Which of the policies in force have an exception of the account. */
export async function exceptionsIn(
  rollout: Pick<PolicyRollout, 'current'>,
  account: string,
): Promise<Remains> {
  const named: string[] = [];
  for (const slot of ['active', 'shadow'] as const) {
    const policy = (await rollout.current(slot))?.policy;
    if (policy?.exceptions.some((held) => held.account === account) === true)
      named.push(`${slot} policy ${policy.id}`);
  }
  const advice =
    named.length === 0
      ? `no policy in force names it; ${OLDER}`
      : `the ${named.join(' and the ')} NAMES IT: push one without that exception (siphonwatch policy push); ${OLDER}`;
  return { what: WHAT, advice };
}
