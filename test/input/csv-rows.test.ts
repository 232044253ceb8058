import { expect, it } from 'vitest';
import { CsvRows } from '../../lib/input/csv-rows.ts';

/** The documents of lines, of which each is read by a reader that goes on where the one before it ended. */
function takenUp(lines: readonly string[]): unknown[] {
  const found: unknown[] = [];
  let rows = new CsvRows();
  for (const [i, line] of lines.entries()) {
    const read = rows.take(line, i + 1);
    if (read === undefined) found.push('another line');
    else for (const document of read) found.push('json' in document ? document.json : document.fault);
    rows = new CsvRows(rows.held === undefined ? undefined : structuredClone(rows.held));
  }
  return found;
}

it.each([
  ['sep=;', 'account;model;prompt', 'c-1;m-1;Why?'],
  ['"sep=,"', 'account,model,prompt', 'c-1,m-1,Why?'],
])('a table behind %s is read wherever reading is taken up', (...lines) => {
  expect(takenUp(lines)).toEqual([{ account: 'c-1', model: 'm-1', prompt: 'Why?' }]);
});

it('a line that names a separator alone begins no table later on', () => {
  expect(takenUp(['{"a":1}', 'sep=;', 'account;model;prompt'])).toEqual([
    'another line',
    'another line',
    'another line',
  ]);
});
