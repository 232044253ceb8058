import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { findingIdStart } from '../../findings/finding.ts';
import { findingWithout } from '../../findings/without-account.ts';
import { reviewWithout, storedReview } from '../../scoring/stored-review.ts';
import { REVIEW_STATE } from '../../stores/reviews.ts';
import { ANSWERS, DynamoFindingStore, KEYS } from '../finding-table.ts';
import { deleteItems, type Item, scanned } from './table-pages.ts';
import type { Place, Trace } from './trace.ts';

const ATTEMPTS = 5;

/**
 * The findings table: findings of the account with their audit trails, what was answered of it and that it is asked about, its exception, its lines in lists that wait, marks
 * of imports; and its row in findings of campaigns.
 */
export function findingPlace(client: DynamoDBClient, table: string, account: string): Place {
  return { name: 'findings', counts: 'items', traces: () => traces(client, table, account) };
}

async function* traces(client: DynamoDBClient, table: string, account: string): AsyncGenerator<Trace> {
  const own = findingIdStart('account', account);
  const others = new Set<string>();
  const begun: { readonly id: string; readonly name: string }[] = [];
  for await (const item of scanned(client, table)) {
    const id = item.finding?.S ?? '';
    const name = item.item?.S ?? '';
    const key: Item = { finding: { S: id }, item: { S: name } };
    const body = item.body?.S ?? '';
    if (id.startsWith(own) || name.startsWith(own)) {
      if (name === 'finding' && subjectOf(body) !== account) others.add(id);
      else begun.push({ id, name });
    } else if (
      id === `exception#${account}` ||
      (id === ANSWERS && name.startsWith(`${account}#`)) ||
      (id.startsWith('list#') && body.includes(account))
    )
      yield { at: id.replace(account, ''), count: 1, erase: () => deleteItems(client, table, [key]) };
    else if (!body.includes(account)) continue;
    else if (id === 'delivery' && name === REVIEW_STATE)
      yield { at: 'review', count: 1, erase: () => withoutInReview(client, table, account) };
    else if (name === 'finding' && body.replace(trailOf(body), '').includes(account))
      yield { at: id, count: 1, erase: () => rewrite(client, table, id, account) };
    else yield { at: `${id}: ${name}`, count: 1, erase: undefined, why: NOTE };
  }
  // findings last: a run that is stopped finds what belongs to them
  for (const { id, name } of begun.sort(
    (a, b) => Number(a.name === 'finding') - Number(b.name === 'finding'),
  )) {
    if (others.has(id) || others.has(name)) continue;
    const key: Item = { finding: { S: id }, item: { S: name } };
    yield { at: kindOf(id, name), count: 1, erase: () => deleteItems(client, table, [key]) };
  }
}

const NOTE = 'a note that a person wrote; its trail is chained';

/** Ids hold the beginning of a pseudonym only. A body that cannot be read is taken for the account's. */
function subjectOf(body: string): unknown {
  const held = jsonOf(body);
  const subject = field(field(held, 'notice'), 'subject');
  return field(subject, 'id');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The audit trail inside a finding's text. */
function trailOf(body: string): string {
  const audit = field(jsonOf(body), 'audit');
  return audit === undefined ? '\0' : JSON.stringify(audit);
}

function kindOf(id: string, name: string): string {
  return id.startsWith('import#') ? 'mark of an import' : name.replace(/#.*/, '');
}

async function withoutInReview(client: DynamoDBClient, table: string, account: string): Promise<void> {
  const store = new DynamoFindingStore(client, table);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = await store.state(REVIEW_STATE);
    const review = storedReview.safeParse(jsonOf(held?.body ?? '')).data;
    if (held === undefined) return;
    // one that cannot be read is of no use to anybody: the next calibration asks anew
    if (review === undefined) return deleteItems(client, table, [KEYS.state(REVIEW_STATE)]);
    const left = JSON.stringify(reviewWithout(review, new Set([account])));
    if (await store.writeState(REVIEW_STATE, left, held.version)) return;
  }
  throw new Error('the review changes while it is written: run it again');
}

async function rewrite(client: DynamoDBClient, table: string, id: string, account: string): Promise<void> {
  const store = new DynamoFindingStore(client, table);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = await store.find(id);
    if (held === undefined || (await store.write(findingWithout(held.finding, account), held.version)))
      return;
  }
  throw new Error(`finding ${id} changes while it is written: run it again`);
}
