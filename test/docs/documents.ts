import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The documents of the repository, and what they name: read as a reader would follow them. */

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Folders that hold what we write; everything else (node_modules, outputs) is not ours. */
const FOLDERS = [
  'lib',
  'lambdas',
  'bin',
  'console',
  'bench',
  'examples',
  'docs',
  'test',
  'packages',
  'scripts',
  '.github',
  '.ci',
];
const SKIPPED = new Set(['node_modules', 'dist', 'cdk.out', 'coverage']);

function below(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : below(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Paths of our files from the root, with `/`, that end with one of the endings. */
export function ourFiles(...endings: readonly string[]): string[] {
  const top = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(ROOT, entry.name));
  return [...top, ...FOLDERS.flatMap((folder) => below(join(ROOT, folder)))]
    .map((path) => relative(ROOT, path).split(sep).join('/'))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort();
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

export function isFile(path: string): boolean {
  return exists(path) && statSync(join(ROOT, path)).isFile();
}

/** A document without its fenced blocks: examples in them are not followed. */
export function prose(markdown: string): string {
  return markdown.replace(/^( *)(```|~~~)[\s\S]*?^\1\2 *$/gm, '');
}

/** Anchors that GitHub gives the headings of a document, and those that it sets itself. */
export function anchorsOf(markdown: string): Set<string> {
  const text = prose(markdown);
  const anchors = new Set<string>([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.*)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replace(/ /g, '-');
    let name = slug;
    for (let n = 1; anchors.has(name); n++) name = `${slug}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

export interface Link {
  /** the path that is meant, from the root; the document's own for an anchor alone */
  readonly path: string;
  readonly anchor: string | undefined;
  readonly as: string;
}

/** Links of a document to files of the repository. */
export function linksOf(document: string): Link[] {
  const links = prose(textOf(document)).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g);
  return [...links].flatMap(([, target = '']) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const meant =
      path === '' ? document : relative(ROOT, resolve(join(ROOT, dirname(document)), decodeURI(path)));
    return [{ path: meant.split(sep).join('/'), anchor, as: target }];
  });
}

/** Paths of our folders that a text names, as `lib/profile/window.ts` in code marks or in a fenced block; placeholders are left out. */
export function pathsIn(markdown: string): string[] {
  const fences = [...markdown.matchAll(/^( *)(```|~~~)([\s\S]*?)^\1\2 *$/gm)].map(
    ([, , , text = '']) => text,
  );
  const fenced = fences.flatMap((text) => [
    ...text.matchAll(/(?<![\w/.:-])(?:lib|lambdas|bin|test|docs)\/[\w./-]*\w/g),
  ]);
  const marked = [
    ...[...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code),
    ...fenced.map(([path]) => path),
  ];
  return marked.filter(
    (code) => FOLDERS.some((folder) => code.startsWith(`${folder}/`)) && !/[\s*{}<>]|NAME|\.\.\./.test(code),
  );
}
