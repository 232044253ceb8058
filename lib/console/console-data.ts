import type { AccountOutcome } from '../backtest/outcome.ts';
import type { Notice } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import type { CalibrationSize } from '../scoring/supported-budget.ts';

/**
 * What the console's page is given: accounts as columns, so that 100,000 of them are a few typed arrays in the browser.
 * Codes point into the lists of names.
 */
export interface ConsoleData {
  readonly title: string;
  /** what labels are: of a labels file, or people's verdicts */
  readonly labelled: 'labels' | 'verdicts' | 'none';
  readonly policy: Policy;
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  readonly campaigns: readonly string[];
  readonly count: number;
  readonly id: readonly string[];
  /** index in CONSOLE_LABELS */
  readonly label: readonly number[];
  readonly group: readonly number[];
  readonly kind: readonly number[];
  /** index in campaigns, -1 for none */
  readonly campaign: readonly number[];
  readonly events: readonly number[];
  /** log10 of the chance among peers within a month */
  readonly logP: readonly number[];
  readonly peak: readonly number[];
  /** what the calibration rests on: it limits which levels can be reached (lib/scoring/supported-budget.ts) */
  readonly calibration: CalibrationSize;
  /** 1 where it is flagged as a member of a campaign: thresholds on accounts do not change that */
  readonly byCampaign: readonly number[];
}

export const CONSOLE_LABELS = ['benign', '', 'grey', 'extraction'] as const;

/** What the page asks for when an account is opened. */
export interface AccountDetail {
  readonly account: AccountOutcome;
  readonly notices: readonly Notice[];
  /** findings that name it */
  readonly findings: readonly { readonly id: string; readonly level: string; readonly type: string }[];
}

/** Six digits after the point are far finer than any slider. */
const round = (value: number): number => Math.round(value * 1e4) / 1e4;

export function consoleData(
  accounts: readonly AccountOutcome[],
  policy: Policy,
  title: string,
  labelled: ConsoleData['labelled'],
  { accounts: past, days }: CalibrationSize,
): ConsoleData {
  const groups = new Names();
  const kinds = new Names();
  const campaigns = new Names();
  return {
    title,
    labelled,
    policy,
    count: accounts.length,
    id: accounts.map((held) => held.id),
    label: accounts.map((held) => CONSOLE_LABELS.indexOf(held.label)),
    group: accounts.map((held) => groups.code(held.group)),
    kind: accounts.map((held) => kinds.code(held.kind)),
    campaign: accounts.map((held) => (held.campaign === '' ? -1 : campaigns.code(held.campaign))),
    events: accounts.map((held) => held.events),
    logP: accounts.map((held) => round(Math.log10(Math.max(1e-12, held.p)))),
    peak: accounts.map((held) => round(held.peak)),
    byCampaign: accounts.map((held) => (held.flag?.via === 'campaign' ? 1 : 0)),
    calibration: { accounts: past, days },
    groups: groups.list,
    kinds: kinds.list,
    campaigns: campaigns.list,
  };
}

class Names {
  readonly list: string[] = [];
  readonly #codes = new Map<string, number>();
  code(name: string): number {
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.list.length;
      this.list.push(name);
      this.#codes.set(name, code);
    }
    return code;
  }
}
