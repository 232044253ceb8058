import type { HuntTable } from '../contract/hunt-names.ts';

/**
 * Hunts: questions to the archive in Parquet that somebody asks beside what detection finds by itself. The SQL is
 * what Athena (Trino) and DuckDB have in common; what they name differently is in dialect.ts. None of them is a verdict: each
 * finds honest customers too, and says which.
 */
export interface HuntQuery {
  /** name of the query on the command line and in Athena */
  readonly id: string;
  readonly title: string;
  /** what it answers, as somebody would ask it */
  readonly question: string;
  /** what the answer means, and which honest customers show it */
  readonly explanation: string;
  readonly table: HuntTable;
  /** columns that it reads, and that Athena bills; day apart, which is a partition */
  readonly reads: readonly string[];
  /** {since} and {until} stand for days, each inclusive */
  readonly sql: string;
}

export const HUNT_QUERIES = [
  {
    id: 'overview',
    title: 'Days, gateways and models',
    question: 'How much came in by day, gateway and model?',
    explanation:
      'The first look: a gateway that is missing on a day, a model that grew. Nobody is accused by it.',
    table: 'events',
    reads: ['gateway', 'model', 'account', 'output_tokens'],
    sql: `SELECT day, gateway, model,
  count(*) AS requests,
  approx_distinct(account) AS accounts,
  sum(CAST(output_tokens AS bigint)) AS output_tokens
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY day, gateway, model
ORDER BY day, requests DESC
LIMIT 1000`,
  },
  {
    id: 'most-answers',
    title: 'Accounts that took the most',
    question: 'Which accounts received the most text, and what did they ask like?',
    explanation:
      'Extraction needs many answers, so it stands high in this list; so do the largest honest customers. Look at the shares beside: self-contained tasks without a system prompt are unusual for a product.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'output_tokens', 'turns', 'has_system', 'is_instruction'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS requests,
  sum(CAST(output_tokens AS bigint)) AS output_tokens,
  round(avg(CASE WHEN turns = 1 THEN 1e0 ELSE 0e0 END), 3) AS self_contained,
  round(avg(CASE WHEN has_system THEN 1e0 ELSE 0e0 END), 3) AS with_system,
  round(avg(CASE WHEN is_instruction THEN 1e0 ELSE 0e0 END), 3) AS instructions
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY account
ORDER BY output_tokens DESC, account
LIMIT 100`,
  },
  {
    id: 'reasoning',
    title: 'Accounts that ask for reasoning',
    question: 'Who asks for the reasoning, again and again, in requests of one turn?',
    explanation:
      'Traces of reasoning are what a student model is trained on. Tutoring products and evaluation runs ask for them as well.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'turns', 'asks_reasoning', 'asks_thinking_language'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS requests,
  count_if(asks_reasoning) AS reasoning,
  count_if(asks_thinking_language) AS thinking_language,
  round(avg(CASE WHEN asks_reasoning AND turns = 1 THEN 1e0 ELSE 0e0 END), 3) AS share
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY account
HAVING count_if(asks_reasoning) >= 50
ORDER BY share DESC, requests DESC, account
LIMIT 100`,
  },
  {
    id: 'graders',
    title: 'Accounts that use the model as a judge',
    question: 'Who asks the model to score or compare given answers, in bulk?',
    explanation:
      'Preference data and reward models are made so. Products that moderate or mark exams do the same: their prompts have one form and a system prompt.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'asks_grading', 'asks_format', 'has_system'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS requests,
  count_if(asks_grading) AS grading,
  count_if(asks_grading AND asks_format) AS grading_in_a_format,
  round(avg(CASE WHEN has_system THEN 1e0 ELSE 0e0 END), 3) AS with_system
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY account
HAVING count_if(asks_grading) >= 50
ORDER BY grading DESC, account
LIMIT 100`,
  },
  {
    id: 'probabilities',
    title: 'Token probabilities and many answers to one prompt',
    question: 'Who asks for log probabilities or for several answers at once?',
    explanation:
      'Both say more of a model than one answer does. Researchers and classifiers ask for them openly.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'asks_logprobs', 'asks_multi_sample', 'n'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS requests,
  count_if(asks_logprobs) AS logprobs,
  count_if(asks_multi_sample) AS several_answers,
  max(n) AS most_answers
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY account
HAVING count_if(asks_logprobs OR asks_multi_sample) >= 20
ORDER BY logprobs DESC, several_answers DESC, account
LIMIT 100`,
  },
  {
    id: 'around-the-clock',
    title: 'Accounts that never sleep',
    question: 'Who is active in 18 hours or more of a usual day, at an even pace?',
    explanation:
      'A script has no night. Neither has a product with customers all over the world: its hours differ in how busy they are, those of a queue of questions do not (evenness near 1). A usual day is the median of the days (UTC) on which the account asks at all.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'time'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS days,
  approx_percentile(hours, 0.5e0) AS median_hours,
  max(hours) AS most_hours,
  sum(requests) AS requests,
  round(avg(evenness), 3) AS evenness
FROM (
  SELECT account, max(plan) AS plan, max(product) AS product,
    count(*) AS hours,
    sum(requests) AS requests,
    avg(CAST(requests AS double)) / max(requests) AS evenness
  FROM (
    SELECT account, max(plan) AS plan, max(product) AS product, date_trunc('hour', time) AS hour_began, count(*) AS requests
    FROM events
    WHERE day BETWEEN {since} AND {until}
    GROUP BY account, date_trunc('hour', time)
  ) AS hourly
  GROUP BY account, date_trunc('day', hour_began)
) AS daily
GROUP BY account
HAVING approx_percentile(hours, 0.5e0) >= 18
ORDER BY evenness DESC, requests DESC, account
LIMIT 100`,
  },
  {
    id: 'metronomes',
    title: 'Accounts with a clock of their own',
    question: 'Whose requests follow each other at the same distance?',
    explanation:
      'The spread of the distances in their mean: 1 for people and for traffic of many users, near 0 for a timer. Health checks and nightly jobs are timers too, and ask the same again and again.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'time'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS distances,
  round(avg(seconds), 1) AS mean_seconds,
  round(stddev(seconds) / avg(seconds), 3) AS spread
FROM (
  SELECT account, plan, product,
    to_unixtime(time) - to_unixtime(lag(time) OVER (PARTITION BY account ORDER BY time)) AS seconds
  FROM events
  WHERE day BETWEEN {since} AND {until}
) AS paced
WHERE seconds > 0 AND seconds < 3600
GROUP BY account
HAVING count(*) >= 100
ORDER BY spread, distances DESC, account
LIMIT 100`,
  },
  {
    id: 'model-tour',
    title: 'Accounts that tour the models',
    question: 'Who asks several models much alike in one period?',
    explanation:
      'A collector compares teachers before choosing one. So does a customer who evaluates models, once.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'model'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS models,
  sum(requests) AS requests,
  round(CAST(min(requests) AS double) / max(requests), 3) AS evenness
FROM (
  SELECT account, max(plan) AS plan, max(product) AS product, model, count(*) AS requests
  FROM events
  WHERE day BETWEEN {since} AND {until}
  GROUP BY account, model
) AS by_model
GROUP BY account
HAVING count(*) >= 3 AND sum(requests) >= 100
ORDER BY models DESC, evenness DESC, account
LIMIT 100`,
  },
  {
    id: 'refusals',
    title: 'Accounts that are refused and go on',
    question: 'Who is refused often, and keeps asking?',
    explanation:
      'Questions about hidden reasoning or the system prompt are refused. Red teams and moderation products see refusals too.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'outcome'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS requests,
  count_if(outcome = 'refused') AS refused,
  round(avg(CASE WHEN outcome = 'refused' THEN 1e0 ELSE 0e0 END), 3) AS share
FROM events
WHERE day BETWEEN {since} AND {until}
GROUP BY account
HAVING count_if(outcome = 'refused') >= 20
ORDER BY refused DESC, account
LIMIT 100`,
  },
  {
    id: 'bursts',
    title: 'Hours far above the usual one',
    question: 'Whose busiest hour is many times the median one?',
    explanation:
      'A backlog that was sent at once: a crawl that began, or a nightly batch of an honest customer.',
    table: 'events',
    reads: ['account', 'plan', 'product', 'time'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product,
  count(*) AS hours,
  approx_percentile(requests, 0.5e0) AS median_requests,
  max(requests) AS most_requests
FROM (
  SELECT account, max(plan) AS plan, max(product) AS product, date_trunc('hour', time) AS at, count(*) AS requests
  FROM events
  WHERE day BETWEEN {since} AND {until}
  GROUP BY account, date_trunc('hour', time)
) AS hourly
GROUP BY account
HAVING count(*) >= 6 AND max(requests) >= 100
ORDER BY CAST(max(requests) AS double) / approx_percentile(requests, 0.5e0) DESC, account
LIMIT 100`,
  },
  {
    id: 'repeats',
    title: 'Events that stand in the archive more than once',
    question: 'How many rows are repeats: retries of producers, or events that were put back?',
    explanation:
      'The archive keeps what was accepted, so a repeat has a row of its own, though detection counted it once. Of the rows of one event all but the first to arrive are repeats, on the day and at the gateway where they arrived; one whose first row lies before the days that are asked for is not seen. A large share says that a producer retries too eagerly.',
    table: 'events',
    reads: ['event_hash', 'account', 'redriven', 'gateway', 'arrived'],
    sql: `SELECT day, gateway,
  count(*) AS requests,
  count_if(copy > 1) AS repeats,
  count_if(redriven) AS redriven
FROM (
  SELECT day, gateway, redriven,
    row_number() OVER (PARTITION BY account, event_hash ORDER BY arrived, gateway) AS copy
  FROM events
  WHERE day BETWEEN {since} AND {until}
) AS told
GROUP BY day, gateway
ORDER BY repeats DESC, day, gateway
LIMIT 1000`,
  },
  {
    id: 'shared-payment',
    title: 'Means of payment of several accounts',
    question: 'Which means of payment serve three accounts or more?',
    explanation:
      'Campaigns pay with few cards. So does a company with several teams, and a reseller: look at the number of products.',
    table: 'prints',
    reads: ['account', 'product', 'epoch', 'newest', 'payment'],
    sql: `SELECT epoch, payment,
  count(DISTINCT account) AS accounts,
  count(*) AS requests,
  min(account) AS an_account,
  max(account) AS another,
  count(DISTINCT product) AS products
FROM prints
WHERE day BETWEEN {since} AND {until} AND newest AND payment IS NOT NULL
GROUP BY epoch, payment
HAVING count(DISTINCT account) >= 3
ORDER BY accounts DESC, requests DESC, payment
LIMIT 200`,
  },
  {
    id: 'shared-network',
    title: 'Networks of several accounts',
    question: 'From which networks do three accounts or more ask?',
    explanation:
      'Networks of a cloud and of large offices have many accounts. What counts is many accounts with the same TLS fingerprint and agent on a small one.',
    table: 'prints',
    reads: ['account', 'epoch', 'newest', 'network', 'tls', 'agent'],
    sql: `SELECT epoch, network,
  count(DISTINCT account) AS accounts,
  count(*) AS requests,
  count(DISTINCT tls) AS tls_prints,
  count(DISTINCT agent) AS agents
FROM prints
WHERE day BETWEEN {since} AND {until} AND newest AND network IS NOT NULL
GROUP BY epoch, network
HAVING count(DISTINCT account) >= 3
ORDER BY accounts DESC, requests DESC, network
LIMIT 200`,
  },
  {
    id: 'same-prompts',
    title: 'Prompts that several accounts ask',
    question: 'Which prompts do three to fifty accounts share?',
    explanation:
      'Workers of one campaign ask a list of questions between them, now and then the same. Prompts of more accounts are greetings, tests and templates of products.',
    table: 'prints',
    reads: ['account', 'epoch', 'newest', 'prompt'],
    sql: `SELECT epoch, prompt,
  count(DISTINCT account) AS accounts,
  count(*) AS requests,
  min(account) AS an_account,
  max(account) AS another
FROM prints
WHERE day BETWEEN {since} AND {until} AND newest
GROUP BY epoch, prompt
HAVING count(DISTINCT account) BETWEEN 3 AND 50
ORDER BY accounts DESC, requests DESC, prompt
LIMIT 200`,
  },
  {
    id: 'one-template',
    title: 'Many prompts through one template',
    question: 'Who asks a hundred different prompts or more that begin or end alike?',
    explanation:
      'A list of questions set into one instruction, before them or behind. Products do this as well, with a system prompt and few forms; see also most-answers. A template on both sides has a row for each.',
    table: 'prints',
    reads: ['account', 'plan', 'product', 'epoch', 'newest', 'prompt', 'opening', 'closing'],
    sql: `SELECT account, max(plan) AS plan, max(product) AS product, epoch, alike, print,
  count(DISTINCT prompt) AS prompts,
  count(*) AS requests
FROM (
  SELECT account, plan, product, epoch, prompt, alike,
    CASE WHEN alike = 'begin' THEN opening ELSE closing END AS print
  FROM prints
  CROSS JOIN (VALUES ('begin'), ('end')) AS places (alike)
  WHERE day BETWEEN {since} AND {until} AND newest
) AS placed
WHERE print IS NOT NULL
GROUP BY account, epoch, alike, print
HAVING count(DISTINCT prompt) >= 100
ORDER BY prompts DESC, account, alike, print
LIMIT 200`,
  },
  {
    id: 'one-system-prompt',
    title: 'A system prompt that several accounts carry',
    question: 'Which system prompts are shared by three accounts or more?',
    explanation:
      'A tool that many customers use has one system prompt for all; accounts of one operator have one that nobody else has.',
    table: 'prints',
    reads: ['account', 'product', 'epoch', 'newest', 'prompt', 'system_prompt'],
    sql: `SELECT epoch, system_prompt,
  count(DISTINCT account) AS accounts,
  count(DISTINCT product) AS products,
  count(*) AS requests,
  approx_distinct(prompt) AS prompts
FROM prints
WHERE day BETWEEN {since} AND {until} AND newest AND system_prompt IS NOT NULL
GROUP BY epoch, system_prompt
HAVING count(DISTINCT account) BETWEEN 3 AND 200
ORDER BY accounts DESC, requests DESC, system_prompt
LIMIT 200`,
  },
] as const satisfies readonly HuntQuery[];

/** undefined: there is none of that id */
export function huntQuery(id: string): HuntQuery | undefined {
  return HUNT_QUERIES.find((query) => query.id === id);
}
