import { expect, it } from 'vitest';
import { applyNotice, type Finding } from '../../lib/findings/finding.ts';
import { compareFindings, groupFindings } from '../../lib/findings/finding-order.ts';
import { campaign, opened } from './notices.ts';

const found = (id: string, account: string, level: 'suspect' | 'critical', outputTokens: number): Finding =>
  applyNotice(undefined, {
    ...opened,
    finding: id,
    level,
    subject: { ...opened.subject, id: account },
    stake: { ...opened.stake, outputTokens },
  });

it('urgency is level, then what was taken', () => {
  const findings = [
    found('f-small', 'a_1', 'critical', 10),
    found('f-suspect', 'a_2', 'suspect', 1e9),
    found('f-large', 'a_3', 'critical', 1000),
  ];
  const order = [...findings].sort(compareFindings('urgency')).map(({ id }) => id);
  expect(order).toEqual(['f-large', 'f-small', 'f-suspect']);
});

it('findings of accounts that a campaign names stand below it, each once; others stand alone', () => {
  const member = campaign.subject.members?.[0]?.account ?? '';
  const findings = [
    found('f-member', member, 'critical', 10),
    applyNotice(undefined, campaign),
    found('f-alone', 'a_9', 'suspect', 10),
  ];
  const groups = groupFindings(findings).map(({ head, members }) => [head.id, members.map(({ id }) => id)]);
  expect(groups).toEqual([
    [campaign.finding, ['f-member']],
    ['f-alone', []],
  ]);
});
