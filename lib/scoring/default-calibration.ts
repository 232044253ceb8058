import { type Calibration, calibration } from './calibration.ts';
import shipped from './default-calibration.json' with { type: 'json' };

/**
 * The calibration that ships: nulls that do not depend on keys (shares, counts and spreads), learnt from the benign
 * accounts of the development traffic. A deployment learns its own with `calibrate` and names it in the policy.
 */
export const defaultCalibration: Calibration = calibration.parse(shipped);
