import { deliveryId, type Notice, recordId } from '../finding.ts';
import { duration, plural, when } from '../format.ts';
import { headline, summary } from '../headline.ts';
import { deadline, nextSteps } from '../next-steps.ts';
import { identifier, plain, shellWord, unmarked } from '../sanitize.ts';
import { rarityWords, significanceText } from '../significance-text.ts';
import { strongReasons } from '../strong-reasons.ts';
import { stakeWords } from './email.ts';

/**
 * Custom notification of Amazon Q Developer in chat applications
 * (https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html): version 1.0, source custom, a
 * description; messages of one threadId come as one thread. AWS states no lengths; Slack's are kept, whose headers hold
 * 150 characters and whose sections 3,000 (https://api.slack.com/reference/block-kit/blocks).
 */
export const CHAT_MAX = {
  title: 150,
  description: 2900,
  step: 350,
  steps: 3,
  keyword: 30,
  summary: 200,
} as const;

export interface ChatMessage {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly id: string;
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps: readonly string[];
    readonly keywords: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources: readonly string[];
    readonly additionalContext: Readonly<Record<string, string>>;
  };
}

/** Paragraphs are markup of our own around strings that were made inert; here they only are fitted. */
export function chatMessage(parts: {
  readonly id: string;
  readonly thread: string;
  readonly title: string;
  readonly description: readonly string[];
  readonly nextSteps: readonly string[];
  readonly keywords: readonly string[];
  readonly eventType: string;
  readonly resources: readonly string[];
  readonly context: Readonly<Record<string, string>>;
}): ChatMessage {
  const title = unmarked(parts.title, CHAT_MAX.title - 45);
  return {
    version: '1.0',
    source: 'custom',
    id: identifier(parts.id),
    content: {
      textType: 'client-markdown',
      title,
      description: wholeParagraphs(parts.description, CHAT_MAX.description),
      nextSteps: parts.nextSteps
        .slice(0, CHAT_MAX.steps)
        .map((step) => [...step].slice(0, CHAT_MAX.step).join('')),
      keywords: parts.keywords.map((word) => unmarked(word, CHAT_MAX.keyword)),
    },
    metadata: {
      threadId: identifier(parts.thread),
      summary: title,
      eventType: plain(parts.eventType, 60),
      relatedResources: parts.resources.map((held) => unmarked(held, 100)),
      additionalContext: parts.context,
    },
  };
}

/** Whole paragraphs as long as they fit; they come in order of importance. */
function wholeParagraphs(paragraphs: readonly string[], max: number): string {
  let text = '';
  for (const paragraph of paragraphs) {
    const next = text === '' ? paragraph : `${text}\n${paragraph}`;
    if (next.length > max) break;
    text = next;
  }
  return text;
}

/** A notice as a chat card. @param now processing time, ms */
export function chat(notice: Notice, now: number): ChatMessage {
  const sure = significanceText(notice);
  const { subject } = notice;
  const fits = notice.explanations.filter((held) => held.fits);
  const not = notice.explanations.filter((held) => !held.fits);
  const id = shellWord(subject.id);
  const reasons = strongReasons(notice)
    .slice(0, 3)
    .map(
      (held, i) =>
        `${i + 1}. ${held.evidence.toLowerCase().startsWith(held.title.toLowerCase()) ? '' : `${unmarked(held.title, 120)}: `}${unmarked(held.evidence, 200)} (${rarityWords(held.p, notice)})`,
    );
  const links = notice.links
    .slice(0, 4)
    .map(
      (held) =>
        `${unmarked(held.kind, 30)} (${plural(held.members, 'member')}, ${plural(held.others, 'other')})`,
    );
  return chatMessage({
    id: identifier(deliveryId(notice)),
    thread: identifier(recordId(notice)),
    title: `${notice.level.toUpperCase()}: ${headline(notice)}`,
    description: [
      summary(notice),
      `*Who* ${id === undefined ? unmarked(subject.id, 60) : `\`${id}\``}, ${unmarked(subject.plan, 40)}, ${unmarked(subject.product, 40)}`,
      `*Since* ${when(notice.since)} (${duration(Date.parse(notice.at) - Date.parse(notice.since))})`,
      `*How sure* ${sure.sentence} ${sure.urgency}`.trimEnd(),
      ...(reasons.length === 0 ? [] : [['*Why*', ...reasons].join('\n')]),
      ...(links.length === 0 ? [] : [`*Linked by* ${links.join(', ')}`]),
      `*At stake* ${unmarked(stakeWords(notice, false), 240)}`,
      ...(notice.explanations.length === 0
        ? []
        : [
            `*Benign explanations* ${[
              ...fits.map((held) => `fits: ${unmarked(held.title, 60)}`),
              ...(not.length === 0
                ? []
                : [
                    `${fits.length === 0 ? 'none fits: ' : 'do not fit: '}${not.map((held) => unmarked(held.title, 60)).join(', ')}`,
                  ]),
            ].join('; ')}`,
          ]),
      `*The numbers* ${sure.place} ${sure.evidence} ${sure.promise}${sure.oneByOne === undefined ? '' : ` ${sure.oneByOne}`}`,
      unmarked(sure.limits, 400),
      `policy ${unmarked(notice.versions.policy, 64)}, calibration ${unmarked(notice.versions.calibration, 64)}, code ${unmarked(notice.versions.code, 40)}`,
    ],
    nextSteps: nextSteps(notice, now).map((step) => `*${deadline(step)}* ${step.what} \`${step.command}\``),
    keywords: ['Siphonwatch', notice.level, notice.transition],
    eventType: `finding-${notice.transition}`,
    resources: [subject.id],
    context: {
      deliveryId: identifier(deliveryId(notice)),
      finding: identifier(recordId(notice)),
      level: notice.level,
      score: String(notice.score),
    },
  });
}
