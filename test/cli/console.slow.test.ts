import { request } from 'node:http';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VIEWS } from '../../console/views.ts';
import { type ConsoleServer, startConsole } from '../../lib/cli/console/console-server.ts';
import { campaign, opened } from '../findings/notices.ts';
import { axeFaults, BROWSER, goTo, paintTimes } from './console-browser.ts';
import { consoleWorld, HOSTILE, type World } from './console-world.ts';

if (BROWSER === undefined)
  process.stderr.write('console: skipped, no Chromium here (Debian: apt-get install chromium)\n');

const COUNT = 100_000;

describe.skipIf(BROWSER === undefined)('the console in a browser', () => {
  let world: World;
  let server: ConsoleServer;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];
  const foreign: string[] = [];
  const view = async (): Promise<string> => (await page.textContent('main')) ?? '';

  beforeAll(async () => {
    world = await consoleWorld(COUNT, 400);
    server = await startConsole(world.origin);
    browser = await chromium.launch({ executablePath: BROWSER as string, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('request', (asked) => {
      if (!asked.url().startsWith(server.url) && !asked.url().startsWith('data:')) foreign.push(asked.url());
    });
    await page.goto(server.url);
    await page.waitForSelector('table.findings');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('paints within a second and loads nothing from elsewhere', async () => {
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    );
    expect(paint).toBeLessThan(1000);
    expect(foreign).toEqual([]);
  });

  it('filters, sorts and searches the findings, and the address says how', async () => {
    await page.selectOption('#filter-level', 'critical');
    await page.fill('#find', 'f-other');
    expect(page.url()).toContain('level=critical');
    expect(page.url()).toContain('find=f-other');
    const levels = await page.locator('td[data-name="level"]').allTextContents();
    expect(new Set(levels)).toEqual(new Set(['critical']));
    const there = await page.textContent('.filters .count');
    // what a ticket links to
    const second = await browser.newPage();
    await second.goto(page.url());
    await second.waitForSelector('table.findings');
    expect(await second.textContent('.filters .count')).toBe(there);
    await second.close();
    await goTo(page, '#/findings');
  });

  it('shows one finding: how sure, why and against whom, what speaks against it, what to do', async () => {
    await goTo(page, `#/findings/${opened.finding}`);
    await page.waitForSelector('article.finding h2');
    const text = (await page.textContent('article.finding')) ?? '';
    for (const part of ['How sure', 'Why', 'What speaks against it', 'Do next', 'What happened'])
      expect(text).toContain(part);
    expect(text).toContain(opened.explanations[0]?.because ?? 'no explanation');
    expect(text).toContain(`triage ${opened.finding}`);
    expect(text).toContain('opened at suspect');
    expect(text).not.toContain('never near a level');
  });

  it('records a verdict, a note, an owner and an undo in the audit trail of the command line', async () => {
    const { store } = world;
    await page.check('input[value="benign"]');
    await page.fill('#note', 'their nightly evaluation');
    await page.click('text=Record benign');
    await page.waitForSelector('text=benign by ann');
    // it has left the list of open ones; the next that waits is one click away
    const on = await page.getAttribute('form.verdict a.button', 'href');
    expect(on).toMatch(/^#\/findings\/f/);
    expect(on).not.toContain(opened.finding);
    const judged = (await store.find(opened.finding))?.finding;
    expect(judged).toMatchObject({ state: 'closed', verdict: { verdict: 'benign', by: 'ann' } });
    expect(await store.exceptionFor(opened.subject.id, Date.now())).toBeDefined();
    await page.fill('#owner', 'carol');
    await page.click('text=Assign');
    await page.waitForSelector('text=assigned to carol');
    await page.click('text=Undo the verdict');
    await page.waitForSelector('text=Nobody has judged it.');
    const trail = await store.audit(opened.finding);
    expect(trail.map(({ action }) => action)).toEqual(['triage', 'assign', 'undo']);
    expect((await store.find(opened.finding))?.finding).toMatchObject({ state: 'open', owner: 'carol' });
    // a rule of the command line, in its words
    await page.check('input[value="benign"]');
    await page.fill('#until', '2020-01-01');
    await page.click('text=Record benign');
    expect(await page.textContent('form.verdict [role="alert"]')).toContain('has passed');
  });

  it('works by keyboard: rows by j and k, search by a stroke, Escape closes', async () => {
    await goTo(page, '#/findings');
    await page.keyboard.press('j');
    await page.waitForSelector('article.finding');
    const first = page.url();
    await page.keyboard.press('j');
    expect(page.url()).not.toBe(first);
    await page.keyboard.press('k');
    expect(page.url()).toBe(first);
    // what was opened is what is read on, and the verdict is one stroke away
    await page.waitForFunction(() => document.activeElement?.matches('article.finding h2') === true);
    await page.keyboard.press('v');
    expect(await page.evaluate(() => document.activeElement?.matches('form.verdict input'))).toBe(true);
    // out of the form, then out of the finding
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForSelector('article.finding', { state: 'detached' });
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('find');
    await page.keyboard.press('Escape');
  });

  it('asks whose verdict helps most, with what answers would bring, and names from outside as text', async () => {
    await goTo(page, '#/review');
    await page.waitForSelector('text=Learning curve');
    const text = await view();
    for (const part of ['Questions, the most helpful first (1)', '40 %', '60 %', HOSTILE])
      expect(text).toContain(part);
    expect(text).toContain(`review ${opened.subject.id}`);
    expect(text).toContain('--verdict confirmed');
    expect(await page.title()).not.toContain('owned');
  });

  it('has its views as tabs: one stop of the Tab key, arrows open the next, Home the first', async () => {
    await goTo(page, '#/findings');
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');
    await page.focus('#nav-findings');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('nav-campaigns');
    await page.waitForSelector('#nav-campaigns[aria-selected="true"]');
    await page.keyboard.press('End');
    await page.waitForSelector('#nav-health[aria-selected="true"]');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('nav-findings');
    expect(await page.locator('[role="tab"][tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await focused()).not.toMatch(/^nav-/);
    await goTo(page, '#/nowhere');
    await page.waitForSelector('text=There is no view “nowhere”');
    await goTo(page, '#/findings');
  });

  it(`shows a threshold's effect at once over ${COUNT} accounts`, async () => {
    await goTo(page, '#/thresholds');
    await page.waitForSelector('#slider-suspect');
    const before = await page.textContent('#effect');
    // all the way down and up again: from hardly anybody to a fifth of all
    const positions = Array.from({ length: 60 }, (_, i) => -6 + 5.3 * Math.abs(1 - i / 30));
    const times = await paintTimes(page, 'slider-suspect', positions);
    expect(times[Math.floor(0.9 * (times.length - 1))]).toBeLessThan(150);
    await page.fill('#slider-suspect', '-2.5');
    expect(await page.textContent('#effect')).not.toBe(before);
    expect(await view()).toContain('Newly flagged');
    await page.focus('#slider-suspect');
    const value = await page.inputValue('#slider-suspect');
    await page.keyboard.press('ArrowLeft');
    expect(await page.inputValue('#slider-suspect')).not.toBe(value);
    await page.click('text=Back to default-1');
  });

  it('a hostile name stays text', async () => {
    await goTo(page, '#/accounts?find=onerror');
    await page.waitForSelector('button.row');
    expect(await page.textContent('button.row')).toBe(HOSTILE);
    await goTo(page, '#/findings?find=onerror');
    await page.waitForSelector('table.findings');
    expect(await view()).toContain(HOSTILE);
    expect(await page.title()).toBe('Siphonwatch console');
  });

  it('draws a campaign once, its members as a graph and as a list that point at each other', async () => {
    await goTo(page, '#/campaigns');
    await page.waitForSelector('svg.graph');
    expect(await page.locator('a.id', { hasText: campaign.subject.id }).count()).toBe(1);
    expect(await page.locator('svg.graph circle').count()).toBeGreaterThan(30);
    expect(await view()).toContain(campaign.links[0]?.evidence ?? 'no link');
    await page.hover('svg.graph circle >> nth=3');
    const hovered = await page.locator('svg.graph circle >> nth=3').getAttribute('aria-label');
    const lit = await page.textContent('[aria-label="Members"] tr[aria-selected="true"] button.row');
    expect(hovered).toContain(lit);
  });

  it('exports a policy that parses, and says what it would take to reach it', async () => {
    await goTo(page, '#/policy');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Export')]);
    expect(download.suggestedFilename()).toBe('default-1-candidate.yaml');
    expect(await view()).toContain('policy shadow default-1-candidate.yaml');
  });

  it('has no serious fault of accessibility in any view, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const place of [...VIEWS, `findings/${opened.finding}`]) {
        await goTo(page, `#/${place}`);
        await page.waitForTimeout(50);
        expect(await axeFaults(page), `${colorScheme}, ${place}`).toEqual([]);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('needs no sideways scrolling on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const place of [...VIEWS, `findings/${opened.finding}`]) {
      await goTo(page, `#/${place}`);
      await page.waitForTimeout(50);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, place).toBeLessThanOrEqual(390);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('had no error on its page', () => {
    // a refused verdict is a status of HTTP, which the browser also logs
    expect(faults.filter((fault) => !fault.includes('422'))).toEqual([]);
  });

  it('says so where there is nothing, and when its server is gone', async () => {
    const empty = await startConsole((await consoleWorld(0, 0)).origin);
    const other = await browser.newPage();
    await other.goto(empty.url);
    await other.waitForSelector('text=No findings.');
    await empty.close();
    await other.click('text=Refresh');
    await other.waitForSelector('text=Disconnected.');
    expect(await other.textContent('[role="alert"]')).toContain('does not answer');
    await other.close();
  });
});

describe('the console’s server', () => {
  let world: World;
  let server: ConsoleServer;
  beforeAll(async () => {
    world = await consoleWorld(10, 2);
    server = await startConsole(world.origin);
  });
  afterAll(() => server.close());

  const send = (path: string, headers: Record<string, string>, body?: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request(
        new URL(path, server.url),
        { method: body === undefined ? 'GET' : 'POST', headers },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject).end(body);
    });

  it('answers to nobody else: not without the key, not under another name', async () => {
    expect(await send('/findings.json', {})).toBe(404);
    expect(await send('findings.json', { host: 'evil.example' })).toBe(403);
  });

  it('takes a verdict only from its own page: right origin, token and type', async () => {
    const { origin } = new URL(server.url);
    const html = await (await fetch(server.url)).text();
    const token = /name="token" content="([^"]+)"/.exec(html)?.[1] ?? '';
    expect(token.length).toBeGreaterThan(20);
    const body = JSON.stringify({ id: opened.finding, decision: 'decision-1', action: 'note', note: 'x' });
    const right = { origin, 'x-siphonwatch-token': token, 'content-type': 'application/json' };
    const { origin: _, ...noOrigin } = right;
    for (const headers of [
      noOrigin,
      { ...right, origin: 'http://evil.example' },
      { ...right, origin: 'null' },
      { ...right, 'x-siphonwatch-token': 'guess' },
      { ...right, 'content-type': 'text/plain' },
      { ...right, 'sec-fetch-site': 'cross-site' },
    ])
      expect(await send('decide', headers, body), JSON.stringify(headers)).toBe(403);
    expect(await world.store.audit(opened.finding)).toEqual([]);
    expect(await send('decide', right, body)).toBe(200);
    // the same decision sent again is made once
    expect(await send('decide', right, body)).toBe(200);
    expect(await world.store.audit(opened.finding)).toHaveLength(1);
    expect(await send('decide', right, '{"id":"f-none","decision":"decision-2","action":"undo"}')).toBe(422);
    expect(await send('decide', right, 'no json')).toBe(400);
  });
});
