import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { BusEntry, FindingBus } from '../stores/event-bus.ts';

export class EventBridgeBus implements FindingBus {
  readonly #client: EventBridgeClient;
  readonly #bus: string;

  /** @param bus name or ARN; `default` is the account's own */
  constructor(client: EventBridgeClient, bus: string) {
    this.#client = client;
    this.#bus = bus;
  }

  async put(entry: BusEntry): Promise<void> {
    const { Entries, FailedEntryCount } = await this.#client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: this.#bus,
            Source: EVENT_SOURCE,
            DetailType: entry.detailType,
            Detail: JSON.stringify(entry.detail),
            Time: new Date(entry.time),
            Resources: [...entry.resources],
          },
        ],
      }),
    );
    // PutEvents answers 200 for entries that it did not take.
    if ((FailedEntryCount ?? 0) > 0) {
      const [failed] = Entries ?? [];
      throw new Error(`EventBridge did not take the event: ${failed?.ErrorCode}: ${failed?.ErrorMessage}`);
    }
  }
}

/** What rules match on: `source` of every event that this system puts on a bus. */
export const EVENT_SOURCE = 'siphonwatch';
