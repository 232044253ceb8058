import { describe, expect, it } from 'vitest';
import { chainFaults } from '../../lib/findings/audit-chain.ts';
import { decided, parseDecision } from '../../lib/findings/decision-request.ts';
import { type Finding, finding as findingSchema } from '../../lib/findings/finding.ts';
import { authorOfArn } from '../../lib/findings/principal.ts';
import {
  ALONE_DAYS,
  assign,
  note,
  type Triaged,
  TriageError,
  triage,
  undo,
} from '../../lib/findings/triage.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { change } from '../../lib/stores/verdicts.ts';
import { DAY_MS } from '../../lib/time.ts';
import { evidenceOf } from './evidence.ts';

/** An insider who wants one customer left alone for a year. */
describe('a benign verdict', () => {
  const { finding } = evidenceOf(50, (notices) => notices.at(-1));
  const AT = Date.parse('2026-04-01T00:00:00Z');
  const benign = (held: Finding, by: string, at: number, days: number): Triaged =>
    triage(held, { verdict: 'benign', by, at, until: at + days * DAY_MS, note: undefined });
  const silentDays = ({ exception }: Triaged, at = AT) =>
    exception === undefined ? 0 : (Date.parse(exception.until) - at) / DAY_MS;

  it('of one person silences for thirty days, however long it asks for', () => {
    const alone = benign(finding, 'eve', AT, 366);
    expect(silentDays(alone)).toBe(ALONE_DAYS);
    expect(alone.finding.verdict?.wanted).toBe(new Date(AT + 366 * DAY_MS).toISOString());
    expect(findingSchema.parse(alone.finding)).toEqual(alone.finding);
    // asking again, by the same person, wins not a day
    expect(silentDays(benign(alone.finding, 'eve', AT + 20 * DAY_MS, 300))).toBe(ALONE_DAYS);
  });

  it('cannot be renewed behind a heap of notes either', () => {
    let held = benign(finding, 'eve', AT, 30).finding;
    held = benign(held, 'eve', AT + 20 * DAY_MS, 30).finding;
    for (let i = 0; i < 60; i++)
      held = note(held, { by: 'eve', at: AT + 25 * DAY_MS, note: `note ${i}` }).finding;
    const again = benign(held, 'eve', AT + 26 * DAY_MS, 30);
    expect(silentDays(again)).toBeLessThanOrEqual(ALONE_DAYS);
  });

  it('leaves room in its item, whatever notes are written', () => {
    let held = finding;
    for (let i = 0; i < 30; i++) {
      const decision = { verdict: 'confirmed' as const, by: `p${i}`, at: AT + i, until: undefined };
      held = triage(held, { ...decision, note: (i % 2 === 0 ? '潮' : '\u0001').repeat(4000) }).finding;
    }
    expect(Buffer.byteLength(JSON.stringify(held))).toBeLessThan(300 * 1024);
    expect(held.audit?.at(-1)?.n).toBe(30);
    expect(undo(held, 'p29', AT + 60, undefined).finding.verdict?.by).toBe('p28');
  });

  it('stays as it is through a note and a change of owner, which are in the trail and in its chain', () => {
    const judged = benign(finding, 'ann', AT, 10).finding;
    const remark = { by: 'bob', at: AT + DAY_MS, note: undefined };
    const owned = assign(judged, 'carol', remark).finding;
    const noted = note(owned, { ...remark, note: 'their nightly run' });
    expect(noted.finding).toMatchObject({ state: judged.state, verdict: judged.verdict, owner: 'carol' });
    expect(silentDays(noted)).toBe(10);
    expect(noted.finding.audit?.map(({ action }) => action)).toEqual(['triage', 'assign', 'note']);
    expect(chainFaults(noted.finding.id, noted.finding.audit ?? [])).toEqual([]);
    expect(findingSchema.parse(noted.finding)).toEqual(noted.finding);
    // what is taken back is the verdict, whoever remarked since
    const back = undo(noted.finding, 'ann', AT + 2 * DAY_MS, undefined).finding;
    expect(back.verdict).toBeUndefined();
    expect(back.owner).toBe('carol');
    expect(() => assign(owned, 'carol', remark)).toThrow(TriageError);
  });

  it('that a page or a command line asks for is parsed by one set of rules', () => {
    const ask = parseDecision({ action: 'triage', verdict: 'benign', until: '2026-04-05', note: 'x' });
    const made = decided(ask, { principal: 'ann' }, 'd-1', AT)(finding);
    expect(made.finding.verdict).toMatchObject({ verdict: 'benign', by: 'ann', note: 'x' });
    for (const [wrong, field] of [
      [{ action: 'triage', verdict: 'guilty' }, 'verdict'],
      [{ action: 'triage', verdict: 'benign', until: 'soon' }, 'until'],
      [{ action: 'note' }, 'note'],
      [{ action: 'assign', owner: ' ' }, 'owner'],
      [{ action: 'delete' }, 'action'],
      [{ action: 'note', note: 'x', by: 'somebody else' }, ''],
    ] as const)
      expect(() => parseDecision(wrong)).toThrow(field === '' ? TriageError : `${field}:`);
  });

  it('cannot be renewed by the same person for as long as it is in force', () => {
    let held = finding;
    let last = 0;
    for (let day = 0; day < 365; day += 5)
      try {
        const step = benign(held, 'eve', AT + day * DAY_MS, 30);
        held = step.finding;
        last = Math.max(last, silentDays(step));
      } catch (error) {
        expect(error).toBeInstanceOf(TriageError);
      }
    // it has to lapse first, and what goes on then is notified
    const ends = (held.audit ?? []).flatMap(({ after }) => after.verdict?.until ?? []);
    const begins = (held.audit ?? []).flatMap(({ after }) => after.verdict?.at ?? []);
    expect(new Set(ends).size).toBeGreaterThan(1);
    for (const [i, end] of ends.entries()) {
      const next = ends.findIndex((other) => other > end);
      if (next > i) expect(Date.parse(begins[next] ?? '')).toBeGreaterThanOrEqual(Date.parse(end));
    }
  });

  it('holds for as long as it says once a second person gives it too', () => {
    const alone = benign(finding, 'eve', AT, 300);
    const both = benign(alone.finding, 'ada', AT + DAY_MS, 299);
    expect(silentDays(both)).toBe(300);
    expect(both.finding.verdict).toMatchObject({ by: 'ada', second: 'eve' });
    expect(findingSchema.parse(both.finding)).toEqual(both.finding);
  });

  it.each(['unsure', 'undo', 'pile'] as const)(
    'of one person leaves a gap after thirty days, whatever is done between (%s)',
    (trick) => {
      let held = finding;
      let covered = 0;
      const renew = (at: number): void => {
        if (trick === 'unsure')
          held = triage(held, {
            verdict: 'unsure',
            by: 'eve',
            at,
            until: undefined,
            note: undefined,
          }).finding;
        if (trick === 'undo') held = undo(held, 'eve', at, undefined).finding;
        if (trick === 'pile') for (let i = 0; i < 25; i++) held = benign(held, 'eve', at + i, 1).finding;
      };
      expect(() => {
        for (let day = 0; covered < 365; day = covered - 1) {
          const at = AT + day * DAY_MS;
          if (covered > 0) renew(at);
          const step = benign(held, 'eve', at + 100, 30);
          held = step.finding;
          if (silentDays(step) <= covered) throw new TriageError('won nothing');
          covered = silentDays(step);
        }
      }).toThrow(TriageError);
      expect(covered).toBeLessThanOrEqual(ALONE_DAYS + 0.01);
      expect(findingSchema.parse(held)).toEqual(held);
    },
  );

  it.each([
    ['a millisecond after each', 30, 30 * DAY_MS + 1],
    ['a day after each', 30, 31 * DAY_MS],
    ['for every other hour', 1 / 24, DAY_MS / 12],
    ['as soon as it may', 30, DAY_MS],
  ])('of one person leaves half of the year told, however it is renewed: %s', async (_, days, step) => {
    const store = new MemoryFindingStore();
    for (const id of ['f-1', 'f-2']) await store.write({ ...finding, id }, undefined);
    let silent = 0;
    let until = AT;
    for (let at = AT, n = 0; at < AT + 360 * DAY_MS; at += step, n++) {
      const made = await change(store, n % 2 === 0 ? 'f-1' : 'f-2', (held) =>
        benign(held, 'eve', at, days),
      ).catch(() => undefined);
      const end = Date.parse(made?.exception?.until ?? '') || 0;
      silent += Math.max(0, end - Math.max(until, at));
      until = Math.max(until, end);
    }
    expect(silent / DAY_MS).toBeLessThanOrEqual(180);
  });

  it.each(['as each is made', 'each taken back'])(
    'of one person is counted over all findings of the subject (%s)',
    async (how) => {
      const store = new MemoryFindingStore();
      const ids = ['f-1', 'f-2', 'f-3'];
      for (const id of ids) await store.write({ ...finding, id }, undefined);
      const subject = finding.notice.subject.id;
      let covered = AT;
      for (const id of ids) {
        const at = covered === AT ? AT : covered - DAY_MS;
        const made = await change(store, id, (held) => benign(held, 'eve', at, 30)).catch(() => undefined);
        covered = Math.max(covered, Date.parse(made?.exception?.until ?? '') || 0);
        if (how === 'each taken back' && made !== undefined)
          await change(store, id, (held) => undo(held, 'eve', at + 1000, undefined));
      }
      expect((covered - AT) / DAY_MS).toBeLessThanOrEqual(ALONE_DAYS);
      if (how === 'each taken back') expect(await store.exceptionFor(subject, covered)).toBeUndefined();
      // somebody else may
      const ada = await change(store, 'f-1', (held) => benign(held, 'ada', covered, 20));
      expect(await store.exceptionFor(subject, covered + DAY_MS)).toMatchObject({ by: 'ada' });
      expect(ada.finding.silenced?.map(({ by }) => by).sort()).toEqual(['ada', 'eve']);
    },
  );

  it('is agreed on for as long as both persons want, and no longer', () => {
    const bob = benign(finding, 'bob', AT, 1);
    const eve = benign(bob.finding, 'eve', AT + 1000, 366);
    expect(silentDays(eve)).toBeLessThanOrEqual(ALONE_DAYS + 1);
    expect(eve.finding.verdict?.wanted).toBeDefined();
    const both = benign(eve.finding, 'bob', AT + 2000, 365);
    expect(silentDays(both)).toBeCloseTo(365, 2);
    // after a year that two agreed on, one alone has thirty days
    const later = benign(both.finding, 'eve', AT + 360 * DAY_MS, 366);
    expect(silentDays(later)).toBeLessThanOrEqual(390);
  });

  it('taken back is taken back once, though the request is sent twice', () => {
    const given = benign(finding, 'eve', AT, 20);
    const back = undo(given.finding, 'ada', AT + 1000, undefined);
    expect(back.exception).toBeUndefined();
    expect(() => undo(back.finding, 'ada', AT + 2000, undefined)).toThrow('taken back already');
  });
});

describe('an author', () => {
  it('is the role, not the session name that the caller chose for it', () => {
    const role = 'arn:aws:sts::111122223333:assumed-role/Analyst';
    expect(authorOfArn(`${role}/second-person`)).toEqual({ principal: role, claimed: 'second-person' });
    expect(authorOfArn(`${role}/eve`).principal).toBe(authorOfArn(`${role}/ada`).principal);
    const federated = 'arn:aws:sts::111122223333:federated-user';
    expect(authorOfArn(`${federated}/one`)).toEqual({ principal: federated, claimed: 'one' });
  });

  it('is the person where IAM Identity Center or IAM itself names the person', () => {
    const sso =
      'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Analyst_0123456789abcdef/ada@example.com';
    expect(authorOfArn(sso)).toEqual({ principal: sso });
    expect(authorOfArn('arn:aws:iam::111122223333:user/ada')).toEqual({
      principal: 'arn:aws:iam::111122223333:user/ada',
    });
  });
});
