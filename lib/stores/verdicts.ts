import { digestList, LIST_KEPT } from '../findings/delivery.ts';
import { exceptionRow } from '../findings/digest-message.ts';
import type { AuditEntry, Finding, Verdict } from '../findings/finding.ts';
import { plain } from '../findings/sanitize.ts';
import { exceptionOf, type Triaged, TriageError, withSilences } from '../findings/triage.ts';
import type { FindingStore } from './finding-store.ts';

/**
 * Changes a finding by a person's decision. The finding with its verdict and audit entry is one conditional write and
 * the truth; the copy of the audit entry and the exception follow from it, and repeating the verb mends them if the
 * process died between.
 * @param decision id of the decision: a write whose answer was lost is recognised by it, and so is a request that comes
 *   twice; without, every call is a decision of its own
 * @param isMade whether a change of that id is this decision: ids are chosen by who asks, and others may have chosen it too
 * @throws TriageError where there is no such finding, or the decision does not fit it
 */
export async function change(
  store: FindingStore,
  id: string,
  decide: (held: Finding) => Triaged,
  decision?: string,
  isMade: (entry: AuditEntry) => boolean = () => true,
): Promise<Triaged> {
  for (;;) {
    const held = await store.find(id);
    if (held === undefined) throw new TriageError(`there is no finding ${id}`);
    // The newest entry is the only one whose copy a death can have prevented.
    await store.keepAudit(id, held.finding.audit?.slice(-1) ?? []);
    const before = madeBefore(held.finding, decision, isMade);
    const made = before ?? decide(await withOtherSilences(store, held.finding));
    if (before === undefined && !(await store.write(made.finding, held.version))) continue;
    // what a later decision has changed since is not set back
    if (before !== undefined && held.finding.audit?.at(-1)?.n !== before.entry.n) return before;
    await follow(store, made);
    return made;
  }
}

function madeBefore(
  held: Finding,
  decision: string | undefined,
  isMade: (entry: AuditEntry) => boolean,
): Triaged | undefined {
  const entry = decision === undefined ? undefined : held.audit?.find((one) => one.decision === decision);
  if (entry === undefined) return undefined;
  if (!isMade(entry))
    throw new TriageError(
      `change ${entry.n} of this finding, by ${plain(entry.by, 200)}, has that id of a decision and is another one: choose another id`,
    );
  return { finding: held, entry, exception: exceptionOf(held, Date.parse(entry.at)) };
}

/** What follows from a change; each step may be repeated. */
async function follow(store: FindingStore, made: Triaged): Promise<void> {
  const { id, hub } = made.finding;
  if (made.exception !== undefined) {
    const { until } = made.exception;
    await store.putException(made.exception);
    await store.enlist(
      digestList(Date.parse(until)),
      exceptionRow(made.finding, made.entry.n, until),
      Date.parse(until) + LIST_KEPT,
    );
  } else await liftException(store, made.finding);
  await store.keepAudit(id, [made.entry]);
  if (hub === true) await store.awaitImport(id, `audit/${made.entry.n}`);
}

/**
 * Another finding's verdict keeps its exception. What is lifted stays as a record of who silenced the subject for how long:
 * a person's days are counted over all of the subject's findings.
 */
async function liftException(store: FindingStore, { id, notice, silenced }: Finding): Promise<void> {
  const standing = await store.exceptionFor(notice.subject.id, 0);
  if (standing?.finding !== id) return;
  if (silenced === undefined) await store.dropException(notice.subject.id);
  // void since it was made
  else await store.putException({ ...standing, until: standing.at, silenced });
}

/** The finding as this person finds it, with the silences of its subject by other findings. */
async function withOtherSilences(store: FindingStore, held: Finding): Promise<Finding> {
  const elsewhere = await store.exceptionFor(held.notice.subject.id, 0);
  return withSilences(held, elsewhere?.silenced ?? []);
}

/** Findings that are looked through for verdicts. */
const MAX_VERDICTS = 100_000;

/**
 * The newest verdict on every account that has one, for calibration and tuning: the confirmed are no benign peers, the benign
 * are. A verdict on a campaign is one on the members that its finding names; one on the account itself comes first, by its finding or
 * as an answer to the review. Findings of the shadow teach too: while a deployment learns there are no others.
 * @param most findings that are looked through, the newest changes first, of each kind
 */
export async function verdictsByAccount(
  store: FindingStore,
  most: number = MAX_VERDICTS,
): Promise<ReadonlyMap<string, Verdict>> {
  const newest = new Map<string, { at: string; own: boolean; verdict: Verdict }>();
  const say = (account: string, own: boolean, { at, verdict }: { at: string; verdict: Verdict }): void => {
    const known = newest.get(account);
    if (known === undefined || (own && !known.own) || (own === known.own && known.at < at))
      newest.set(account, { at, own, verdict });
  };
  const pages = await Promise.all([store.list(most), store.list(most, true)]);
  for (const { notice, verdict } of pages.flatMap(({ findings }) => findings)) {
    if (verdict === undefined) continue;
    if (notice.subject.type === 'account') say(notice.subject.id, true, verdict);
    else for (const { account } of notice.subject.members ?? []) say(account, false, verdict);
  }
  for (const held of await store.answers()) say(held.account, true, held);
  return new Map([...newest].map(([account, { verdict }]) => [account, verdict]));
}
