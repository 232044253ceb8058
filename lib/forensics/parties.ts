import type { AnswerSheet } from './answers.ts';
import type { Pair } from './pair-effects.ts';

/** Place of the reference among the models of a question. */
export const REFERENCE = 0;
/** Place of the suspect. */
export const SUSPECT = 1;
/** Place of the first control; the others follow. */
export const FIRST_CONTROL = 2;
/** The pair whose likeness is in question. */
export const ACCUSED: Pair = [REFERENCE, SUSPECT];

/** The models of one question, in their places. */
export class Parties {
  readonly reference: AnswerSheet;
  readonly suspect: AnswerSheet;
  readonly controls: readonly AnswerSheet[];

  constructor(reference: AnswerSheet, suspect: AnswerSheet, controls: readonly AnswerSheet[]) {
    this.reference = reference;
    this.suspect = suspect;
    this.controls = controls;
  }

  /** All, each at its place. */
  get all(): readonly AnswerSheet[] {
    return [this.reference, this.suspect, ...this.controls];
  }

  get names(): readonly string[] {
    return this.all.map((s) => s.model);
  }

  name(place: number): string {
    return this.all[place]?.model ?? '';
  }

  /** The places of the controls. */
  get controlPlaces(): readonly number[] {
    return this.controls.map((_, k) => FIRST_CONTROL + k);
  }
}

/** Whether a pair is of two controls. */
export function betweenControls([a, b]: Pair): boolean {
  return a >= FIRST_CONTROL && b >= FIRST_CONTROL;
}

/** Who of the places are kin. */
export type Kinship = (a: number, b: number) => boolean;

/** Kin are who have one label. */
export function kinByLabel(labels: readonly string[]): Kinship {
  return (a, b) => labels[a] === labels[b];
}
