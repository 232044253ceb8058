import { PromptHistory } from '../profile/prompt-sample.ts';
import { SLICE_MS, sliceStart } from '../profile/slice.ts';
import type { FeatureFrequencies } from '../scoring/group-ranks.ts';
import type { PastAccount } from '../scoring/looks.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { FrequencyLearner, linkContents } from './content/link-contents.ts';
import type { GroupLook } from './judging/learn-group-ranks.ts';
import { findGroups } from './linking/find-groups.ts';
import { collectFacts } from './linking/link-facts.ts';
import { LinkIndex } from './linking/link-index.ts';

/**
 * The groups of a past, as runs over it would have linked them, one run a slice: what a calibration learns the null of groups
 * from. The past is looked at as it was then: links as they stood, and the prompts that were sampled so far.
 */
export class PastGroups {
  readonly #index = new LinkIndex();
  readonly #histories = new Map<string, PromptHistory>();
  readonly #looks: { readonly at: number; readonly groups: readonly (readonly string[])[] }[] = [];
  #slice: number | undefined;

  /** Takes an accepted event. @param arrived ms */
  observe(account: string, event: UsageEvent, arrived: number): void {
    const slice = sliceStart(arrived);
    this.#slice ??= slice;
    while (slice > this.#slice) {
      this.#slice += SLICE_MS;
      this.#link(this.#slice);
    }
    const facts = this.#index.facts(account);
    const next = collectFacts(facts, [event]);
    if (next !== undefined && next !== facts) this.#index.put(account, next);
    let history = this.#histories.get(account);
    if (history === undefined) {
      history = new PromptHistory();
      this.#histories.set(account, history);
    }
    history.add(event);
  }

  #link(at: number): void {
    const { groups } = findGroups(this.#index, { permutations: 0 });
    this.#looks.push({ at, groups: groups.map(({ members }) => members) });
  }

  /** How common features of prompts were, and the groups of all runs, by infrastructure and by content. */
  finish(): { readonly content: FeatureFrequencies[]; readonly looks: readonly GroupLook[] } {
    if (this.#slice !== undefined) this.#link(this.#slice + SLICE_MS);
    const learner = new FrequencyLearner();
    for (const history of this.#histories.values()) learner.add(history.samples());
    const content = learner.learnt();
    const everything = [...this.#histories].map(
      ([account, history]) => [account, history.everything()] as const,
    );
    const looks = this.#looks.map(({ at, groups }) => ({
      at,
      groups: [...groups, ...linkContents(everything, at, content).map(({ members }) => members)],
    }));
    return { content, looks };
  }
}

/** The same groups at the end of every slice in which one of the accounts was active: where only the last ones are known. */
export function atAllSlices(
  groups: readonly (readonly string[])[],
  accounts: Iterable<Pick<PastAccount, 'slices'>>,
): GroupLook[] {
  const ends = new Set<number>();
  for (const { slices } of accounts) for (const { start } of slices) ends.add(start + SLICE_MS);
  return [...ends].sort((a, b) => a - b).map((at) => ({ at, groups }));
}
