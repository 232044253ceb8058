import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand } from '@aws-sdk/client-sns';
import * as z from 'zod';

/** The parts of a published message that properties look at. */
const message = z.object({
  deliveryId: z.string(),
  rows: z.array(z.object({ delivery: z.string() })).optional(),
  total: z.number().optional(),
});
/** A message's forms by protocol (API_Publish, `MessageStructure`). */
const forms = z.object({ default: z.string() });
export type Message = z.infer<typeof message>;

/** SNS and EventBridge: what was taken, in order. Both deliver at least once. */
export class Messages {
  readonly published: Message[] = [];
  readonly events: string[] = [];
  /** messages as they were published, in all their forms */
  readonly texts: string[] = [];
  /** ids of what is refused now: an outage of the topic, of the bus */
  readonly away = { topic: false, bus: false };

  run(command: object): unknown {
    if (command instanceof PublishCommand) {
      this.texts.push(command.input.Message ?? '');
      const texts = forms.parse(JSON.parse(command.input.Message ?? ''));
      this.published.push(message.parse(JSON.parse(texts.default)));
      return {};
    }
    if (command instanceof PutEventsCommand) {
      for (const { Detail } of command.input.Entries ?? []) this.events.push(Detail ?? '');
      return { FailedEntryCount: 0 };
    }
    throw new Error(`${command.constructor.name} is not modelled`);
  }
}
