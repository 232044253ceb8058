import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
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

  it('documents and workflows call scripts that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const unknown = [...documents, ...ourFiles('.yml')].flatMap((document) =>
      [...textOf(document).matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].flatMap(([, name = '']) =>
        name in scripts ? [] : [`${document}: ${name}`],
      ),
    );
    expect(unknown).toEqual([]);
  });

  it('workflows and forms are valid YAML', () => {
    for (const file of ourFiles('.yml'))
      expect(parse(textOf(file)), file).toMatchObject(file.includes('workflows') ? { jobs: {} } : {});
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
