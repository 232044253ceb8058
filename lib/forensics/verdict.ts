import { setText } from './attribution.ts';
import { copyText, settledByCopy } from './edited-copies.ts';
import { fixed, percent, pValue, signed } from './numbers.ts';
import { controlsNeeded } from './power.ts';
import { type Caveat, NEGATIVE_MEANS, POSITIVE_MEANS, type SuspectReport, type Verdict } from './report.ts';
import { restsOn } from './rests-on.ts';
import { madeByWriting, spokenForByErrors } from './shared-errors.ts';

/** What a verdict needs to know of the run. */
export interface Rules {
  readonly alpha: number;
  /** Smallest excess that matters, in kappa. */
  readonly effect: number;
}

/** One-sided and two-sided 95 % quantiles of the normal distribution. */
const ONE_SIDED = 1.645;
const TWO_SIDED = 1.96;
/** A p-value at the smallest possible one, but for rounding. */
const ROUNDING = 1.0001;
/** Null spreads of excess that texts must exclude before they speak of no evidence. */
const TEXT_SPREADS = 2;

/** Share of missing items from which their worst case is reckoned, and from which no verdict rests on texts. */
export const MANY_MISSING = 0.05;
const MANY_TEXTS_MISSING = 0.1;
/** Level that the worst case must reach: who picks every missing item himself gets a false conviction in one of twenty at most. */
const WORST_CASE_LEVEL = 0.05;

/** A verdict with its sentence. */
interface Ruling {
  readonly verdict: Verdict;
  readonly statement: string;
  readonly reason: string | null;
}

/** A report whose test was made. */
type Tested = SuspectReport & {
  readonly p: number;
  readonly excess: number;
  readonly ci95: readonly [number, number];
  readonly ci95Models: readonly [number, number];
  readonly null: NonNullable<SuspectReport['null']>;
};

function isTested(report: SuspectReport): report is Tested {
  const { p, excess, ci95, ci95Models } = report;
  return p !== null && excess !== null && ci95 !== null && ci95Models !== null && report.null !== null;
}

function figuresOf(report: Tested): string {
  const { excess, ci95, p, pAdjusted, items } = report;
  const corrected = pAdjusted === null ? '' : `, corrected ${pValue(pAdjusted)}`;
  return `excess ${signed(excess)} (95 % over items ${signed(ci95[0])} to ${signed(ci95[1])}), p ${pValue(p)}${corrected}, ${items.toLocaleString('en')} items, ${report.null.pairs} unrelated pairs, controls of ${report.null.families} families`;
}

const what = (report: SuspectReport) => (report.mode === 'text' ? 'texts' : 'errors');

/** What a found likeness may be called: whose it is, the second question says. */
function found(report: Tested): Ruling {
  const { suspect, reference, attribution } = report;
  const figures = figuresOf(report);
  const alike = `The ${what(report)} of ${suspect} are more like those of ${reference} than unrelated models are like each other (${figures})`;
  const tied = attribution?.notToldApart ?? [];
  const set = setText(tied, attribution?.copies ?? []);
  if (tied.length > 0 && !tied.includes(reference))
    return {
      verdict: 'another candidate',
      statement: `${alike}, but ${tied.length === 1 ? `another candidate, ${tied[0]}, explains it better` : `other candidates explain it better: ${set}`}. It is not evidence of learning from ${reference}.`,
      reason: `closer to ${tied.join(' or ')}`,
    };
  if (tied.length > 1)
    return {
      verdict: 'one of several',
      statement: `${alike}, and others explain it as well: ${set}.`,
      reason: set,
    };
  const closer = report.closerControls.filter((c) => !c.excludedByDates).map((c) => c.control);
  const younger = report.closerControls.filter((c) => c.excludedByDates).map((c) => c.control);
  if (closer.length === 0 && younger.length > 0) {
    const reason = `${younger.join(', ')} among the controls, released after ${suspect}, ${younger.length === 1 ? 'is' : 'are'} as close and cannot have taught it: what makes these alike, such as a shared style or teacher, explains the likeness with ${reference} as well`;
    return { verdict: 'one of several', statement: `${alike}, but ${reason}.`, reason };
  }
  if (closer.length > 0)
    return {
      verdict: 'one of several',
      statement: `${alike}, but ${closer.join(', ')} among the controls ${closer.length === 1 ? 'is' : 'are'} as close: one of {${[reference, ...closer].join(', ')}}, not told apart.`,
      reason: `one of {${[reference, ...closer].join(', ')}}, not told apart`,
    };
  return {
    verdict: 'consistent with',
    statement: `The ${what(report)} of ${suspect} are consistent with training on ${reference}'s answers, or with a shared ancestor or teacher: more alike than unrelated models (${figures}).`,
    reason: null,
  };
}

