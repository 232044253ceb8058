import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { framed } from '../../lib/aws/archive.ts';
import { readObject } from '../../lib/aws/archive-frames.ts';
import { noticeAttribute, noticeText } from '../../lib/aws/notice-attribute.ts';
import { readCheckpoint, writeCheckpoint } from '../../lib/cli/replay/checkpoint.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { parseDecision } from '../../lib/findings/decision-request.ts';
import { finding } from '../../lib/findings/finding.ts';
import { TriageError } from '../../lib/findings/triage.ts';
import { AnswersError, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { readModels } from '../../lib/forensics/models.ts';
import { reportOfPage } from '../../lib/forensics/report-data.ts';
import { DamagedManifest, parseManifest } from '../../lib/hunts/manifest.ts';
import { InputError } from '../../lib/input/errors.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { StateError } from '../../lib/profile/binary.ts';
import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import { CalibrationDamaged, parseCalibration } from '../../lib/stores/calibration-store.ts';
import { CampaignError, decodeCampaign, encodeMembers, encodeMeta } from '../../lib/stores/campaign-store.ts';
import { FindingError, parse } from '../../lib/stores/finding-store.ts';
import { currentMeta } from '../../lib/stores/hot-meta.ts';
import { readNotice } from '../../lib/stores/outbox.ts';
import { fromItem, type HotItem, NO_LOGS, toItem } from '../../lib/stores/profile-item.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { linesWithout, quarantinedWithout, recordWithout } from '../../lib/telemetry/without-account.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest, START, usageEvent } from '../events.ts';
import { campaignEvidenceOf, evidenceOf } from '../findings/evidence.ts';
import { mutated, mutatedBytes, mutatedText } from './mutate.ts';
import type { Target } from './target.ts';

/** What functions and verbs read back from tables, buckets and files: it may be damaged, cut, or of another version. */

const pick = <T>(uniform: Uniform, list: readonly T[]): T => list[Math.floor(uniform() * list.length)] as T;

const events = harvest({ account: account(1), events: 40 });
const held = evidenceOf(50, (notices) => notices.at(-1));
const { campaign } = campaignEvidenceOf(4);
const { notice } = held.finding;
const state = processBatch(
  newAccount(account(1)),
  events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: String(i).padStart(60, '0'), index: 0 },
  })),
  { policy: defaultPolicy, calibration: testCalibration, code: 'fuzz', shadow: false },
  true,
).state;
const item = toItem(state);
const prompts = encodePromptSamples(samplePrompts(NO_PROMPTS, events));
const calibration = JSON.stringify(testCalibration);
const [meta, members] = [encodeMeta(campaign), encodeMembers(campaign)];
const archived = Buffer.concat(
  [1, 2, 3].flatMap((n) =>
    framed({
      stream: 'ingest',
      shard: 's-1',
      sequence: String(n).padStart(56, '4'),
      partitionKey: 'b1',
      arrived: START + n,
      size: 0,
      data: encodeRecord({ bucket: 1 }, [usageEvent({ id: `x-${n}` })]),
    }),
  ),
);
const stored = noticeAttribute(JSON.stringify(notice)).B ?? new Uint8Array();
const batch = JSON.stringify({
  requestContext: { condition: 'RetryAttemptsExhausted' },
  payload: JSON.stringify({
    Records: [
      {
        kinesis: {
          data: Buffer.from(encodeRecord({ bucket: 1 }, events)).toString('base64'),
          sequenceNumber: '49',
        },
      },
    ],
  }),
});
const answers = [
  { item: 'q1', options: ['A', 'B', 'C', 'D'], correct: 'A', answer: 'B' },
  {
    item: 'q2',
    answer: '{1, 2}',
    right: false,
    trace: 'First, let me think.\n\nSo 1.',
    text: 'It is **1**.',
  },
].map((line) => JSON.stringify(line));
const models = {
  a: { released: '2025-01-01', cutoff: '2024-06', maker: 'm', base: 'b', family: 'f' },
  b: {},
};
const manifest = { v: 1, day: '2026-03-01', group: 'g00', objects: 1, digest: 'a'.repeat(32), parts: [] };

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const checkpoint = join(folder, 'checkpoint');
await writeCheckpoint(checkpoint, [
  ['replay', { counts: { read: 1 }, pending: new Map([[account(1), events.slice(0, 2)]]) }],
  ['store/1', [account(1), state]],
]);
const checkpointBytes = readFileSync(checkpoint);

