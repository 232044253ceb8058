import { writeFile } from 'node:fs/promises';
import { type Delivery, deliver, type Report } from '../lambdas/notify/deliver.ts';
import { sendDigests, sendThrottled } from '../lambdas/notify/digests.ts';
import { NotificationThrottle } from '../lambdas/notify/notification-throttle.ts';
import { importFindings } from '../lambdas/notify/security-hub.ts';
import { startReplay } from '../lib/backtest/replay.ts';
import { memberOf } from '../lib/campaigns/run-member.ts';
import { CampaignTracker } from '../lib/campaigns/tracker.ts';
import type { Rules } from '../lib/detection/judge.ts';
import { assess } from '../lib/dossier/assess.ts';
import { type Evidences, snapshotOf, writeEvidence } from '../lib/dossier/bundle.ts';
import { makeManifest } from '../lib/dossier/manifest.ts';
import { report } from '../lib/dossier/report.ts';
import { verifyDossier } from '../lib/dossier/verify.ts';
import { digestMessageOf, rowOf } from '../lib/findings/digest-message.ts';
import { applyNotice, deliveryId, type Finding, type Notice } from '../lib/findings/finding.ts';
import { type Rendered, renderBulletin, renderNotice } from '../lib/findings/publication.ts';
import { asff } from '../lib/findings/views/asff.ts';
import { MESSAGE_MAX } from '../lib/findings/views/json.ts';
import { ocsf } from '../lib/findings/views/ocsf.ts';
import { SMS_MAX } from '../lib/findings/views/sms.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import { MemoryBus } from '../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../lib/stores/outbox.ts';
import { MemoryProfileStore } from '../lib/stores/profile-memory.ts';
import { IMPORT_MAX, MemoryHub } from '../lib/stores/security-hub.ts';
import { HOUR_MS } from '../lib/time.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { asffFaults, messageFaults, ocsfFaults, pageFaults } from '../test/findings/invariants.ts';
import { dataFolder, openTraffic } from './traffic.ts';

/**
 * Every document that recorded traffic gives, against the published schemas and the laws of its channel:
 * `npm run bench:documents -- --data DIR [--files N] [--json FILE]`. The traffic is replayed with the shipped policy and
 * calibration; what comes of it is delivered by the production code, storms and digests included, and each notice is
 * rendered in every view besides, whatever its fate. Exits 1 where a document has a fault.
 */

/** Campaigns are looked for every so often, in arrival time. */
const LINK_EVERY = HOUR_MS;
/** Dossiers that are written and verified; each holds the whole calibration. */
const DOSSIERS = 25;
const HOME = { partition: 'aws', region: 'us-east-1', accountId: '111122223333' } as const;
const rules: Rules = {
  policy: defaultPolicy,
  calibration: defaultCalibration,
  code: CODE_VERSION,
  shadow: false,
};

interface Told {
  readonly notice: Notice;
  /** arrival time, ms */
  readonly at: number;
}

/** One kind of document: how many there were, how large, and what was wrong with them. */
interface DocumentRow {
  readonly document: string;
  count: number;
  faulty: number;
  largest: number;
  /** in the unit of `largest`; null where the channel has none */
  readonly limit: number | null;
  readonly unit: string;
  /** the first few, with the id of what they are in */
  readonly faults: string[];
}

const SHOWN = 10;

class Documents {
  readonly rows = new Map<string, DocumentRow>();

  add(
    document: string,
    id: string,
    size: number,
    faults: readonly string[],
    { limit, unit = 'bytes' }: { readonly limit: number | null; readonly unit?: string },
  ): void {
    const row = this.rows.get(document) ?? {
      document,
      count: 0,
      faulty: 0,
      largest: 0,
      limit,
      unit,
      faults: [],
    };
    this.rows.set(document, row);
    row.count++;
    row.largest = Math.max(row.largest, size);
    if (faults.length === 0) return;
    row.faulty++;
    if (row.faults.length < SHOWN) row.faults.push(`${id}: ${faults.slice(0, 3).join('; ')}`);
  }

  message(document: string, message: Rendered): void {
    const { texts } = message;
    this.add(
      document,
      String(message.attributes.deliveryId),
      Buffer.byteLength(JSON.stringify(texts)),
      messageFaults(message),
      { limit: MESSAGE_MAX },
    );
    this.add(`${document}, SMS`, '', texts.sms.length, [], { limit: SMS_MAX, unit: 'characters' });
    this.add(`${document}, e-mail`, '', texts.email.split('\n').length, [], { limit: null, unit: 'lines' });
  }
}

