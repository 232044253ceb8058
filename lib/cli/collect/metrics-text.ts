import type { HealthShares } from '../../telemetry/health-tally.ts';
import type { Collector } from './collector.ts';

/** Every share, so that none is watched by nobody. */
const SHARES: Readonly<Record<Exclude<keyof HealthShares, 'events' | 'accounts'>, string>> = {
  withoutPrompt: 'events without a prompt',
  samePrompt: 'events with the commonest prompt of many accounts',
  repeatedPrompt: 'events with the commonest prompt',
  samePromptAccounts: 'accounts that send the commonest prompt, where such prompts are the most',
  recurringPrompts: 'accounts that send the commonest prompt, where such prompts are not the most',
  shortPrompts: 'events with a prompt of at most three words',
  unreadablePrompts: 'events with a prompt in which nothing can be read, of many accounts',
  cutPrompts: 'events with a prompt that a logger cut, of many accounts',
  maskedPrompts: 'events with a prompt of which three in ten words or letters are covered, of many accounts',
  chanceLetters: '1 where letters of prompts follow one another as by chance',
  fewTexts: 'different prompts that differ from a few in numbers alone',
  printedPrompts: 'events with messages as a program prints them, of many accounts',
  sameOpening: 'events whose prompts differ and begin with the commonest five words',
  blindAccounts: 'accounts of which hardly a prompt can be read',
  oneAccount: 'events of the account that has the most',
  singleAccounts: 'different accounts, of events',
  sharedAccount: 'events of the largest account that stands for many end users',
  crowdedAccount:
    'events of an account that has nearly all, under many credentials, from many addresses or in many sessions',
  crowdedOrigins: 'different accounts, of events, where each address has ten and more',
  crossedOrigins: 'accounts of an address or credential, of those it could have, where each has nearly all',
  coarseAccounts: 'events of accounts with ten addresses or credentials and more, where accounts are few',
  withoutOrigin: 'events without address and credential',
  sameOrigin: 'accounts that come from the commonest address or credential',
  withoutTokens: 'events without output tokens',
  failed: 'events that end in an error',
  oddTime: 'events with a time before 2015',
  futureTime: 'events with a time in the future',
  sameTime: 'events with the commonest time',
  sameMinute: '1 where all events lie within one minute',
  dateOnly: 'events at midnight, as dates without a time of day have it',
  models: 'different models, of events',
  repeatedIds: 'events whose id was seen before',
  rejected: 'entries that could not be used',
  skipped: 'entries that are no model calls',
};

/** Counters and shares in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function metricsText(
  collector: Collector,
  answers: ReadonlyMap<string, number>,
  underWay: number,
): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    type: string,
    help: string,
    values: readonly (readonly [string, number])[],
  ) => {
    lines.push(`# HELP siphonwatch_collect_${name} ${help}`, `# TYPE siphonwatch_collect_${name} ${type}`);
    for (const [labels, value] of values) lines.push(`siphonwatch_collect_${name}${labels} ${value}`);
  };
  const sources = [...collector.bySource];
  for (const [name, help] of [
    ['events', 'usage events taken'],
    ['rejected', 'entries that could not be used'],
    ['skipped', 'entries that are no model calls'],
  ] as const)
    metric(
      `${name}_total`,
      'counter',
      help,
      sources.map(([source, counts]) => [`{source="${source}"}`, counts[name]]),
    );
  metric('odd_facts_total', 'counter', 'optional facts out of range, left out or cut', [
    ['', collector.counts.odd],
  ]);
  metric(
    'requests_total',
    'counter',
    'requests by path and status',
    [...answers].map(([key, count]) => {
      const [path = '', status = ''] = key.split(' ');
      return [`{path="${path}",status="${status}"}`, count];
    }),
  );
  metric('body_bytes', 'gauge', 'bytes of request bodies under way', [['', underWay]]);
  const shares = collector.health.shares();
  metric(
    'share',
    'gauge',
    'shares that say whether telemetry can be judged',
    Object.entries(SHARES).map(([name, help]) => [
      `{of="${name}",help="${help}"}`,
      shares[name as keyof HealthShares],
    ]),
  );
  const warnings = collector.health.warnings();
  metric(
    'slice_share',
    'gauge',
    'parts of the traffic that have lost something, where the whole has not',
    warnings.flatMap(({ slice, share, value }) =>
      slice === undefined
        ? []
        : [[`{by="${slice.by}",name="${label(slice.name)}",of="${share}"}`, value] as const],
    ),
  );
  metric('blind', 'gauge', '1 where telemetry cannot be judged', [
    ['', warnings.some(({ severe }) => severe) ? 1 : 0],
  ]);
  return `${lines.join('\n')}\n`;
}

/** A value of a label, as the format escapes it. */
function label(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ');
}
