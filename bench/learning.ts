import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { labelledPast } from '../examples/labelled-past.ts';
import { AccountSample } from '../lambdas/calibrate/first-pass.ts';
import { learnGroups } from '../lib/campaigns/judging/learn-group-ranks.ts';
import { atAllSlices } from '../lib/campaigns/past-groups.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { CalibrationLearner } from '../lib/scoring/learn-calibration.ts';
import type { PastAccount } from '../lib/scoring/looks.ts';
import { StoredPast } from '../lib/scoring/stored-past.ts';
import { dataFolder } from './traffic.ts';

/**
 * Time and memory of learning a calibration as the daily function does it, from many accounts: `npm run bench:learning -- --data DIR
 * [--accounts 100000]`, DIR with labelled exchanges. The accounts are those of the traffic, over and over under other names, decoded from
 * what is stored at every pass, as a scan of the table decodes them; extraction accounts once. Groups of the
 * past are the same accounts in tens, a tenth of all, at all slices. Node has the heap that it
 * takes in a function of 2,048 MB. Not in it: waiting for the table, and reading links.
 */
const { values: flags } = parseArgs({
  options: { data: { type: 'string' }, accounts: { type: 'string', default: '100000' } },
});

/** Accounts in a group of the past, and the share of accounts that are in one. */
const GROUP = 10;
const GROUPED = 0.1;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
let highest = 0;
const watch = setInterval(() => {
  highest = Math.max(highest, process.memoryUsage().rss);
}, 200);

/** Decoded once, as a scan of the table hands it over. */
function opened({ customer, slices }: StoredPast, account: string): PastAccount {
  return { account, customer, slices };
}

/** Runs a step and says what it took. */
function step(name: string, work: () => void): void {
  const began = performance.now();
  const processor = process.cpuUsage();
  work();
  highest = Math.max(highest, process.memoryUsage().rss);
  const { user, system } = process.cpuUsage(processor);
  process.stdout.write(
    `${name}: ${seconds(performance.now() - began)}, processor ${seconds((user + system) / 1000)}, memory ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB\n`,
  );
}

const folder = dataFolder(process.argv, 'bench:learning');
if (folder !== undefined) {
  const accounts = Number(flags.accounts);
  const ordinary: StoredPast[] = [];
  const attackers: StoredPast[] = [];
  for (const held of await labelledPast(folder))
    (held.label === 'benign' ? ordinary : attackers).push(StoredPast.of(held));
  const name = (account: string, copy: number): string => (copy === 0 ? account : `${account}~${copy}`);
  function* past(): Generator<PastAccount> {
    for (const held of attackers) yield opened(held, held.account);
    for (let i = 0; i < accounts - attackers.length; i++) {
      const held = ordinary[i % ordinary.length] as StoredPast;
      yield opened(held, name(held.account, Math.floor(i / ordinary.length)));
    }
  }
  const learner = new CalibrationLearner({ windows: defaultPolicy.windows });
  const sample = new AccountSample();
  const began = performance.now();
  step('first pass', () => {
    for (const held of past()) {
      learner.see(held);
      sample.see(held);
    }
  });
  const kept = sample.accounts();
  const grouped = kept.slice(0, Math.floor(kept.length * GROUPED)).map(({ account }) => account);
  const groups = Array.from({ length: Math.floor(grouped.length / GROUP) }, (_, i) =>
    grouped.slice(i * GROUP, (i + 1) * GROUP),
  );
  step('forests', () => {
    learner.fit(groups);
    learner.scoreAttacks(groups);
  });
  step('second pass', () => {
    for (const held of past()) learner.measure(held);
  });
  step('groups', () => {
    learnGroups({
      accounts: new Map(kept.map((held) => [held.account, held])),
      looks: atAllSlices(groups, kept),
      calibration: learner.finish(),
      windows: defaultPolicy.windows,
      confirmed: new Set(),
      aside: new Set(),
      ...(learner.robust === undefined ? {} : { robust: learner.robust }),
      judged: new Set(),
      content: [],
    });
  });
  process.stdout.write(
    `${accounts} accounts, ${kept.length} of them to draw ${groups.length} groups from: ${seconds(performance.now() - began)}, at most ${(highest / 2 ** 20).toFixed(0)} MB\n`,
  );
}
clearInterval(watch);
