import { describe, expect, it } from 'vitest';
import { anchorsOf, exists, linksOf, ourFiles, pathsIn, textOf } from './documents.ts';

/** The template of decisions names what its copies will. */
const documents = ourFiles('.md').filter((path) => path !== 'docs/decisions/template.md');

describe('documents', () => {
  it('documents link to files and headings that exist', () => {
    const broken = documents.flatMap((document) =>
      linksOf(document)
        .filter(
          ({ path, anchor }) =>
            !exists(path) ||
            (anchor !== undefined && path.endsWith('.md') && !anchorsOf(textOf(path)).has(anchor)),
        )
        .map((link) => `${document}: ${link.as}`),
    );
    expect(broken).toEqual([]);
  });

  it('documents name paths that exist', () => {
    const missing = documents.flatMap((document) =>
      pathsIn(textOf(document))
        .filter((path) => !exists(path))
        .map((path) => `${document}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('code names documents that exist', () => {
    const code = ourFiles('.ts', '.mjs', '.json', '.yml', '.yaml', '.css', '.html');
    const missing = code.flatMap((file) =>
      [...textOf(file).matchAll(/(?<![\w/.-])docs\/[\w/-]+\.md(?:#[\w-]+)?/g)].flatMap(([name]) => {
        const [path = '', anchor] = name.split('#');
        const there = exists(path) && (anchor === undefined || anchorsOf(textOf(path)).has(anchor));
        return there ? [] : [`${file}: ${name}`];
      }),
    );
    expect(missing).toEqual([]);
  });
});
