import { describe, expect, it } from 'vitest';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, application, HOUR, print } from '../events.ts';
import { about, harvesters, run, strangers } from './histories.ts';

/** Attackers who want somebody else to be accused with them: they show the victim's payment, or come from its network. */

const PAYMENT = print(77);
const NETWORK = print(88);

const showing = (
  events: readonly UsageEvent[],
  facts: { payment?: string; network?: string },
): UsageEvent[] =>
  events.map((event) => ({ ...event, prints: event.prints.map((held) => ({ ...held, ...facts })) }));

const victim = (events: number) =>
  about(9, application({ account: account(900), events, everyMs: HOUR, seed: 900 }), 900);

describe('a victim that attackers frame', () => {
  it.each([
    ['payment', { payment: PAYMENT }],
    ['network', { network: NETWORK }],
    ['payment and network', { payment: PAYMENT, network: NETWORK }],
  ] as const)('by its %s is not named, and the attackers are', (_, facts) => {
    const attackers = harvesters(6, 1).map((events) => showing(events, facts));
    const { named } = run([...attackers, showing(victim(60), facts), ...strangers(12)]);
    expect(named).not.toContain(account(900));
    expect(
      [...named].filter((name) => attackers.some(([first]) => first?.account === name)).length,
    ).toBeGreaterThan(0);
  });

  it('and that asks too little to be judged is named by no network', () => {
    const facts = { network: NETWORK };
    const attackers = harvesters(6, 1).map((events) => showing(events, facts));
    const { named } = run([...attackers, showing(victim(4), facts), ...strangers(12)]);
    expect(named).not.toContain(account(900));
  });

  it('and that asks too little to be judged stands as an edge beside those that extract on its payment, never as core', () => {
    const facts = { payment: PAYMENT };
    const attackers = harvesters(6, 1).map((events) => showing(events, facts));
    const { notices } = run([...attackers, showing(victim(4), facts), ...strangers(12)]);
    const roles = notices.flatMap(({ subject }) =>
      (subject.members ?? []).flatMap(({ account: name, role }) => (name === account(900) ? [role] : [])),
    );
    expect(new Set(roles)).toEqual(new Set(['edge']));
  });
});
