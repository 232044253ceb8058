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

const EVERY_PART = {
  'siphonwatch:streamMode': 'provisioned',
  'siphonwatch:operationsEmails': 'ops@example.com',
  'siphonwatch:monthlyBudgetUsd': 100,
  'siphonwatch:hunts': true,
  'siphonwatch:calibrateShards': 7,
  'siphonwatch:linkShards': 7,
  'siphonwatch:backtestShards': 7,
  'siphonwatch:huntInfrequentDays': 30,
  'siphonwatch:securityHub': true,
  'siphonwatch:criticalPhones': '+4930123456',
  'siphonwatch:triageApi': true,
};

/** Without a log of who reads it, and without TLS. */
const OF_AN_OPEN_BUCKET = ['AwsSolutions: AwsSolutions-S1', 'AwsSolutions: AwsSolutions-S10'];

describe('cdk-nag (AwsSolutions and Serverless) and the CloudFormation schemas', {
  timeout: PATIENCE_MS,
}, () => {
  it.each([false, true])(
    'find nothing with every optional part, not even a warning (tracing: %s)',
    (tracing) => {
      const outdir = assemblyFolder();
      const context = { ...WITHOUT_BUNDLES, ...EVERY_PART, 'siphonwatch:tracing': tracing };
      buildApp({ context, outdir }).app.synth();
      expect(violationsIn(outdir)).toEqual([]);
    },
  );

  it('find an open bucket beside the defaults, and nothing else: no exception covers more than it names', () => {
    const outdir = assemblyFolder();
    const { app, stack } = buildApp({ context: WITHOUT_BUNDLES, outdir });
    new Bucket(stack, 'Open');
    expect(() => app.synth()).toThrow(/does not require requests to use SSL/);
    expect(violationsIn(outdir)).toEqual(OF_AN_OPEN_BUCKET);
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
