import { mkdir } from 'node:fs/promises';
import { chromium, type Page } from 'playwright-core';
import { DynamoFindingStore } from '../lib/aws/finding-table.ts';
import { startConsole } from '../lib/cli/console/console-server.ts';
import { liveOrigin } from '../lib/cli/console/live-source.ts';
import { connect } from '../lib/cli/shared/deployment.ts';
import { compareFindings } from '../lib/findings/finding-order.ts';
import { email } from '../lib/findings/views/email.ts';
import { escapeHtml } from '../lib/report/html.ts';
import { BROWSER } from '../test/cli/console-browser.ts';

/**
 * The pictures of the README, from the demo that runs in this folder (`npm run demo -- --keep`): the console, and a notification
 * as an inbox shows it. Needs Chromium.
 */

const OUT = 'docs/images';
const SIZE = { width: 1280, height: 860 } as const;

const deployment = await connect({}, {});
const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable);
const { findings } = await store.list(10_000);
const [shown] = [...findings].sort(compareFindings('urgency'));
if (shown === undefined) throw new Error('the demo has no findings');
const server = await startConsole(liveOrigin(deployment, { demo: true }, { principal: 'ann' }));
const browser = await chromium.launch({
  ...(BROWSER === undefined ? {} : { executablePath: BROWSER }),
  args: ['--no-sandbox'],
});
await mkdir(OUT, { recursive: true });
const page = await browser.newPage({ viewport: SIZE });
await page.goto(`${server.url}#/findings/${shown.id}`);
await page.waitForSelector('article.finding h2');
await picture(page, 'console');
const { subject, text } = email(shown.notice, Date.now());
await page.setViewportSize({ width: 980, height: 900 });
await page.setContent(
  `<body style="margin:0;background:#e9edf2;font:15px/1.45 system-ui,sans-serif"><div style="margin:24px;background:#fff;border-radius:10px;padding:22px 28px;box-shadow:0 1px 4px #0003"><p style="margin:0;color:#57626e">From: AWS Notifications</p><h1 style="font-size:19px;margin:6px 0 14px">${escapeHtml(subject)}</h1><pre style="font:13px/1.5 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;margin:0;white-space:pre-wrap">${escapeHtml(text)}</pre></div></body>`,
);
await picture(page, 'notification');
await browser.close();
await server.close();
deployment.close();

async function picture(of: Page, name: string): Promise<void> {
  const path = `${OUT}/${name}.png`;
  await of.screenshot({ path });
  process.stdout.write(`${path}\n`);
}
