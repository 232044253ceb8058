import { attributesOf } from './attributes.ts';
import type { DigestMessage } from './digest-message.ts';
import type { Notice } from './finding.ts';
import { chat } from './views/chat.ts';
import { digestChat, digestEmail, digestJson, digestSms } from './views/digest.ts';
import { email } from './views/email.ts';
import { jsonView } from './views/json.ts';
import { sms } from './views/sms.ts';

/** One message in every form: what a topic is given. */
export interface Rendered {
  readonly subject: string;
  readonly texts: {
    readonly default: string;
    readonly email: string;
    readonly sms: string;
    readonly https: string;
  };
  readonly attributes: Readonly<Record<string, string | number>>;
}

/**
 * A notice for all subscribers of the topic. `https` is the chat card, because Amazon Q Developer subscribes by https;
 * machines read `default` (SQS, Lambda, Firehose, http) or the event bus. @param now processing time, ms
 */
export function renderNotice(notice: Notice, now: number): Rendered {
  const { subject, text } = email(notice, now);
  return {
    subject,
    texts: {
      default: JSON.stringify(jsonView(notice, now)),
      email: text,
      sms: sms(notice),
      https: JSON.stringify(chat(notice, now)),
    },
    attributes: attributesOf(notice),
  };
}

export function renderBulletin(held: DigestMessage): Rendered {
  const { subject, text } = digestEmail(held);
  const worst = ['critical', 'suspect', 'watch'].find((level) => (held.byLevel[level] ?? 0) > 0);
  return {
    subject,
    texts: {
      default: JSON.stringify(digestJson(held)),
      email: text,
      sms: digestSms(held),
      https: JSON.stringify(digestChat(held)),
    },
    attributes: {
      kind: held.kind,
      // A storm that has only begun has no levels yet, and must pass a filter on critical.
      level: worst ?? (held.kind === 'storm' ? 'critical' : 'clear'),
      transition: held.kind === 'digest' ? 'updated' : 'opened',
      deliveryId: held.deliveryId,
      members: held.total,
    },
  };
}
