import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listed } from '../../console/queue-rows.ts';
import { VIEWS } from '../../console/views.ts';
import { type ConsoleServer, startConsole } from '../../lib/cli/console/console-server.ts';
import type { ConsoleData } from '../../lib/console/console-data.ts';
import type { FindingRow } from '../../lib/console/finding-rows.ts';
import type { FindingView } from '../../lib/console/finding-view.ts';
import type { ReasonShare } from '../../lib/console/reason-shares.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { policyDocument } from '../../lib/policy/policy-document.ts';
import { campaign, opened } from '../findings/notices.ts';
import { consoleWorld, HOSTILE } from './console-world.ts';

let server: ConsoleServer;
let token: string;

beforeAll(async () => {
  server = await startConsole((await consoleWorld(400, 20)).origin);
  token = /[\w-]{32}/.exec(await (await fetch(server.url)).text())?.[0] ?? '';
});
afterAll(() => server.close());

const read = async <T>(path: string): Promise<T> =>
  (await fetch(`${server.url}${path}`)).json() as Promise<T>;

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    body,
    headers: {
      origin: new URL(server.url).origin,
      'content-type': 'application/json',
      'x-siphonwatch-token': token,
      ...headers,
    },
  });
}

const decision = (more: object): string =>
  JSON.stringify({ id: opened.finding, decision: `decision-${Math.random()}`.replace('.', ''), ...more });

describe('the console', () => {
  it('lists findings, the most urgent first, members under the campaign that names them', async () => {
    const { rows } = await read<{ rows: FindingRow[] }>('findings.json');
    expect(rows).toHaveLength(22);
    const rank = (level: string): number => ['critical', 'suspect', 'watch'].indexOf(level);
    const levels = rows.filter(({ state }) => state === 'open').map(({ level }) => rank(level));
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    expect(rows.find(({ id }) => id === campaign.finding)).toMatchObject({ type: 'campaign' });
    expect(rows.find(({ id }) => id === 'f-other-1')?.plan).toBe(HOSTILE);
  });

  it('has a manual that says of each view what it answers', () => {
    const rows = readFileSync('docs/console.md', 'utf8').matchAll(/^\| ([A-Z]\w+) \|/gm);
    const [, ...told] = [...rows].map(([, view = '']) => view.toLowerCase());
    expect(told).toEqual([...VIEWS]);
  });

  it('says what findings rest on, and lists the findings of a reason', async () => {
    const { rows, reasons } = await read<{ rows: FindingRow[]; reasons: ReasonShare[] }>('findings.json');
    const [most] = reasons;
    if (most === undefined) throw new Error('no reasons');
    const query = new URLSearchParams({ state: 'all', reason: most.signal });
    expect(listed(rows, query, 0)).toHaveLength(most.findings);
    expect(reasons.reduce((sum, { first }) => sum + first, 0)).toBe(rows.length);
    // the parts of one finding's reasons are all of it
    expect(reasons.reduce((sum, { part, findings }) => sum + part * findings, 0)).toBeCloseTo(rows.length, 1);
    expect(listed(rows, new URLSearchParams({ state: 'all', reason: 'none' }), 0)).toEqual([]);
  });

  it('shows a finding with where its account stands among its peers, its course, and commands', async () => {
    const view = await read<FindingView>(`finding?id=${opened.finding}`);
    expect(view.finding.id).toBe(opened.finding);
    expect(view.places.map(({ signal }) => signal)).toEqual(opened.reasons.map(({ signal }) => signal));
    expect(view.events.map(({ what }) => what)).toContain('opened');
    expect(view.steps.length).toBeGreaterThan(0);
    expect((await fetch(`${server.url}finding?id=f-none`)).status).toBe(404);
  });

  it('is painted before a second file arrives', async () => {
    const page = await (await fetch(server.url)).text();
    expect(page).toContain('<style>:root');
    expect(page).not.toContain('stylesheet');
    expect(page.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="main.js">']);
  });

  it('takes a verdict and its undo by the rules of the command line', async () => {
    const said = await post(
      'decide',
      decision({ action: 'triage', verdict: 'benign', note: 'a customer of ours' }),
    );
    expect(((await said.json()) as FindingView).finding.verdict?.verdict).toBe('benign');
    // the list that is sent next has it, and so has what the findings rest on
    const after = await read<{ rows: FindingRow[]; reasons: ReasonShare[] }>('findings.json');
    expect(after.rows.find(({ id }) => id === opened.finding)?.verdict).toBe('benign');
    expect(after.reasons.find(({ signal }) => signal === opened.reasons[0]?.signal)?.benign).toBe(1);
    const undone = await post('decide', decision({ action: 'undo', note: 'it was not' }));
    const { finding, audit } = (await undone.json()) as FindingView;
    expect(finding.verdict).toBeUndefined();
    expect(audit.length).toBeGreaterThanOrEqual(2);
    expect((await post('decide', decision({ action: 'triage', verdict: 'guilty' }))).status).toBe(422);
    for (const bad of ['{', 'null', '[]', '7']) expect((await post('decide', bad)).status).toBe(400);
  });

  it('checks a policy before anybody pushes it', async () => {
    const text = policyDocument(defaultPolicy, { title: [] });
    expect(await (await post('policy', text)).json()).toMatchObject({ ok: true, changes: [] });
    const broken = (await (await post('policy', 'version: 1')).json()) as { ok: boolean; faults: string[] };
    expect(broken.ok).toBe(false);
    expect(broken.faults.join()).toMatch(/budget|windows/);
  });

  it('gives all accounts as columns of one length, and one of them in full', async () => {
    const data = await read<ConsoleData>('data.json');
    expect(data.count).toBe(400);
    for (const column of ['id', 'label', 'group', 'events', 'logP', 'peak'] as const)
      expect(data[column], column).toHaveLength(400);
    expect((await read<{ account: { id: string } }>('account?index=5')).account.id).toBe(HOSTILE);
    expect((await fetch(`${server.url}account?index=400`)).status).toBe(404);
    expect(await read<unknown[]>('campaigns.json')).toHaveLength(1);
  });

  it('reads everything anew when asked', async () => {
    expect(await (await post('refresh', '')).json()).toMatchObject({ title: 'test' });
  });

  it('answers nobody without its key, and changes nothing for another page', async () => {
    const { origin } = new URL(server.url);
    for (const path of ['/findings.json', '//', '//example.com/', '/%00'])
      expect((await fetch(`${origin}${path}`)).status).toBe(404);
    const foreign: Readonly<Record<string, string>>[] = [
      { origin: 'https://example.com' },
      { 'x-siphonwatch-token': 'guessed' },
      { 'content-type': 'text/plain' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign)
      expect((await post('decide', decision({ action: 'triage', verdict: 'benign' }), headers)).status).toBe(
        403,
      );
    expect((await fetch(server.url, { method: 'DELETE' })).status).toBe(405);
    expect((await post('decide', 'x'.repeat(1_000_001))).status).toBe(413);
  });
});
