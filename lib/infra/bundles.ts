import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack, Stage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { buildSync, type OutputFile } from 'esbuild';
import { FUNCTIONS, type FunctionName } from '../contract/environment.ts';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
/** Nothing is written there; sources in the maps are relative to it, and so the same on every machine. */
const OUTDIR = join(CHECKOUT, 'bundles');

/** The SDK and the middleware have CommonJS inside; an ES module has no `require` of its own. */
const REQUIRE_SHIM =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

function assemblyOf(scope: Construct): string {
  const stage = Stage.of(scope);
  if (!stage)
    throw new Error('The functions are not in a CDK app: there is no folder to put their bundles in');
  return stage.outdir;
}

/**
 * The code of all functions, in one run of esbuild: the SDK is read once instead of once a function, and Docker is no
 * way out (docs/decisions/025-node-24-by-default.md). Nothing is built until the first bundle is asked for, and nothing
 * at all where the CDK says that the stack needs no bundles (`cdk list`, template tests).
 */
export class Bundles {
  readonly #scope: Construct;
  #files: readonly OutputFile[] | undefined;

  constructor(scope: Construct) {
    this.#scope = scope;
  }

  /** The asset of a function: `index.mjs` with its source map. Functions of one entry share one asset. */
  code(name: FunctionName): AssetCode {
    const folder = dirname(FUNCTIONS[name].entry);
    if (!Stack.of(this.#scope).bundlingRequired) return Code.fromAsset(join(CHECKOUT, folder));
    this.#files ??= this.#build();
    const written = join(assemblyOf(this.#scope), '.bundles', folder);
    mkdirSync(written, { recursive: true });
    for (const file of this.#files) {
      if (dirname(relative(OUTDIR, file.path)) !== folder) continue;
      writeFileSync(join(written, basename(file.path)), file.contents);
    }
    return Code.fromAsset(written);
  }

  #build(): readonly OutputFile[] {
    const folders = new Map(Object.values(FUNCTIONS).map(({ entry }) => [dirname(entry), entry]));
    const { outputFiles } = buildSync({
      absWorkingDir: CHECKOUT,
      entryPoints: Object.fromEntries([...folders].map(([folder, entry]) => [`${folder}/index`, entry])),
      outdir: OUTDIR,
      outExtension: { '.js': '.mjs' },
      write: false,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // The oldest Node that runs a bundle is the one of the demo.
      target: 'node20',
      mainFields: ['module', 'main'],
      banner: { js: REQUIRE_SHIM },
      minify: true,
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'warning',
    });
    return outputFiles;
  }
}
