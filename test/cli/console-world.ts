import type { AccountOutcome } from '../../lib/backtest/outcome.ts';
import type { ConsoleOrigin } from '../../lib/cli/console/console-source.ts';
import { decided } from '../../lib/findings/decision-request.ts';
import { applyNotice, type Finding, type Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { wholeTrail } from '../../lib/stores/finding-queries.ts';
import { change } from '../../lib/stores/verdicts.ts';
import { testCalibration } from '../calibration.ts';
import { campaign, opened } from '../findings/notices.ts';

/** What the console shows in its tests: many accounts, findings in a store in memory, verdicts by the real rules. */

export const START = Date.parse('2026-03-02T00:00:00Z');
export const NOW = Date.parse('2026-03-05T00:00:00Z');
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'">';

/** Mostly benign accounts with chances as they should be, a few attackers, one with a hostile name. */
export function population(count: number): AccountOutcome[] {
  let state = 11;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  const members = campaign.subject.members ?? [];
  return Array.from({ length: count }, (_, i): AccountOutcome => {
    const attacker = i < 300;
    const p = attacker ? 10 ** (-2 - 3 * random()) : random();
    const account =
      members[i]?.account ?? (i === 299 ? opened.subject.id : `a_${String(i).padStart(26, 'a')}`);
    return {
      id: i === 5 ? HOSTILE : account,
      account,
      label: attacker ? 'extraction' : 'benign',
      kind: attacker ? 'hydra' : 'organic-chat',
      campaign: '',
      group: ['api/payg/new', 'chat/pro/settled', 'chat/free/new'][i % 3] as string,
      events: 1 + (i % 400),
      firstSeen: START,
      lastSeen: START + 86_400_000,
      peak: -Math.log10(p),
      peakAt: START + 3_600_000,
      p,
      reasons: [],
      ...(attacker
        ? {
            trace: [
              [START, 1, 0.05],
              [START + 7_200_000, 3, p],
            ] as const,
          }
        : {}),
    };
  });
}

/** Findings of other accounts, a hostile name among them. */
function others(count: number): Notice[] {
  return Array.from({ length: count }, (_, i) => ({
    ...opened,
    finding: `f-other-${i}`,
    level: (['suspect', 'critical', 'suspect'] as const)[i % 3] as 'suspect',
    at: new Date(NOW - (i + 1) * 3_600_000).toISOString(),
    subject: {
      ...opened.subject,
      id: `a_${String(i + 300).padStart(26, 'a')}`,
      plan: i === 1 ? HOSTILE : 'payg',
    },
    stake: { ...opened.stake, outputTokens: 1000 * (count - i) },
  }));
}

export interface World {
  readonly origin: ConsoleOrigin;
  readonly store: MemoryFindingStore;
}

/** @param findings besides the account's and the campaign's */
export async function consoleWorld(accounts: number, findings: number): Promise<World> {
  const store = new MemoryFindingStore();
  const notices = accounts === 0 ? [] : [opened, campaign, ...others(findings)];
  for (const notice of notices) await store.write(applyNotice(undefined, notice), undefined);
  const population_ = population(accounts);
  const origin: ConsoleOrigin = {
    read: async () => ({
      title: 'test',
      labelled: 'labels',
      policy: defaultPolicy,
      calibration: { ...testCalibration, accounts: 100_000, days: 30 },
      accounts: population_,
      findings: (await store.list(1_000_000)).findings as Finding[],
      status: {
        // as of a server that has just read
        readAt: new Date().toISOString(),
        lastEvent: new Date(NOW).toISOString(),
        accounts,
        active: accounts,
        events: accounts * 200,
        policy: { id: 'default-1', since: '', state: 'shipped, nothing was pushed', note: '' },
        shadow: undefined,
        calibration: { ...testCalibration, foreign: true },
        week: undefined,
        review: {
          v: 1,
          calibration: 'test',
          at: new Date(NOW).toISOString(),
          entries: [
            { accounts: [opened.subject.id, population_[1]?.id ?? ''], why: [`score 3.10 ${HOSTILE}`] },
          ],
          curve: [
            { answered: 0, recall: 0.4 },
            { answered: 1, recall: 0.6 },
          ],
        },
        warnings: ['The calibration was learnt from somebody else’s traffic.'],
      },
      now: NOW,
    }),
    live: {
      author: 'ann',
      async find(id) {
        const held = await store.find(id);
        return held && { finding: held.finding, audit: await wholeTrail(store, held.finding) };
      },
      decide: (id, asked, decision) =>
        change(store, id, decided(asked, { principal: 'ann' }, decision, Date.now()), decision),
    },
  };
  return { origin, store };
}
