import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyDayWords } from '../../lib/cli/dossier/dossier-evidence.ts';
import { newJudgement } from '../../lib/detection/account-state.ts';
import { judgeIdle } from '../../lib/detection/judge.ts';
import { assess } from '../../lib/dossier/assess.ts';
import { type Evidences, readEvidence, writeEvidence } from '../../lib/dossier/bundle.ts';
import { makeManifest } from '../../lib/dossier/manifest.ts';
import { report } from '../../lib/dossier/report.ts';
import { fileSigner, KeyError } from '../../lib/dossier/signer.ts';
import { verifyDossier } from '../../lib/dossier/verify.ts';
import { applyNotice } from '../../lib/findings/finding.ts';
import { triage } from '../../lib/findings/triage.ts';
import { FACTS as EVERY_FACT, saidOf } from '../../lib/signals/facts/index.ts';
import { account, HOUR } from '../events.ts';
import { NASTIES } from './arbitraries.ts';
import { campaignEvidenceOf, evidenceOf, learnedCampaignEvidenceOf } from './evidence.ts';
import { pageFaults } from './invariants.ts';

const FACTS = { madeAt: '2026-04-01T10:00:00.000Z', madeBy: 'ada', code: 'test' };
const encode = (text: string) => new TextEncoder().encode(text);

async function filesOf(held: Evidences, key?: string): Promise<Map<string, Uint8Array>> {
  const assessed = assess(held);
  const files = writeEvidence(held);
  files.set('assessment.json', encode(JSON.stringify(assessed)));
  files.set('report.html', encode(await report(held, assessed, { ...FACTS, signed: key !== undefined })));
  const signer = key === undefined ? undefined : fileSigner(key);
  const made = await makeManifest({ finding: held.finding.id, ...FACTS }, files, signer);
  return new Map([...files, ['manifest.json', encode(JSON.stringify(made))]]);
}

const check = (files: ReadonlyMap<string, Uint8Array>, ...trusted: string[]) =>
  verifyDossier(files, { keys: trusted, code: FACTS.code });

const keys = () =>
  generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });

