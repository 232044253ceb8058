import { Command } from 'commander';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { policyChanges, policyWarnings } from '../../policy/diff.ts';
import { describeFault, parsePolicy } from '../../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { printable } from '../../telemetry/reason.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { writable, writeAside } from '../shared/output.ts';
import { loadCalibration, loadPolicy, textOf } from './policy-file.ts';
import { pushCommand, shadowCommand } from './policy-push.ts';
import { promoteCommand, rollbackCommand, showCommand, statusCommand } from './policy-status.ts';
import { type JsonOption, out } from './policy-target.ts';

/** `policy validate|diff|push|shadow|status|rollback|promote`: the life of a policy, files and rollouts alike. */
export function policyCommand(): Command {
  const command = new Command('policy').description(
    'check, compare and roll out policies, to AWS AppConfig or to the running demo',
  );
  command.addCommand(validateCommand());
  command.addCommand(diffCommand());
  command.addCommand(pushCommand());
  command.addCommand(shadowCommand());
  command.addCommand(statusCommand());
  command.addCommand(showCommand());
  command.addCommand(rollbackCommand());
  command.addCommand(promoteCommand());
  return command;
}

function validateCommand(): Command {
  return new Command('validate')
    .description('check policy files: every fault with line, field, value and remedy')
    .argument('<files...>', 'YAML or JSON')
    .option('--calibration <file>', 'calibration (JSON) to check windows and levels against')
    .option('--json', 'print one JSON document')
    .action((files: string[], options: JsonOption & { calibration?: string }) =>
      runCommand('policy validate', async () => {
        const calibration = await loadCalibration(options.calibration);
        const results = [];
        for (const file of files) {
          const text = await textOf(file).catch((error: unknown) => {
            if (error instanceof InputError) return error;
            throw error;
          });
          if (text instanceof InputError) {
            // the other files are looked at all the same
            say(text.message);
            results.push({ file, ok: false, faults: [], unread: text.message });
            continue;
          }
          const parsed = parsePolicy(text, Date.now());
          results.push({
            file,
            ok: parsed.ok,
            faults: parsed.ok ? [] : parsed.faults,
            ...(parsed.ok
              ? {
                  policy: parsed.policy.id,
                  warnings: [
                    ...otherNamed(parsed.policy, calibration),
                    ...policyWarnings(parsed.policy, calibration),
                  ],
                }
              : {}),
          });
        }
        if (options.json === true) printJson({ files: results });
        else
          for (const { file, ok, faults, policy, warnings } of results) {
            for (const fault of faults) out(describeFault(fault, file));
            if (ok) out(`${file}: ${colours.green('valid')}, policy ${policy ?? ''}`);
            for (const warning of warnings ?? []) out(`  note: ${warning}`);
          }
        return results.every(({ ok }) => ok) ? 0 : 2;
      }),
    );
}

/** That levels are checked against another calibration than the policy will be judged with. */
function otherNamed(policy: Policy, { id }: Calibration): string[] {
  return policy.calibration === id
    ? []
    : [
        `it names calibration ${printable(policy.calibration)}, and what is said here is of ${printable(id)}: give the named one with --calibration FILE.`,
      ];
}

interface DiffOptions extends KeyOptions, JsonOption {
  readonly events?: string[];
  readonly labels?: string;
  readonly calibration?: string;
  readonly report?: string;
}

function diffCommand(): Command {
  const command = new Command('diff')
    .description('describe what changes between two policies; with --events, measure it on recorded traffic')
    .argument('<before>', 'policy file; `default` is the shipped policy')
    .argument('<after>', 'policy file')
    .option('--events <files...>', 'recorded usage events or exchanges: replays both policies over them')
    .option('--labels <file>', 'CSV account,label,kind,campaign: separates true from false positives')
    .option('--calibration <file>', 'calibration (JSON); default: the shipped one')
    .option('--report <file>', 'write both side by side as a self-contained HTML report (needs --events)')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((before: string, after: string, options: DiffOptions) =>
    runCommand('policy diff', async () => {
      if (options.report !== undefined && options.events === undefined)
        throw new InputError('--report: needs --events FILES, which it is drawn from');
      await writable({ '--report': options.report });
      const was = before === 'default' ? defaultPolicy : await loadPolicy(before);
      const is = await loadPolicy(after);
      const calibration = await loadCalibration(options.calibration);
      const changes = policyChanges(was, is, calibration);
      const warnings = policyWarnings(is, calibration);
      // what holds of both is no difference; `validate` says it
      const known = policyWarnings(was, calibration);
      const news = warnings.filter((line) => !known.includes(line));
      let numbers: Record<string, unknown> | undefined;
      if (options.events !== undefined) {
        const { backtest } = await import('../backtest/run-backtest.ts');
        const { comparisonOf, printComparison } = await import('../backtest/backtest-tables.ts');
        const { outcomes } = await backtest(options.events, {
          ...options,
          ...(before === 'default' ? {} : { policy: before }),
          compare: after,
        });
        const [active, candidate] = outcomes;
        if (candidate === undefined) throw new Error('two policies make two outcomes');
        numbers = comparisonOf(active, candidate);
        if (options.json !== true) {
          printChanges(changes, news);
          printComparison(active, candidate);
        }
        if (options.report !== undefined) {
          const { backtestReport } = await import('../../backtest/report.ts');
          await writeAside(options.report, await backtestReport(active, candidate));
          say(`report: ${options.report}`);
        }
      } else if (options.json !== true) printChanges(changes, news);
      if (options.json === true)
        printJson({
          before: was.id,
          after: is.id,
          changes,
          warnings,
          ...(numbers === undefined ? {} : { traffic: numbers }),
        });
      return 0;
    }),
  );
}

function printChanges(changes: ReturnType<typeof policyChanges>, warnings: readonly string[]): void {
  if (changes.length === 0) out('No difference in behaviour.');
  for (const { field, before, after, effect } of changes) {
    out(`${colours.bold(field)}: ${before} -> ${after}`);
    out(`  ${effect}`);
  }
  for (const warning of warnings) out(colours.yellow(`note: ${warning}`));
}
