import { CALIBRATION_FORMAT, type Calibration } from './calibration.ts';

/** Before anything was learnt: no windows are scored, so nobody is judged. What calibrate replays traffic with. */
export const UNLEARNT: Calibration = {
  v: CALIBRATION_FORMAT,
  id: 'unlearnt',
  madeAt: new Date(0).toISOString(),
  days: 1,
  accounts: 0,
  events: 0,
  foreign: true,
  library: 'none',
  verdicts: { extraction: 0, benign: 0, grey: 0 },
  windows: [],
  model: { facts: [], draws: [] },
  score: {},
  spread: {},
};
