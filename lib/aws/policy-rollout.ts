import {
  type AppConfigClient,
  BadRequestException,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  GetDeploymentCommand,
  GetHostedConfigurationVersionCommand,
  ListApplicationsCommand,
  ListConfigurationProfilesCommand,
  ListDeploymentStrategiesCommand,
  ListDeploymentsCommand,
  ListEnvironmentsCommand,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { POLICY_ENVIRONMENT, POLICY_PROFILES, type PolicySlot } from '../contract/policy-names.ts';
import { describeFault, expiredExceptions, parsePolicy } from '../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../policy/policy.ts';

/** A rollout that could not be done, in words for whoever asked for it; nothing was changed. */
export class RolloutError extends Error {
  override readonly name = 'RolloutError';
}

/** One deployment of a policy, newest first in lists. */
export interface Deployed {
  readonly slot: PolicySlot;
  /** number of the deployment in the environment */
  readonly number: number;
  /** version of the hosted configuration */
  readonly version: number;
  /** DEPLOYING, BAKING, COMPLETE, ROLLING_BACK, ROLLED_BACK, REVERTED */
  readonly state: string;
  readonly startedAt: Date | undefined;
  readonly completedAt: Date | undefined;
}

/** The other end of PolicySource: the one writer of policies in AppConfig, on AWS and in the demo alike. */
export interface PolicyRollout {
  /** Vets and deploys. @throws RolloutError where it is refused or another deployment runs */
  push(slot: PolicySlot, policy: Policy, note: string): Promise<Deployed>;
  deployments(slot: PolicySlot, limit: number): Promise<Deployed[]>;
  /** The policy of a version. @throws RolloutError where it does not parse */
  policyOf(slot: PolicySlot, version: number): Promise<Policy>;
  /** What functions read now: the shipped policy for a slot that nothing was deployed to, undefined for no shadow. */
  current(slot: PolicySlot): Promise<{ policy: Policy; deployed: Deployed | undefined } | undefined>;
  /**
   * Back to what was active before: stops a deployment that runs, else deploys the version before. A candidate that is
   * still baking would be in the way of that, and is taken out of the shadow first (`stopped`). Exceptions that have
   * expired since have no effect any more and would be refused: they are left out (`expired`).
   */
  rollback(note: string): Promise<RolledBack>;
}

export interface RolledBack {
  readonly policy: Policy;
  readonly deployed: Deployed | undefined;
  readonly stopped?: Deployed;
  /** accounts whose exceptions were left out */
  readonly expired?: readonly string[];
}

interface Names {
  readonly application: string;
  readonly environment: string;
  readonly strategy: string;
  readonly profiles: Readonly<Record<PolicySlot, string>>;
}

const RUNNING = new Set(['DEPLOYING', 'BAKING', 'VALIDATING', 'ROLLING_BACK']);

/** @param stack name of the stack, which is that of its AppConfig application and deployment strategy */
export function appConfigRollout(client: AppConfigClient, stack: string): PolicyRollout {
  let names: Promise<Names> | undefined;

  async function find(): Promise<Names> {
    const application = await named(stack, 'application', async (NextToken) =>
      client.send(new ListApplicationsCommand({ NextToken })),
    );
    const environment = await named(POLICY_ENVIRONMENT, 'environment', async (NextToken) =>
      client.send(new ListEnvironmentsCommand({ ApplicationId: application, NextToken })),
    );
    const profiles = {
      active: await named(POLICY_PROFILES.active, 'configuration', async (NextToken) =>
        client.send(new ListConfigurationProfilesCommand({ ApplicationId: application, NextToken })),
      ),
      shadow: await named(POLICY_PROFILES.shadow, 'configuration', async (NextToken) =>
        client.send(new ListConfigurationProfilesCommand({ ApplicationId: application, NextToken })),
      ),
    };
    const strategy = await named(`${stack}-policy`, 'deployment strategy', async (NextToken) =>
      client.send(new ListDeploymentStrategiesCommand({ NextToken })),
    );
    return { application, environment, strategy, profiles };
  }

  const known = (): Promise<Names> => {
    names ??= find();
    return names;
  };

  async function deployments(slot: PolicySlot, limit: number): Promise<Deployed[]> {
    const { application, environment } = await known();
    const found: Deployed[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(
        new ListDeploymentsCommand({ ApplicationId: application, EnvironmentId: environment, NextToken }),
      );
      for (const item of page.Items ?? [])
        if (item.ConfigurationName === POLICY_PROFILES[slot])
          found.push({
            slot,
            number: item.DeploymentNumber ?? 0,
            version: Number(item.ConfigurationVersion),
            state: item.State ?? 'unknown',
            startedAt: item.StartedAt,
            completedAt: item.CompletedAt,
          });
      NextToken = page.NextToken;
    } while (NextToken !== undefined && found.length < limit);
    return found.sort((a, b) => b.number - a.number).slice(0, limit);
  }

  async function policyOf(slot: PolicySlot, version: number): Promise<Policy> {
    const { application, profiles } = await known();
    const held = await client.send(
      new GetHostedConfigurationVersionCommand({
        ApplicationId: application,
        ConfigurationProfileId: profiles[slot],
        VersionNumber: version,
      }),
    );
    const parsed = parsePolicy(new TextDecoder().decode(held.Content ?? new Uint8Array()));
    if (parsed.ok) return parsed.policy;
    throw new RolloutError(
      `version ${version} cannot be read by this siphonwatch: ${parsed.faults.map((fault) => describeFault(fault)).join('; ')}`,
    );
  }

  async function deploy(slot: PolicySlot, version: number, note: string): Promise<Deployed> {
    const { application, environment, strategy, profiles } = await known();
    try {
      const started = await client.send(
        new StartDeploymentCommand({
          ApplicationId: application,
          EnvironmentId: environment,
          DeploymentStrategyId: strategy,
          ConfigurationProfileId: profiles[slot],
          ConfigurationVersion: String(version),
          Description: note.slice(0, 1024),
        }),
      );
      return {
        slot,
        number: started.DeploymentNumber ?? 0,
        version,
        state: started.State ?? 'DEPLOYING',
        startedAt: started.StartedAt,
        completedAt: started.CompletedAt,
      };
    } catch (error) {
      if (error instanceof ConflictException) {
        const running = (await Promise.all((['active', 'shadow'] as const).map((one) => deployments(one, 5))))
          .flat()
          .find(({ state }) => RUNNING.has(state));
        throw new RolloutError(
          `another deployment is under way${running === undefined ? '' : ` (number ${running.number}, ${running.slot}, ${running.state.toLowerCase()})`}: nothing was changed. Wait until it has baked (policy status)${running?.slot === 'shadow' ? '' : ', or go back with policy rollback'}`,
          { cause: error },
        );
      }
      if (error instanceof BadRequestException)
        throw new RolloutError(`the validator refused it, nothing was changed: ${detailsOf(error)}`, {
          cause: error,
        });
      throw error;
    }
  }

  async function stop(running: Deployed): Promise<Deployed> {
    const { application, environment } = await known();
    const which = {
      ApplicationId: application,
      EnvironmentId: environment,
      DeploymentNumber: running.number,
    };
    await client.send(new StopDeploymentCommand(which));
    const { State } = await client.send(new GetDeploymentCommand(which));
    return { ...running, state: State ?? 'ROLLED_BACK' };
  }

  async function current(
    slot: PolicySlot,
  ): Promise<{ policy: Policy; deployed: Deployed | undefined } | undefined> {
    const list = await deployments(slot, 50);
    // what was rolled back is not read by anybody
    const deployed = list.find(({ state }) => !['ROLLED_BACK', 'ROLLING_BACK', 'REVERTED'].includes(state));
    if (deployed === undefined)
      return slot === 'shadow' ? undefined : { policy: defaultPolicy, deployed: undefined };
    return { policy: await policyOf(slot, deployed.version), deployed };
  }

  return {
    deployments,
    policyOf,
    current,
    async push(slot, policy, note) {
      const { application, profiles } = await known();
      const made = await client.send(
        new CreateHostedConfigurationVersionCommand({
          ApplicationId: application,
          ConfigurationProfileId: profiles[slot],
          ContentType: 'application/json',
          Content: new TextEncoder().encode(JSON.stringify(policy)),
          Description: note.slice(0, 1024),
        }),
      );
      return deploy(slot, made.VersionNumber ?? 0, note);
    },
    async rollback(note) {
      const list = (await deployments('active', 50)).filter(
        ({ state }) => !['ROLLED_BACK', 'ROLLING_BACK', 'REVERTED'].includes(state),
      );
      const [newest] = list;
      if (newest === undefined)
        throw new RolloutError('nothing was ever pushed: the shipped policy is active, there is no way back');
      const before = list.find(({ version }) => version !== newest.version);
      if (RUNNING.has(newest.state)) {
        return {
          deployed: await stop(newest),
          policy: before === undefined ? defaultPolicy : await policyOf('active', before.version),
        };
      }
      const held = before === undefined ? defaultPolicy : await policyOf('active', before.version);
      const gone = new Set(expiredExceptions(held, Date.now()).map(({ index }) => index));
      const expired = held.exceptions.filter((_, i) => gone.has(i)).map(({ account }) => account);
      const policy = { ...held, exceptions: held.exceptions.filter((_, i) => !gone.has(i)) };
      const baking = (await deployments('shadow', 5)).find(({ state }) => RUNNING.has(state));
      const stopped = baking === undefined ? {} : { stopped: await stop(baking) };
      const deployed =
        before === undefined || gone.size > 0
          ? await this.push('active', policy, note)
          : await deploy('active', before.version, note);
      return { policy, deployed, ...stopped, ...(expired.length === 0 ? {} : { expired }) };
    },
  };

  async function named(
    name: string,
    what: string,
    page: (token: string | undefined) => Promise<{
      Items?: readonly { Id?: string | undefined; Name?: string | undefined }[] | undefined;
      NextToken?: string | undefined;
    }>,
  ): Promise<string> {
    let token: string | undefined;
    do {
      const { Items, NextToken } = await page(token);
      const found = Items?.find((item) => item.Name === name)?.Id;
      if (found !== undefined) return found;
      token = NextToken;
    } while (token !== undefined);
    throw new RolloutError(
      `AppConfig has no ${what} named ${name} here: is the stack deployed in this account and region? Give --stack NAME, or --region`,
    );
  }
}

/** The validator's own words, where the service passes them on. */
function detailsOf(error: BadRequestException): string {
  const details: unknown = error.Details;
  const invalid =
    typeof details === 'object' && details !== null && 'InvalidConfiguration' in details
      ? (details as { InvalidConfiguration: readonly { Reason?: string; Constraint?: string }[] })
          .InvalidConfiguration
      : [];
  const reasons = invalid
    .map(({ Reason, Constraint }) => Reason ?? Constraint ?? '')
    .filter((text) => text !== '');
  return reasons.length === 0 ? error.message : reasons.join('; ');
}
