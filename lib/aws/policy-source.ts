import {
  AppConfigDataClient,
  GetLatestConfigurationCommand,
  ResourceNotFoundException,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import type { MetricName } from '../contract/metrics.ts';
import { NO_SHADOW, POLICY_ENVIRONMENT, POLICY_PROFILES, type PolicySlot } from '../contract/policy-names.ts';
import { describeFault, parsePolicy } from '../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../policy/policy.ts';
import type { PolicyProblem, PolicySource } from '../stores/policy-port.ts';

export interface PolicySourceOptions {
  readonly client: AppConfigDataClient;
  /** name of the AppConfig application */
  readonly application: string;
  /** seconds that a policy may be behind what was deployed */
  readonly stalenessSeconds: number;
  /** told every time; the function raises the alarm's metric */
  readonly onProblem: (problem: PolicyProblem) => void;
  /** ms */
  readonly now?: () => number;
}

/** The shipped policy, and no shadow: where no rollout is configured. */
const SHIPPED: PolicySource = {
  active: () => Promise.resolve(defaultPolicy),
  shadow: () => Promise.resolve(undefined),
};

/**
 * Policies from AppConfig. A read within `stalenessSeconds` of the last costs nothing. A policy that does not parse,
 * or a service that does not answer, leaves the last good one active and is told to `onProblem`.
 */
export function policySource(options?: PolicySourceOptions): PolicySource {
  if (options === undefined) return SHIPPED;
  const active = slotReader('active', options);
  const shadow = slotReader('shadow', options);
  return {
    active: async () => (await active()) ?? defaultPolicy,
    async shadow() {
      const held = await shadow();
      return held?.id === NO_SHADOW ? undefined : held;
    },
  };
}

/**
 * Metric of a problem; see lib/contract/metrics.ts. A candidate's problems are counted apart: the alarm on the active policy
 * takes back whatever is pushed while it is raised.
 */
export function policyMetric(problem: PolicyProblem): MetricName {
  if (problem.slot === 'shadow') return 'ShadowUnusable';
  const active = {
    rejected: 'PolicyRejected',
    unreachable: 'PolicyUnreachable',
    'other-format': 'CalibrationUnreadable',
  } as const;
  return active[problem.kind];
}

/** The source that a function's environment names. */
export function policySourceOf(
  environment: { readonly POLICY_APPLICATION: string; readonly POLICY_STALENESS_SECONDS: string },
  onProblem: (problem: PolicyProblem) => void,
): PolicySource {
  return policySource({
    client: new AppConfigDataClient({ maxAttempts: 3 }),
    application: environment.POLICY_APPLICATION,
    stalenessSeconds: Number(environment.POLICY_STALENESS_SECONDS),
    onProblem,
  });
}

/** AppConfig asks for at least so much between two polls of a session, seconds. */
const MIN_POLL_SECONDS = 15;

function slotReader(slot: PolicySlot, options: PolicySourceOptions): () => Promise<Policy | undefined> {
  const { client, application, stalenessSeconds, onProblem } = options;
  const now = options.now ?? Date.now;
  let held: Policy | undefined;
  /** what is deployed cannot be used; told with every read until something else is deployed */
  let rejected: PolicyProblem | undefined;
  let token: string | undefined;
  let due = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      token ??= (
        await client.send(
          new StartConfigurationSessionCommand({
            ApplicationIdentifier: application,
            EnvironmentIdentifier: POLICY_ENVIRONMENT,
            ConfigurationProfileIdentifier: POLICY_PROFILES[slot],
            RequiredMinimumPollIntervalInSeconds: Math.max(MIN_POLL_SECONDS, Math.round(stalenessSeconds)),
          }),
        )
      ).InitialConfigurationToken;
      const answer = await client.send(new GetLatestConfigurationCommand({ ConfigurationToken: token }));
      token = answer.NextPollConfigurationToken;
      const text = new TextDecoder().decode(answer.Configuration ?? new Uint8Array());
      // empty: what the session has is the latest
      if (text !== '') {
        const parsed = parsePolicy(text);
        if (parsed.ok) held = parsed.policy;
        rejected = parsed.ok
          ? undefined
          : { kind: 'rejected', slot, reasons: parsed.faults.map((fault) => describeFault(fault)) };
      }
    } catch (error) {
      // a token is good for one poll and for a day
      token = undefined;
      // nothing is deployed: nothing was ever pushed, or the first push was taken back
      if (error instanceof ResourceNotFoundException) {
        held = undefined;
        rejected = undefined;
        return;
      }
      const reasons = [error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
      onProblem({ kind: 'unreachable', slot, reasons });
      // Judging under a policy that nobody chose is worse than a batch that is tried again.
      if (held === undefined) throw error;
    }
    if (rejected === undefined) return;
    onProblem(rejected);
    if (held === undefined)
      throw new Error(`the ${slot} policy cannot be used: ${rejected.reasons.join('; ')}`);
  }

  return async () => {
    if (now() >= due) {
      reading ??= read()
        .then(() => {
          due = now() + stalenessSeconds * 1000;
        })
        .finally(() => {
          reading = undefined;
        });
      await reading;
    }
    return held;
  };
}
