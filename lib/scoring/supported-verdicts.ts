import { learnedGroupScore } from './group-mean.ts';
import { GROUP_SCORING } from './group-ranks.ts';
import { type AccountRows, learnModel, type ModelRules, type Verdicts } from './learn-model.ts';
import { scoreOf } from './learned-score.ts';
import { type Model, readModel } from './model.ts';

/**
 * Which verdicts of extraction have an effect. One that does takes accounts out of the past and teaches the forests; if it is wrong, the likes of
 * honest accounts are flagged from then on, and the past no longer says how often. So a verdict needs a witness that has not heard it: forests
 * that know the library of attacks, and the past without anybody who was called extraction. Accounts are supported where the witness
 * would name them if they were new: as a group, beyond the floor and all groups that nobody called so; alone, beyond all such accounts.
 * They teach the next witness, which is asked about the rest. Who was called so in the company of a supported group and shows little of it
 * is left out. All others count as if nobody had answered, and what an unanswered past promises holds (docs/design/campaigns.md).
 */
export interface SupportedVerdicts extends Verdicts {
  /** called extraction, without an effect: ascending */
  readonly unsupported: readonly string[];
}

/** Draws of the witness: it decides about few accounts, and nothing that is stated rests on its digits. */
const DRAWS = 4;
/** Witnesses that follow each other at most: each knows those whom the ones before supported. */
const ROUNDS = 4;
/** A member shows what its group shows where its own score is at least this part of the members' mean. */
const PART = 0.5;

/**
 * @param past as for learnModel
 * @param rules as for learnModel: `linked` are groups that links have found
 */
export function supportedVerdicts(past: readonly AccountRows[], rules: ModelRules): SupportedVerdicts {
  const { extraction, benign, grey } = rules.verdicts;
  const called = new Set(past.flatMap(({ account }) => (extraction.has(account) ? [account] : [])));
  if (called.size === 0) return { extraction, benign, grey, unsupported: [] };
  const linked = [...(rules.linked ?? [])];
  let known: Supported = { core: new Set(), bystanders: new Set() };
  for (let round = 0; round < ROUNDS; round++) {
    const next = seenBy(witnessOf(past, rules, known), past, { called, linked, rules });
    const grown = [...next.core].some((account) => !known.core.has(account));
    known = {
      core: new Set([...known.core, ...next.core]),
      bystanders: new Set([...known.bystanders, ...next.bystanders]),
    };
    if (!grown) break;
  }
  const { core: supported, bystanders } = known;
  const leftOut = [...bystanders].filter((account) => !supported.has(account));
  // whom the past does not know keeps his verdict: it changes nothing
  const unknown = [...extraction].filter((account) => !called.has(account));
  const unsupported = [...called].filter((account) => !supported.has(account) && !bystanders.has(account));
  return {
    extraction: new Set([...supported, ...unknown]),
    benign,
    grey: new Set([...grey, ...leftOut]),
    unsupported: unsupported.sort(),
  };
}

/** Whom witnesses support: who shows it, and who was called so in their company. */
interface Supported {
  readonly core: ReadonlySet<string>;
  readonly bystanders: ReadonlySet<string>;
}

/** Forests of the library, of those whom witnesses before supported, and of the past without anybody who was called extraction. */
function witnessOf(past: readonly AccountRows[], rules: ModelRules, { core }: Supported): Model {
  const { extraction, benign, grey } = rules.verdicts;
  const silent = [...extraction].filter((account) => !core.has(account));
  return learnModel(past, {
    ...rules,
    verdicts: { extraction: core, benign, grey: new Set([...grey, ...silent]) },
    sizes: { ...rules.sizes, draws: DRAWS },
  });
}

interface Asked {
  readonly called: ReadonlySet<string>;
  readonly linked: readonly (readonly string[])[];
  readonly rules: ModelRules;
}

function seenBy(witness: Model, past: readonly AccountRows[], { called, linked, rules }: Asked): Supported {
  const { extraction, grey } = rules.verdicts;
  const witnessed = { called, aside: new Set([...grey, ...extraction]), scores: peaksBy(witness, past) };
  const { core, bystanders } = supportedInGroups(linked, witnessed);
  return { core: new Set([...supportedAlone(witnessed), ...core]), bystanders };
}

/** The highest score of each account that showed enough, by forests that have not seen it as ordinary. */
function peaksBy(model: Model, past: readonly AccountRows[]): ReadonlyMap<string, number> {
  const read = readModel(model);
  return new Map(
    past.flatMap(({ account, rows, events }) =>
      rows.length === 0
        ? []
        : [
            [
              account,
              Math.max(
                ...rows.map((row, i) => scoreOf(read.share(account, read.row(row)), events[i] as number)),
              ),
            ] as const,
          ],
    ),
  );
}

interface Witnessed {
  readonly called: ReadonlySet<string>;
  /** of whom people said that they are not ordinary */
  readonly aside: ReadonlySet<string>;
  readonly scores: ReadonlyMap<string, number>;
}

function supportedAlone({ called, aside, scores }: Witnessed): string[] {
  let highest = 0;
  for (const [account, score] of scores) if (!aside.has(account) && score > highest) highest = score;
  return [...called].filter((account) => (scores.get(account) ?? 0) > highest);
}

/** Of groups that look like attacks: who shows it, and who was called so in their company. */
function supportedInGroups(linked: Asked['linked'], { called, aside, scores }: Witnessed): Supported {
  const scoreOfGroup = (members: readonly string[]): number =>
    learnedGroupScore(members.map((account) => scores.get(account))) ?? 0;
  let bar = GROUP_SCORING.floor;
  for (const group of linked)
    bar = Math.max(bar, scoreOfGroup(group.filter((account) => !aside.has(account))));
  const core = new Set<string>();
  const bystanders = new Set<string>();
  for (const group of linked) {
    const members = group.filter((account) => called.has(account));
    if (scoreOfGroup(members) <= bar) continue;
    const own = members.flatMap((account) => scores.get(account) ?? []);
    const least = (PART * own.reduce((sum, score) => sum + score, 0)) / own.length;
    for (const account of members) ((scores.get(account) ?? 0) >= least ? core : bystanders).add(account);
  }
  return { core, bystanders };
}
