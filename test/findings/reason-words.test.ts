import { expect, it } from 'vitest';
import { firstReasons } from '../../lib/findings/reason-words.ts';
import { FACTS } from '../../lib/signals/facts/index.ts';
import { opened } from './notices.ts';

it('a reason in a list says its number, so that rows with one reason differ; one that is no fact has its title', () => {
  const share = FACTS.find(({ unit }) => unit === 'share');
  const [reason] = opened.reasons;
  if (share === undefined || reason === undefined) throw new Error('no fact is a share');
  const measured = { ...reason, signal: share.id, title: 'graded', value: 0.62 };
  expect(firstReasons([measured, { ...reason, signal: 'shared-payment' }])).toEqual([
    'graded: 62 %',
    reason.title,
  ]);
  expect(firstReasons([])).toEqual(['', '']);
});