async function run(folder: string, files: number | undefined, json: string | undefined): Promise<void> {
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${line}\n`);
  say('replaying');
  const { told, store, events } = await replay(folder, files);
  say(`${events} events, ${told.length} notices; delivering`);
  const documents = new Documents();
  const findings = await deliverAll(told, documents);
  say(`${findings.length} findings; every notice in every view`);
  everyView(told, documents);
  say('dossiers');
  await dossiers(findings, store, documents);
  const rows = [...documents.rows.values()];
  print(rows);
  const transitions: Record<string, number> = {};
  for (const { notice } of told) {
    const name = `${notice.subject.type} ${notice.transition}`;
    transitions[name] = (transitions[name] ?? 0) + 1;
  }
  process.stdout.write(`notices: ${JSON.stringify(transitions)}\n`);
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  if (json !== undefined)
    await writeFile(
      json,
      `${JSON.stringify({ events, transitions, findings: findings.length, documents: rows, seconds }, null, 2)}\n`,
    );
  say('done');
  if (rows.some((row) => row.faulty > 0)) process.exitCode = 1;
}

/** All notices that the traffic gives, accounts' and campaigns', in order of arrival. */
async function replay(
  folder: string,
  files: number | undefined,
): Promise<{ told: Told[]; store: MemoryProfileStore; events: number }> {
  const traffic = await openTraffic(folder, files);
  const store = new MemoryProfileStore({ retentionDays: Math.max(...defaultPolicy.windows) / 24 + 1 });
  const tracker = new CampaignTracker();
  const told: Told[] = [];
  const watched = new Set<string>();
  let linkAt: number | undefined;
  const link = (at: number): void => {
    const { notices } = tracker.run(
      at,
      { memberOf: (account) => memberOf(store.one(account)), watched: () => [...watched].sort() },
      rules,
    );
    for (const notice of notices) told.push({ notice, at });
  };
  const running = startReplay(store, rules, {
    onArrival: (event, _, at) => tracker.observe(event.account, event, at),
    onStep(account, { state }) {
      if (state.judgement.level.level === 'clear') watched.delete(account);
      else watched.add(account);
    },
    onNotice: (notice, at) => told.push({ notice, at }),
    onFlush(at) {
      linkAt ??= at + LINK_EVERY;
      if (at < linkAt) return;
      linkAt = at + LINK_EVERY;
      link(at);
    },
  });
  for await (const { event } of traffic.events()) running.push(event);
  const { read } = running.finish();
  link(running.now());
  return { told, store, events: read };
}

/** Delivers the notices at their times, with a sweep between them every hour and for two days at the end. */
async function deliverAll(told: readonly Told[], documents: Documents): Promise<readonly Finding[]> {
  const findings = new MemoryFindingStore();
  const topic = new MemoryTopic();
  const bus = new MemoryBus();
  const hub = new MemoryHub();
  const outbox = new MemoryOutbox('notices');
  const problems: Report[] = [];
  let clock = told[0]?.at ?? 0;
  const delivery: Delivery = {
    findings,
    topic,
    bus,
    hub: true,
    accuserOf: async () => undefined,
    traffic: async () => undefined,
    brakes: {
      account: new NotificationThrottle(findings, 'account'),
      campaign: new NotificationThrottle(findings, 'campaign'),
    },
    now: () => clock,
    by: 'bench',
    report(line) {
      if (line.what === 'failed' || line.what === 'unreadable') problems.push(line);
    },
  };
  const sweepUntil = async (at: number): Promise<void> => {
    for (; clock + HOUR_MS <= at; ) {
      clock += HOUR_MS;
      await sendThrottled(delivery, 'due');
      await sendDigests(delivery);
      await importFindings({ ...delivery, hub, home: HOME });
    }
    clock = Math.max(clock, at);
  };
  for (const { notice, at } of told) {
    await sweepUntil(at);
    outbox.append(notice.subject.id, notice, new Date(at).toISOString());
    const waiting = await outbox.read(notice.subject.id);
    if (waiting !== undefined) await deliver(outbox, waiting, delivery);
    await sendThrottled(delivery, 'begun');
  }
  await sweepUntil(clock + 48 * HOUR_MS);
  if (problems.length > 0 || outbox.items.size > 0)
    throw new Error(`${outbox.items.size} notices were not delivered`, { cause: problems[0] });
  for (const message of topic.published)
    documents.message(`told: ${message.attributes.kind}`, message as Rendered);
  for (const { detail, resources } of bus.entries)
    documents.add('told: OCSF on the bus', resources.join(), sizeOf(detail), ocsfFaults(detail), {
      limit: MESSAGE_MAX,
    });
  for (const held of hub.imports)
    documents.add('told: ASFF', held.Id, sizeOf(held), asffFaults(held), { limit: IMPORT_MAX.findingBytes });
  return (await findings.list(1_000_000)).findings;
}

/** Every notice in every view, and lists of as many findings as can come together. */
function everyView(told: readonly Told[], documents: Documents): void {
  for (const { notice, at } of told) {
    const id = deliveryId(notice);
    documents.message('every notice', renderNotice(notice, at));
    const event = ocsf(notice, at);
    documents.add('every notice, OCSF', id, sizeOf(event), ocsfFaults(event), { limit: MESSAGE_MAX });
    const imported = asff(applyNotice(undefined, notice), HOME, at);
    documents.add('every notice, ASFF', id, sizeOf(imported), asffFaults(imported), {
      limit: IMPORT_MAX.findingBytes,
    });
  }
  const rows = told.map(({ notice }) => rowOf(notice, deliveryId(notice), 'storm'));
  for (const kind of ['storm', 'storm-list', 'digest'] as const)
    documents.message(
      `all in one ${kind}`,
      renderBulletin(
        digestMessageOf(
          { kind, deliveryId: kind, thread: kind, from: told[0]?.at ?? 0, to: told.at(-1)?.at ?? 0 },
          kind === 'storm' ? [] : rows,
        ),
      ),
    );
}

/** Dossiers of the newest findings, without events: the report's page, and whether what was written verifies. */
async function dossiers(
  findings: readonly Finding[],
  store: MemoryProfileStore,
  documents: Documents,
): Promise<void> {
  for (const finding of findings.slice(0, DOSSIERS)) {
    const { subject } = finding.notice;
    const accounts =
      subject.type === 'account' ? [subject.id] : (subject.members ?? []).map(({ account }) => account);
    const held: Evidences = {
      finding,
      policy: rules.policy,
      calibration: rules.calibration,
      profiles: accounts.flatMap((account) => {
        const state = store.one(account);
        return state.profile.totals.events === 0 ? [] : [snapshotOf(state)];
      }),
      events: [],
      audit: finding.audit ?? [],
      missing: [],
    };
    const facts = { madeAt: finding.updatedAt, madeBy: 'bench', code: CODE_VERSION };
    const assessed = assess(held);
    const page = await report(held, assessed, { ...facts, signed: false });
    documents.add('dossier, page', finding.id, Buffer.byteLength(page), pageFaults(page), { limit: null });
    const files = writeEvidence(held);
    files.set('assessment.json', new TextEncoder().encode(JSON.stringify(assessed)));
    files.set('report.html', new TextEncoder().encode(page));
    const manifest = await makeManifest({ finding: finding.id, ...facts }, files, undefined);
    files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    const { faults } = await verifyDossier(files, { keys: [], code: CODE_VERSION });
    documents.add(
      'dossier, verified',
      finding.id,
      [...files.values()].reduce((sum, data) => sum + data.byteLength, 0),
      faults.map(({ path, what }) => `${path} ${what}`),
      { limit: null },
    );
  }
}

function sizeOf(document: object): number {
  return Buffer.byteLength(JSON.stringify(document));
}

function print(rows: readonly DocumentRow[]): void {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  out('document                        count   faulty      largest        limit');
  for (const row of rows) {
    out(
      `${row.document.padEnd(30)} ${String(row.count).padStart(6)} ${String(row.faulty).padStart(8)} ${String(row.largest).padStart(12)} ${String(row.limit ?? '-').padStart(12)} ${row.unit}`,
    );
    for (const fault of row.faults) out(`  ${fault}`);
  }
}

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at >= 0 ? process.argv[at + 1] : undefined;
};
const data = dataFolder(process.argv, 'bench:documents');
const files = option('--files');
if (files !== undefined && !/^[1-9]\d*$/.test(files)) {
  process.stderr.write(`bench:documents: --files must be a whole number from 1 (got ${files})\n`);
  process.exitCode = 2;
} else if (data !== undefined)
  await run(data, files === undefined ? undefined : Number(files), option('--json'));
