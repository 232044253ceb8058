import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR_MS } from '../../time.ts';
import { localOnly } from './local-only.ts';

/** One entry that was put on the bus, as PutEvents takes it. */
export interface BusEvent {
  readonly EventBusName?: string;
  readonly Source: string;
  readonly DetailType: string;
  /** JSON text */
  readonly Detail: string;
  readonly Resources?: readonly string[];
  readonly EventId: string;
  /** epoch milliseconds, when it came */
  readonly arrivedAt: number;
}

export interface EventBus {
  readonly endpoint: string;
  readonly events: readonly BusEvent[];
  /** Answers the operations on rules, which the bus knows nothing of. */
  answer(how: Other): void;
  close(): Promise<void>;
}

/** An operation's answer; undefined where there is none of that name. */
type Other = (operation: string, input: Readonly<Record<string, unknown>>) => object | undefined;

const REQUIRED = ['Source', 'DetailType', 'Detail'] as const;

/**
 * A stand-in for EventBridge: accepts PutEvents, keeps the entries, matches no rules. Entries that AWS would refuse
 * are refused, one by one, with its error codes
 * (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).
 */
export async function startEventBus(clock: () => number = Date.now): Promise<EventBus> {
  let other: Other = () => undefined;
  const events: BusEvent[] = [];

  const put = (entry: Partial<BusEvent>): object => {
    const missing = REQUIRED.find((field) => !entry[field]);
    if (missing) {
      return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${missing} is not valid.` };
    }
    try {
      JSON.parse(entry.Detail ?? '');
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    const EventId = randomUUID();
    events.push({ ...(entry as BusEvent), EventId, arrivedAt: clock() });
    return { EventId };
  };

  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      outgoing.setHeader('content-type', 'application/x-amz-json-1.1');
      const operation = String(incoming.headers['x-amz-target'] ?? '').replace('AWSEvents.', '');
      if (operation !== 'PutEvents') {
        const answer = other(operation, JSON.parse(Buffer.concat(parts).toString() || '{}'));
        if (answer !== undefined) {
          outgoing.end(JSON.stringify(answer));
          return;
        }
        outgoing.statusCode = 400;
        outgoing.end(JSON.stringify({ __type: 'UnknownOperationException' }));
        return;
      }
      const { Entries = [] } = JSON.parse(Buffer.concat(parts).toString()) as {
        Entries?: Partial<BusEvent>[];
      };
      const answers = Entries.map(put);
      const failed = answers.filter((answer) => 'ErrorCode' in answer).length;
      outgoing.end(JSON.stringify({ FailedEntryCount: failed, Entries: answers }));
    });
  });
  localOnly(server);
  server.keepAliveTimeout = HOUR_MS; // no connection is closed under a request that is on its way
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    answer(how) {
      other = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
