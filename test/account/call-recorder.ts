import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoints } from '../../lib/emulator/services/emulators.ts';

/** One request of a function to AWS: the IAM action and the resource that its role must allow. */
export interface Call {
  /** access key that it was signed with: each function has one of its own */
  readonly fn: string;
  readonly action: string;
  /** `<logical id>` in the place of a physical name, and what follows it */
  readonly resource: string;
}

/** Stands between functions and emulators, hands everything through, and notes who asked for what. */
export interface CallRecorder {
  /** that point an SDK here */
  readonly variables: Readonly<Record<string, string>>;
  forwardTo(endpoints: Endpoints): void;
  calls(logicalIds: ReadonlyMap<string, string>): readonly Call[];
  close(): Promise<void>;
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly target: string;
  readonly body: string;
}
type Found = readonly (readonly [action: string, name: string, rest?: string])[];
type Json = Readonly<Record<string, unknown>>;
const json = (body: string): Json => JSON.parse(body || '{}') as Json;

/** IAM action, and the resource's physical name with what follows it, of a request of each service. */
const SERVICES: Readonly<
  Record<string, { readonly to: keyof Endpoints; readonly read: (asked: Asked) => Found }>
> = {
  DYNAMODB: { to: 'dynamodb', read: dynamodb },
  S3: { to: 'messages', read: s3 },
  SNS: {
    to: 'messages',
    read: ({ body }) => {
      const form = new URLSearchParams(body);
      return [[`sns:${form.get('Action')}`, form.get('TopicArn')?.split(':').at(-1) ?? '']];
    },
  },
  EVENTBRIDGE: { to: 'eventBridge', read: ({ target }) => [[`events:${target}`, '*']] },
  SECURITYHUB: { to: 'securityHub', read: () => [['securityhub:BatchImportFindings', '*']] },
  APPCONFIGDATA: {
    to: 'appConfigData',
    read: ({ method }) => [
      [`appconfig:${method === 'POST' ? 'StartConfigurationSession' : 'GetLatestConfiguration'}`, '*'],
    ],
  },
};

/** Each item of a transaction is an action of its own, and each table of a batch (service-authorization/latest/reference). */
function dynamodb({ target, body }: Asked): Found {
  const input = json(body);
  if (target === 'TransactWriteItems')
    return (input.TransactItems as readonly Json[]).flatMap((item) =>
      Object.entries(item).map(([kind, of]) => [
        `dynamodb:${kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`}`,
        String((of as Json).TableName),
      ]),
    );
  if (target === 'BatchGetItem' || target === 'BatchWriteItem')
    return Object.keys(input.RequestItems as Json).map((table) => [`dynamodb:${target}`, table]);
  const index = typeof input.IndexName === 'string' ? `/index/${input.IndexName}` : '';
  return [[`dynamodb:${target}`, String(input.TableName), index]];
}

function s3({ method, url, body }: Asked): Found {
  const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  if (url.searchParams.has('delete'))
    return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, one = '']) => [
      's3:DeleteObject',
      bucket,
      `/${one}`,
    ]);
  if (key === '') return [['s3:ListBucket', bucket]];
  const verb =
    { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method] ?? method;
  return [[`s3:${verb}`, bucket, `/${key}`]];
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export async function startCallRecorder(): Promise<CallRecorder> {
  const seen = new Map<string, { readonly fn: string; readonly found: Found[number] }>();
  let endpoints: Endpoints | undefined;
  const servers = await Promise.all(
    Object.entries(SERVICES).map(async ([service, { to, read }]) => {
      const server = createServer((incoming, outgoing) => {
        void (async () => {
          const body = await bytesOf(incoming);
          const url = new URL(incoming.url ?? '/', endpoints?.[to]);
          const fn = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? '')?.[1];
          const target =
            String(incoming.headers['x-amz-target'] ?? '')
              .split('.')
              .at(-1) ?? '';
          const asked = { method: incoming.method ?? '', url, target, body: body.toString() };
          if (fn !== undefined)
            for (const found of read(asked)) seen.set(`${fn} ${found.join(' ')}`, { fn, found });
          const headers = Object.fromEntries(
            Object.entries(incoming.headers).flatMap(([name, value]) =>
              ['host', 'connection', 'content-length', 'expect', 'transfer-encoding'].includes(name)
                ? []
                : [[name, String(value)]],
            ),
          );
          const response = await fetch(url, {
            method: asked.method,
            headers,
            ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
          });
          const answer = Buffer.from(await response.arrayBuffer());
          const back = Object.fromEntries(
            [...response.headers].filter(
              ([name]) => !['content-encoding', 'transfer-encoding', 'connection'].includes(name),
            ),
          );
          outgoing.writeHead(response.status, { ...back, 'content-length': String(answer.length) });
          outgoing.end(asked.method === 'HEAD' ? undefined : answer);
        })().catch((error: unknown) =>
          outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { service, server, port: (server.address() as AddressInfo).port };
    }),
  );
  return {
    variables: Object.fromEntries(
      servers.flatMap(({ service, port }) => [[`AWS_ENDPOINT_URL_${service}`, `http://127.0.0.1:${port}`]]),
    ),
    forwardTo(target) {
      endpoints = target;
    },
    calls: (logicalIds) =>
      [...seen.values()].map(({ fn, found: [action, name, rest = ''] }) => ({
        fn,
        action,
        resource: name === '*' ? '*' : `<${logicalIds.get(name) ?? name}>${rest}`,
      })),
    async close() {
      for (const { server } of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
