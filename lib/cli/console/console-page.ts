import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../../console/', import.meta.url));

export interface PageFile {
  readonly type: string;
  readonly body: string | Buffer;
}

/** The page's files by name. @param token what requests that change something have to bring */
export async function pageFiles(token: string): Promise<Readonly<Record<string, PageFile>>> {
  const [script, index, style] = await Promise.all([
    bundled('main.ts'),
    readFile(`${PAGE}index.html`, 'utf8'),
    bundled('style.css'),
  ]);
  return {
    // the style stands in the page: the first paint waits for no second answer
    '': {
      type: 'text/html; charset=utf-8',
      body: index.replace('TOKEN', token).replace('<style></style>', () => `<style>${style}</style>`),
    },
    'main.js': { type: 'text/javascript; charset=utf-8', body: script },
  };
}

/** The page's script or style, from its sources: preact and htm are bundled in. */
async function bundled(entry: string): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [`${PAGE}${entry}`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}
