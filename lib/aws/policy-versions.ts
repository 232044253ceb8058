import {
  type AppConfigClient,
  DeleteHostedConfigurationVersionCommand,
  paginateListDeployments,
  paginateListHostedConfigurationVersions,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import type { POLICY_PROFILES } from '../contract/policy-names.ts';
import { AppConfigNames } from './app-config-names.ts';

/** A hosted version of a policy: made by a push, and unknown to the stack that owns its configuration. */
export interface PolicyVersion {
  readonly slot: keyof typeof POLICY_PROFILES;
  readonly number: number;
}

const SLOTS = ['active', 'shadow'] as const satisfies readonly PolicyVersion['slot'][];
const UNDER_WAY = new Set(['DEPLOYING', 'BAKING', 'VALIDATING']);

/**
 * What pushes left in AppConfig. It deletes no configuration that has versions, and so CloudFormation could not delete the stack
 * (aws/aws-cdk#26804).
 */
export class PolicyVersions {
  readonly #client: AppConfigClient;
  readonly #names: AppConfigNames;

  constructor(client: AppConfigClient, stack: string) {
    this.#client = client;
    this.#names = new AppConfigNames(client, stack);
  }

  /** @throws RolloutError where the stack's configurations are not found */
  async list(): Promise<PolicyVersion[]> {
    const { application, profiles } = await this.#names.ids();
    const found: PolicyVersion[] = [];
    for (const slot of SLOTS) {
      const pages = paginateListHostedConfigurationVersions(
        { client: this.#client },
        { ApplicationId: application, ConfigurationProfileId: profiles[slot] },
      );
      for await (const { Items = [] } of pages)
        for (const { VersionNumber } of Items) found.push({ slot, number: VersionNumber ?? 0 });
    }
    return found;
  }

  /** Stops what is under way, and deletes every version. Functions go on under the policy that they hold. */
  async clear(): Promise<void> {
    const { application, environment, profiles } = await this.#names.ids();
    const of = { ApplicationId: application, EnvironmentId: environment };
    for await (const { Items = [] } of paginateListDeployments({ client: this.#client }, of))
      for (const { DeploymentNumber, State } of Items)
        if (UNDER_WAY.has(State ?? ''))
          await this.#client.send(new StopDeploymentCommand({ ...of, DeploymentNumber, AllowRevert: true }));
    for (const { slot, number } of await this.list())
      await this.#client.send(
        new DeleteHostedConfigurationVersionCommand({
          ApplicationId: application,
          ConfigurationProfileId: profiles[slot],
          VersionNumber: number,
        }),
      );
  }
}
