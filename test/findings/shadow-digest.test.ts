import { expect, it } from 'vitest';
import { applyNotice, type Finding } from '../../lib/findings/finding.ts';
import { shadowDigest } from '../../lib/findings/shadow-digest.ts';
import { opened } from './notices.ts';

const DAY = 86_400_000;

function finding(account: string, shadow: boolean, verdict?: 'confirmed' | 'benign'): Finding {
  const base = opened;
  const made = applyNotice(undefined, {
    ...base,
    level: 'suspect',
    finding: `f-${account}-1`,
    subject: { ...base.subject, id: account },
    shadow,
  });
  return verdict === undefined
    ? made
    : { ...made, verdict: { verdict, by: 'someone', at: '2026-03-05T00:00:00Z' } };
}

it('counts newly caught and newly wronged by what people said, and links the rest for triage', () => {
  const digest = shadowDigest(
    [finding('a', false), finding('gone', false, 'benign')],
    [
      finding('a', true),
      finding('caught', true, 'confirmed'),
      finding('wronged', true, 'benign'),
      finding('new', true),
    ],
    DAY,
  );
  expect(digest).toMatchObject({
    counts: { active: 2, shadow: 4, both: 1 },
    newlyCaught: 1,
    newlyWronged: 1,
    noLongerCaught: 0,
    noLongerWronged: 1,
  });
  expect(digest.lines.join('\n')).toContain('siphonwatch findings show f-new-1.shadow');
  expect(digest.lines.join('\n')).toContain('not judged yet');
});

it('says so when there is nothing to compare', () => {
  expect(shadowDigest([], [], DAY).lines).toEqual(['Neither policy has a finding yet.']);
});
