import { Command, Option } from 'commander';
import { type DecisionRequest, parseDecision } from '../../findings/decision-request.ts';
import { VERDICTS, type Verdict } from '../../findings/finding.ts';
import { when } from '../../findings/format.ts';
import { plain } from '../../findings/sanitize.ts';
import { ALONE_DAYS, type Triaged, TriageError } from '../../findings/triage.ts';
import { InputError } from '../../input/errors.ts';
import { authorOf, userName } from '../shared/author.ts';
import { calledAs } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { decideOn, decisionOf } from '../shared/decide.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';
import { noFinding } from './no-finding.ts';

interface TriageOptions extends DeploymentOptions {
  readonly verdict?: Verdict;
  readonly until?: string;
  readonly note?: string;
  readonly undo?: boolean | string;
  readonly assign?: string | boolean;
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
      .option('--note <text>', 'why, for whoever reads it next year; alone, it is kept without a verdict')
      .option('--undo [decision]', 'take the newest verdict back, or the one of that decision')
      .option('--assign <name>', 'who looks after it')
      .option('--no-assign', 'nobody looks after it any more')
      .option('--decision <id>', 'id of this decision: given again, it is not made twice')
      .option(
        '--by <name>',
        'what you are called, where there is no triage API; who you are is asked of IAM',
        userName(),
      )
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: TriageOptions) =>
    runCommand('triage', () =>
      withFindings(options, async (store, _, deployment) => {
        const name = decisionOf(options);
        const decide = decideOn(deployment, store, () => authorOf(options, deployment));
        const asked = async () => decide(id, askedFor(options), name);
        const made = await asked().catch(async (error: unknown) => {
          if (!(error instanceof TriageError)) throw error;
          if ((await store.find(id)) === undefined) throw await noFinding(store, id);
          const field =
            error.field === undefined || error.message.startsWith(error.field) ? '' : `${error.field}: `;
          throw new InputError(`${error.field === undefined ? '' : '--'}${field}${error.message}`, {
            cause: error,
          });
        });
        if (options.json === true)
          printJson({ finding: made.finding.id, entry: made.entry, exception: made.exception ?? null });
        else process.stdout.write(`${wordsOf(made)}\n`);
        return 0;
      }),
    ),
  );
}

/** What the options ask for. @throws InputError where they do not fit together */
function askedFor({ verdict, until, note, undo, assign }: TriageOptions): DecisionRequest {
  const without = (what: string): void => {
    if (verdict !== undefined || until !== undefined)
      throw new InputError(`${what}: give no --verdict and no --until with it`);
  };
  if (note?.trim() === '') throw new InputError('--note: is empty; say why, or leave it out');
  const words = note === undefined ? {} : { note };
  if (undo !== undefined && undo !== false) {
    without('--undo takes the newest change back');
    return parseDecision({ action: 'undo', ...(undo === true ? {} : { undoes: undo }), ...words });
  }
  if (assign !== undefined) {
    without('--assign says who looks after it');
    return parseDecision({ action: 'assign', ...(assign === false ? {} : { owner: assign }), ...words });
  }
  if (verdict !== undefined)
    return parseDecision({ action: 'triage', verdict, ...(until === undefined ? {} : { until }), ...words });
  if (until !== undefined || note === undefined)
    throw new InputError(`give --verdict ${VERDICTS.join('|')}, --note, --assign or --undo`);
  return parseDecision({ action: 'note', note });
}

export function wordsOf({ finding, entry, exception }: Triaged): string {
  const { verdict, state, owner } = entry.after;
  if (entry.action === 'assign')
    return `${finding.id}: ${owner === undefined ? 'nobody looks' : `${plain(owner, 60)} looks`} after it`;
  if (entry.action === 'note') return `${finding.id}: note kept`;
  const what = verdict === undefined ? 'no verdict' : verdict.verdict;
  const quiet =
    exception === undefined
      ? ''
      : `; notifications on ${finding.notice.subject.id} are suppressed until ${when(exception.until)}`;
  const alone =
    verdict?.wanted === undefined
      ? ''
      : ` (one person silences for at most ${ALONE_DAYS} days; the same verdict by a second person makes it ${when(verdict.wanted)})`;
  const me = `${calledAs()} triage ${finding.id}`;
  if (entry.action === 'undo') {
    const back = entry.before.verdict?.verdict;
    return `${finding.id}: change ${entry.undoes ?? ''} is taken back; it is ${what}, ${state} again${quiet}.${back === undefined ? '' : ` To give it again: ${me} --verdict ${back}`}`;
  }
  return `${finding.id}: ${what}, ${state}${quiet}${alone}. To take it back: ${me} --undo`;
}