/** One file edited is no teacher and its student; undefined where it is not. */
function copied(report: Tested): Ruling | undefined {
  const copy = settledByCopy(report);
  if (copy === undefined) return undefined;
  const { suspect, reference } = report;
  const reason = `${suspect} and ${reference} hold a copy of the same ${copy.what}, edited, or are one model: ${copyText(copy)}`;
  return {
    verdict: 'abstained',
    statement: `No statement about training: ${reason}. That is identity, which says nothing of distillation (${figuresOf(report)}).`,
    reason,
  };
}

/** A likeness for which no shared wrong answers speak; undefined where they do. */
function unspoken(report: Tested): Ruling | undefined {
  if (spokenForByErrors(report)) return undefined;
  const { suspect, reference, sameWrong, coWrong, strangersShare, writtenOtherwise } = report;
  const reason = madeByWriting(report)
    ? `of the ${sameWrong} wrong answers that are the same in both ${writtenOtherwise} are the key written in another way: a habit of writing, a prompt or a parser makes that; ask for answers in one form, or grade them by what they mean`
    : `of the ${coWrong} items that both got wrong ${sameWrong} have the same wrong answer, where unrelated models have ${percent(strangersShare ?? 0)}: what is alike is where they err, and a habit of writing or a parser makes that too`;
  return {
    verdict: 'abstained',
    statement: `No statement about ${suspect} and ${reference}: ${reason} (${figuresOf(report)}).`,
    reason,
  };
}

/** A likeness that one letter, one answer or right answers alone make; undefined where it holds without each. */
function restsOnOneThing(report: Tested): Ruling | undefined {
  const reason = restsOn(report);
  if (reason === undefined) return undefined;
  return {
    verdict: 'abstained',
    statement: `No statement about ${report.suspect} and ${report.reference}: ${reason} (${figuresOf(report)}).`,
    reason,
  };
}

/** A likeness of texts that a generation shares, where the controls are of another; undefined where they are not. */
function ofAnotherTime(report: Tested): Ruling | undefined {
  const caveat = report.caveats.find((c) => c.code === 'controls-of-another-time');
  if (caveat === undefined || report.mode !== 'text') return undefined;
  const { suspect, reference } = report;
  const text = `${caveat.text.charAt(0).toLowerCase()}${caveat.text.slice(1)}`;
  return {
    verdict: 'cannot tell with these controls',
    statement: `Cannot tell with these controls whether ${suspect} learnt from ${reference}: their texts are more alike than those of the controls, but ${text} (${figuresOf(report)})`,
    reason: text.replace(/\.$/, ''),
  };
}

/** Why a low value clears nobody: what could have been made by leaving out or grading away what two models share. */
function doubtOfClearing({ caveats, selection }: Tested): string | undefined {
  const has = (code: string) => caveats.some((c) => c.code === code);
  if (has('part-missing'))
    return 'only one of the two has both traces and replies, and what the other lacks, or has mixed into its texts, was not compared';
  if (selection !== null && selection.missingShare > MANY_MISSING)
    return `no negative verdict can rest on files in which ${percent(selection.missingShare)} of the items that most controls answered are without an answer of one of the two: leaving out what two models share makes a low value too; ask the missing items`;
  if (has('many-spare-samples'))
    return 'no negative verdict can rest on files of which one has further answers to the same questions that were not compared: answers put among them can hide what two models share; ask both equally often';
  if (has('graded-apart'))
    return 'no negative verdict can rest on answers of which some are the same in both files, and graded right in one and wrong in the other; grade both alike';
  return undefined;
}

