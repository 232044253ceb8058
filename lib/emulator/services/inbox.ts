import {
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { inboxQueue } from '../template/resources.ts';

/** A message as a subscriber of a topic gets it. */
export interface Mail {
  readonly topic: string;
  readonly messageId: string;
  readonly subject: string | undefined;
  /** the text for `protocol`, where the publisher sent one for each protocol */
  readonly text: string;
  /** the text for everyone else, which here is JSON */
  readonly document: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** epoch milliseconds, when it was published */
  readonly publishedAt: number;
}

interface Envelope {
  readonly MessageId: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly Timestamp: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Value: string }>>;
}

/**
 * Empties the inbox of a topic and returns what came since the last time, oldest first. Texts that were published
 * with `MessageStructure: json` are taken apart here, because the emulator hands the whole document to everyone.
 */
export async function readInbox(sqs: SQSClient, topic: string, protocol = 'email'): Promise<Mail[]> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: inboxQueue(topic) }));
  const mails: Mail[] = [];
  for (;;) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (messages.length === 0) break;
    for (const message of messages) mails.push(open(topic, message.Body ?? '', protocol));
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })),
      }),
    );
  }
  return mails.sort((a, b) => a.publishedAt - b.publishedAt);
}

function open(topic: string, body: string, protocol: string): Mail {
  const envelope = JSON.parse(body) as Envelope;
  return {
    topic,
    messageId: envelope.MessageId,
    subject: envelope.Subject,
    text: textFor(envelope.Message, protocol),
    document: textFor(envelope.Message, 'default'),
    attributes: Object.fromEntries(
      Object.entries(envelope.MessageAttributes ?? {}).map(([name, { Value }]) => [name, Value]),
    ),
    publishedAt: Date.parse(envelope.Timestamp),
  };
}

function textFor(message: string, protocol: string): string {
  if (!message.startsWith('{')) return message;
  try {
    const document = JSON.parse(message) as Record<string, unknown>;
    if (typeof document.default !== 'string') return message;
    return String(document[protocol] ?? document.default);
  } catch {
    return message; // a text that begins with a brace
  }
}
