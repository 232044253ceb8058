import type { Finding } from './finding.ts';

/** Notices of one item that a version could not read, before one that it could. */
export interface PassedOver {
  /** numbers of those whose number at least could be read */
  readonly numbers: readonly number[];
  /** there were some of which not even that could be read: damaged, or in a form of a newer version */
  readonly unnumbered: boolean;
}

export const NOTHING_PASSED: PassedOver = { numbers: [], unnumbered: false };

/** Stretches that are kept of a finding, so that it stays small. */
const STRETCHES = 20;

type Settled = Pick<Finding, 'delivered' | 'passed' | 'passedBetween'>;

/** Whether a notice's fate is settled: told, listed or recorded, and not merely passed over by a version that could not read it. */
export function isSettled(finding: Settled | undefined, number: number): boolean {
  return (
    (finding?.delivered ?? 0) >= number &&
    finding?.passed?.includes(number) !== true &&
    finding?.passedBetween?.some(([after, before]) => after < number && number < before) !== true
  );
}

/**
 * What of a finding is settled once one more of its notices is. Numbers ascend and leave some out, so that of a notice whose number
 * cannot be read only this is known: it lies between the newest that was settled and the next one. All between is owed then.
 */
export function settledWith(held: Settled | undefined, number: number, passed: PassedOver): Settled {
  const { delivered = 0 } = held ?? {};
  // an image that is read late still holds what was settled since
  const fresh = passed.numbers.filter((one) => !isSettled(held, one));
  const owed = [...new Set([...(held?.passed ?? []), ...fresh])].filter((one) => one !== number);
  const between: Stretch[] = (held?.passedBetween ?? []).flatMap((stretch) => without(stretch, number));
  if (passed.unnumbered && number - delivered > 1) between.push([delivered, number]);
  return {
    delivered: Math.max(number, delivered),
    ...(owed.length === 0 ? {} : { passed: owed }),
    ...(between.length === 0 ? {} : { passedBetween: atMost(between, number) }),
  };
}

type Stretch = [after: number, before: number];

/**
 * Where there is one too many, the newest two that the number settled just now does not stand between become one. What was settled
 * between those is owed again: told twice by an image that is read late, rather than never.
 */
function atMost(between: Stretch[], number: number): Stretch[] {
  if (between.length <= STRETCHES) return between;
  const [third, second, last] = between.slice(-3) as [Stretch, Stretch, Stretch];
  const older = between.slice(0, -3);
  return second[1] <= number && number <= last[0]
    ? [...older, [third[0], second[1]], last]
    : [...older, third, [second[0], last[1]]];
}

/** What is left of a stretch when one number in it is settled. */
function without([after, before]: Stretch, number: number): Stretch[] {
  if (number <= after || number >= before) return [[after, before]];
  const parts: Stretch[] = [
    [after, number],
    [number, before],
  ];
  return parts.filter(([from, to]) => to - from > 1);
}
