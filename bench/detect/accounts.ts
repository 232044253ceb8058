import { scoreRules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { type CalibrationAccount, learnCalibration } from '../../lib/scoring/calibrate.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import type { ScoreRules } from '../../lib/scoring/score.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { emptyView, look, type PeerView } from '../peers.ts';
import { random, shuffled } from '../random.ts';
import { foldOf, type Traffic } from '../traffic.ts';

export const FOLDS = 5;
/** Shares of unlabelled extraction that are mixed into calibrations. */
export const CONTAMINATIONS = [0, 0.01, 0.05] as const;
/** Share that a calibration may set aside where something is mixed in. */
export const ALLOWED = 0.08;

export interface Account extends CalibrationAccount {
  readonly label: 'benign' | 'extraction' | 'grey';
  readonly kind: string;
  readonly fold: number;
  readonly events: number;
  readonly view: PeerView;
}

export async function readAccounts(traffic: Traffic): Promise<Account[]> {
  const draw = random(11);
  const held = new Map<
    string,
    {
      slices: Map<number, Slice>;
      event: UsageEvent;
      payment: string | undefined;
      events: number;
      view: PeerView;
      ids: Set<string>;
    }
  >();
  for await (const { exchange, event } of traffic.events()) {
    let account = held.get(event.account);
    if (account === undefined) {
      account = {
        slices: new Map(),
        event,
        payment: exchange.customer.payment,
        events: 0,
        view: emptyView(),
        ids: new Set(),
      };
      held.set(event.account, account);
    }
    if (account.ids.has(event.id)) continue;
    account.ids.add(event.id);
    account.events++;
    account.event = event;
    look(account.view, exchange, draw);
    const time = Date.parse(event.time);
    const start = sliceStart(time);
    let slice = account.slices.get(start);
    if (slice === undefined) {
      slice = emptySlice(start);
      account.slices.set(start, slice);
    }
    addEvent(slice, event, time);
  }
  return traffic.labels.flatMap((label) => {
    const account = held.get(label.pseudonym);
    if (account === undefined) return [];
    const { customer } = account.event;
    return {
      account: label.pseudonym,
      customer: { plan: customer.plan, product: customer.product, createdAt: Date.parse(customer.createdAt) },
      slices: [...account.slices.values()].sort((a, b) => a.start - b.start),
      label: label.label,
      kind: label.kind,
      fold: foldOf(label, account.payment, FOLDS),
      events: account.events,
      view: account.view,
    };
  });
}

/** A calibration of the other folds' benign accounts, with a share of extraction mixed in, unlabelled. */
export function calibrateFor(
  accounts: readonly Account[],
  fold: number,
  share: number,
  rules: ScoreRules = scoreRules(defaultPolicy),
): Calibration {
  const others = accounts.filter((held) => held.fold !== fold);
  const benign = others.filter((held) => held.label === 'benign');
  const extraction = shuffled(
    others.filter((held) => held.label === 'extraction'),
    random(fold + 1),
  );
  const mixed = extraction.slice(0, Math.round((benign.length * share) / (1 - share)));
  return learnCalibration(`fold-${fold}`, [...benign, ...mixed], {
    ...rules,
    contamination: share === 0 ? 0 : ALLOWED,
  });
}
