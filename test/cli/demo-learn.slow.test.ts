import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { CONTEXT } from '../../lib/cli/demo/demo.ts';
import { excerptInput } from '../../lib/cli/demo/demo-input.ts';
import { pushDemoPolicy } from '../../lib/cli/demo/demo-policy.ts';
import { demoProgress } from '../../lib/cli/demo/demo-progress.ts';
import { learnDaily } from '../../lib/cli/demo/demo-stay.ts';
import { SETTLE_MS, sendAll } from '../../lib/cli/demo/demo-traffic.ts';
import { linesOf } from '../../lib/cli/review/review.ts';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { synthesize } from '../../lib/emulator/template/assembly.ts';
import { openReview } from '../../lib/stores/reviews.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/data/events.ndjson.gz', import.meta.url));
const DAYS = 2;

/** The daily calibration of a demo, on the first days of the shipped example. */
let cloud: Cloud;
beforeAll(async () => {
  const { folder } = await synthesize(CONTEXT);
  cloud = await startCloud({ stack: folder, onDemandShards: 1 });
});
afterAll(() => cloud.close());

it('has questions for whoever tries the review in a demo', async () => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  await pushDemoPolicy(cloud);
  const silent = demoProgress({ stdout: process.stdout, stderr: process.stderr });
  const sent = await sendAll(cloud, await excerptInput([EXAMPLE], DAYS, {}, say), { progress: silent, say });
  silent.stop();
  await cloud.settled({ hurry: true, timeoutMs: SETTLE_MS });
  await learnDaily(cloud, sent.clock, say);
  expect(said.join()).not.toContain('!');
  expect(said.at(-1)).toContain('review');
  const findings = cloud.template.tables.find(({ name }) => name.toLowerCase().includes('finding'));
  const review = await openReview(new DynamoFindingStore(cloud.clients.dynamodb, findings?.name ?? ''));
  expect(review?.entries.length).toBeGreaterThan(3);
  expect(linesOf(review).join()).toMatch(/questions, the most helpful first/);
});
