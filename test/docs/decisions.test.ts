import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ourFiles, ROOT, textOf } from './documents.ts';

const INDEX = 'docs/decisions/README.md';
const pages = ourFiles('.md').filter((path) => /^docs\/decisions\/\d{3}-[\w-]+\.md$/.test(path));
const STATUS = /^(proposed|accepted|superseded by \[\d{3}\]\(\d{3}-[\w-]+\.md\))$/;

/** The row that the index has to have for a page, from the page's own head. */
function rowOf(page: string): string {
  const [title = '', blank, status = '', date = '', area = ''] = textOf(page).split('\n');
  const number = basename(page).slice(0, 3);
  expect(title, page).toMatch(new RegExp(`^# ${number} \\S`));
  expect(blank, page).toBe('');
  expect(status.replace('- Status: ', ''), page).toMatch(STATUS);
  expect(date, page).toMatch(/^- Date: \d{4}-\d{2}-\d{2}$/);
  expect(area, page).toMatch(/^- Area: \S/);
  const cell = (line: string): string => line.replace(/^- \w+: /, '');
  return `| ${number} | [${title.slice(6)}](${basename(page)}) | ${cell(date)} | ${cell(status)} | ${cell(area)} |`;
}

describe('decisions', () => {
  it('the index lists every decision with its title, date, status and area (UPDATE_INDEX=1 writes it anew)', () => {
    const isRow = (line: string): boolean => /^\| \d{3} \|.*\]\(\d{3}-/.test(line);
    const lines = textOf(INDEX).split('\n');
    const rows = pages.map(rowOf);
    if (process.env.UPDATE_INDEX !== undefined) {
      const first = lines.findIndex(isRow);
      const others = lines.filter((line) => !isRow(line));
      writeFileSync(
        join(ROOT, INDEX),
        [...others.slice(0, first), ...rows, ...others.slice(first)].join('\n'),
      );
    }
    expect(textOf(INDEX).split('\n').filter(isRow)).toEqual(rows);
  });

  it('a decision has the sections of the template', () => {
    for (const page of pages) {
      const headings = [...textOf(page).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
      const known = ['Context', 'Decision', 'Reasons', 'Consequences'];
      expect(
        headings.filter((heading) => heading !== undefined && known.includes(heading)),
        page,
      ).toEqual(headings);
      expect(headings, page).toEqual(expect.arrayContaining(['Context', 'Decision', 'Consequences']));
    }
  });

  it('a number stands for one decision', () => {
    const numbers = [...textOf(INDEX).matchAll(/^\| (\d{3}) \|/gm)].map(([, number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
