import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import { describe, expect, it, vi } from 'vitest';
import { demoFileFor, removeDemoFile, writeDemoFile } from '../../lib/cli/demo/demo-file.ts';
import { EXCERPT_DAYS, excerptInput, sourceOf } from '../../lib/cli/demo/demo-input.ts';
import { demoPolicy } from '../../lib/cli/demo/demo-policy.ts';
import { demoProgress } from '../../lib/cli/demo/demo-progress.ts';
import { type DemoReport, renderReport, spread } from '../../lib/cli/demo/demo-report.ts';
import { later, sendMore } from '../../lib/cli/demo/demo-send.ts';
import { onInterrupt } from '../../lib/cli/demo/demo-stay.ts';
import { storyOf } from '../../lib/cli/demo/demo-story.ts';
import { progressMeter } from '../../lib/cli/demo/progress-meter.ts';
import { rolloutTarget } from '../../lib/cli/policy/rollout-target.ts';
import { calledAs } from '../../lib/cli/shared/called-as.ts';
import { connect } from '../../lib/cli/shared/deployment.ts';
import { failureOf } from '../../lib/cli/shared/failure.ts';
import type { Cloud } from '../../lib/emulator/cloud.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { NO_KEYS } from '../../lib/findings/next-steps.ts';
import { readUsageEvents } from '../../lib/input/usage-events.ts';
import { parsePolicy } from '../../lib/policy/parse-policy.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { supportedBudget } from '../../lib/scoring/supported-budget.ts';
import { parseUsageEvent } from '../../lib/telemetry/parse-usage-event.ts';
import { usageEvent } from '../events.ts';

const ESCAPE = '\u001b';

const report: DemoReport = {
  engine: 'dynalite',
  input: ['example.ndjson.gz'],
  policy: { id: 'demo-1', budget: { watch: 0.02, suspect: 0.005, critical: 0.0017 } },
  counts: {
    lines: 12,
    rejected: 2,
    events: 10,
    used: 8,
    quarantined: 1,
    late: 1,
    repeated: 0,
    accounts: 3,
    findings: 1,
    notifications: 1,
  },
  suspects: [
    {
      finding: 'f-1',
      type: 'account',
      subject: 'a_abc',
      members: undefined,
      level: 'critical',
      score: 8.25,
      log10E: 9.5,
      outputTokens: 12_345,
      since: '2026-03-02T08:00:00.000Z',
      first: `Coverage: 3${ESCAPE}[31m`,
      reasons: [{ title: 'Coverage', evidence: `asks ${ESCAPE}[31m new things`, points: 3 }],
    },
  ],
  mailed: 1,
  notification: { sent: true, subject: 'CRITICAL', text: `first line\nsecond${ESCAPE}]0;owned\u0007 line` },
  figures: {
    synthesisSeconds: 3,
    synthesisCached: false,
    startSeconds: 1,
    pipelineSeconds: 2,
    eventsPerSecond: 5,
    writeUnitsPerEvent: 0.25,
    readUnitsPerEvent: 0.1,
    eventToNotificationMs: { median: 120, p95: 300, count: 1 },
    streamBytesPerEvent: 130,
    totalSeconds: 6,
  },
  problems: [],
  next: [{ command: 'siphonwatch demo --keep', what: 'the same, and it stays up' }],
};
const suspectOf = ({ suspects }: DemoReport) => suspects[0] as DemoReport['suspects'][number];
const render = (changed: Partial<DemoReport> = {}): string =>
  renderReport({ ...report, ...changed }, picocolors.createColors(false), 120);

