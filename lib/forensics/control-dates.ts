import { certainlyAfter, type Lineages } from './models.ts';
import type { Caveat } from './report.ts';
import { LEAST_CONTROLS } from './screening.ts';

/** Models released more than a year apart are of different generations: styles and public data sets have moved on. */
const YEARS = 1;
/** Share of the dated controls that must be of the parties' generation. */
const LEAST_SHARE = 0.25;

/** The same date some years later; a year, month or day as given. */
const later = (date: string, years: number) =>
  `${String(Number(date.slice(0, 4)) + years).padStart(4, '0')}${date.slice(4)}`;

/**
 * That hardly any control was released within a year of the parties: what a generation of models shares is then no part of
 * the null. Undefined where too few dates are known, or enough controls are of the parties' time.
 */
export function controlsOfAnotherTime(
  reference: string,
  suspect: string,
  controls: readonly string[],
  of: Lineages,
): Caveat | undefined {
  const released = (model: string) => of.facts(model)?.released ?? undefined;
  const parties = [reference, suspect].flatMap((m) => released(m) ?? []);
  const dated = controls.flatMap((c) => released(c) ?? []);
  if (parties.length < 2 || dated.length < Math.max(LEAST_CONTROLS, controls.length / 2)) return undefined;
  const near = dated.filter((c) =>
    parties.some((p) => !certainlyAfter(p, later(c, YEARS)) && !certainlyAfter(c, later(p, YEARS))),
  );
  if (near.length >= LEAST_SHARE * dated.length) return undefined;
  return {
    code: 'controls-of-another-time',
    text: `${near.length === 0 ? 'None' : `Only ${near.length}`} of the ${dated.length} controls with a known release came out within a year of ${reference} (${parties[0]}) or ${suspect} (${parties[1]}): what models of one generation share is no part of the comparison. Take controls of the parties' time.`,
  };
}
