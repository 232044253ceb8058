import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { MESSAGE_MAX } from '../findings/views/json.ts';

/** One message in every form that a subscriber may want it in. */
export interface Publication {
  readonly subject: string;
  /** by SNS protocol; `default` for all others */
  readonly texts: {
    readonly default: string;
    readonly email: string;
    readonly sms: string;
    readonly https: string;
  };
  /** at most ten: what filter policies see */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** The topic of the security team. */
export interface NotificationTopic {
  /** @throws where SNS did not take it: nothing is known to be told */
  publish(publication: Publication): Promise<void>;
}

export class MemoryTopic implements NotificationTopic {
  readonly published: Publication[] = [];
  async publish(publication: Publication): Promise<void> {
    this.published.push(publication);
  }
}

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
function fitting(texts: Publication['texts']): Publication['texts'] {
  // Room for the attributes, and for the escaping of a document inside a document.
  const room = MESSAGE_MAX - 8 * 1024;
  if (Buffer.byteLength(JSON.stringify(texts)) <= room) return texts;
  const { deliveryId, thread, headline } = JSON.parse(texts.default) as Record<string, unknown>;
  return { ...texts, default: JSON.stringify({ deliveryId, thread, headline, cut: 'too long for SNS' }) };
}
