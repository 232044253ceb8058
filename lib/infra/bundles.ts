import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack, Stage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type BuildOptions, buildSync } from 'esbuild';
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

/** What the SDK imports and a function never runs: by package, what stands in its place. */
const STAND_INS: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': join(CHECKOUT, 'lib/aws/lambda-credentials.ts'),
};

/** How everything that a function imports becomes one ES module. */
export const BUNDLED = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  // The oldest Node that runs a bundle is the one of the demo.
  target: 'node20',
  mainFields: ['module', 'main'],
  alias: STAND_INS,
  banner: { js: REQUIRE_SHIM },
  logLevel: 'warning',
} satisfies BuildOptions;

/**
 * The code of the functions, by esbuild; Docker is no way out (docs/decisions/025-node-24-by-default.md). What a function imports only
 * when it needs it lies in files of its own beside `index.mjs`. A folder is built when its first bundle is asked for, and nothing
 * at all where the CDK says that the stack needs no bundles (`cdk list`, template tests).
 */
export class Bundles {
  readonly #scope: Construct;
  readonly #written = new Map<string, string>();

  constructor(scope: Construct) {
    this.#scope = scope;
  }

  /** The asset of a function: `index.mjs`, what it loads later, and source maps. Functions of one entry share one asset. */
  code(name: FunctionName): AssetCode {
    const { entry } = FUNCTIONS[name];
    const folder = dirname(entry);
    if (!Stack.of(this.#scope).bundlingRequired) return Code.fromAsset(join(CHECKOUT, folder));
    const written = this.#written.get(folder) ?? join(assemblyOf(this.#scope), '.bundles', folder);
    if (!this.#written.has(folder)) bundle(entry, written);
    this.#written.set(folder, written);
    return Code.fromAsset(written);
  }
}

/** Writes the bundle of one function into a folder, and takes out what an earlier synthesis left there. @param entry its file, relative to the checkout */
export function bundle(entry: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { outputFiles } = buildSync({
    absWorkingDir: CHECKOUT,
    entryPoints: { index: entry },
    outdir: OUTDIR,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'later-[hash]',
    write: false,
    ...BUNDLED,
    splitting: true,
    minify: true,
    sourcemap: true,
    sourcesContent: false,
  });
  for (const { path, contents } of outputFiles) writeFileSync(join(folder, basename(path)), contents);
}
