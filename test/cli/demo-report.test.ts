import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { type DemoReport, renderReport, spread, suspectsOf } from '../../lib/cli/demo/demo-report.ts';
import type { Finding } from '../../lib/findings/finding.ts';

const ESCAPE = '\u001b';

const report: DemoReport = {
  engine: 'dynalite',
  input: ['example.ndjson.gz'],
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
      since: '2026-03-02T08:00:00.000Z',
      reasons: [{ title: 'Coverage', evidence: `asks ${ESCAPE}[31m new things`, points: 3 }],
    },
  ],
  notification: { subject: 'CRITICAL', text: `first line\nsecond${ESCAPE}]0;owned\u0007 line` },
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
};
const render = (changed: Partial<DemoReport> = {}): string =>
  renderReport({ ...report, ...changed }, picocolors.createColors(false), 120);

describe('the report of the demo', () => {
  it('names suspects, a notification, counts and measured figures', () => {
    const text = render();
    expect(text).toMatch(/a_abc.*critical.*8\.3.*10\^9\.5.*2026-03-02 08:00/);
    expect(text).toContain('Subject: CRITICAL');
    expect(text).toContain('events in      10 (and 2 lines that were none)');
    expect(text).toContain('write units an event   0.250');
    expect(text).toContain('120 ms median');
  });

  it('lets no text of an adversary steer the terminal, and keeps the lines of the mail', () => {
    const text = render();
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).not.toContain('\u0007');
    expect(text).toContain('first line\nsecond');
  });

  it('says so where nobody was suspect and nothing was sent', () => {
    const text = render({ suspects: [], notification: undefined });
    expect(text).toContain('No account reached the level suspect.');
    expect(text).toContain('None was sent.');
  });

  it('shows what went wrong', () => {
    expect(render({ problems: ['10 events were sent, 9 are accounted for'] })).toContain(
      '! 10 events were sent, 9 are accounted for',
    );
  });

  it('puts campaigns first, then the more certain', () => {
    const finding = (id: string, type: 'account' | 'campaign', log10E: number) =>
      ({
        id,
        level: 'suspect',
        notice: { subject: { type, id }, score: 1, log10E, since: '', reasons: [] },
      }) as unknown as Finding;
    const rows = suspectsOf([
      finding('a', 'account', 2),
      finding('b', 'account', 9),
      finding('c', 'campaign', 1),
    ]);
    expect(rows.map((row) => row.finding)).toEqual(['c', 'b', 'a']);
  });

  it('measures the middle and the 95th percentile of what was measured, and nothing of nothing', () => {
    expect(spread(Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({ median: 51, p95: 96, count: 100 });
    expect(spread([])).toBeUndefined();
  });
});
