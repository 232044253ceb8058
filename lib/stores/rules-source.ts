import type { PolicySlot } from '../contract/policy-names.ts';
import type { Rules } from '../detection/judge.ts';
import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { UNLEARNT } from '../scoring/unlearnt.ts';
import {
  CalibrationDamaged,
  CalibrationMissing,
  CalibrationOfOtherFormat,
  type CalibrationStore,
} from './calibration-store.ts';
import type { PolicyProblem, PolicySource } from './policy-port.ts';

/** A policy, and the calibration that it names: what accounts are judged with. */
export interface JudgingPair {
  readonly policy: Policy;
  readonly calibration: Calibration;
}

/** Where the functions get both from. */
export interface RulesSource {
  /** @throws where there is no pair that could be used, and none was before: the events wait */
  active(): Promise<JudgingPair>;
  /** undefined where there is no candidate, or none that can be evaluated */
  shadow(): Promise<JudgingPair | undefined>;
  /**
   * Both, as every judgement is made with them. A calibration that was learnt from somebody else's traffic accuses nobody: until
   * the policy names one of the deployment's own, nobody is judged, and what the foreign one would have flagged is recorded in
   * the shadow. What goes live later starts with empty hands, so that whoever is flagged then is told as new. The same holds for a
   * calibration whose score has moved since it was learnt (DriftHold), until the comparison says otherwise or the policy names
   * another one; findings that are open stay as they are.
   * @param code version of the code
   * @throws as active()
   */
  inForce(code: string): Promise<Rules>;
}

/**
 * Pairs of policy and calibration. A policy whose calibration is missing, damaged or cannot be read just now does not
 * come into force: the last good pair stays, and `onProblem` is told with every call for as long as that lasts. Where there was
 * none and the calibration is of another format, as after an upgrade that changed it, nobody is judged until the policy names
 * another: events are counted and kept, open findings stay, and a policy can be pushed, which it could not while functions fail.
 * @param foreign what a calibration that was learnt elsewhere does
 */
export function rulesSource(
  policies: PolicySource,
  calibrations: Pick<CalibrationStore, 'get' | 'hold'>,
  onProblem: (problem: PolicyProblem) => void,
  foreign: string,
): RulesSource {
  let held: JudgingPair | undefined;

  async function pairOf(slot: PolicySlot, policy: Policy): Promise<JudgingPair | Error> {
    try {
      return { policy, calibration: await calibrations.get(policy.calibration) };
    } catch (error) {
      const known =
        error instanceof CalibrationMissing ||
        error instanceof CalibrationDamaged ||
        error instanceof CalibrationOfOtherFormat;
      const why = error instanceof Error ? error : new Error(String(error));
      const abstains = slot === 'active' && held === undefined && error instanceof CalibrationOfOtherFormat;
      onProblem({
        kind: abstains ? 'other-format' : known ? 'rejected' : 'unreachable',
        slot,
        reasons: [`policy ${policy.id}: ${known ? why.message : `${why.name}: ${why.message}`}`],
      });
      return abstains ? { policy, calibration: UNLEARNT } : why;
    }
  }

  let lastHold: { readonly id: string; readonly moved: boolean } | undefined;

  /** Whether the score has moved; where that cannot be read just now, what was last known of it. */
  async function moved({ policy, calibration: { id } }: JudgingPair): Promise<boolean> {
    try {
      const hold = await calibrations.hold(id);
      lastHold = { id, moved: hold !== undefined && hold.moved.length > 0 };
    } catch (error) {
      const why = error instanceof Error ? error : new Error(String(error));
      const reasons = [`policy ${policy.id}: drift of calibration ${id}: ${why.name}: ${why.message}`];
      onProblem({ kind: 'unreachable', slot: 'active', reasons });
    }
    return lastHold?.id === id && lastHold.moved;
  }

  const source: RulesSource = {
    async active() {
      const policy = await policies.active();
      if (held?.policy === policy) return held;
      const pair = await pairOf('active', policy);
      // judging nobody is no good pair: it is looked for again, and told, with every call
      if (!(pair instanceof Error)) {
        if (pair.calibration !== UNLEARNT) held = pair;
        return pair;
      }
      // Judging under a pair that nobody chose is worse than a batch that is tried again.
      if (held === undefined) throw pair;
      return held;
    },
    async shadow() {
      let policy: Policy | undefined;
      try {
        policy = await policies.shadow();
      } catch {
        // the source has told onProblem; a candidate must not keep the active policy from judging
        return undefined;
      }
      if (policy === undefined) return undefined;
      const pair = await pairOf('shadow', policy);
      return pair instanceof Error ? undefined : pair;
    },
    async inForce(code) {
      const active = await source.active();
      const learning = active.calibration.foreign ? foreign !== 'accuse' : await moved(active);
      const itself = learning && active.calibration !== UNLEARNT ? active : undefined;
      const candidate = (await source.shadow()) ?? itself;
      const { policy } = active;
      const calibration = learning ? UNLEARNT : active.calibration;
      return { policy, calibration, code, shadow: false, ...(candidate === undefined ? {} : { candidate }) };
    },
  };
  return source;
}
