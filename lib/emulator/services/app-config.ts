import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR_MS } from '../../time.ts';
import { AppConfigControl, type AskValidator, type ControlSpec } from './app-config-control.ts';
import { localOnly } from './local-only.ts';

/** Names of one configuration, as AppConfig's data API takes them. */
export interface Profile {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

export interface AppConfig {
  readonly endpoint: string;
  /** Makes `content` (text of any type) the deployed configuration; sessions that poll get it next. */
  set(profile: Profile, content: string): void;
  /** What the control plane at the same endpoint knows, and who validates. */
  declare(spec: ControlSpec, ask: AskValidator): void;
  close(): Promise<void>;
}

interface Version {
  /** undefined: it was taken back, nothing is deployed */
  readonly content: string | undefined;
  readonly version: number;
}

/**
 * A stand-in for AppConfig's data plane: StartConfigurationSession and GetLatestConfiguration, where a session that
 * has the latest version gets an empty body, as in AWS
 * (https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_appconfigdata_GetLatestConfiguration.html),
 * and the path of the Lambda extension, which always answers with the whole
 * (https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions.html).
 */
export async function startAppConfig(): Promise<AppConfig> {
  const deployed = new Map<string, Version>();
  const nameOf = ({ application, environment, profile }: Profile): string =>
    JSON.stringify([application, environment, profile]);
  const token = (name: string, version: number): string =>
    Buffer.from(JSON.stringify({ name, version })).toString('base64url');

  const deploy = (profile: Profile, content: string | undefined): void => {
    const name = nameOf(profile);
    deployed.set(name, { content, version: (deployed.get(name)?.version ?? 0) + 1 });
  };
  const control = new AppConfigControl({
    serve: (application, environment, profile, content) =>
      deploy({ application, environment, profile }, content),
  });

  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const send = (status: number, body: string, headers: Record<string, string> = {}): void => {
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
      outgoing.end(body);
    };
    const extension = /^\/applications\/([^/]+)\/environments\/([^/]+)\/configurations\/([^/]+)$/.exec(
      url.pathname,
    );
    if (extension) {
      const [application = '', environment = '', profile = ''] = extension.slice(1).map(decodeURIComponent);
      const found = deployed.get(nameOf({ application, environment, profile }));
      if (found?.content !== undefined)
        send(200, found.content, { 'configuration-version': String(found.version) });
      else
        send(404, JSON.stringify({ Message: 'no such configuration' }), {
          'x-amzn-errortype': 'ResourceNotFoundException',
        });
      return;
    }
    if (incoming.method === 'POST' && url.pathname === '/configurationsessions') {
      const asked = JSON.parse(await text(incoming)) as Record<string, string>;
      const name = nameOf({
        application: asked.ApplicationIdentifier ?? '',
        environment: asked.EnvironmentIdentifier ?? '',
        profile: asked.ConfigurationProfileIdentifier ?? '',
      });
      send(201, JSON.stringify({ InitialConfigurationToken: token(name, 0) }));
      return;
    }
    if (incoming.method === 'GET' && url.pathname === '/configuration') {
      const session = JSON.parse(
        Buffer.from(url.searchParams.get('configuration_token') ?? '', 'base64url').toString() || 'null',
      ) as { name: string; version: number } | null;
      const found = session && deployed.get(session.name);
      if (!session || found?.content === undefined) {
        send(404, JSON.stringify({ Message: 'no such configuration' }), {
          'x-amzn-errortype': 'ResourceNotFoundException',
        });
        return;
      }
      send(200, found.version === session.version ? '' : found.content, {
        'next-poll-configuration-token': token(session.name, found.version),
        'next-poll-interval-in-seconds': '15',
        'version-label': String(found.version),
      });
      return;
    }
    if (await control.handle(incoming, outgoing, await bytes(incoming))) return;
    send(400, JSON.stringify({ Message: `unknown operation ${incoming.method} ${url.pathname}` }));
  });
  localOnly(server);
  server.keepAliveTimeout = HOUR_MS; // no connection is closed under a request that is on its way
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: deploy,
    declare: (spec, ask) => control.declare(spec, ask),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bytes(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function text(incoming: IncomingMessage): Promise<string> {
  return (await bytes(incoming)).toString();
}