describe('the report of the demo', () => {
  it('names suspects, a notification, counts and measured figures', () => {
    const text = render();
    expect(text).toMatch(/f-1 +critical +12,345 +Coverage/);
    expect(text).toContain('events in      10 (and 2 lines that were none)');
    expect(text).toContain('write units an event   0.250');
    expect(text).toContain('120 ms median');
  });

  it('prints the commands of a mail as they work here, and why whose account it is cannot be looked up', () => {
    const { notification } = report;
    if (notification === undefined) throw new Error('the fixture has one');
    const text =
      '1. Within a day:\n   siphonwatch resolve a_x --keyring keyring.json\n   siphonwatch triage f-1 --undo\n';
    const shown = render({ notification: { ...notification, text } });
    expect(shown).toContain(`\n   ${calledAs()} triage f-1 --undo`);
    expect(shown).toContain(`\n   ${NO_KEYS}`);
    expect(shown).not.toContain('siphonwatch resolve');
  });

  it('says why there are fewer notifications than findings, and what a fault means', () => {
    const shown = render({
      mailed: 5,
      counts: { ...report.counts, findings: 69, notifications: 6 },
      problems: ['x: 1 of 2 invocations failed. No event is missing'],
    });
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(
      '6: 5 of one finding each, 1 of many. When more than 5 findings open at once, the rest come as one list after ten minutes',
    );
    expect(shown).toContain('Something went wrong (exit code 1)');
  });

  it('lets no text of an adversary steer the terminal, and keeps the lines of the mail', () => {
    const text = render();
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).not.toContain('\u0007');
    expect(text).toContain('first line\nsecond');
  });

  it('says so where nobody was suspect and nothing was sent', () => {
    const text = render({ suspects: [], notification: undefined });
    expect(text).toContain('Nobody reached the level suspect.');
    expect(text).toContain('None was sent.');
  });

  it('shows what went wrong', () => {
    expect(render({ problems: ['10 events were sent, 9 are accounted for'] })).toContain(
      '  - 10 events were sent, 9 are accounted for',
    );
  });

  it('tells what was planted, found, missed and falsely flagged, by kind, and what the notification is', () => {
    const label = (n: number, kind: string, of: 'benign' | 'extraction', campaign = '') => ({
      account: `a${n}`,
      pseudonym: `a${n}`,
      label: of,
      kind,
      campaign,
    });
    const finding = (account: string) =>
      ({
        id: `f-${account}`,
        highest: 'suspect',
        notice: { subject: { type: 'account', id: account }, stake: { outputTokens: 5 } },
      }) as unknown as Finding;
    const labels = [
      label(1, 'hydra', 'extraction', 'one'),
      label(2, 'hydra', 'extraction', 'one'),
      label(3, 'solo-paced', 'extraction', 'by itself'),
      label(4, 'course', 'benign'),
      label(5, 'course', 'benign'),
      label(6, 'course', 'benign'),
    ];
    const seen = new Set(['a1', 'a2', 'a3', 'a4', 'a5']);
    const story = storyOf(labels, seen, [finding('a1'), finding('a4')], finding('a4'));
    expect(story).toMatchObject({
      planted: 3,
      ordinary: 2,
      found: 1,
      wronged: 1,
      campaigns: { planted: 1, found: 1, judged: false },
      shown: { label: 'benign' },
    });
    const text = render({ ...(story === undefined ? {} : { story }) });
    expect(text).toMatch(/groups +none was judged as a campaign/);
    expect(text).toContain('missed   2: hydra 1 of 2, solo-paced 1 of 1');
    expect(text).toContain('false +  1 of 2 ordinary customers: course 1 of 2');
    expect(text).toContain('a false positive');
    expect(render()).toContain('nobody can say here who was right');
    const taking = [600, 300, 100].map((outputTokens) => ({ ...suspectOf(report), outputTokens }));
    expect(
      render({ ...(story === undefined ? {} : { story }), suspects: taking }).replaceAll(/\s+/g, ' '),
    ).toContain(
      '3 of 3 findings critical. Policy demo-1 lets at most 1 in 200 ordinary accounts a month reach suspect, 1 in 590 critical. Critical says how sure, not how much: 1 of these 3 holds half of the 1,000 tokens that all took',
    );
  });

  it('fits eighty columns, with everything in it, but for commands', () => {
    const text = renderReport(
      { ...report, suspects: [{ ...suspectOf(report), finding: 'f-jzlrurvscb373tkc-20260303t192114' }] },
      picocolors.createColors(false),
      80,
    );
    const wide = text.split('\n').filter((line) => [...line].length > 80 && !line.includes('siphonwatch '));
    expect(wide).toEqual([]);
  });

  it('a second demo of a checkout keeps its own address, and the one that ends takes only its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-demo-'));
    const file = join(folder, '.cache', 'demo.json');
    try {
      const own = demoFileFor(process.pid, file);
      await writeDemoFile(own.path, { pid: process.pid });
      const second = demoFileFor(process.pid + 1, file);
      expect(second).toEqual({ path: file.replace('.json', `-${process.pid + 1}.json`), other: process.pid });
      await writeDemoFile(second.path, { pid: process.pid + 1 });
      await removeDemoFile(own.path, process.pid + 1);
      expect(existsSync(own.path)).toBe(true);
      await removeDemoFile(own.path, process.pid);
      expect(existsSync(own.path)).toBe(false);
      expect(existsSync(second.path)).toBe(true);
      // of a demo that was killed
      writeFileSync(own.path, '{"pid":999999999}');
      expect(demoFileFor(process.pid, file).path).toBe(own.path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('hears the first Ctrl-C at once, and leaves the second one to end the process', async () => {
    const before = process.listenerCount('SIGINT');
    const interrupted = onInterrupt();
    process.emit('SIGINT');
    await interrupted.wait;
    expect(interrupted.yes).toBe(true);
    expect(process.listenerCount('SIGINT')).toBe(before);
    interrupted.off();
  });

  it('judges under a policy all of whose levels the shipped calibration supports, and offers a wider candidate', async () => {
    const { budget } = await demoPolicy();
    expect(supportedBudget(defaultCalibration, budget)).toMatchObject(budget);
    const candidate = parsePolicy(readFileSync('examples/candidate.yaml', 'utf8'));
    if (!candidate.ok) throw new Error('the example of a candidate does not parse');
    expect(supportedBudget(defaultCalibration, candidate.policy.budget)).toMatchObject(
      candidate.policy.budget,
    );
    expect(candidate.policy.budget.suspect).toBeGreaterThan(budget.suspect);
    // as the files say of themselves
    expect(candidate.policy.budget.critical).toBe(budget.critical);
    expect(readFileSync('examples/demo-policy.yaml', 'utf8')).toContain(
      `the ${defaultCalibration.accounts.toLocaleString('en-US')} accounts`,
    );
  });

  it('a demo that was killed is named with what to do, by sending and by every verb that reads, at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-demo-'));
    const file = join(folder, 'demo.json');
    const told = (pid: number) =>
      JSON.stringify({
        pid,
        region: 'local',
        stack: 'S',
        stream: 's',
        endpoints: {
          dynamodb: 'http://127.0.0.1:9',
          kinesis: 'http://127.0.0.1:9',
          appconfig: 'http://127.0.0.1:9',
        },
        tables: { finding: 't' },
      });
    vi.stubEnv('SIPHONWATCH_DEMO', file);
    const sink = { write: () => true, isTTY: false } as unknown as NodeJS.WriteStream;
    const send = () =>
      sendMore({ files: [], rest: false }, {}, demoProgress({ stdout: sink, stderr: sink }), () => undefined);
    const failure = (run: Promise<unknown>) =>
      run.then(
        () => ({ code: 0, message: '' }),
        (error: unknown) => failureOf(error),
      );
    try {
      // one that has begun and cannot be worked on yet: the same, later
      writeFileSync(file, JSON.stringify({ pid: process.pid, starting: true }));
      for (const run of [send, () => connect({}), () => rolloutTarget({ demo: true }, 'read')]) {
        const { code, message } = await failure(run());
        expect(message).toContain('still starting');
        expect(code).toBe(6);
      }
      writeFileSync(file, told(999999999));
      for (const run of [send, () => connect({}), () => rolloutTarget({}, 'change')]) {
        const { code, message } = await failure(run());
        expect(message).toContain('its process 999999999 has ended');
        expect(message).toContain('demo --keep');
        expect(message).toContain('delete that file');
        expect(code).toBe(5);
      }
      // its number is another process's by now
      writeFileSync(file, told(process.pid));
      const { code, message } = await failure(send());
      expect(message).toContain('nothing answers at 127.0.0.1:9');
      expect(code).toBe(5);
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });

  it('traffic that is sent again comes as other events, so many weeks later', () => {
    const event = usageEvent({});
    const moved = later(event, 2);
    expect(Date.parse(moved.time) - Date.parse(event.time)).toBe(14 * 86_400_000);
    expect(moved.id).not.toBe(event.id);
    expect(later(event, 2).id).toBe(moved.id);
    expect(parseUsageEvent(moved)).toMatchObject({ ok: true });
    expect(later(event, 0)).toEqual(event);
  });

  it('measures the middle and the 95th percentile of what was measured, and nothing of nothing', () => {
    expect(spread(Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({ median: 51, p95: 96, count: 100 });
    expect(spread([])).toBeUndefined();
  });
});

