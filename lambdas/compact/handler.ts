import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import { s3 } from '../../lib/aws/clients.ts';
import { HuntObjects } from '../../lib/aws/hunt-objects.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import { type Compacted, compact, totals } from './compact.ts';

/** The function's environment: its clients, its clock, and what it tells of a run. */

const environment = readEnvironment('compact', process.env);
const logger = new Logger();
const metrics = new Metrics();
const client = s3();
const reader = new ArchiveReader(client, environment.ARCHIVE_BUCKET);
const objects = new HuntObjects(client, environment.ARCHIVE_BUCKET);

/** A part takes less than that, ms: 200,000 events at some 5,000 a second. */
const PART_MS = 180_000;

async function run(context: { getRemainingTimeInMillis(): number }): Promise<{ groups: number }> {
  try {
    const done = await compact({
      reader,
      objects,
      now: Date.now,
      timeLeft: () => context.getRemainingTimeInMillis() > PART_MS,
      recheckDays: Number(environment.HUNT_RECHECK_DAYS),
    });
    tell(done, await objects.damagedGroups());
    return { groups: done.made.length };
  } finally {
    metrics.publishStoredMetrics();
  }
}

function tell({ made, waiting }: Compacted, damagedGroups: number): void {
  const sum = totals(made);
  const add = (name: MetricName, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
  add('HuntEvents', sum.events);
  add('HuntGroupsWaiting', waiting);
  add('ArchiveDamaged', damagedGroups);
  for (const { day, group, parts } of made)
    for (const [part, { damaged, refused }] of parts.entries())
      if (damaged + refused > 0)
        logger.warn('archived objects are damaged, or hold lines that are no events to this version', {
          day,
          group,
          part,
          damaged,
          refused,
        });
  logger.info('compacted', { groups: made.length, waiting, ...sum });
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(
  (_event: unknown, context: { getRemainingTimeInMillis(): number }) => run(context),
);
