import { type Browser, chromium, type Page } from 'playwright-core';
import { startConsole } from '../lib/cli/console/console-server.ts';
import { BROWSER, goTo, paintTimes } from '../test/cli/console-browser.ts';
import { consoleWorld } from '../test/cli/console-world.ts';

/**
 * How fast the console is in Chromium: first paint, and every kind of interaction until it is painted; beside it the processor
 * time of the page's thread, which other work on the machine hardly changes.
 */

const ACCOUNTS = 100_000;
const FINDINGS = 5000;
const TIMES = 9;

if (BROWSER === undefined) {
  process.stderr.write('console: skipped, no Chromium here (Debian: apt-get install chromium)\n');
} else {
  const server = await startConsole((await consoleWorld(ACCOUNTS, FINDINGS)).origin);
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  try {
    process.stdout.write(`${ACCOUNTS} accounts, ${FINDINGS} findings; ms until painted\n`);
    await firstPaint(browser, server.url);
    await interactions(browser, server.url);
  } finally {
    await browser.close();
    await server.close();
  }
}

function told(what: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  process.stdout.write(
    `${what.padEnd(38)} median ${at(0.5).padStart(4)}, slowest of ${sorted.length} ${at(1).padStart(4)}\n`,
  );
}

/** When a page had something on it for the first time, ms after it was asked for. */
function paintOf(page: Page): Promise<number> {
  return page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
}

async function firstPaint(of: Browser, url: string): Promise<void> {
  const paints: number[] = [];
  const empty: number[] = [];
  const lists: number[] = [];
  const work: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const page = await of.newPage({ viewport: { width: 1280, height: 900 } });
    const ticks = await processorTime(page);
    await noteTheList(page);
    await page.goto(url);
    await page.waitForFunction(() => performance.getEntriesByName('list').length > 0);
    work.push(await ticks());
    lists.push(await page.evaluate(() => performance.getEntriesByName('list')[0]?.startTime ?? Number.NaN));
    paints.push(await paintOf(page));
    await page.close();
    empty.push(await paintOfOneLine(of));
  }
  told('first paint', paints);
  told('  a page of one line, for comparison', empty);
  told('list of findings is there', lists);
  told('  processor time', work);
}

/** Has the page itself note when the list was painted: whoever asks from outside hears of it later. */
async function noteTheList(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('table.findings') === null) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => performance.mark('list'), 0));
    }).observe(document, { childList: true, subtree: true });
  });
}

/** Asks for the processor time of the page's thread so far, ms. */
async function processorTime(page: Page): Promise<() => Promise<number>> {
  const inside = await page.context().newCDPSession(page);
  await inside.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await inside.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  };
}

/** What Chromium needs for a page that has nothing to load or to run. */
async function paintOfOneLine(of: Browser): Promise<number> {
  const page = await of.newPage({ viewport: { width: 1280, height: 900 } });
  await page.route('**/*', (route) => route.fulfill({ body: '<p>one line</p>', contentType: 'text/html' }));
  await page.goto('http://127.0.0.1/');
  await page.waitForTimeout(500);
  const paint = await paintOf(page);
  await page.close();
  return paint;
}

async function interactions(of: Browser, url: string): Promise<void> {
  const page = await of.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url);
  await page.waitForSelector('table.findings');
  const ticks = await processorTime(page);
  /** An interaction as the page does it, until the next frame is painted. */
  const timed = (act: string, value = ''): Promise<number> =>
    page.evaluate(
      async ([what, text]) => {
        const from = performance.now();
        if (what === 'hash') location.hash = text;
        else if (what.startsWith('#')) {
          const element = document.querySelector(what) as HTMLInputElement;
          element.value = text;
          element.dispatchEvent(
            new Event(element.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }),
          );
        } else dispatchEvent(new KeyboardEvent('keydown', { key: text }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        return performance.now() - from;
      },
      [act, value] as const,
    );
  const series = async (what: string, acts: readonly (readonly [string, string])[]): Promise<void> => {
    const times: number[] = [];
    const work: number[] = [];
    for (const [act, value] of acts) {
      const before = await ticks();
      times.push(await timed(act, value));
      work.push((await ticks()) - before);
    }
    told(what, times);
    told('  processor time', work);
  };
  await series(
    'search, letter by letter',
    [...'f-other-12'].map((_, i) => ['#find', 'f-other-12'.slice(0, i + 1)] as const),
  );
  await series('filter and order', [
    ['#find', ''],
    ['#filter-level', 'critical'],
    ['#filter-level', ''],
    ['#filter-sort', 'oldest'],
    ['#filter-sort', ''],
  ]);
  await series(
    'next finding (j)',
    Array.from({ length: TIMES }, () => ['key', 'j'] as const),
  );
  await goTo(page, '#/accounts');
  await page.waitForSelector('#search');
  await series(
    'search among all accounts',
    [...'a_zz9'].map((_, i) => ['#search', 'a_zz9'.slice(0, i + 1)] as const),
  );
  await goTo(page, '#/thresholds');
  await page.waitForSelector('#slider-suspect');
  told(
    'threshold slider',
    await paintTimes(
      page,
      'slider-suspect',
      Array.from({ length: 60 }, (_, i) => -6 + 5.3 * Math.abs(1 - i / 30)),
    ),
  );
  await page.close();
}