/** A likeness that leaving out items could have made; undefined where too few are missing, or it holds in the worst case. */
function restsOnMissing(report: Tested, { alpha }: Rules): Ruling | undefined {
  const { suspect, reference, selection, mode } = report;
  if (selection === null || selection.missingShare <= MANY_MISSING) return undefined;
  const { lowest, missingShare } = selection;
  if (
    lowest === null
      ? mode !== 'text' || missingShare <= MANY_TEXTS_MISSING
      : lowest.p <= Math.max(alpha, WORST_CASE_LEVEL)
  )
    return undefined;
  const worst =
    lowest === null
      ? 'leaving out prompts can make this result'
      : `if their answers differed at all of these, the excess would be ${signed(lowest.excess)}, p ${pValue(lowest.p)}`;
  const reason = `no positive verdict can rest on files in which ${percent(missingShare)} of the items that most controls answered are without an answer of one of the two: ${worst}; ask the missing items`;
  return {
    verdict: 'cannot tell at this size',
    statement: `Cannot tell at this size whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
    reason,
  };
}

/** Why a likeness convicts nobody, however small its p is; undefined where it may. */
function withheld(report: Tested, rules: Rules): Ruling | undefined {
  return (
    unspoken(report) ?? restsOnOneThing(report) ?? restsOnMissing(report, rules) ?? ofAnotherTime(report)
  );
}

/**
 * Why nobody may be named by a likeness: what would convict nobody names nobody either. Undefined where it may name.
 * @param report the candidate's, as if it were the reference; before p is corrected
 */
export function doubtOfName(report: SuspectReport, rules: Rules): string | undefined {
  if (!isTested(report)) return report.reason ?? 'it could not be compared';
  const ruling = copied(report) ?? withheld(report, rules);
  return ruling === undefined ? undefined : (ruling.reason ?? ruling.statement);
}

/** No unrelated pair is as alike, but the null is too small for the level asked: more controls are needed, not items. */
function outOfReach(report: Tested, { alpha }: Rules): Ruling {
  const { smallestP: smallest, pairs } = report.null;
  const { questions, suspect, reference, p } = report;
  const controls = report.null.controls.length;
  const reason = `${p <= smallest * ROUNDING ? 'no unrelated pair is as alike, but ' : ''}with ${pairs} unrelated pairs of ${controls} controls p cannot fall below ${pValue(smallest)}, ${pValue(Math.min(1, smallest * questions))} after correction for ${questions} question${questions === 1 ? '' : 's'}; p can reach ${alpha} with ${controlsNeeded(alpha, questions)} unrelated controls or more${controls < controlsNeeded(alpha, questions) ? '' : ', each comparable with both parties and no two of them kin or near copies'}: more controls are needed, more items would not help`;
  return {
    verdict: 'cannot tell with these controls',
    statement: `Cannot tell with these controls whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
    reason,
  };
}

