import type { AccountOutcome } from '../../backtest/outcome.ts';
import type { ConsoleData } from '../../console/console-data.ts';
import type { ConsoleStatus } from '../../console/status.ts';
import type { DecisionRequest } from '../../findings/decision-request.ts';
import type { AuditEntry, Finding } from '../../findings/finding.ts';
import type { Triaged } from '../../findings/triage.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';

/** What the console shows, as it was read at one moment; held in memory while it runs, written nowhere. */
export interface ConsoleSource {
  readonly title: string;
  readonly labelled: ConsoleData['labelled'];
  readonly policy: Policy;
  readonly calibration: Calibration;
  readonly accounts: readonly AccountOutcome[];
  readonly findings: readonly Finding[];
  readonly status: ConsoleStatus;
  /** what time it is for findings, ms: in old traffic its last event */
  readonly now: number;
}

/** Where the console's data come from, and what can be done there. */
export interface ConsoleOrigin {
  /** reads everything anew */
  read(): Promise<ConsoleSource>;
  /** absent where nothing can be changed: a saved backtest */
  readonly live?: LiveFindings;
}

export interface LiveFindings {
  /** who decides, as the audit trail will have it */
  readonly author: string;
  /** whether the accounts are a demo's, whom nobody can look up */
  readonly demo?: boolean;
  find(
    id: string,
  ): Promise<
    | { readonly finding: Finding; readonly audit: readonly AuditEntry[]; readonly quietUntil?: string }
    | undefined
  >;
  /** By the rules and with the audit trail of `triage`. @param decision given again, it is not made twice */
  decide(id: string, asked: DecisionRequest, decision: string): Promise<Triaged>;
}
