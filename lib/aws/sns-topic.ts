import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { MESSAGE_MAX } from '../findings/views/json.ts';
import type { NotificationTopic, Publication } from '../stores/notification-topic.ts';

export class SnsTopic implements NotificationTopic {
  readonly #client: SNSClient;
  readonly #arn: string;

  constructor(client: SNSClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  async publish({ subject, texts, attributes }: Publication): Promise<void> {
    await this.#client.send(
      new PublishCommand({
        TopicArn: this.#arn,
        Subject: subject,
        MessageStructure: 'json',
        Message: JSON.stringify(fitting(texts)),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [
            name,
            typeof value === 'number'
              ? { DataType: 'Number', StringValue: String(value) }
              : { DataType: 'String', StringValue: value },
          ]),
        ),
      }),
    );
  }
}

/** All forms count together: the JSON gives way first, because EventBridge and the table have it too. */
export function fitting(texts: Publication['texts']): Publication['texts'] {
  // Room for the attributes, and for the escaping of a document inside a document.
  const room = MESSAGE_MAX - 8 * 1024;
  if (Buffer.byteLength(JSON.stringify(texts)) <= room) return texts;
  const { deliveryId, thread, headline } = JSON.parse(texts.default) as Record<string, unknown>;
  return { ...texts, default: JSON.stringify({ deliveryId, thread, headline, cut: 'too long for SNS' }) };
}