function cannotTell(report: Tested, interest: number): Ruling {
  const { suspect, reference, excess, items, power } = report;
  const need = power?.itemsNeeded ?? null;
  const detectable = power?.detectable ?? null;
  if (detectable === null) {
    const reason = `with ${report.null.pairs} unrelated pairs no excess reaches the level (smallest p ${pValue(report.null.smallestP)}): more controls are needed, more items would not help`;
    return {
      verdict: 'cannot tell with these controls',
      statement: `Cannot tell with these controls whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
      reason,
    };
  }
  const atSize = power?.atThisSize[0];
  const sensitivity = `an excess of ${fixed(detectable)} would be found four times in five, one of ${fixed(atSize?.effect ?? interest)} with a chance of ${percent(atSize?.power)}`;
  const byItems = excess > 0 && need !== null && need > items;
  const more =
    excess <= 0
      ? `an excess of ${fixed(interest)} is not excluded`
      : need === null
        ? 'no number of items of this kind would settle an excess of the size observed, because unrelated models differ by as much: closer-matched controls or other questions are needed'
        : byItems
          ? `about ${need.toLocaleString('en')} items would be needed to settle an excess of the size observed`
          : 'the observed excess is below what these controls let stand out';
  const bySize = excess <= 0 || byItems;
  const reason = `${sensitivity}; ${more}`;
  return {
    verdict: bySize ? 'cannot tell at this size' : 'cannot tell with these controls',
    statement: `Cannot tell ${bySize ? 'at this size' : 'with these controls'} whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
    reason,
  };
}

function rule(report: SuspectReport, rules: Rules): Ruling {
  if (!isTested(report))
    return { verdict: report.verdict, statement: report.statement, reason: report.reason };
  const { suspect, reference, p, pAdjusted, excess, ci95, ci95Models, mode } = report;
  const excluded = report.excludedDirections.find((d) => d.teacher === reference);
  if (excluded !== undefined)
    return {
      verdict: 'excluded by dates',
      statement: `${excluded.reason}. Whatever likeness there is has another cause: a shared teacher, ancestor or style, or learning the other way (${figuresOf(report)}).`,
      reason: excluded.reason,
    };
  const copy = copied(report);
  if (copy !== undefined) return copy;
  if (pAdjusted !== null && pAdjusted <= rules.alpha && ci95[0] > 0)
    return withheld(report, rules) ?? found(report);
  const { smallestP: smallest, spread } = report.null;
  if (p <= rules.alpha || (p <= smallest * ROUNDING && smallest * report.questions > rules.alpha)) {
    if (ci95[0] > 0) return withheld(report, rules) ?? outOfReach(report, rules);
    const reason = 'the likeness does not survive resampling of the items';
    return {
      verdict: 'cannot tell at this size',
      statement: `Cannot tell at this size whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
      reason,
    };
  }
  // One-sided 95 % upper limit over items and models, in kappa; elsewhere in spreads of the null.
  const upper = (ci95Models[1] - excess) * (ONE_SIDED / TWO_SIDED) + excess;
  const interest = mode === 'choices' ? rules.effect : TEXT_SPREADS * spread;
  const weakText = mode === 'text' && (report.z ?? 0) > 0;
  const cleared = upper < interest && !weakText;
  const reason = doubtOfClearing(report);
  if (cleared && reason !== undefined)
    return {
      verdict: 'cannot tell at this size',
      statement: `Cannot tell at this size whether ${suspect} learnt from ${reference}: ${reason} (${figuresOf(report)}).`,
      reason,
    };
  const related = report.caveats.find((c) => c.code === 'controls-like-a-party');
  if (cleared && related !== undefined)
    return {
      verdict: 'cannot tell with these controls',
      statement: `Cannot tell with these controls whether ${suspect} learnt from ${reference}: no excess is left, but ${related.text.charAt(0).toLowerCase()}${related.text.slice(1)} (${figuresOf(report)})`,
      reason: related.text,
    };
  if (cleared)
    return {
      verdict: 'no evidence',
      statement: `No evidence that ${suspect} learnt from ${reference}: an excess of ${fixed(interest)} or more is excluded at 95 % (${figuresOf(report)}).`,
      reason: null,
    };
  return cannotTell(report, interest);
}

/** Words the verdict: never more than the numbers carry. Selection of items is said first. */
export function word(
  report: SuspectReport,
  rules: Rules,
): Pick<SuspectReport, 'verdict' | 'statement' | 'reason' | 'caveats'> {
  const { verdict, statement, reason } = rule(report, rules);
  const positive =
    verdict === 'consistent with' || verdict === 'one of several' || verdict === 'another candidate';
  const means: Caveat = positive
    ? { code: 'what-it-does-not-mean', text: POSITIVE_MEANS }
    : { code: 'not-exculpatory', text: NEGATIVE_MEANS };
  const { selection } = report;
  const caveats: Caveat[] = [...report.caveats];
  if (positive && selection?.lowest != null)
    caveats.push({
      code: 'items-missing',
      text: `${percent(selection.missingShare)} of the items that most controls answered are without an answer of one of the two. If their answers differed at all of these, the excess would still be ${signed(selection.lowest.excess)}, p ${pValue(selection.lowest.p)}.`,
    });
  if (selection?.selected === true) caveats.unshift({ code: 'items-selected', text: selection.text });
  return {
    verdict,
    statement: selection?.selected === true ? `Read first: ${selection.text} ${statement}` : statement,
    reason,
    caveats: [...caveats, means],
  };
}
