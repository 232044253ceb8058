import type { HealthShares } from './health-tally.ts';

/** What a share means when it is too large. */
export interface HealthRule {
  readonly share: keyof HealthShares;
  /** above this, something is wrong */
  readonly above: number;
  /** fewer events say nothing */
  readonly atLeast: number;
  /** nothing should be concluded from silence */
  readonly severe: boolean;
  /** looked for in each thousand events too */
  readonly inRuns: boolean;
  readonly words: string;
}

const rule = (
  share: keyof HealthShares,
  above: number,
  atLeast: number,
  how: { readonly severe?: boolean; readonly inRuns?: boolean },
  words: string,
): HealthRule => ({ share, above, atLeast, severe: how.severe === true, inRuns: how.inRuns === true, words });
const BLIND = { severe: true, inRuns: true } as const;
const BLIND_WHOLE = { severe: true } as const;
const RUNS = { inRuns: true } as const;

/**
 * Thresholds: honest gateways have prompts in nearly all calls, no prompt that a third of the events of many accounts are, and
 * no origin that most accounts share. The severer rule of a share comes first.
 */
export const HEALTH_RULES: readonly HealthRule[] = [
  rule(
    'withoutPrompt',
    0.5,
    20,
    BLIND,
    'have no prompt: message logging is off, or the prompts are in a place that is not read',
  ),
  rule(
    'samePromptAccounts',
    0.5,
    100,
    BLIND,
    'of accounts send one and the same prompt: a placeholder stands where prompts should',
  ),
  rule(
    'recurringPrompts',
    0.5,
    100,
    RUNS,
    'of accounts send one and the same prompt again and again: a button of an application, or a placeholder where prompts should stand',
  ),
  rule(
    'samePrompt',
    0.3,
    100,
    BLIND,
    'of events, of many accounts, have one and the same prompt: a placeholder stands where prompts should',
  ),
  rule(
    'repeatedPrompt',
    0.9,
    100,
    BLIND_WHOLE,
    'of events have one and the same prompt: a health check, or a placeholder. What customers ask is not in this input',
  ),
  rule(
    'unreadablePrompts',
    0.5,
    100,
    BLIND,
    'have prompts in which nothing can be read: encrypted, hashed, tokenised, masked or cut, or stored elsewhere',
  ),
  rule(
    'unreadablePrompts',
    0.2,
    100,
    RUNS,
    'have prompts in which nothing can be read: addresses, ids, digests or ciphertexts may stand where prompts should',
  ),
  rule(
    'unreadablePrompts',
    0.05,
    100,
    {},
    'have prompts in which nothing can be read, of many accounts: part of the traffic may be encrypted, masked or stored elsewhere',
  ),
  rule(
    'maskedPrompts',
    0.5,
    100,
    BLIND,
    'have prompts that are masked: of their words or letters three in ten and more are stars, tags, digests or one letter. Let the log keep words, and mask names alone',
  ),
  rule(
    'maskedPrompts',
    0.2,
    100,
    RUNS,
    'have prompts that are masked: of their words or letters three in ten and more are stars, tags, digests or one letter',
  ),
  rule(
    'chanceLetters',
    0.5,
    100,
    BLIND,
    'have prompts in which letters follow one another as by chance: encrypted or shuffled letter by letter',
  ),
  rule(
    'fewTexts',
    0.9,
    200,
    {},
    'have prompts that are few texts, numbers apart, of many accounts: labels or invented texts may stand where prompts should',
  ),
  rule(
    'cutPrompts',
    0.5,
    100,
    BLIND,
    'have prompts that a logger cut: only their beginnings are compared. Let it log whole prompts, or raise its limit',
  ),
  rule(
    'cutPrompts',
    0.02,
    100,
    RUNS,
    'have prompts that a logger cut: of those only the beginnings are compared; let it log whole prompts',
  ),
  rule(
    'printedPrompts',
    0.5,
    100,
    BLIND,
    'have prompts that are lists of messages as a program prints them, and cannot be read as messages: log JSON',
  ),
  rule(
    'printedPrompts',
    0.02,
    100,
    RUNS,
    'have prompts that are lists of messages as a program prints them, and cannot be read as messages: log JSON',
  ),
  rule(
    'blindAccounts',
    0.05,
    100,
    {},
    'of accounts have hardly a prompt that can be read: none, cut, encrypted or masked. For them detection is blind',
  ),
  rule(
    'sameOpening',
    0.9,
    100,
    {},
    'begin with the same five words, of many accounts: a template, or what a logger wrote around prompts, stands before what was asked',
  ),
  rule('rejected', 0.9, 20, BLIND, 'of entries could not be used: next to nothing is watched'),
  rule('rejected', 0.1, 20, RUNS, 'of entries could not be used'),
  rule('oddTime', 0.1, 20, BLIND, 'have a time before 2015: the pipeline refuses them'),
  rule(
    'futureTime',
    0.1,
    20,
    BLIND,
    'have a time in the future: a clock or a time zone is wrong, and the pipeline refuses them',
  ),
  rule(
    'shortPrompts',
    0.8,
    100,
    RUNS,
    'have prompts of at most three words: ids, digests or markers may stand where prompts should',
  ),
  rule(
    'withoutOrigin',
    0.9,
    100,
    RUNS,
    'have neither address nor credential: linking accounts into campaigns is blind',
  ),
  rule(
    'sameOrigin',
    0.5,
    100,
    RUNS,
    'of accounts come from one address or with one credential, perhaps the gateway’s own: linking accounts is blind',
  ),
  rule('withoutTokens', 0.9, 100, RUNS, 'have no output tokens: volumes cannot be judged'),
  rule('failed', 0.9, 100, RUNS, 'end in an error: endings may be read wrongly'),
  rule('sameTime', 0.5, 100, {}, 'have one and the same time: pace and hours cannot be judged'),
  rule(
    'sameMinute',
    0.5,
    500,
    {},
    'lie within one minute: if that is when they were exported, pace and hours cannot be judged',
  ),
  rule(
    'dateOnly',
    0.5,
    100,
    {},
    'are at midnight: dates without a time of day stand where times should, and pace and hours cannot be judged',
  ),
  rule('models', 0.5, 100, {}, 'as many models as events: something else stands where the model should'),
  rule(
    'sharedAccount',
    0.9,
    100,
    BLIND_WHOLE,
    'of events are of one account that stands for many: it may be the gateway’s own. Say where customers are named with --account-field',
  ),
  rule(
    'sharedAccount',
    0.25,
    200,
    {},
    'of events are of one account that stands for many: if it is the gateway’s own, say where customers are named with --account-field',
  ),
  rule(
    'crowdedAccount',
    0.9,
    100,
    {},
    'of events are of one account, under many credentials, from many addresses or in many sessions: its name may be the gateway’s own, not the customers’',
  ),
  rule(
    'oneAccount',
    0.5,
    1000,
    {},
    'of events are of one account: its name may be the gateway’s own, not the customers’',
  ),
  rule(
    'crossedOrigins',
    0.6,
    100,
    {},
    'of what could be: each address or credential has calls of nearly every account. The account may be a machine’s (a pod, a region), or the address the gateway’s own',
  ),
  rule(
    'coarseAccounts',
    0.5,
    500,
    {},
    'of events are of a few accounts with ten addresses or credentials and more each: their names may be those of a group (a mail domain, a region, a tenant). Say where customers are named with --account-field',
  ),
  rule(
    'singleAccounts',
    0.9,
    500,
    {},
    'as many accounts as events: if the account is an id of requests or of sessions, nothing adds up to a customer. Say where customers are named with --account-field',
  ),
  rule(
    'crowdedOrigins',
    0.25,
    500,
    {},
    'as many accounts as events, ten and more of each address: if the account is an id of sessions, no customer adds up. Say where customers are named with --account-field',
  ),
  rule(
    'repeatedIds',
    0.05,
    100,
    {},
    'repeat an id of another event: the ids are not unique, or the input was given twice; events that are the same in all count once',
  ),
  rule(
    'skipped',
    0.99,
    1000,
    {},
    'of entries are no model calls: the calls may be in entries of another kind',
  ),
];

