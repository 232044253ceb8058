import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DETAIL_TYPE } from '../../lambdas/notify/deliver.ts';
import { EVENT_SOURCE } from '../../lib/aws/event-bridge-bus.ts';
import { compilePattern, type Json } from '../../lib/emulator/streams/filter-pattern.ts';
import { digestMessageOf, rowOf } from '../../lib/findings/digest-message.ts';
import { applyNotice, deliveryId, type Notice } from '../../lib/findings/finding.ts';
import { nextSteps } from '../../lib/findings/next-steps.ts';
import { significanceText } from '../../lib/findings/significance-text.ts';
import { ALONE_DAYS, untilOf } from '../../lib/findings/triage.ts';
import { asff } from '../../lib/findings/views/asff.ts';
import { chat } from '../../lib/findings/views/chat.ts';
import { digestEmail } from '../../lib/findings/views/digest.ts';
import { COLUMNS, email } from '../../lib/findings/views/email.ts';
import { jsonView } from '../../lib/findings/views/json.ts';
import { OCSF_VERSION, ocsf } from '../../lib/findings/views/ocsf.ts';
import { sms } from '../../lib/findings/views/sms.ts';
import { FACTS, saidOf } from '../../lib/signals/facts/index.ts';
import { calmed, campaign, escalated, NOW, opened } from './notices.ts';
import { faults } from './schemas.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/notifications.md', import.meta.url));
const HOME = { partition: 'aws', region: 'us-east-1', accountId: '111122223333' } as const;

const fenced = (text: string, language = '') => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
const json = (value: unknown) => fenced(JSON.stringify(value, null, 1), 'json');
const mail = ({ subject, text }: { subject: string; text: string }) =>
  fenced(`Subject: ${subject}\n\n${text}`);

const storm = digestMessageOf(
  {
    kind: 'storm-list',
    deliveryId: 'storm-account-2026-03-04T09:12:05.000Z/1',
    thread: 'storm-account-2026-03-04T09:12:05.000Z',
    from: NOW,
    to: NOW + 600_000,
  },
  [campaign, opened, escalated].map((notice) => rowOf(notice, deliveryId(notice), 'storm')),
);

const EXAMPLES: Readonly<Record<string, string>> = {
  email: mail(email(opened, NOW)),
  campaign: mail(email(campaign, NOW)),
  storm: mail(digestEmail(storm)),
  sms: fenced(sms(escalated)),
  chat: json(chat(opened, NOW)),
  json: json(jsonView(opened, NOW)),
  ocsf: json(ocsf(opened, NOW)),
  asff: json(asff(applyNotice(undefined, opened), HOME, NOW)),
};

const MARK = /<!-- example: (\w+) -->\n(?:\n```[\s\S]*?\n```\n)?/g;

describe('docs/notifications.md', () => {
  it('shows what the code makes (UPDATE_EXAMPLES=1 writes it anew)', () => {
    const held = readFileSync(DOCUMENT, 'utf8');
    const shown: string[] = [];
    const current = held.replace(MARK, (_, name: string) => {
      shown.push(name);
      return `<!-- example: ${name} -->\n\n${EXAMPLES[name] ?? 'no such example'}\n`;
    });
    expect(shown).toEqual(Object.keys(EXAMPLES));
    if (process.env.UPDATE_EXAMPLES === '1') writeFileSync(DOCUMENT, current);
    else expect(held).toBe(current);
    expect(held).toContain(`version ${OCSF_VERSION}`);
  });
});

