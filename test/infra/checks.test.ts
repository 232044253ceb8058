import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../lib/infra/app.ts';
import { assemblyFolder, WITHOUT_BUNDLES } from './synthesized.ts';

/** Seconds on an idle machine; the engine that checks CloudFormation's schemas is slow to start on a busy one. */
const PATIENCE_MS = 120_000;

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly { readonly ruleName: string }[];
  }[];
}

function violationsIn(folder: string): readonly string[] {
  const file = join(folder, 'validation-report.json');
  if (!existsSync(file)) return [];
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  return report.pluginReports.flatMap((plugin) =>
    plugin.violations.map((v) => `${plugin.pluginName}: ${v.ruleName}`),
  );
}

describe('cdk-nag (AwsSolutions and Serverless) and the CloudFormation schemas', {
  timeout: PATIENCE_MS,
}, () => {
  it.each([
    ['the defaults', {}],
    [
      'every optional part',
      {
        'siphonwatch:streamMode': 'provisioned',
        'siphonwatch:operationsEmails': 'ops@example.com',
        'siphonwatch:monthlyBudgetUsd': 100,
        'siphonwatch:hunts': true,
        'siphonwatch:calibrateShards': 7,
        'siphonwatch:huntInfrequentDays': 30,
        'siphonwatch:securityHub': true,
        'siphonwatch:criticalPhones': '+4930123456',
        'siphonwatch:triageApi': true,
      },
    ],
  ])('find nothing with %s, not even a warning', (_, settings) => {
    const outdir = assemblyFolder();
    buildApp({ context: { ...WITHOUT_BUNDLES, ...settings }, outdir }).app.synth();
    expect(violationsIn(outdir)).toEqual([]);
  });

  it('would find an open bucket: no exception covers more than it names', () => {
    const outdir = assemblyFolder();
    const { app, stack } = buildApp({ context: WITHOUT_BUNDLES, outdir });
    new Bucket(stack, 'Open');
    expect(() => app.synth()).toThrow(/does not require requests to use SSL/);
    expect(violationsIn(outdir)).toEqual(expect.arrayContaining(['AwsSolutions: AwsSolutions-S10']));
  });
});

describe('the CDK app', { timeout: PATIENCE_MS }, () => {
  it('tells the operator what is wrong with the context, without a stack trace', async () => {
    const context = { 'siphonwatch:shards': 'many', 'siphonwatch:colour': 'red' };
    const failed = run(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
      cwd: CHECKOUT,
      env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_OUTDIR: assemblyFolder() },
    });
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^The context has values that Siphonwatch refuses:\n {2}- siphonwatch:shards is "many": allowed is a whole number from 1 to 10000\n {2}- siphonwatch:colour is not a setting.*\n$/,
      ),
    });
  });
});