type Share = keyof HealthShares;

/** What is not said beside something worse that says it too, from the worst on. `severe`: only where that means blindness. */
export const SAID_BY: readonly {
  readonly by: readonly Share[];
  readonly not: readonly Share[];
  readonly severe?: true;
}[] = [
  { by: ['samePromptAccounts', 'samePrompt'], not: ['recurringPrompts'] },
  { by: ['fewTexts'], not: ['sameOpening'] },
  { by: ['sharedAccount'], not: ['crowdedAccount', 'oneAccount'] },
  { by: ['crowdedAccount'], not: ['oneAccount'] },
  { by: ['sharedAccount', 'crowdedAccount', 'crossedOrigins'], not: ['coarseAccounts'] },
  { by: ['sameOrigin', 'singleAccounts', 'crowdedOrigins'], not: ['crossedOrigins'] },
  { by: ['singleAccounts'], not: ['crowdedOrigins'] },
  { by: ['oddTime', 'futureTime', 'sameTime'], not: ['sameMinute', 'dateOnly'] },
  { by: ['sameMinute'], not: ['dateOnly'] },
  { by: ['samePrompt', 'samePromptAccounts'], not: ['repeatedPrompt'] },
  {
    by: [
      ...(['withoutPrompt', 'samePromptAccounts', 'samePrompt'] as const),
      ...(['unreadablePrompts', 'maskedPrompts', 'chanceLetters', 'cutPrompts', 'printedPrompts'] as const),
    ],
    not: ['blindAccounts', 'sameOpening', 'fewTexts'],
    severe: true,
  },
];
