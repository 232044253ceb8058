import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localOnly } from '../services/local-only.ts';
import type { AccountState } from './account-state.ts';
import { cloudWatch, type Input, keys, type LogSource, logs, serviceQuotas } from './json-operations.ts';
import { answer, cloudFormation, QueryError, smsSandbox, xml } from './query-xml.ts';

export interface ControlPlaneOptions extends LogSource {
  readonly account: AccountState;
  /** where SNS itself is served */
  readonly messages: string;
  /** Runs a function, as an invocation by hand does; its error, or undefined. */
  invoke(
    functionName: string,
    payload: string,
  ): Promise<{ readonly response: unknown; readonly error?: string }>;
}

export interface ControlPlane {
  readonly endpoint: string;
  /** that point an SDK here, for the services that are answered for */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Services that are answered for; SNS comes by way of here, for what its emulator lacks. */
const CONTROLLED = [
  'CLOUDFORMATION',
  'CLOUDWATCH',
  'CLOUDWATCH_LOGS',
  'LAMBDA',
  'SERVICE_QUOTAS',
  'KMS',
  'SNS',
];

/**
 * A stand-in for what an account is asked about a stack, beside its data: CloudFormation, CloudWatch, Lambda's control plane,
 * quotas, logs, keys, and of SNS what its emulator lacks. Operations that are not here are refused by name.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      handle(incoming, outgoing, Buffer.concat(parts), options).catch((error: unknown) => {
        outgoing.writeHead(500, { 'content-type': 'application/json' });
        outgoing.end(JSON.stringify({ __type: 'InternalFailure', message: String(error) }));
      });
    });
  });
  localOnly(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    variables: Object.fromEntries(CONTROLLED.map((service) => [`AWS_ENDPOINT_URL_${service}`, endpoint])),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  options: ControlPlaneOptions,
): Promise<void> {
  const target = incoming.headers['x-amz-target'];
  if (typeof target === 'string') jsonAnswer(target, body, outgoing, options);
  else if (/^\/20\d\d-\d\d-\d\d\//.test(incoming.url ?? ''))
    await lambdaAnswer(incoming, body, outgoing, options);
  else await queryAnswer(incoming, body, outgoing, options);
}

function jsonAnswer(
  target: string,
  body: Buffer,
  outgoing: ServerResponse,
  options: ControlPlaneOptions,
): void {
  const [service = '', operation = ''] = target.split('.');
  const input = JSON.parse(body.toString() || '{}') as Input;
  const { account } = options;
  const found = service.startsWith('GraniteService')
    ? cloudWatch(operation, input, account)
    : service.startsWith('ServiceQuotas')
      ? serviceQuotas(operation, input, account)
      : service.startsWith('Logs_')
        ? logs(operation, input, account, options)
        : service.startsWith('TrentService')
          ? keys(operation, input, account)
          : undefined;
  outgoing.writeHead(found === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
  outgoing.end(
    JSON.stringify(found ?? { __type: 'ResourceNotFoundException', message: `${target}: not known here` }),
  );
}

async function queryAnswer(
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  options: ControlPlaneOptions,
): Promise<void> {
  const form = new URLSearchParams(body.toString());
  const action = form.get('Action') ?? '';
  try {
    const found = smsSandbox(action, form, options.account) ?? cloudFormation(action, form, options.account);
    if (found === undefined) return await forwarded(incoming, body, outgoing, options);
    outgoing.writeHead(200, { 'content-type': 'text/xml' });
    outgoing.end(answer(action, found));
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    outgoing.writeHead(400, { 'content-type': 'text/xml' });
    outgoing.end(
      xml({
        ErrorResponse: {
          Error: { Type: 'Sender', Code: error.code, Message: error.message },
          RequestId: 'local',
        },
      }),
    );
  }
}

/**
 * To the emulator of SNS. A subscription by mail has no ARN before its link was followed
 * (sns/latest/api/API_ListSubscriptionsByTopic.html): the emulator confirms all of them at once.
 */
async function forwarded(
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  { messages, account }: ControlPlaneOptions,
): Promise<void> {
  const response = await fetch(new URL(incoming.url ?? '/', messages), {
    method: 'POST',
    headers: {
      'content-type': String(incoming.headers['content-type']),
      authorization: String(incoming.headers.authorization ?? ''),
    },
    body: new Uint8Array(body),
  });
  const said = await response.text();
  outgoing.writeHead(response.status, { 'content-type': response.headers.get('content-type') ?? 'text/xml' });
  outgoing.end(
    said.replace(/<member>(?:(?!<\/member>)[\s\S])*<\/member>/g, (member) => {
      const endpoint = /<Endpoint>([^<]*)</.exec(member)?.[1] ?? '';
      return /<Protocol>email(?:-json)?</.test(member) && !account.confirmed.has(endpoint)
        ? member.replace(/<SubscriptionArn>[^<]*</, '<SubscriptionArn>PendingConfirmation<')
        : member;
    }),
  );
}

/** lambda/latest/api: settings of the account, functions, mappings, and an invocation by hand. */
async function lambdaAnswer(
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  { account, invoke }: ControlPlaneOptions,
): Promise<void> {
  const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
  const send = (status: number, json: unknown): void => {
    outgoing.writeHead(status, { 'content-type': 'application/json' });
    outgoing.end(json === undefined ? '' : JSON.stringify(json));
  };
  if (/\/account-settings\/?$/.test(pathname))
    return send(200, {
      AccountLimit: {
        ConcurrentExecutions: account.quotas.concurrency,
        UnreservedConcurrentExecutions: account.quotas.concurrency,
      },
    });
  if (/\/event-source-mappings\/?$/.test(pathname))
    return send(200, {
      EventSourceMappings: [...account.mappings].map(
        ([UUID, { state, functionName, sourceArn, settings, result }]) => ({
          UUID,
          State: state,
          FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
          LastProcessingResult: result,
          EventSourceArn: sourceArn,
          ParallelizationFactor: settings.parallelizationFactor,
          MaximumRecordAgeInSeconds: Number.isFinite(settings.maximumRecordAgeMs)
            ? settings.maximumRecordAgeMs / 1000
            : -1,
        }),
      ),
    });
  const [, name = '', what] = /\/functions\/([^/]+)\/(configuration|invocations)$/.exec(pathname) ?? [];
  const found = account.functions.get(decodeURIComponent(name));
  if (found === undefined) {
    outgoing.setHeader('x-amzn-errortype', 'ResourceNotFoundException');
    return send(404, { Message: `Function not found: ${pathname}` });
  }
  if (what === 'configuration')
    return send(200, {
      FunctionName: name,
      State: found.state,
      Environment: { Variables: found.environment },
    });
  const asynchronous = incoming.headers['x-amz-invocation-type'] === 'Event';
  const { response, error } = await invoke(decodeURIComponent(name), body.toString() || '{}');
  if (error !== undefined && !asynchronous) outgoing.setHeader('x-amz-function-error', 'Unhandled');
  send(asynchronous ? 202 : 200, asynchronous ? undefined : (response ?? { errorMessage: error }));
}
