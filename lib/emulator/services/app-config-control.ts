import type { IncomingMessage, ServerResponse } from 'node:http';
import { HostedVersions } from './hosted-versions.ts';
import type { Reply } from './reply.ts';

/** One configuration profile as a template declares it. */
export interface ConfigurationSpec {
  readonly application: string;
  readonly profile: string;
  /** ARNs of the functions that a version must pass before it is deployed */
  readonly validators: readonly string[];
}

export interface StrategySpec {
  readonly name: string;
  readonly bakeMinutes: number;
}

export interface ControlSpec {
  readonly configurations: readonly ConfigurationSpec[];
  readonly environments: readonly { readonly application: string; readonly name: string }[];
  readonly strategies: readonly StrategySpec[];
}

/** A request to deploy, with the deployments of its environment so far. */
interface DeploymentRequest {
  readonly application: string;
  readonly environment: string;
  readonly list: readonly Deployment[];
  readonly body: Buffer;
}

/** Asks a validator; what it has against the content, or undefined. */
export type AskValidator = (functionArn: string, payload: string) => Promise<string | undefined>;

export interface ControlOptions {
  /** Serves a version to the sessions of an environment; undefined: nothing is deployed any more. */
  serve(application: string, environment: string, profile: string, content: string | undefined): void;
  /** ms; a minute of bake time passes in one second here */
  readonly now?: () => number;
}

/** So long after its completion a deployment can be reverted. */
const REVERTABLE_MS = 72 * 3_600_000;
/** A minute of bake time, ms: ten minutes would be the whole demo. */
const BAKE_MINUTE = 1000;

interface Deployment {
  readonly number: number;
  readonly profile: string;
  readonly version: number;
  readonly description: string;
  readonly startedAt: number;
  readonly bakedAt: number;
  readonly bakeMinutes: number;
  stoppedAt: number | undefined;
  /** it was complete when it was stopped */
  reverted: boolean;
}

/**
 * The part of AppConfig's control plane that rollouts of policies use, under the service's own paths, so that the same
 * client speaks to both (https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_Operations_Amazon_AppConfig.html).
 * Ids are names. Deployments are all at once: a version is served while it bakes, stopping goes back.
 */
export class AppConfigControl {
  private spec: ControlSpec = { configurations: [], environments: [], strategies: [] };
  private ask: AskValidator = async () => undefined;
  private readonly versions = new HostedVersions();
  /** profiles that were deleted, by application and name */
  private readonly gone = new Set<string>();
  private readonly deployments = new Map<string, Deployment[]>();
  private readonly options: ControlOptions;

  constructor(options: ControlOptions) {
    this.options = options;
  }

  declare(spec: ControlSpec, ask: AskValidator): void {
    this.spec = spec;
    this.ask = ask;
    this.gone.clear();
  }

  /** Answers a request of the control plane; false where the path is none of its. */
  async handle(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<boolean> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
    const steps = pathname.split('/').slice(1).map(decodeURIComponent);
    const [root, application = '', kind, second = '', third, fourth = ''] = steps;
    const send = (status: number, json: unknown): true => {
      outgoing.writeHead(status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(json));
      return true;
    };
    const fail = (status: number, type: string, message: string, more: object = {}): true => {
      outgoing.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
      outgoing.end(JSON.stringify({ Message: message, ...more }));
      return true;
    };
    const items = (names: readonly string[]): true =>
      send(200, { Items: names.map((Name) => ({ Id: Name, Name })) });
    if (incoming.method === 'GET' && root === 'deploymentstrategies')
      return items(this.spec.strategies.map(({ name }) => name));
    if (root !== 'applications') return false;
    if (steps.length === 1)
      return items([...new Set(this.spec.configurations.map((held) => held.application))]);
    const key = JSON.stringify([application, second]);
    if (kind === 'environments' && steps.length === 3)
      return items(
        this.spec.environments.filter((held) => held.application === application).map(({ name }) => name),
      );
    if (kind === 'configurationprofiles' && steps.length === 3)
      return items(
        this.spec.configurations
          .filter((held) => held.application === application)
          .map(({ profile }) => profile)
          .filter((profile) => !this.gone.has(JSON.stringify([application, profile]))),
      );
    if (kind === 'configurationprofiles' && steps.length === 4 && incoming.method === 'DELETE')
      return this.deleteProfile(application, second, { send, fail });
    if (kind === 'configurationprofiles' && third === 'hostedconfigurationversions')
      return this.versions.handle(
        { application, profile: second, number: fourth },
        { incoming, outgoing, body },
        { send, fail },
      );
    if (kind === 'environments' && third === 'deployments') {
      const list = this.deployments.get(key) ?? [];
      if (incoming.method === 'POST')
        return this.start({ application, environment: second, list, body }, { send, fail });
      if (fourth === '') return send(200, { Items: list.map((held) => this.summary(held)).reverse() });
      const found = list.find((held) => String(held.number) === fourth);
      if (found === undefined) return fail(404, 'ResourceNotFoundException', `no deployment ${fourth}`);
      if (incoming.method !== 'DELETE') return send(200, this.summary(found));
      const refused = this.whyNotStopped(found, incoming.headers['allow-revert'] === 'true');
      if (refused !== undefined) return fail(400, 'BadRequestException', refused);
      found.reverted = this.stateOf(found) === 'COMPLETE';
      found.stoppedAt = this.now();
      const before = list
        .filter((held) => held.profile === found.profile && held.stoppedAt === undefined)
        .at(-1);
      this.options.serve(application, second, found.profile, this.contentOf(application, before));
      return send(202, this.summary(found));
    }
    return false;
  }

