import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { ourFiles, textOf } from './documents.ts';

/** Words of our own, and the field's word that people read instead (docs/glossary.md). */
const INSTEAD: readonly (readonly [own: RegExp, standard: string])[] = [
  [/\bwronge?d\b|\bwrongs\b/i, 'false positive, flagged'],
  [/\bcaught(?! up)\b|\bcatches\b/i, 'found; recall'],
  [/\bset aside\b/i, 'quarantined; left out'],
  [/\bstorm brake\b/i, 'notification limit'],
  [/\bnulls\b/i, 'null distributions'],
  [/\bout of fold\b/i, 'cross-validated'],
  [
    /\b(?:is|are|was|were|be|nobody|never|not) told\b(?! (?:apart|from))|\btold (?:at once|one by one)\b/i,
    'notified',
  ],
  [/\bninth decile\b|\bnine tenths of the peers\b/i, '90th percentile'],
  [/\bfalse[- ]alarm\b/i, 'false positive'],
  [/\bthe promise\b|\bpromises\b/i, 'error budget; false-positive rate'],
  [/\bempty hands\b|\bas a coat\b/i, 'plain words'],
];

/** Where the own word is named, because it stands in stored or sent data. */
const NAMING = new Set(['docs/glossary.md']);

function faults(where: string, text: string): string[] {
  return INSTEAD.flatMap(([own, standard]) => {
    const found = own.exec(text);
    return found === null ? [] : [`${where}: ${found[0]} (say: ${standard})`];
  });
}

interface Node {
  readonly type: string;
  readonly value?: unknown;
}

/** Sentences in string literals and templates: what has a space in it. */
function sentences(file: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { type, value } = node as Node;
    if (type === 'Literal' && typeof value === 'string') found.push(value);
    if (type === 'TemplateElement') found.push((value as { readonly raw: string }).raw);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync(file, textOf(file)).program);
  return found.filter((text) => text.includes(' '));
}

describe('words', () => {
  it('documents use the words of the field', () => {
    const documents = ourFiles('.md').filter((path) => !NAMING.has(path));
    const wrong = documents.flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, i) => faults(`${path}:${i + 1}`, line)),
    );
    expect(wrong).toEqual([]);
  });

  it('commands, reports, notices, settings and the console use the words of the field', () => {
    const rooms =
      /^(bin|console|lambdas|lib\/(backtest|cli|contract|dossier|findings|infra|input|policy|signals))\//;
    const wrong = ourFiles('.ts')
      .filter((path) => rooms.test(path) && !path.endsWith('.d.ts'))
      .flatMap((path) => sentences(path).flatMap((text) => faults(path, text)));
    expect(wrong).toEqual([]);
  });
});