export const STORED: readonly Target[] = [
  {
    name: 'hot item',
    input: (u) => {
      const part = pick(u, ['meta', 'slices', 'recent', 'redriven', 'asked'] as const);
      const damaged: HotItem = { ...item, [part]: mutatedBytes(u, item[part]) };
      return () => fromItem(account(1), { ...damaged, meta: currentMeta(damaged.meta) }, [], NO_LOGS);
    },
    refuses: [Error],
  },
  {
    name: 'sampled prompts',
    input: (u) => {
      const damaged = mutatedBytes(u, prompts);
      return () => decodePromptSamples(damaged);
    },
    refuses: [StateError],
  },
  {
    name: 'calibration',
    every: 10,
    input: (u) => {
      const damaged =
        u() < 0.5 ? mutatedText(u, calibration) : (JSON.stringify(mutated(u, testCalibration)) ?? '');
      return () => parseCalibration(testCalibration.id, damaged);
    },
    refuses: [CalibrationDamaged],
  },
  {
    name: 'campaign',
    input: (u) => {
      const damaged = u() < 0.5 ? mutatedText(u, meta) : (JSON.stringify(mutated(u, JSON.parse(meta))) ?? '');
      const lines = members.map((line) => (u() < 0.2 ? mutatedText(u, line) : line));
      return () => decodeCampaign(damaged, lines, []);
    },
    refuses: [CampaignError],
  },
  {
    name: 'finding',
    input: (u) => {
      const damaged = JSON.stringify(mutated(u, held.finding)) ?? '';
      return () => parse('finding', finding, damaged);
    },
    refuses: [FindingError],
  },
  {
    name: 'notice of a message',
    input: (u) => {
      const damaged = JSON.stringify(mutated(u, notice)) ?? '';
      return () => readNotice(damaged);
    },
    refuses: [],
  },
  {
    name: 'notice of an item',
    input: (u) => {
      const B = mutatedBytes(u, stored);
      return () => readNotice(noticeText({ B }));
    },
    refuses: [],
  },
  {
    name: 'object of the archive',
    input: (u) => {
      const damaged = mutatedBytes(u, archived);
      return () => [...readObject(damaged).records].length;
    },
    refuses: [],
  },
  {
    name: 'batch that was given up',
    input: (u) => {
      const damaged = mutatedText(u, batch);
      return () => quarantinedWithout(damaged, account(1));
    },
    refuses: [],
  },
  {
    name: 'record that an account is taken out of',
    input: (u) => {
      const damaged = mutatedBytes(u, encodeRecord({ bucket: 1 }, events.slice(0, 3)));
      return () => recordWithout(damaged, account(1));
    },
    refuses: [],
  },
  {
    name: 'lines that an account is taken out of',
    input: (u) => {
      const damaged = mutatedText(
        u,
        events
          .slice(0, 3)
          .map((event) => JSON.stringify(event))
          .join('\n'),
      );
      return () => linesWithout(damaged, account(1));
    },
    refuses: [],
  },
  {
    name: 'decision',
    input: (u) => {
      const damaged = mutated(u, {
        action: 'verdict',
        verdict: 'benign',
        until: '2026-04-01',
        note: 'red team',
      });
      return () => parseDecision(damaged);
    },
    refuses: [TriageError],
  },
  {
    name: 'answers',
    input: (u) => {
      const lines = answers.map((line) =>
        u() < 0.5 ? mutatedText(u, line) : (JSON.stringify(mutated(u, JSON.parse(line))) ?? ''),
      );
      return () => readAnswerSheet('model', lines);
    },
    refuses: [AnswersError],
  },
  {
    name: 'facts of models',
    input: (u) => {
      const damaged = mutated(u, models);
      return () => readModels('models.json', damaged);
    },
    refuses: [AnswersError],
  },
  {
    name: 'page of a report',
    input: (u) => {
      const damaged = mutatedText(
        u,
        `<!--siphonwatch-forensics ${btoa('{"madeAt":"2026-03-01 08:00 UTC"}')}-->`,
      );
      return () => reportOfPage(damaged);
    },
    refuses: [],
  },
  {
    name: 'checkpoint',
    every: 10,
    input: (u) => {
      writeFileSync(checkpoint, mutatedBytes(u, checkpointBytes));
      return () => readCheckpoint(checkpoint, () => {});
    },
    refuses: [InputError],
  },
  {
    name: 'manifest of hunts',
    input: (u) => {
      const damaged = JSON.stringify(mutated(u, manifest)) ?? '';
      return () => parseManifest('hunts/manifests/x', damaged);
    },
    refuses: [DamagedManifest],
  },
];
