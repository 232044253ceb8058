import { Command } from 'commander';
import { DeploymentReader } from '../../aws/deployment-facts.ts';
import { DEFAULT_STACK } from '../../contract/command.ts';
import type { Diagnosis } from '../../doctor/check.ts';
import { CHECKS, diagnose } from '../../doctor/checks.ts';
import type { DeploymentFacts } from '../../doctor/facts.ts';
import { sourceDigest } from '../../infra/source-digest.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { stackOf } from '../shared/deployment.ts';

interface DoctorOptions {
  readonly stack: string;
  readonly region?: string;
  readonly json?: boolean;
}

/**
 * `doctor`: reads a deployment with the caller's credentials. Ends with 0 where nothing is wrong, 1 where something is, 2 where
 * there is no such stack, 3 where nothing is wrong in what could be looked at, and something could not.
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'look at a deployment and say what is wrong or missing, with remedies; changes nothing. Exit code 0: nothing is wrong, 1: something is, 3: not everything could be looked at',
    )
    .option(
      '--stack <name>',
      'the deployed stack (SIPHONWATCH_STACK)',
      process.env.SIPHONWATCH_STACK || DEFAULT_STACK,
    )
    .option('--region <region>', 'AWS region')
    .option('--json', 'print one JSON document')
    .action((options: DoctorOptions) => runCommand('doctor', () => doctor(options)));
}

async function doctor(options: DoctorOptions): Promise<number> {
  const stack = await stackOf(options.stack, options);
  const reader = new DeploymentReader(stack, {
    region: options.region,
    now: Date.now(),
    localSources: sourceDigest(),
  });
  try {
    const facts = await reader.read();
    const found = diagnose(facts);
    if (options.json === true)
      printJson({ stack: facts.stack, checks: CHECKS.length, found, unseen: facts.unseen });
    else process.stdout.write(`${report(facts, found)}\n`);
    if (found.some(({ severity }) => severity === 'wrong')) return 1;
    return facts.unseen.length > 0 ? 3 : 0;
  } finally {
    reader.close();
  }
}

function report(facts: DeploymentFacts, found: readonly Diagnosis[]): string {
  const lines = [`${colours.bold(facts.stack.name)}: ${CHECKS.length} checks`];
  for (const { check, severity, what, remedy } of found)
    lines.push(
      `${severity === 'wrong' ? colours.red('wrong  ') : colours.yellow('missing')} ${what}`,
      `        ${check}: ${remedy}`,
    );
  for (const { what, why } of facts.unseen) lines.push(`unseen  ${what}: ${why}`);
  if (found.length === 0 && facts.unseen.length === 0) lines.push('nothing is wrong');
  return lines.join('\n');
}
