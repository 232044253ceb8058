import { CALIBRATION_FORMAT } from '../scoring/calibration.ts';
import { type Check, SHIPPED, thresholdOf, when } from './check.ts';

/** Checks of the policy in force and of the calibration that it names. */
export const POLICY_CHECKS: readonly Check[] = [
  {
    id: 'policy-unreadable',
    severity: 'wrong',
    remedy: 'use the version that it was pushed with, or siphonwatch policy rollback',
    find: ({ policy }) =>
      when(policy?.fault !== undefined, `the active policy cannot be read: ${policy?.fault}`),
  },
  {
    id: 'policy-taken-back',
    severity: 'wrong',
    remedy: 'an alarm or a person took it back: operations.md#alarm-policy',
    find: ({ policy }) =>
      when(
        /^(ROLLED_BACK|ROLLING_BACK|REVERTED)$/.test(policy?.lastPush ?? ''),
        'the newest push of a policy was taken back: the one before is active',
      ),
  },
  {
    id: 'calibration-missing',
    severity: 'wrong',
    remedy:
      'put the object back from an older version, or siphonwatch policy rollback (operations.md#alarm-policy)',
    find: ({ policy }) =>
      when(
        policy?.calibration === 'missing',
        `the calibration ${policy?.active?.calibration} that the active policy names is not in the state bucket: new instances of functions fail`,
      ),
  },
  {
    id: 'calibration-format',
    severity: 'wrong',
    remedy:
      'invoke calibrate, and name what it learns: operations.md#alarm-calibration-format has the commands',
    find: ({ policy }) => {
      const held = policy?.calibration;
      return typeof held === 'object' && 'format' in held
        ? [
            `the calibration ${policy?.active?.calibration} is of format ${held.format}, this version reads format ${CALIBRATION_FORMAT}: where it is deployed nobody is judged`,
          ]
        : [];
    },
  },
  {
    id: 'calibration-damaged',
    severity: 'wrong',
    remedy:
      'put the object back from an older version, or siphonwatch policy rollback (operations.md#alarm-policy)',
    find: ({ policy }) => {
      const held = policy?.calibration;
      return typeof held === 'object' && 'damaged' in held ? [`${held.damaged}: new functions fail`] : [];
    },
  },
  {
    id: 'calibration-old',
    severity: 'wrong',
    remedy: 'put a newer one into force: operations.md#alarm-calibration-age',
    find: (facts) => {
      const held = facts.policy?.calibration;
      const age = typeof held === 'object' && 'ageHours' in held ? held.ageHours : 0;
      const old = thresholdOf(facts, 'calibration-age', SHIPPED.calibrationAgeHours);
      return when(age >= old, `the calibration in force is ${Math.round(age)} hours old`);
    },
  },
  {
    id: 'calibration-shipped',
    severity: 'missing',
    remedy:
      'learn one from two weeks of your own traffic, in the shadow first (operations.md#two-weeks-in-the-shadow)',
    find: ({ policy }) =>
      when(
        policy?.calibration === 'shipped',
        'the calibration in force is the shipped one, learnt elsewhere: nobody is accused, but where foreignCalibration says so',
      ),
  },
];
