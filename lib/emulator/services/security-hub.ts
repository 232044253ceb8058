import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR_MS } from '../../time.ts';
import { localOnly } from './local-only.ts';

/** A finding as it was imported; only what the stand-in looks at is named. */
export interface ImportedFinding {
  readonly Id: string;
  readonly UpdatedAt: string;
  readonly RecordState?: string;
  readonly Title: string;
}

export interface LocalSecurityHub {
  readonly endpoint: string;
  /** newest copy of each finding, by Id */
  readonly findings: ReadonlyMap<string, ImportedFinding>;
  /** findings in each call, in order */
  readonly calls: readonly number[];
  close(): Promise<void>;
}

const REQUIRED = [
  'AwsAccountId',
  'CreatedAt',
  'Description',
  'GeneratorId',
  'Id',
  'ProductArn',
  'Resources',
  'SchemaVersion',
  'Severity',
  'Title',
  'UpdatedAt',
] as const;
const MAX_FINDINGS = 100;

/**
 * A stand-in for Security Hub: BatchImportFindings, which takes at most 100 findings, updates by Id, and answers 200 with
 * the findings that it refused (https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html).
 */
export async function startSecurityHub(): Promise<LocalSecurityHub> {
  const findings = new Map<string, ImportedFinding>();
  const calls: number[] = [];
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const send = (status: number, json: object, type = ''): void => {
        outgoing.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
        outgoing.end(JSON.stringify(json));
      };
      if (incoming.method !== 'POST' || incoming.url !== '/findings/import') {
        send(
          400,
          { Message: `unknown operation ${incoming.method} ${incoming.url}` },
          'InvalidInputException',
        );
        return;
      }
      const { Findings = [] } = JSON.parse(Buffer.concat(parts).toString()) as {
        Findings?: ImportedFinding[];
      };
      if (Findings.length === 0 || Findings.length > MAX_FINDINGS) {
        send(400, { Message: `Findings has ${Findings.length} elements` }, 'InvalidInputException');
        return;
      }
      calls.push(Findings.length);
      const failed = Findings.flatMap((held) => {
        const missing = REQUIRED.find((name) => !new Map(Object.entries(held)).get(name));
        if (missing !== undefined)
          return [
            { Id: held.Id, ErrorCode: 'InvalidInput', ErrorMessage: `Finding does not have ${missing}` },
          ];
        // An update that is not later than what is there is ignored, and no failure.
        const known = findings.get(held.Id);
        if (known === undefined || known.UpdatedAt < held.UpdatedAt) findings.set(held.Id, held);
        return [];
      });
      send(200, {
        FailedCount: failed.length,
        SuccessCount: Findings.length - failed.length,
        FailedFindings: failed,
      });
    });
  });
  localOnly(server);
  server.keepAliveTimeout = HOUR_MS; // no connection is closed under a request that is on its way
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    findings,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
