import type { Label } from '../../backtest/labels.ts';
import type { Finding } from '../../findings/finding.ts';
import { levelRank } from '../../scoring/level.ts';

/** What the labels say of a run: what was planted, found, missed, and whom it wronged. `--json` prints it. */
export interface Story {
  /** accounts that sent something, by label */
  readonly planted: number;
  readonly ordinary: number;
  readonly found: number;
  /** ordinary accounts that a finding names */
  readonly wronged: number;
  readonly kinds: readonly StoryKind[];
  readonly campaigns: {
    readonly planted: number;
    readonly found: number;
    /** whether any was found as one */
    readonly judged: boolean;
  };
  /** what the finding that is shown is about */
  readonly shown?: { readonly kind: string; readonly label: Label['label'] };
}

export interface StoryKind {
  readonly kind: string;
  readonly label: Label['label'];
  readonly accounts: number;
  readonly named: number;
}

/** The kinds of the shipped example in plain words; other labels stand for themselves. */
const KINDS: Readonly<Record<string, string>> = {
  hydra: 'many accounts, questions dealt by one script',
  'hydra-cot': 'many accounts that coax out reasoning',
  'hydra-rubric': 'many accounts that have answers graded',
  'hydra-diluted': 'half of it is somebody’s ordinary work',
  'hydra-stealth': 'no shared payment or network',
  'solo-burst': 'one account, as fast as it can',
  'solo-paced': 'one account, slowly',
  'api-app': 'an application with its own prompts',
  'api-broad': 'an application that asks about everything',
  'api-human': 'a person through the API',
  'coding-tool': 'a coding assistant',
  course: 'a class with one exercise sheet',
  'cron-app': 'a job that runs by the clock',
  'eval-run': 'an evaluation of the model',
  gateway: 'a gateway for many people',
  'organic-chat': 'people who chat',
  'rag-backfill': 'a backfill of documents',
  'reasoning-audit': 'an audit that asks for reasoning',
};

export function kindInWords(kind: string): string {
  return KINDS[kind] ?? '';
}

/** @param seen accounts that sent something, by pseudonym */
export function storyOf(
  labels: readonly Label[],
  seen: { has(account: string): boolean },
  findings: readonly Finding[],
  shown?: Finding,
): Story | undefined {
  const named = new Set<string>();
  for (const { notice, highest } of findings) {
    if (levelRank(highest) < levelRank('suspect')) continue;
    if (notice.subject.type === 'account') named.add(notice.subject.id);
    else for (const { account } of notice.subject.members ?? []) named.add(account);
  }
  const present = labels.filter(({ pseudonym }) => seen.has(pseudonym));
  if (present.length === 0) return undefined;
  const of = (label: Label['label']) => present.filter((held) => held.label === label);
  const hit = (list: readonly Label[]) => list.filter(({ pseudonym }) => named.has(pseudonym));
  // an account by itself is no campaign
  const several = new Set(
    present
      .filter(({ campaign, account }) =>
        present.some((other) => other.campaign === campaign && other.account !== account),
      )
      .map(({ campaign }) => campaign)
      .filter((name) => name !== ''),
  );
  const campaigns = (list: readonly Label[]) =>
    new Set(list.map(({ campaign }) => campaign).filter((name) => several.has(name))).size;
  const kinds = [...new Set(present.map(({ kind }) => kind))].map((kind): StoryKind => {
    const list = present.filter((held) => held.kind === kind);
    return { kind, label: list[0]?.label ?? 'grey', accounts: list.length, named: hit(list).length };
  });
  const subject = shown?.notice.subject;
  const about = [subject?.id, subject?.members?.[0]?.account];
  const label = present.find(({ pseudonym }) => about.includes(pseudonym));
  return {
    planted: of('extraction').length,
    ordinary: of('benign').length,
    found: hit(of('extraction')).length,
    wronged: hit(of('benign')).length,
    kinds: kinds.sort((a, b) => b.accounts - a.accounts),
    campaigns: {
      planted: campaigns(of('extraction')),
      found: campaigns(hit(of('extraction'))),
      judged: findings.some(({ notice }) => notice.subject.type === 'campaign'),
    },
    ...(label === undefined ? {} : { shown: { kind: label.kind, label: label.label } }),
  };
}

/** The finding that is shown: the most urgent of real volume, a campaign before an account of the same level. */
export function findingToShow(findings: readonly Finding[]): Finding | undefined {
  const volume = ({ notice }: Finding): number => notice.stake.outputTokens;
  const rank = (held: Finding): number =>
    2 * levelRank(held.highest) + Number(held.notice.subject.type === 'campaign' && volume(held) >= 10_000);
  return [...findings].sort((a, b) => rank(b) - rank(a) || volume(b) - volume(a))[0];
}
