import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { FUNCTIONS, nodeOptions, VARIABLES } from '../../lib/contract/environment.ts';
import { assemblyFolder } from './synthesized.ts';

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const outdir = assemblyFolder();

/** A machine without network and without credentials: every proxy leads nowhere, npm may not look anything up. */
const OFFLINE = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  npm_config_offline: 'true',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
};

/** Values that a handler parses when it is loaded; of the others the name will do. */
const PARSED: Readonly<Record<string, string>> = {
  ALLOWED_SKEW_SECONDS: '300',
  LOG_LEVEL: 'INFO',
  SECURITY_HUB: 'arn:aws:securityhub:us-east-1:000000000000:product/000000000000/default',
  FINDING_DAYS: '1096',
};
/** Handlers may read their environment when they are loaded: that is how Lambda starts them. */
const TOLD = Object.keys(VARIABLES).map((name) => [name, PARSED[name] ?? name.toLowerCase()] as const);

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Metadata?: Readonly<Record<string, string>> }>
  >;
}

describe('npx cdk synth', () => {
  beforeAll(async () => {
    const { AWS_PROFILE: _, AWS_ACCESS_KEY_ID: __, ...environment } = process.env;
    const every = ['triageApi=true', 'hunts=true', 'backtestShards=2'].flatMap((setting) => [
      '-c',
      `siphonwatch:${setting}`,
    ]);
    await run('npx', ['cdk', 'synth', '--quiet', ...every, '--output', outdir], {
      cwd: CHECKOUT,
      env: { ...environment, ...OFFLINE },
    });
  });

  it('works offline and bundles each function into an ES module that loads and has a handler', async () => {
    const template: Template = JSON.parse(readFileSync(join(outdir, 'Siphonwatch.template.json'), 'utf8'));
    const functions = Object.values(template.Resources).filter((r) => r.Type === 'AWS::Lambda::Function');
    expect(functions).toHaveLength(Object.keys(FUNCTIONS).length);
    for (const fn of functions) {
      const bundle = join(outdir, fn.Metadata?.['aws:asset:path'] ?? '', 'index.mjs');
      const probe = `const m = await import(${JSON.stringify(pathToFileURL(bundle).href)}); process.stdout.write(typeof m.handler);`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', probe], {
        env: {
          ...process.env,
          ...Object.fromEntries(TOLD),
          NODE_OPTIONS: nodeOptions(3008),
          AWS_REGION: 'us-east-1',
        },
      });
      expect(stdout, bundle).toContain('function');
    }
  });
});
