import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { type BatchResult, processBatch } from '../../lib/detection/process-batch.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import type { LinkFactStore, ProfileStore } from '../../lib/stores/profile-store.ts';

/** What became of one account's run of events. */
export type Applied =
  | { readonly account: string; readonly ok: true; readonly step: BatchResult }
  | {
      readonly account: string;
      readonly ok: false;
      readonly arrivals: readonly IngestedEvent[];
      readonly error: Error;
    };

/** Somebody else writes the same account at the same time only after a reshard or as a zombie: rare, and soon over. */
const ATTEMPTS = 5;
const CONCURRENCY = 24;

/**
 * Advances every account of a batch and stores it. An account whose write keeps failing fails alone: its neighbours'
 * writes stand, and its own events are handed back to be set aside.
 */
export async function applyBatch(
  arrivals: ReadonlyMap<string, readonly IngestedEvent[]>,
  store: ProfileStore,
  rules: Rules,
  links?: LinkFactStore,
): Promise<Applied[]> {
  const accounts = [...arrivals.keys()];
  const [loaded, facts] = await Promise.all([store.load(accounts), links?.load(accounts)]);
  const applied: Applied[] = [];
  let at = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const account = accounts[at++];
      if (account === undefined) return;
      const run = arrivals.get(account) ?? [];
      applied.push(await applyOne(account, run, loaded.get(account)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, accounts.length) }, worker));
  return applied;

  async function applyOne(
    account: string,
    run: readonly IngestedEvent[],
    first: Awaited<ReturnType<ProfileStore['load']>> extends Map<string, infer S> ? S | undefined : never,
  ): Promise<Applied> {
    let state = first;
    let error = new Error('somebody else kept writing this account');
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        state ??= (await store.load([account])).get(account);
        if (state === undefined) throw new Error(`the store answered nothing for ${account}`);
        const step = processBatch(state, run, rules);
        if (!step.changed) return { account, ok: true, step };
        // before the profile: facts may be written twice, but are never forgotten for a profile that moved on
        await keepFacts(account, run);
        if ((await store.save(state, step.state, step.seal)) === 'saved') return { account, ok: true, step };
      } catch (thrown) {
        error = thrown instanceof Error ? thrown : new Error(String(thrown));
      }
      state = undefined;
    }
    return { account, ok: false, arrivals: run, error };
  }

  async function keepFacts(account: string, run: readonly IngestedEvent[]): Promise<void> {
    if (links === undefined) return;
    const before = facts?.get(account);
    const now = collectFacts(
      before,
      run.map(({ event }) => event),
    );
    if (now !== undefined && now !== before) await links.save(account, now);
  }
}
