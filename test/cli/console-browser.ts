import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/** Where Chromium is on machines of this kind; undefined where it is not. */
export const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Goes to a place of the page, as a link would, and waits until it is drawn. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForFunction(() => document.querySelector('main')?.textContent?.includes('Reading') !== true);
}

/** What axe-core finds that is serious or critical, by rule and element. */
export async function axeFaults(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

/** Positions of a slider as a hand moves it, and ms until each is painted, ascending. */
export async function paintTimes(
  page: Page,
  slider: string,
  positions: readonly number[],
): Promise<readonly number[]> {
  return page.evaluate(
    async ([id, values]) => {
      const element = document.getElementById(id) as HTMLInputElement;
      const taken: number[] = [];
      for (const value of values) {
        element.value = String(value);
        const from = performance.now();
        element.dispatchEvent(new Event('input', { bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        taken.push(performance.now() - from);
      }
      return taken.sort((a, b) => a - b);
    },
    [slider, [...positions]] as const,
  );
}