describe('the examples', () => {
  const ALL: Readonly<Record<string, Notice>> = { opened, escalated, calmed, campaign };
  it.each(Object.keys(ALL))('%s: fits and validates in every channel', (name) => {
    const notice = ALL[name] ?? opened;
    const { subject, text } = email(notice, NOW);
    expect(subject.length).toBeLessThanOrEqual(100);
    for (const line of text.split('\n'))
      if (!line.trimStart().startsWith('siphonwatch ') && !line.includes('to undo: siphonwatch'))
        expect(line.length).toBeLessThanOrEqual(COLUMNS);
    expect(text.split('\n').length).toBeLessThan(90);
    expect(faults('chat', chat(notice, NOW))).toEqual([]);
    expect(faults('ocsf', ocsf(notice, NOW))).toEqual([]);
    expect(faults('asff', asff(applyNotice(undefined, notice), HOME, NOW))).toEqual([]);
  });

  it('nothing essential is cut from the longest chat card', () => {
    const { description } = chat(campaign, NOW).content;
    for (const part of [
      '*Who*',
      '*Since*',
      '*How sure*',
      '*Why*',
      '*Linked by*',
      '*At stake*',
      '*Benign explanations*',
      'policy default-1',
    ])
      expect(description).toContain(part);
  });

  it('every view of a campaign says what links it, what was checked, what to do and by whom it was judged', () => {
    const views = {
      email: email(campaign, NOW).text,
      chat: JSON.stringify(chat(campaign, NOW)),
      json: JSON.stringify(jsonView(campaign, NOW)),
      ocsf: JSON.stringify(ocsf(campaign, NOW)),
      asff: JSON.stringify(asff(applyNotice(undefined, campaign), HOME, NOW)),
    };
    for (const [name, view] of Object.entries(views))
      for (const part of [
        campaign.subject.id,
        'payment',
        'a gateway or reseller for many people',
        `siphonwatch dossier ${campaign.finding} --out`,
        'default-1',
        'shipped-2026-03',
      ])
        expect(view.replace(/\s+/g, ' '), name).toContain(part);
  });

  it('speaks of certainty in sentences that stand by themselves', () => {
    const { text } = email(opened, NOW);
    const flat = text.replace(/\s+/g, ' ');
    expect(flat).toContain('HOW SURE About 1 in 2,300 benign accounts shows as much within a month.');
    expect(flat).toContain('It can wait for working hours: the level is suspect, not critical, and about');
    expect(email({ ...opened, level: 'critical' }, NOW).text.replace(/\s+/g, ' ')).toContain(
      'Urgent, because the rarest level is reached and about',
    );
    expect(email(calmed, NOW).text.replace(/\s+/g, ' ')).toContain('would have shown as much within a month');
    expect(email({ ...opened, p: 1 }, NOW).text.replace(/\s+/g, ' ')).toContain(
      'too few peers to say how rare',
    );
  });

  it('says what leaves a day over the days that the subject was there, not over the whole window', () => {
    const to = opened.window.to;
    const since = new Date(Date.parse(to) - 2 * 86_400_000).toISOString();
    const stake = { ...opened.stake, outputTokens: 50_000 };
    const { urgency } = significanceText({ ...opened, since, stake });
    expect(urgency).toContain('about 25,000 tokens leave a day');
  });

  it('says where critical cannot be reached, so that nobody is calmed by its absence', () => {
    const { urgency } = significanceText({ ...opened, highestLevel: 'suspect' });
    expect(urgency).toContain('Suspect is the highest level here: the calibration has too few accounts');
    expect(urgency).not.toContain('not critical');
  });

  it('states no rarity finer than the calibration supports, and says that it is the finest', () => {
    const { sentence } = significanceText({ ...opened, p: 0.00169, pIsBound: true });
    expect(sentence).toMatch(/^At most 1 in 590 .*anything rarer than that the calibration cannot tell/);
    expect(significanceText({ ...opened, p: 0.00169 }).sentence).not.toContain('cannot tell');
  });

  it('gives the command of either verdict in the mail', () => {
    const { text } = email(opened, NOW);
    expect(text).toContain(`triage ${opened.finding} --verdict benign --until `);
    expect(text).toContain(`triage ${opened.finding} --verdict confirmed`);
  });

  it('proposes a date for silence that one person may give, to the end of its day', () => {
    const [, , record] = nextSteps(opened, NOW);
    const day = /--until (\S+)/.exec(record?.command ?? '')?.[1] ?? '';
    expect(untilOf(day)).toBeLessThanOrEqual(NOW + ALONE_DAYS * 86_400_000);
    expect(untilOf(day)).toBeGreaterThan(NOW + (ALONE_DAYS - 2) * 86_400_000);
  });

  it('tells a SIEM the number that people are told, beside the one that was measured', () => {
    const [reason] = opened.reasons;
    const signal = FACTS.find(({ id }) => saidOf(id, 0.5) !== '0.5')?.id ?? '';
    const notice = { ...opened, reasons: [{ ...(reason as Notice['reasons'][number]), signal, value: 0.5 }] };
    const found = ocsf(notice, NOW) as {
      evidences: { data: { value: number; value_text: string } }[];
      anomaly_analyses: { anomalies: { observations: { value: string }[] }[] }[];
    };
    expect(found.evidences[0]?.data).toMatchObject({ value: 0.5, value_text: saidOf(signal, 0.5) });
    expect(found.anomaly_analyses[0]?.anomalies[0]?.observations[0]?.value).toBe(saidOf(signal, 0.5));
  });

  it('says a number once, and no rarity finer than those that it is compared with can show', () => {
    const [body = '', numbers = ''] = email(opened, NOW).text.split('THE NUMBERS');
    expect(body).not.toMatch(/p-value|e-value|Error budget/);
    expect(numbers.match(/2,300/g)).toBeNull();
    const few = { ...campaign, peers: { ...campaign.peers, accounts: 400 } };
    const rare = {
      ...few,
      reasons: [{ ...(campaign.reasons[0] as Notice['reasons'][number]), p: 1 / 60_000 }],
    };
    for (const text of [email(rare, NOW).text, JSON.stringify(chat(rare, NOW))])
      expect(text.replace(/\s+/g, ' ').toLowerCase()).toContain('fewer than 1 benign group in 400');
    const named = {
      ...opened,
      reasons: [
        { ...(opened.reasons[0] as Notice['reasons'][number]), title: 'pace', evidence: 'Pace: 5 a day' },
      ],
    };
    expect(email(named, NOW).text.match(/pace/gi)).toHaveLength(1);
  });
});

