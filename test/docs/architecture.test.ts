import { describe, expect, it } from 'vitest';
import { ROOMS } from '../../scripts/rooms.ts';
import { exists, isFile, pathsIn, textOf } from './documents.ts';

const DOCUMENT = 'ARCHITECTURE.md';
const text = textOf(DOCUMENT);

function section(title: string): string {
  return (text.split(`\n## ${title}\n`)[1] ?? '').split('\n## ')[0] ?? '';
}

/** Rows of the table of changes: what, and the files that are named for it. */
const changes = section('I want to change X')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| I want to |'))
  .map((line) => {
    const [, what = '', , files = ''] = line.split('|').map((cell) => cell.trim());
    const named = [...files.matchAll(/`([\w./-]+\.\w+)`/g)].map(([, path = '']) => path);
    return { what, named };
  });

describe('ARCHITECTURE.md', () => {
  it('names paths that exist', () => {
    expect(pathsIn(text).filter((path) => !exists(path))).toEqual([]);
  });

  it('says for twenty usual changes or more where they go, in three files at most', () => {
    expect(changes.length).toBeGreaterThanOrEqual(20);
    expect(changes.filter(({ named }) => named.length < 1 || named.length > 3)).toEqual([]);
    expect(changes.flatMap(({ named }) => named).filter((path) => !isFile(path))).toEqual([]);
  });

  it('describes the rooms that the check holds, in their order', () => {
    const described = [...section('The rooms').matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    );
    const rooms = ROOMS.filter(({ path }) => path !== 'lib/telemetry/kinesis.ts').map(({ path }) => path);
    expect(described).toEqual(rooms);
  });

  it('walks through eight files or more each', () => {
    const walks = ['an event', 'a policy value', 'a finding'].map((what, i) =>
      section(`Walk ${i + 1}: ${what}`),
    );
    for (const walk of walks) expect(pathsIn(walk).length).toBeGreaterThanOrEqual(8);
  });
});
