import type { TuningAccount } from './tuning-account.ts';

/**
 * A fold for every account, siblings together, folds about as large as each other for either label.
 * @param linked accounts that hang together beside the labels' campaigns
 */
export function foldsOf(
  accounts: readonly Pick<TuningAccount, 'id' | 'campaign' | 'label'>[],
  folds: number,
  linked: readonly (readonly string[])[] = [],
): number[] {
  const families = familiesOf(accounts, linked);
  const load = { benign: new Array<number>(folds).fill(0), extraction: new Array<number>(folds).fill(0) };
  const fold = new Array<number>(accounts.length).fill(0);
  const ordered = [...families].sort((a, b) => b[1].length - a[1].length || spread(a[0]) - spread(b[0]));
  for (const [, members] of ordered) {
    const label = accounts[members[0] as number]?.label ?? 'benign';
    const lightest = load[label].indexOf(Math.min(...load[label]));
    for (const i of members) fold[i] = lightest;
    load[label][lightest] = (load[label][lightest] as number) + members.length;
  }
  return fold;
}

/** Indices of accounts by family: those of one campaign or one linked group, and all that these share members with. */
function familiesOf(
  accounts: readonly Pick<TuningAccount, 'id' | 'campaign'>[],
  linked: readonly (readonly string[])[],
): Map<string, number[]> {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = parent.get(at); up !== undefined; up = parent.get(at)) at = up;
    return at;
  };
  const join = (a: string, b: string): void => {
    const [one, other] = [root(a), root(b)];
    if (one !== other) parent.set(other, one);
  };
  for (const { id, campaign } of accounts) if (campaign !== '') join(`campaign ${campaign}`, `account ${id}`);
  linked.forEach((group, i) => {
    for (const id of group) join(`group ${i}`, `account ${id}`);
  });
  const families = new Map<string, number[]>();
  accounts.forEach(({ id }, i) => {
    const family = root(`account ${id}`);
    const list = families.get(family);
    if (list === undefined) families.set(family, [i]);
    else list.push(i);
  });
  return families;
}

/** An order that has nothing to do with the file's (FNV-1a). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
