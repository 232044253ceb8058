import { describe, expect, it } from 'vitest';
import { isFile, textOf } from './documents.ts';

const rows = textOf('docs/glossary.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Word |'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/glossary.md', () => {
  it('gives each word a meaning and a file that exists', () => {
    expect(rows.length).toBeGreaterThan(40);
    const wrong = rows.filter(
      ([, word = '', meaning = '', , file = '']) =>
        word === '' || !meaning.endsWith('.') || !isFile(file.replaceAll('`', '')),
    );
    expect(wrong).toEqual([]);
  });

  it('explains a word once', () => {
    const words = rows.flatMap(([, cell = '']) => cell.split(',').map((word) => word.trim()));
    expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
  });
});