it('progress of a demo is what is judged, with the time left, in a line that fits', () => {
  const written: string[] = [];
  const stderr = {
    isTTY: true,
    columns: 80,
    write: (text: string) => written.push(text) > 0,
  } as unknown as NodeJS.WriteStream;
  let now = 0;
  const clock = (): number => now;
  const progress = demoProgress({ stdout: stderr, stderr }, clock);
  const metrics = [
    { name: 'EventsUsed', value: 240, functionName: 'score' },
    { name: 'EventsRepeated', value: 10, functionName: 'score' },
    { name: 'FindingsOpened', value: 9, functionName: 'notify' },
  ];
  const said: string[] = [];
  const heard = {
    ...progress,
    now: (parts: readonly string[], share?: number) => {
      said.push(`${share} ${parts.join(', ')}`);
      progress.now(parts, share);
    },
  };
  progress.step('3/4 Judging traffic');
  const meter = progressMeter({ metrics } as unknown as Cloud, () => 1000, heard, clock);
  now = 20_000;
  meter.at(Date.parse('2026-03-03T05:00:00Z'), '');
  progress.draw();
  meter.stop();
  progress.stop();
  expect(stripVTControlCharacters(written.join('\n'))).toContain('25 %, 2026-03-03, about 60 s left (20 s)');
  expect(written.every((line) => stripVTControlCharacters(line).length < 80)).toBe(true);
  expect(said.at(-1)).toBe('0.25 2026-03-03, about 60 s left, 250 events judged');
});

it('the first days of the example and what demo --send sends after them are all of it, though it is not in the order of time', async () => {
  const files = ['examples/data/events.ndjson.gz'];
  const { batches } = await excerptInput(files, EXCERPT_DAYS, {}, () => undefined);
  let kept = 0;
  let clock = 0;
  for await (const { events } of batches)
    for (const { time } of events) {
      kept++;
      clock = Math.max(clock, Date.parse(time));
    }
  let later = 0;
  let all = 0;
  for await (const { events } of readUsageEvents(
    files,
    sourceOf({}, () => undefined),
  ))
    for (const { time } of events) {
      all++;
      if (Date.parse(time) > clock) later++;
    }
  expect(kept + later).toBe(all);
});