  private async start(
    { application, environment, list, body }: DeploymentRequest,
    { send, fail }: Reply,
  ): Promise<true> {
    const asked = JSON.parse(body.toString()) as Record<string, string>;
    const profile = asked.ConfigurationProfileId ?? '';
    const version = Number(asked.ConfigurationVersion);
    const running = list.find((held) => this.stateOf(held) === 'BAKING');
    if (running !== undefined)
      return fail(409, 'ConflictException', `deployment ${running.number} is still under way`);
    const held = this.versions.of(application, profile).get(version);
    if (held === undefined)
      return fail(404, 'ResourceNotFoundException', `no version ${asked.ConfigurationVersion} of ${profile}`);
    const spec = this.spec.configurations.find(
      (one) => one.application === application && one.profile === profile,
    );
    for (const validator of spec?.validators ?? []) {
      const reason = await this.ask(
        validator,
        JSON.stringify({
          applicationId: application,
          configurationProfileId: profile,
          configurationVersion: String(version),
          content: held.content.toString('base64'),
          uri: 'hosted',
        }),
      );
      if (reason !== undefined)
        return fail(400, 'BadRequestException', `Validation failed: ${reason}`, {
          Reason: 'InvalidConfiguration',
          Details: { InvalidConfiguration: [{ Type: 'LAMBDA', Constraint: validator, Reason: reason }] },
        });
    }
    const strategy = this.spec.strategies.find(({ name }) => name === asked.DeploymentStrategyId);
    const startedAt = this.now();
    const made: Deployment = {
      number: list.length + 1,
      profile,
      version,
      description: asked.Description ?? '',
      startedAt,
      bakeMinutes: strategy?.bakeMinutes ?? 0,
      bakedAt: startedAt + (strategy?.bakeMinutes ?? 0) * BAKE_MINUTE,
      stoppedAt: undefined,
      reverted: false,
    };
    this.deployments.set(JSON.stringify([application, environment]), [...list, made]);
    this.options.serve(application, environment, profile, held.content.toString());
    return send(201, this.summary(made));
  }

  private contentOf(application: string, held: Deployment | undefined): string | undefined {
    if (held === undefined) return undefined;
    return this.versions.of(application, held.profile).get(held.version)?.content.toString();
  }

  /**
   * "This API action works only on deployments that have a status of DEPLOYING, unless an AllowRevert parameter is
   * supplied": then also on what is complete, for 72 hours
   * (appconfig/2019-10-09/APIReference/API_StopDeployment.html). A deployment at once is never seen DEPLOYING.
   */
  private whyNotStopped(held: Deployment, allowRevert: boolean): string | undefined {
    const state = this.stateOf(held);
    if (state !== 'BAKING' && state !== 'COMPLETE') return `deployment ${held.number} is ${state}`;
    if (!allowRevert)
      return `deployment ${held.number} is ${state}: only DEPLOYING can be stopped without AllowRevert`;
    if (state === 'COMPLETE' && this.now() - held.bakedAt > REVERTABLE_MS)
      return `deployment ${held.number} completed more than 72 hours ago`;
    return undefined;
  }

  /** AppConfig refuses while versions exist below it, as reported in aws/aws-cdk#26804. */
  private deleteProfile(application: string, profile: string, { fail, send }: Reply): true {
    if (this.versions.of(application, profile).size > 0)
      return fail(
        400,
        'BadRequestException',
        `Cannot delete configuration profile ${profile} because there are still hosted configuration versions existing under it`,
      );
    this.gone.add(JSON.stringify([application, profile]));
    return send(204, {});
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private stateOf(held: Deployment): string {
    if (held.stoppedAt !== undefined) return held.reverted ? 'REVERTED' : 'ROLLED_BACK';
    return this.now() < held.bakedAt ? 'BAKING' : 'COMPLETE';
  }

  private summary(held: Deployment): Record<string, unknown> {
    const state = this.stateOf(held);
    return {
      DeploymentNumber: held.number,
      ConfigurationName: held.profile,
      ConfigurationVersion: String(held.version),
      ConfigurationProfileId: held.profile,
      Description: held.description,
      State: state,
      DeploymentDurationInMinutes: 0,
      FinalBakeTimeInMinutes: held.bakeMinutes,
      StartedAt: new Date(held.startedAt).toISOString(),
      ...(state === 'BAKING' ? {} : { CompletedAt: new Date(held.stoppedAt ?? held.bakedAt).toISOString() }),
    };
  }
}
