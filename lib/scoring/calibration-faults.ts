import { FACTS } from '../signals/facts/index.ts';
import type { DriftBase } from './drift.ts';
import type { GroupRanks } from './group-ranks.ts';
import { type Model, readModel } from './model.ts';
import type { RankNull } from './rank-null.ts';

/**
 * What is wrong with a calibration whose fields all have the right form: parts that do not fit each other. A file that was cut, changed by hand
 * or mixed from two would otherwise judge with chances that nobody has measured, or stop whoever judges with it.
 */
export interface CalibrationFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The parts of a calibration that have to fit each other (calibration.ts). */
interface Parts {
  readonly accounts: number;
  readonly model: Model;
  readonly score: Readonly<Record<string, RankNull>>;
  readonly spread: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>>
  >;
  readonly drift?: DriftBase | undefined;
  readonly groups?: GroupRanks | undefined;
}

/** The first part that does not fit, if any. */
export function calibrationFault(held: Parts): CalibrationFault | undefined {
  const everyone = Object.hasOwn(held.score, 'everyone') ? held.score.everyone : undefined;
  const ranked = everyone?.accounts ?? 0;
  if (ranked !== held.accounts)
    return { path: ['accounts'], message: `must be those that are ranked under score.everyone: ${ranked}` };
  for (const [group, ranks] of Object.entries(held.score)) {
    const message = rankFault(ranks);
    if (message !== undefined) return { path: ['score', group], message };
  }
  const models = {
    model: held.model,
    ...(held.groups?.robust && { 'groups.robust.model': held.groups.robust.model }),
  };
  for (const [name, model] of Object.entries(models)) {
    const message = modelFault(model);
    if (message !== undefined) return { path: name.split('.'), message };
  }
  return spreadFault(held) ?? driftFault(held) ?? (held.groups && groupFault(held.groups));
}

function rankFault({ accounts, ranks, values }: RankNull): string | undefined {
  if (ranks.length !== values.length) return `has ${ranks.length} ranks and ${values.length} values`;
  if (ranks.length === 0 && accounts > 0) return `ranks none of ${accounts} accounts`;
  if (ranks.some((rank, i) => rank <= (ranks[i - 1] ?? 0))) return 'its ranks do not ascend';
  if ((ranks.at(-1) ?? 0) > accounts) return `has a rank beyond its ${accounts} accounts`;
  if (!descends(values)) return 'its values do not descend';
  return undefined;
}

function modelFault(model: Model): string | undefined {
  if (model.facts.length === 0 || model.draws.length === 0)
    return 'has no facts or no forests: nobody could be scored';
  const unknown = model.facts.find(({ id }) => !FACTS.some((fact) => fact.id === id));
  if (unknown !== undefined) return `asks for a fact that this version does not know: ${unknown.id}`;
  if (model.facts.some(({ low, high }) => high <= low)) return 'has a fact without a range';
  try {
    const read = readModel(model);
    return read.columns > model.facts.length
      ? `its forests ask ${read.columns} facts of ${model.facts.length}`
      : undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

function spreadFault({ spread }: Parts): CalibrationFault | undefined {
  for (const [hours, facts] of Object.entries(spread))
    for (const [fact, groups] of Object.entries(facts))
      for (const [group, values] of Object.entries(groups))
        if (!ascends(values)) return { path: ['spread', hours, fact, group], message: 'does not ascend' };
  return undefined;
}

function driftFault({ drift }: Parts): CalibrationFault | undefined {
  for (const [fact, groups] of Object.entries(drift?.facts ?? {}))
    for (const [group, { cuts, counts }] of Object.entries(groups))
      if (counts.length !== cuts.length + 1 || !ascends(cuts))
        return {
          path: ['drift', 'facts', fact, group],
          message: `has ${cuts.length} cuts and ${counts.length} counts; cuts ascend, and there is one count more`,
        };
  return undefined;
}

function groupFault({ accounts, groups, history, content }: GroupRanks): CalibrationFault | undefined {
  for (const [name, ranks] of [
    ['accounts', accounts],
    ['groups', groups],
  ] as const) {
    const message = rankFault(ranks);
    if (message !== undefined) return { path: ['groups', name], message };
  }
  if (history !== undefined && history.traces.length !== history.scores.length)
    return {
      path: ['groups', 'history'],
      message: `has ${history.traces.length} traces and ${history.scores.length} scores`,
    };
  for (const [i, { features, counts }] of content.entries())
    if (features.length !== counts.length || !ascends(features))
      return {
        path: ['groups', 'content', i],
        message: `has ${features.length} features and ${counts.length} counts; features ascend`,
      };
  return undefined;
}

const ascends = (values: readonly number[]): boolean =>
  values.every((value, i) => value >= (values[i - 1] ?? Number.NEGATIVE_INFINITY));
const descends = (values: readonly number[]): boolean =>
  values.every((value, i) => value <= (values[i - 1] ?? Number.POSITIVE_INFINITY));
