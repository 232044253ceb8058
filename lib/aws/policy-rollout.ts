import {
  type AppConfigClient,
  BadRequestException,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  type DeploymentSummary,
  GetDeploymentCommand,
  GetHostedConfigurationVersionCommand,
  paginateListDeployments,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { POLICY_PROFILES, type PolicySlot } from '../contract/policy-names.ts';
import { describeFault, expiredExceptions, parsePolicy } from '../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../policy/policy.ts';
import { AppConfigNames, RolloutBusy, RolloutError, RolloutRefused } from './app-config-names.ts';

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
  /** when its bake time ends, as planned */
  readonly overAt?: Date | undefined;
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

const SLOTS = ['active', 'shadow'] as const satisfies readonly PolicySlot[];
/** Deployments of a slot that are looked through for what is in force. */
const LOOKED_AT = 50;
/** AppConfig's limit for a description (API_StartDeployment). */
const DESCRIPTION_CHARACTERS = 1024;
const RUNNING = new Set(['DEPLOYING', 'BAKING', 'VALIDATING', 'ROLLING_BACK']);
/** what was rolled back is not read by anybody */
const WITHDRAWN = new Set(['ROLLED_BACK', 'ROLLING_BACK', 'REVERTED']);

/** The rollout through AppConfig. */
export class AppConfigRollout implements PolicyRollout {
  readonly #client: AppConfigClient;
  readonly #names: AppConfigNames;
  readonly #minute: number;

  /**
   * @param stack name of the stack, which is that of its AppConfig application and deployment strategy
   * @param minute ms that a minute of bake time lasts: less in the demo
   */
  constructor(client: AppConfigClient, stack: string, minute = 60_000) {
    this.#client = client;
    this.#minute = minute;
    this.#names = new AppConfigNames(client, stack);
  }

  async push(slot: PolicySlot, policy: Policy, note: string): Promise<Deployed> {
    const { application, profiles } = await this.#names.ids();
    const made = await this.#client.send(
      new CreateHostedConfigurationVersionCommand({
        ApplicationId: application,
        ConfigurationProfileId: profiles[slot],
        ContentType: 'application/json',
        Content: new TextEncoder().encode(JSON.stringify(policy)),
        Description: note.slice(0, DESCRIPTION_CHARACTERS),
      }),
    );
    return this.#deploy(slot, made.VersionNumber ?? 0, note);
  }

  async deployments(slot: PolicySlot, limit: number): Promise<Deployed[]> {
    const { application, environment } = await this.#names.ids();
    const found: Deployed[] = [];
    const pages = paginateListDeployments(
      { client: this.#client },
      { ApplicationId: application, EnvironmentId: environment },
    );
    for await (const { Items = [] } of pages) {
      for (const item of Items)
        if (item.ConfigurationName === POLICY_PROFILES[slot])
          found.push({
            slot,
            number: item.DeploymentNumber ?? 0,
            version: Number(item.ConfigurationVersion),
            state: item.State ?? 'unknown',
            startedAt: item.StartedAt,
            completedAt: item.CompletedAt,
            overAt: this.#over(item),
          });
      if (found.length >= limit) break;
    }
    return found.sort((a, b) => b.number - a.number).slice(0, limit);
  }

  async policyOf(slot: PolicySlot, version: number): Promise<Policy> {
    const { application, profiles } = await this.#names.ids();
    const held = await this.#client.send(
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

  async current(slot: PolicySlot): Promise<{ policy: Policy; deployed: Deployed | undefined } | undefined> {
    const [deployed] = await this.#inForce(slot);
    if (deployed !== undefined) return { policy: await this.policyOf(slot, deployed.version), deployed };
    return slot === 'shadow' ? undefined : { policy: defaultPolicy, deployed: undefined };
  }

  async rollback(note: string): Promise<RolledBack> {
    const list = await this.#inForce('active');
    const [newest] = list;
    if (newest === undefined)
      throw new RolloutError(
        (await this.deployments('active', 1)).length === 0
          ? 'nothing was ever pushed: the shipped policy is active, there is no way back'
          : 'what was pushed was taken back: the shipped policy is active, there is no way further back',
      );
    const before = list.find(({ version }) => version !== newest.version);
    // what runs is stopped first, also where the version before cannot be read
    const halted = RUNNING.has(newest.state) ? await this.#stop(newest) : undefined;
    const held = before === undefined ? defaultPolicy : await this.policyOf('active', before.version);
    if (halted !== undefined) return { deployed: halted, policy: held };
    const gone = new Set(expiredExceptions(held, Date.now()).map(({ index }) => index));
    const expired = held.exceptions.filter((_, i) => gone.has(i)).map(({ account }) => account);
    const policy = { ...held, exceptions: held.exceptions.filter((_, i) => !gone.has(i)) };
    const baking = (await this.deployments('shadow', 5)).find(({ state }) => RUNNING.has(state));
    const stopped = baking === undefined ? {} : { stopped: await this.#stop(baking) };
    const deployed =
      before === undefined || gone.size > 0
        ? await this.push('active', policy, note)
        : await this.#deploy('active', before.version, note);
    return { policy, deployed, ...stopped, ...(expired.length === 0 ? {} : { expired }) };
  }

  /** Deployments that functions read, or will, newest first. */
  async #inForce(slot: PolicySlot): Promise<Deployed[]> {
    return (await this.deployments(slot, LOOKED_AT)).filter(({ state }) => !WITHDRAWN.has(state));
  }

  async #deploy(slot: PolicySlot, version: number, note: string): Promise<Deployed> {
    const { application, environment, strategy, profiles } = await this.#names.ids();
    try {
      const started = await this.#client.send(
        new StartDeploymentCommand({
          ApplicationId: application,
          EnvironmentId: environment,
          DeploymentStrategyId: strategy,
          ConfigurationProfileId: profiles[slot],
          ConfigurationVersion: String(version),
          Description: note.slice(0, DESCRIPTION_CHARACTERS),
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
      if (error instanceof ConflictException) throw await this.#conflict(error);
      if (error instanceof BadRequestException)
        throw new RolloutRefused(`the validator refused it, nothing was changed: ${detailsOf(error)}`, {
          cause: error,
        });
      throw error;
    }
  }

  /** Which deployment is in the way. */
  async #conflict(cause: ConflictException): Promise<RolloutError> {
    const running = (await Promise.all(SLOTS.map((slot) => this.deployments(slot, 5))))
      .flat()
      .find(({ state }) => RUNNING.has(state));
    const which =
      running === undefined
        ? ''
        : ` (number ${running.number}, ${running.slot}, ${running.state.toLowerCase()})`;
    const left = running?.overAt && timeLeft(running.overAt);
    const until =
      left === undefined
        ? 'Wait until it has baked (policy status)'
        : `It bakes for about ${left} more, then the same works`;
    const back = running?.slot === 'shadow' ? '' : '; or go back with policy rollback';
    return new RolloutBusy(`another deployment is under way${which}: nothing was changed. ${until}${back}`, {
      cause,
    });
  }

  /** When a deployment is over; undefined where AppConfig does not say when it began. */
  #over({
    StartedAt,
    DeploymentDurationInMinutes,
    FinalBakeTimeInMinutes,
  }: DeploymentSummary): Date | undefined {
    const minutes = (DeploymentDurationInMinutes ?? 0) + (FinalBakeTimeInMinutes ?? 0);
    return StartedAt && new Date(StartedAt.getTime() + minutes * this.#minute);
  }

  async #stop(running: Deployed): Promise<Deployed> {
    const { application, environment } = await this.#names.ids();
    const which = {
      ApplicationId: application,
      EnvironmentId: environment,
      DeploymentNumber: running.number,
    };
    // Without AllowRevert only what is DEPLOYING can be stopped, and a rollout at once is BAKING from its first second.
    // With it, what completes in this very moment is reverted (API_StopDeployment).
    await this.#client.send(new StopDeploymentCommand({ ...which, AllowRevert: true }));
    const { State } = await this.#client.send(new GetDeploymentCommand(which));
    return { ...running, state: State ?? 'ROLLED_BACK' };
  }
}

/** 40 s, 8 minutes */
export function timeLeft(until: Date, now = Date.now()): string {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now) / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
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