describe('examples/throttle.yaml', () => {
  interface Rule {
    readonly EventPattern: { readonly detail: Record<string, unknown> };
    readonly Targets: readonly [
      {
        readonly InputTransformer: {
          readonly InputPathsMap: Record<string, string>;
          readonly InputTemplate: string;
        };
      },
    ];
  }
  const { Resources } = parse(
    readFileSync(new URL('../../examples/throttle.yaml', import.meta.url), 'utf8'),
  ) as { Resources: Record<'Throttle' | 'Restore', { Properties: Rule }> };
  /** What the gateway is sent by a rule for a notice; undefined where the rule does not match. */
  function sent(rule: 'Throttle' | 'Restore', notice: Notice): unknown {
    const { EventPattern, Targets } = Resources[rule].Properties;
    const detail = ocsf(notice, NOW);
    const event = { source: EVENT_SOURCE, 'detail-type': DETAIL_TYPE, detail };
    if (!compilePattern(JSON.stringify(EventPattern))(event as unknown as Json)) return undefined;
    const { InputPathsMap, InputTemplate } = Targets[0].InputTransformer;
    let text = InputTemplate;
    for (const [name, path] of Object.entries(InputPathsMap)) {
      const value = path
        .split('.')
        .slice(1)
        .reduce<unknown>((held, step) => (held as Record<string, unknown>)[step], event);
      text = text.replace(`<${name}>`, typeof value === 'string' ? value : JSON.stringify(value));
    }
    return JSON.parse(text);
  }

  it('throttles while a critical finding stands, gives the limit back after it, and leaves the others alone', () => {
    expect(sent('Throttle', escalated)).toMatchObject({
      action: 'throttle',
      finding: escalated.finding,
      delivery: deliveryId(escalated),
      resources: [{ uid: escalated.subject.id, type: 'Customer account' }],
    });
    expect(sent('Throttle', campaign)).toMatchObject({ resources: { length: 51 } });
    expect(sent('Restore', calmed)).toMatchObject({ action: 'restore', factor: 1 });
    expect(sent('Restore', { ...calmed, transition: 'closed' })).toBeDefined();
    expect(sent('Throttle', opened)).toBeUndefined();
    expect(sent('Throttle', calmed)).toBeUndefined();
    expect(sent('Restore', escalated)).toBeUndefined();
  });
});
