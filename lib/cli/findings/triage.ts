import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { VERDICTS, type Verdict } from '../../findings/finding.ts';
import { when } from '../../findings/format.ts';
import type { Author } from '../../findings/principal.ts';
import { plain } from '../../findings/sanitize.ts';
import { ALONE_DAYS, type Triaged, TriageError, triage, undo, untilOf } from '../../findings/triage.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { change } from '../../stores/verdicts.ts';
import { authorOf, userName } from '../shared/author.ts';
import { calledAs } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';

interface TriageOptions extends DeploymentOptions {
  readonly verdict?: Verdict;
  readonly until?: string;
  readonly note?: string;
  readonly undo?: boolean | string;
  readonly decision?: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** `triage ID --verdict V [--until DATE] [--note TEXT]`, `triage ID --undo`: what people say of a finding. */
export function triageCommand(): Command {
  return withDeploymentOptions(
    new Command('triage')
      .description(
        'record a verdict on a finding: close it, suppress notifications on its subject until a date, or leave it open',
      )
      .argument('<id>', 'finding, f-... or fc-...')
      .addOption(new Option('--verdict <verdict>', 'what it was').choices(VERDICTS))
      .option(
        '--until <date>',
        'benign: notifications suppressed until then; unsure: no updates until then (2026-04-01 or an ISO time)',
      )
      .option('--note <text>', 'why, for whoever reads it next year')
      .option('--undo [decision]', 'take the newest verdict back, or the one of that decision')
      .option('--decision <id>', 'id of this decision: given again, it is not made twice')
      .option('--by <name>', 'what you are called; who you are is asked of IAM', userName())
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: TriageOptions) =>
    runCommand('triage', () =>
      withFindings(options, async (store, now, deployment) => {
        const name = options.decision ?? randomUUID();
        const decide = decisionOf(options, await authorOf(options, deployment), name, now);
        const made = await change(store, id, decide, name).catch((error: unknown) => {
          if (error instanceof TriageError)
            throw new InputError(
              error.field === undefined ? error.message : `--${error.field}: ${error.message}`,
              {
                cause: error,
              },
            );
          throw error;
        });
        if (options.json === true)
          printJson({ finding: made.finding.id, entry: made.entry, exception: made.exception ?? null });
        say(wordsOf(made));
        return 0;
      }),
    ),
  );
}

function decisionOf(
  options: TriageOptions,
  { principal: by, claimed }: Author,
  decision: string,
  now: number,
): (held: Triaged['finding']) => Triaged {
  const { note, verdict } = options;
  if (note !== undefined && note.length > 4000)
    throw new InputError(`--note: must have at most 4000 characters (got ${note.length})`);
  if (options.undo !== undefined && options.undo !== false) {
    if (verdict !== undefined || options.until !== undefined)
      throw new InputError('--undo takes the newest change back: give no --verdict and no --until with it');
    const undoes = options.undo === true ? undefined : options.undo;
    return (held) => undo(held, by, now, note, { claimed, decision, undoes });
  }
  if (verdict === undefined) throw new InputError(`give --verdict ${VERDICTS.join('|')}, or --undo`);
  const until = options.until === undefined ? undefined : dateOf(options.until);
  const who = { by, ...(claimed === undefined ? {} : { claimed }) };
  return (held) => triage(held, { verdict, ...who, at: now, until, note, decision });
}

function dateOf(text: string): number {
  const ms = untilOf(text);
  if (ms === undefined)
    throw new InputError(
      `--until: must be a date such as 2026-04-01, or an ISO time with zone (got ${plain(text, 60)})`,
    );
  return ms;
}

function wordsOf({ finding, entry, exception }: Triaged): string {
  const { verdict, state } = entry.after;
  const what = verdict === undefined ? 'no verdict' : verdict.verdict;
  const quiet =
    exception === undefined
      ? ''
      : `; notifications on ${finding.notice.subject.id} are suppressed until ${when(exception.until)}`;
  const alone =
    verdict?.wanted === undefined
      ? ''
      : ` (one person silences for at most ${ALONE_DAYS} days; the same verdict by a second person makes it ${when(verdict.wanted)})`;
  return `${finding.id}: ${what}, ${state}${quiet}${alone}. To take it back: ${calledAs()} triage ${finding.id} --undo`;
}
