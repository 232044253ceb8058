import * as z from 'zod';
import { CALIBRATION_FORMAT, type Calibration, calibration as schema } from '../scoring/calibration.ts';
import { reasonOf } from '../telemetry/reason.ts';

/** How a policy that names a calibration which is not stored is refused; a validator's words are all that comes through AppConfig. */
export const NO_SUCH_CALIBRATION = 'there is none of that id';

/**
 * That the accounts of today do not score like those that a calibration was learnt from: its chances are not theirs, so the
 * levels that wake people are held back. Written by the daily comparison, which also takes it back.
 */
export const driftHold = z.strictObject({
  calibration: z.string().min(1).max(128),
  at: z.string().describe('ISO time of the newest event that was compared'),
  moved: z
    .array(z.string().max(500))
    .max(10)
    .describe('where the score moved, in words with numbers; empty: it did not, and nothing is held back'),
});
export type DriftHold = z.infer<typeof driftHold>;

export interface CalibrationStore {
  /** @throws CalibrationMissing where there is none of that id, CalibrationOfOtherFormat, CalibrationDamaged where it cannot be used */
  get(id: string): Promise<Calibration>;
  put(held: Calibration): Promise<void>;
  /** what the last comparison with the calibration said of its score; undefined where none was made */
  hold(id: string): Promise<DriftHold | undefined>;
  putHold(hold: DriftHold): Promise<void>;
}

export class CalibrationMissing extends Error {
  override readonly name = 'CalibrationMissing';
  constructor(id: string) {
    super(
      `calibration ${id}: ${NO_SUCH_CALIBRATION}; the policy must name one that exists, or "default". One that is not stored yet goes along with --calibration FILE`,
    );
  }
}

export class CalibrationDamaged extends Error {
  override readonly name = 'CalibrationDamaged';
  constructor(id: string, why: string, options?: { cause: unknown }) {
    super(`calibration ${id}: damaged: ${why}`, options);
  }
}

/** Learnt by an older version than this one, or by a newer: whole, and nothing that this version understands. */
export class CalibrationOfOtherFormat extends Error {
  override readonly name = 'CalibrationOfOtherFormat';
  readonly format: number;
  constructor(id: string, format: number) {
    super(
      `calibration ${id}: is of format ${format}, this version reads format ${CALIBRATION_FORMAT}; let calibrate learn a new one, and name that in the policy`,
    );
    this.format = format;
  }
}

const formatOnly = z.looseObject({ v: z.number() });

export function parseCalibration(id: string, text: string): Calibration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CalibrationDamaged(id, 'not JSON', { cause: error });
  }
  const format = formatOnly.safeParse(json).data?.v ?? CALIBRATION_FORMAT;
  if (format !== CALIBRATION_FORMAT) throw new CalibrationOfOtherFormat(id, format);
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { field, message, value } = reasonOf(parsed.error, json);
    throw new CalibrationDamaged(id, `${field}: ${message} (got ${value})`);
  }
  if (parsed.data.id !== id) throw new CalibrationDamaged(id, `id: it calls itself ${parsed.data.id}`);
  return parsed.data;
}
