import type { AnswerSheet } from '../../lib/forensics/answers.ts';
import type { Lineages } from '../../lib/forensics/models.ts';
import type { Context } from '../../lib/forensics/question.ts';
import type { SuspectReport, Verdict } from '../../lib/forensics/report.ts';
import { runForensics, takenApart } from '../../lib/forensics/study.ts';

/** What one run of the command is given. */
export interface Accusation {
  readonly reference: string;
  readonly suspect: string;
  readonly controls: readonly string[];
  readonly teachers?: readonly string[];
  /** Whether kin of the parties stay among the controls; the product leaves their pairs with each other out of its null. */
  readonly kinToo?: boolean;
}

/** Runs the product on the models of one set; their texts are taken apart once. */
export class Product {
  readonly #sheets: ReadonlyMap<string, AnswerSheet>;
  #shared: Pick<Context, 'parts' | 'panels'> | undefined;

  constructor(sheets: readonly AnswerSheet[]) {
    this.#sheets = new Map(sheets.map((s) => [s.model, s]));
  }

  /** What `siphonwatch forensics` says of one suspect: the function that the command calls. */
  ask(accusation: Accusation, of: Lineages, alpha: number): SuspectReport {
    const sheet = (model: string) => {
      const found = this.#sheets.get(model);
      if (found === undefined) throw new RangeError(`no answers of ${model}`);
      return found;
    };
    const { reference, suspect, controls, teachers = [], kinToo = false } = accusation;
    const parties = new Set([reference, suspect, ...teachers]);
    this.#shared ??= { parts: takenApart([...this.#sheets.values()]), panels: new Map() };
    const [report] = runForensics(
      {
        reference: sheet(reference),
        suspects: [sheet(suspect)],
        // Kin of a party are left out whole: what a user who knows them would do.
        controls: controls
          .filter((c) => !parties.has(c) && (kinToo || !(of.kin(c, suspect) || of.kin(c, reference))))
          .map(sheet),
        teachers: teachers.map(sheet),
      },
      { alpha, of, shared: this.#shared },
    ).suspects;
    if (report === undefined) throw new RangeError('no report');
    return report;
  }
}

/** One answer of the product, with what of it is counted. */
export interface Outcome {
  readonly suspect: string;
  readonly reference: string;
  readonly verdict: Verdict;
  readonly p: number | null;
  /** Whether the controls allow the level at all: where they do not, no conviction is no merit. */
  readonly reachable: boolean;
  /** The teacher that the attribution names, and whether the controls allow a name at all. */
  readonly named: string | null;
  readonly nameable: boolean;
  readonly notToldApart: readonly string[];
  /** Whether it speaks of the same weights or of one file under two names. */
  readonly sameWeights: boolean;
  /** Code of the reason where nothing was computed. */
  readonly code: string | null;
}

export function outcomeOf(report: SuspectReport, alpha: number): Outcome {
  const { attribution, mechanism, caveats } = report;
  return {
    suspect: report.suspect,
    reference: report.reference,
    verdict: report.verdict,
    p: report.p,
    reachable: report.null !== null && report.null.smallestP <= alpha,
    named: attribution?.named ?? null,
    nameable: attribution !== null && attribution.detector.smallest <= attribution.detector.level,
    notToldApart: attribution?.detector.found === true ? attribution.notToldApart : [],
    sameWeights:
      caveats.some((c) => c.code === 'identical') ||
      /the same weights.* is possible/.test(mechanism?.text ?? ''),
    code:
      report.p === null ? (caveats.filter((c) => c.code !== 'not-exculpatory').at(-1)?.code ?? 'none') : null,
  };
}

/** Verdicts that say that a suspect learnt from the reference, or from somebody like it. */
const POSITIVE: ReadonlySet<Verdict> = new Set(['consistent with', 'one of several', 'another candidate']);

export const isPositive = (o: Outcome): boolean => POSITIVE.has(o.verdict);

/** At most so many of a list, spread evenly over it: the same ones on every run. */
export function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] as T);
}
