import type { Finding } from '../findings/finding.ts';

/**
 * What findings rest on, reason by reason. This stands where a console of hand-set weights would have them: the score is learnt, so a
 * reason has no weight of its own, but what it contributed to each finding is known exactly.
 */
export interface ReasonShare {
  readonly signal: string;
  readonly title: string;
  /** findings that give it among their reasons, and those that give it first */
  readonly findings: number;
  readonly first: number;
  /** mean part, over these findings, of all that their reasons contributed to the score; 0 to 1 */
  readonly part: number;
  /** verdicts on these findings */
  readonly confirmed: number;
  readonly benign: number;
}

/** The reasons of findings, those first that most findings give. */
export function reasonShares(findings: readonly Finding[]): ReasonShare[] {
  const shares = new Map<string, Mutable<ReasonShare>>();
  for (const { notice, verdict } of findings) {
    const total = notice.reasons.reduce((sum, { points }) => sum + Math.max(0, points), 0);
    for (const [i, { signal, title, points }] of notice.reasons.entries()) {
      const held: Mutable<ReasonShare> = shares.get(signal) ?? {
        signal,
        title,
        findings: 0,
        first: 0,
        part: 0,
        confirmed: 0,
        benign: 0,
      };
      shares.set(signal, held);
      held.findings++;
      if (i === 0) held.first++;
      held.part += total === 0 ? 0 : Math.max(0, points) / total;
      if (verdict?.verdict === 'confirmed') held.confirmed++;
      if (verdict?.verdict === 'benign') held.benign++;
    }
  }
  return [...shares.values()]
    .map((held) => ({ ...held, part: Number((held.part / held.findings).toFixed(4)) }))
    .sort((a, b) => b.findings - a.findings || b.part - a.part || (a.signal < b.signal ? -1 : 1));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
