import {
  type AppConfigClient,
  paginateListApplications,
  paginateListConfigurationProfiles,
  paginateListDeploymentStrategies,
  paginateListEnvironments,
} from '@aws-sdk/client-appconfig';
import { POLICY_ENVIRONMENT, POLICY_PROFILES, type PolicySlot } from '../contract/policy-names.ts';

/** A rollout that could not be done, in words for whoever asked for it; nothing was changed. */
export class RolloutError extends Error {
  override readonly name: string = 'RolloutError';
}

/** The validator did not accept the policy: what was given is at fault, not the service. */
export class RolloutRefused extends RolloutError {}

/** Another deployment is under way; the same can be asked for when it is over. */
export class RolloutBusy extends RolloutError {}

/** The ids by which AppConfig knows what the stack declares by name. */
export interface AppConfigIds {
  readonly application: string;
  readonly environment: string;
  readonly strategy: string;
  readonly profiles: Readonly<Record<PolicySlot, string>>;
}

/** A page of any of AppConfig's lists. */
interface Page {
  readonly Items?:
    | readonly { readonly Id?: string | undefined; readonly Name?: string | undefined }[]
    | undefined;
}

/** Finds the ids once, when they are first needed. */
export class AppConfigNames {
  readonly #client: AppConfigClient;
  readonly #stack: string;
  #ids: Promise<AppConfigIds> | undefined;

  constructor(client: AppConfigClient, stack: string) {
    this.#client = client;
    this.#stack = stack;
  }

  /** @throws RolloutError naming what is not there */
  ids(): Promise<AppConfigIds> {
    this.#ids ??= this.#find();
    return this.#ids;
  }

  async #find(): Promise<AppConfigIds> {
    const paging = { client: this.#client };
    const application = await idOf(this.#stack, 'application', paginateListApplications(paging, {}));
    const of = { ApplicationId: application };
    const profile = (slot: PolicySlot): Promise<string> =>
      idOf(POLICY_PROFILES[slot], 'configuration', paginateListConfigurationProfiles(paging, of));
    return {
      application,
      environment: await idOf(POLICY_ENVIRONMENT, 'environment', paginateListEnvironments(paging, of)),
      profiles: { active: await profile('active'), shadow: await profile('shadow') },
      strategy: await idOf(
        `${this.#stack}-policy`,
        'deployment strategy',
        paginateListDeploymentStrategies(paging, {}),
      ),
    };
  }
}

async function idOf(name: string, what: string, pages: AsyncIterable<Page>): Promise<string> {
  for await (const { Items = [] } of pages) {
    const found = Items.find((item) => item.Name === name)?.Id;
    if (found !== undefined) return found;
  }
  throw new RolloutError(
    `AppConfig has no ${what} named ${name} here: is the stack deployed in this account and region? Give --stack NAME, or --region`,
  );
}
