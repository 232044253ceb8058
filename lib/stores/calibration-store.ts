import { type Calibration, calibration as schema } from '../scoring/calibration.ts';
import { reasonOf } from '../telemetry/reason.ts';

export interface CalibrationStore {
  /** @throws CalibrationMissing where there is none of that id, CalibrationDamaged where it cannot be used */
  get(id: string): Promise<Calibration>;
  put(held: Calibration): Promise<void>;
}

export class CalibrationMissing extends Error {
  override readonly name = 'CalibrationMissing';
  constructor(id: string) {
    super(`calibration ${id}: there is none of that id; the policy must name one that exists, or "default"`);
  }
}

export class CalibrationDamaged extends Error {
  override readonly name = 'CalibrationDamaged';
  constructor(id: string, why: string, options?: { cause: unknown }) {
    super(`calibration ${id}: damaged, or of another version: ${why}`, options);
  }
}

export function parseCalibration(id: string, text: string): Calibration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CalibrationDamaged(id, 'not JSON', { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { field, message, value } = reasonOf(parsed.error, json);
    throw new CalibrationDamaged(id, `${field}: ${message} (got ${value})`);
  }
  if (parsed.data.id !== id) throw new CalibrationDamaged(id, `id: it calls itself ${parsed.data.id}`);
  return parsed.data;
}
