import type { Answer, AnswerSheet } from './answers.ts';
import type { Unfit } from './screening.ts';

/**
 * One model under two names: one file copied, or one model queried twice. Identity is no evidence of learning and needs no
 * test; said of two strangers it would be a false statement of fact, so what the questions force does not count.
 */

/** Length from which equal texts are evidence of one source; shorter ones may be what the prompt forces. */
const LONG_ENOUGH = 200;
/** Fewest long texts, and share of equal ones among all texts, for identity. */
const LEAST_LONG = 20;
const NEARLY_ALL_TEXTS = 0.9;
/** Fewest items that one of the two got wrong, and share of them with the same wrong answer, for identity. */
const LEAST_WRONG = 50;
const NEARLY_ALL_WRONG = 0.97;
/** Items after which two models that mostly differ are looked at no longer. */
const ENOUGH_TO_DIFFER = 400;
const DIFFER_BELOW = 0.5;

/** What is equal throughout. */
export type Identity = 'texts' | 'wrong answers';

/**
 * Whether one that is wrong where the other is right counts as a difference: two strangers that answer `yes` or `no` share
 * every error that both make, but not the items at which they err.
 */
export function sameErrors(eitherWrong: number, sameWrong: number): boolean {
  return eitherWrong >= LEAST_WRONG && sameWrong > NEARLY_ALL_WRONG * eitherWrong;
}

/** Whether an answer is wrong and which; undefined where none was given or its verdict is unknown. */
function verdict(a: Answer): { readonly wrong: boolean; readonly given: number | string } | undefined {
  if (a.key >= 0) return a.choice < 0 ? undefined : { wrong: a.choice !== a.key, given: a.choice };
  return a.form === undefined || a.right === undefined ? undefined : { wrong: !a.right, given: a.form };
}

/**
 * Whether all that two models answered is the same: nearly all texts, long ones among them, letter for letter; or nearly
 * all errors, at the same items and with the same answer.
 */
export function identityOf(a: AnswerSheet, b: AnswerSheet): Identity | undefined {
  const texts = { all: 0, long: 0, same: 0 };
  const errors = { either: 0, same: 0 };
  const differ = (n: { all: number; same: number }) =>
    n.all >= ENOUGH_TO_DIFFER && n.same < DIFFER_BELOW * n.all;
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    if (y === undefined) continue;
    for (const [own, other] of [
      [x.text, y.text],
      [x.trace, y.trace],
    ]) {
      if (own === undefined || other === undefined) continue;
      texts.all++;
      if (own.length >= LONG_ENOUGH || other.length >= LONG_ENOUGH) texts.long++;
      if (own === other) texts.same++;
    }
    const [mine, theirs] = [verdict(x), verdict(y)];
    if (mine !== undefined && theirs !== undefined && (mine.wrong || theirs.wrong)) {
      errors.either++;
      if (mine.given === theirs.given) errors.same++;
    }
    if (differ(texts) || differ({ all: errors.either, same: errors.same })) return undefined;
  }
  if (texts.long >= LEAST_LONG && texts.same > NEARLY_ALL_TEXTS * texts.all) return 'texts';
  return sameErrors(errors.either, errors.same) ? 'wrong answers' : undefined;
}

/** The name under which a model was given before, or undefined. */
export function aliasOf(sheet: AnswerSheet, before: readonly AnswerSheet[]): string | undefined {
  return before.find((other) => identityOf(other, sheet) !== undefined)?.model;
}

/** Controls with the answers of one party from which the questions may force them. */
const MANY_ALIASES = 3;

const WHAT: Readonly<Record<Identity, string>> = {
  texts: 'the same texts, letter for letter, nearly throughout',
  'wrong answers': 'the same wrong answers throughout',
};

/**
 * What is to be said where reference and suspect are the same throughout, or where so many controls are the same as one of
 * them that the questions may force it: leaving those out would choose the null by its values.
 */
export function sameThroughout(
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
): Unfit | undefined {
  const forced =
    'either the questions force these answers, or one file stands under several names; nothing can be told from them';
  const same = identityOf(reference, suspect);
  if (same !== undefined) {
    const also = controls.filter((c) => identityOf(reference, c) !== undefined).length;
    const what = `${reference.model} and ${suspect.model} give ${WHAT[same]}`;
    return {
      code: 'identical',
      reason:
        also === 0
          ? `${what}: one model queried twice, or one file copied; that is identity, which needs no test, and says nothing of distillation`
          : `${what}, and so ${also === 1 ? 'does 1 control' : `do ${also} controls`}: ${forced}`,
    };
  }
  for (const party of [reference, suspect]) {
    const found = controls.flatMap((c) => identityOf(party, c) ?? []);
    if (found.length >= MANY_ALIASES)
      return {
        code: 'identical',
        reason: `${found.length} controls give ${WHAT[found[0] ?? 'texts']} as ${party.model} does: ${forced}`,
      };
  }
  return undefined;
}