describe('a dossier', () => {
  it.each([1, 7, 50])('writes every notice again from the events, bit for bit, in batches of %i', (size) => {
    let count = 1;
    for (let i = 0; i < count; i++) {
      const held = evidenceOf(size, (notices) => {
        count = notices.length;
        return notices[i];
      });
      const { notice, accounts } = assess(held);
      expect(notice).toMatchObject({ reproduced: true, differing: [] });
      expect(accounts[0]).toMatchObject({ rebuilt: true, events: 220 });
    }
  });

  it('survives being written and read', () => {
    const held = evidenceOf(7, (notices) => notices.at(-1));
    const read = readEvidence(writeEvidence(held));
    expect(assess(read)).toEqual(assess(held));
  });

  it('says when events had expired, and still works out what is stored', () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const { notice, windows } = assess({ ...held, events: held.events.slice(150) });
    expect(notice.reproduced).toBe(false);
    expect(notice.why).toMatch(/expired|do not add up/);
    expect(windows[0]?.score).toBeGreaterThan(0);
    expect(assess({ ...held, events: [] }).notice.why).toMatch(/no events/);
  });

  it('says nothing is left of a day only where no event happened or arrived then', () => {
    const { events } = evidenceOf(7, (notices) => notices.at(-1));
    const [first] = events;
    if (first === undefined) throw new Error('no events');
    const day = first.event.time.slice(0, 10);
    // a replay: the archive files events by their arrival, a day after they happened
    const later = events.map((one) => ({ ...one, arrived: one.time + 30 * HOUR }));
    const from = Date.parse(day);
    expect(emptyDayWords({ emptyDays: [day], events: later }, from, from + 72 * HOUR)).toEqual([]);
    const [said] = emptyDayWords({ emptyDays: [day], events: [] }, from, from + 72 * HOUR);
    expect(said).toContain(`no events of these accounts that happened or arrived on ${day}`);
  });

  it('says that evidence was sent afterwards where it was, and how its counts of requests go together', async () => {
    const held = evidenceOf(7, (notices) => notices.at(-1));
    const page = (one: Evidences) => report(one, assess(one), { ...FACTS, signed: false });
    expect(await page(held)).not.toContain('sent afterwards');
    const [first] = held.events;
    if (first === undefined) throw new Error('no events');
    const late = held.events.map((one) => ({ ...one, arrived: one.arrived + 30 * HOUR }));
    const text = await page({ ...held, events: [...late, { ...first, arrived: first.arrived + 31 * HOUR }] });
    expect(text).toContain('All arrived more than an hour after they had happened');
    expect(text).toContain('1 event came again, and a request is stored once');
    expect(text).toContain(
      `the notice counts the ${held.finding.notice.window.events} requests of its window`,
    );
  });

  it('says numbers in the units that people count in: no logarithm, nothing below nothing', () => {
    expect(saidOf('input-tokens', 9.391)).toBe('25');
    expect(saidOf('addresses-per-slice', 2.4)).toBe('5.3');
    expect(saidOf('addresses-per-slice', -2.3)).toBe('0.2');
    for (const { id } of EVERY_FACT) expect(Number.parseFloat(saidOf(id, 0)), id).toBeGreaterThanOrEqual(0);
    expect(saidOf('no-fact', 3)).toBe('3');
  });

  it('draws the levels that are in force, and none that the calibration does not support', async () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const few = { ...held.calibration, accounts: 1271, days: 14 };
    const page = await report({ ...held, calibration: few }, assess(held), { ...FACTS, signed: false });
    expect(page).toContain('>suspect</text>');
    expect(page).not.toContain('>critical</text>');
    expect(page).toContain('critical does not exist: 1271 accounts');
    expect(page).not.toContain('To evade it');
  });

  it('says each value once in the table of evidence, and has who kept it and the words', async () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const page = await report(held, assess(held), { ...FACTS, signed: false });
    const evidence = page.slice(page.indexOf('The evidence</h2>'), page.indexOf('Benign explanations'));
    expect(evidence).toContain('peers that show as much');
    expect(evidence).not.toMatch(/<th[^>]*>value</);
    for (const part of ['Chain of custody', 'Words', 'How to check this dossier'])
      expect(page).toContain(part);
  });

  it('of a campaign that was judged by learned scores writes its numbers and reasons again, though it went on', async () => {
    const { held } = learnedCampaignEvidenceOf(6);
    const assessed = assess(held);
    expect(assessed.notice).toMatchObject({ reproduced: true, why: null, differing: [] });
    expect(held.finding.notice.reasons[0]?.evidence).toMatch(/0 of 60 linked groups of the past/);
    expect(assess(readEvidence(writeEvidence(held)))).toEqual(assessed);
    const page = await report(held, assessed, { ...FACTS, signed: false });
    expect(page).toContain('by forests that have not seen it');
  });

  describe('of a campaign of more members than its notice lists', () => {
    const { held } = campaignEvidenceOf(60);

    it('writes its numbers again from all members, bit for bit, though they went on', () => {
      expect(held.finding.notice.subject.members).toHaveLength(50);
      const assessed = assess(held);
      expect(assessed.notice).toMatchObject({ reproduced: true, why: null, differing: [] });
      expect(assessed.windows[0]?.score).toBeGreaterThan(3);
      expect(assessed.accounts).toHaveLength(60);
      const titles = held.finding.notice.reasons.map(({ title }) => title);
      expect(titles).toContain('every account adds tasks that nobody else asks');
      expect(assess(readEvidence(writeEvidence(held)))).toEqual(assessed);
    });

    it('rests on what the notice says of its evidence and its size, whatever was stored since', () => {
      const { campaign, profiles } = held;
      const [first] = profiles;
      if (campaign === undefined || first === undefined) throw new Error('no campaign');
      const silent = { ...first, account: account(5000), slices: [] };
      const grown = {
        ...held,
        campaign: { ...campaign, evidence: { ...campaign.evidence, peak: 99 } },
        profiles: [...profiles, silent],
      };
      expect(assess(grown).notice).toMatchObject({ reproduced: true, differing: [] });
    });

    it('says of its accounts what they show one by one, and that it is carried over', async () => {
      const { oneByOne } = held.finding.notice;
      expect(oneByOne).toMatchObject({ accounts: 60 });
      const page = await report(held, assess(held), { ...FACTS, signed: false });
      expect(page).toContain('Judged individually, the e-values of the 60 linked accounts average');
      expect(page).toContain('stand as they were noticed');
    });

    it('says what is missing where members, events or the campaign itself are', () => {
      const { campaign, ...without } = held;
      const listed = new Set(held.finding.notice.subject.members?.map(({ account }) => account));
      const named = { ...without, profiles: held.profiles.filter(({ account }) => listed.has(account)) };
      expect(campaign).toBeDefined();
      expect(assess(named).notice.why).toBe('50 of 60 members are here, and the numbers are of all');
      const expired = assess({ ...held, events: held.events.slice(300) }).notice;
      expect(expired.why).toMatch(
        /the notice had \d+: some had expired, came late, or members were forgotten/,
      );
      expect(assess({ ...held, events: [] }).notice.why).toMatch(/no events were left/);
    });

    it('is verified; a member that is put out of the campaign is named by its file', async () => {
      const files = await filesOf(held);
      expect(await check(files)).toMatchObject({ standing: 'unverified', faults: [] });
      const text = new TextDecoder().decode(files.get('campaign.json'));
      const touched = encode(text.replace(account(1007), account(1077)));
      expect((await check(new Map([...files, ['campaign.json', touched]]))).faults).toEqual([
        { path: 'campaign.json', what: 'was changed' },
      ]);
    });
  });

  it('writes the notice again that an account was given when it was looked at in silence', () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const [profile] = held.profiles;
    if (profile === undefined) throw new Error('no profile');
    const last = Math.max(...held.events.map(({ time }) => time));
    const at = last + 8 * 24 * HOUR;
    const before = {
      ...newJudgement(profile.firstSeen),
      looked: last,
      level: { level: 'suspect' as const, since: last, supported: last },
      finding: { id: 'f-x-1', since: last, noticedAt: last, noticedEvents: 100, calmed: false },
      numbered: 1,
    };
    const rules = { policy: held.policy, calibration: held.calibration, code: 'test', shadow: false };
    const { notice } = judgeIdle(profile, before, at, rules);
    if (notice === undefined) throw new Error('no notice');
    expect(notice.transition).toBe('calmed');
    // the share of all traffic and the campaign were added when it was delivered
    const told = {
      ...notice,
      campaign: { id: 'c_5kq2hv7d', finding: 'fc-5kq2hv7d-1', level: 'critical' as const },
      stake: { ...notice.stake, trafficShare: 0.1 },
    };
    expect(assess({ ...held, finding: applyNotice(undefined, told) }).notice).toMatchObject({
      reproduced: true,
      differing: [],
    });
  });

  describe('verified', () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const { privateKey, publicKey } = keys();
    let files: Map<string, Uint8Array>;
    beforeAll(async () => {
      files = await filesOf(held, privateKey);
    });

    it('is as it was written, by the key that signed it', async () => {
      expect(await check(files, keys().publicKey, publicKey)).toMatchObject({
        standing: 'verified',
        faults: [],
        doubts: [],
      });
      expect((await check(files, keys().publicKey)).faults).toEqual([
        { path: 'manifest.json', what: 'was signed with another key than the one given' },
      ]);
    });

    it('names the one file in which a byte was changed, whichever it is', async () => {
      for (const [path, data] of files) {
        // a file that is empty has a byte put in
        const changed = data.length === 0 ? encode(' ') : data.slice();
        // a digit stays a digit, so that the file can still be read
        const at = changed.findIndex((byte, i) => i > 20 && byte >= 48 && byte <= 57);
        if (at >= 0) changed[at] = changed[at] === 49 ? 50 : 49;
        else changed[changed.length - 1] = 32;
        const { standing, faults } = await check(new Map([...files, [path, changed]]), publicKey);
        expect(standing).toBe('broken');
        expect(new Set(faults.map((fault) => fault.path))).toEqual(new Set([path]));
      }
    });

    it('names what was taken out and what was put in', async () => {
      const without = new Map([...files].filter(([path]) => path !== 'events.ndjson'));
      expect((await check(without)).faults[0]).toEqual({
        path: 'events.ndjson',
        what: 'is missing',
      });
      const more = new Map([...files, ['extra.json', encode('{}')]]);
      expect((await check(more)).faults).toEqual([{ path: 'extra.json', what: 'was added' }]);
      expect((await check(new Map())).faults).toEqual([{ path: 'manifest.json', what: 'is missing' }]);
    });

    it('a forger who rewrites the assessment and the chain is caught by the numbers', async () => {
      const forged = writeEvidence(held);
      const assessed = assess(held);
      forged.set(
        'assessment.json',
        encode(JSON.stringify({ ...assessed, timeline: assessed.timeline.slice(1) })),
      );
      forged.set('report.html', files.get('report.html') ?? encode(''));
      const made = await makeManifest({ finding: held.finding.id, ...FACTS }, forged, undefined);
      forged.set('manifest.json', encode(JSON.stringify(made)));
      const { faults } = await check(forged);
      expect(faults.map(({ path }) => path)).toContain('assessment.json');
      expect((await check(forged, publicKey)).faults.map(({ what }) => what)).toContain('is not signed');
    });

    it('refuses keys that are none', () => {
      expect(() => fileSigner('no key')).toThrow(KeyError);
      const { privateKey: rsa } = generateKeyPairSync('rsa', {
        modulusLength: 1024,
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      expect(() => fileSigner(rsa)).toThrow('must be Ed25519 (got rsa)');
    });
  });

  it('the report stands alone and shows hostile names as text', async () => {
    const held = evidenceOf(7, (notices) => notices[0]);
    const nasty = NASTIES.join(' ');
    const { notice } = held.finding;
    const finding = {
      ...held.finding,
      notice: {
        ...notice,
        subject: { ...notice.subject, plan: nasty, product: nasty },
        stake: { ...notice.stake, models: [{ model: nasty, share: 1 }] },
        reasons: notice.reasons.map((reason) => ({ ...reason, title: nasty, evidence: nasty })),
        explanations: notice.explanations.map((entry) => ({ ...entry, title: nasty, because: nasty })),
        sampleEvents: NASTIES.slice(0, 8),
        links: [{ kind: nasty, members: 3, others: 0, evidence: nasty }],
      },
    };
    const judged = triage(finding, {
      verdict: 'confirmed',
      by: nasty.slice(0, 200),
      at: Date.parse(FACTS.madeAt),
      until: undefined,
      note: nasty.slice(0, 3000),
    });
    const shown = { ...held, finding: judged.finding, audit: [judged.entry], missing: [nasty] };
    const text = await report(shown, assess(held), { ...FACTS, madeBy: nasty, signed: true });
    expect(pageFaults(text)).toEqual([]);
  });
});
