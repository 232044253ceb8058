import { Command, Option } from 'commander';
import { COMMAND } from '../../contract/command.ts';
import { type AnswerRequest, answerRequest } from '../../findings/answer-request.ts';
import { VERDICTS, type Verdict } from '../../findings/finding.ts';
import { plain } from '../../findings/sanitize.ts';
import { TriageError } from '../../findings/triage.ts';
import { InputError } from '../../input/errors.ts';
import { curveSentence, REVIEW_KEPT, type StoredReview } from '../../scoring/stored-review.ts';
import { openReview } from '../../stores/reviews.ts';
import { authorOf, userName } from '../shared/author.ts';
import { typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { answerOn, decisionOf } from '../shared/decide.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';

interface ReviewOptions extends DeploymentOptions {
  readonly verdict?: Verdict;
  readonly note?: string;
  readonly decision?: string;
  readonly by?: string;
  readonly json?: boolean;
}

/**
 * `review`: the accounts and groups whose verdict would help the next calibration most, and what answers would bring;
 * `review ACCOUNT... --verdict V`: an answer.
 */
export function reviewCommand(): Command {
  return withDeploymentOptions(
    new Command('review')
      .description(
        'whose verdict would help the next calibration most, why, and what answers would bring; with accounts and --verdict: an answer. It teaches and silences nobody, and an account needs no finding for it',
      )
      .argument('[accounts...]', 'pseudonyms that the answer is about')
      .addOption(
        new Option(
          '--verdict <verdict>',
          'what they are: confirmed extraction, benign, or unsure, which takes back what was said',
        ).choices(VERDICTS),
      )
      .option('--note <text>', 'why, for whoever reads it next year')
      .option('--decision <id>', 'id of this answer: given again, it is not made twice')
      .option(
        '--by <name>',
        'what you are called, where there is no triage API; who you are is asked of IAM',
        userName(),
      )
      .option('--json', 'print one JSON document'),
  ).action((accounts: string[], options: ReviewOptions) =>
    runCommand('review', () => {
      const asked = answersFor(accounts, options);
      return withFindings(options, async (store, _, deployment) => {
        if (asked.length === 0) {
          const review = await openReview(store);
          if (options.json === true) printJson({ review: review ?? null });
          else for (const line of linesOf(review)) process.stdout.write(`${typedHere(line)}\n`);
          return 0;
        }
        const give = answerOn(deployment, store, () => authorOf(options, deployment));
        const decision = decisionOf(options);
        const answers = [];
        for (const one of asked) answers.push(await give(one, decision).catch(refused));
        if (options.json === true) printJson({ answers });
        else
          process.stdout.write(
            `${answers.length === 1 ? '1 account' : `${answers.length} accounts`}: ${options.verdict}. A daily calibration that has seen ${answers.length === 1 ? 'it' : 'them'} learns from this. To take it back: --verdict unsure\n`,
          );
        return 0;
      });
    }),
  );
}

function refused(error: unknown): never {
  if (!(error instanceof TriageError)) throw error;
  throw new InputError(`--decision: ${error.message}`, { cause: error });
}

/** What the arguments ask for; empty: only to list. @throws InputError where they do not fit together */
function answersFor(accounts: readonly string[], { verdict, note }: ReviewOptions): AnswerRequest[] {
  if (accounts.length === 0) {
    if (verdict !== undefined || note !== undefined)
      throw new InputError('--verdict and --note: say which accounts they are about');
    return [];
  }
  if (verdict === undefined) throw new InputError(`give --verdict ${VERDICTS.join('|')}`);
  if (accounts.length > REVIEW_KEPT.accounts)
    throw new InputError(`${accounts.length} accounts: one answer takes at most ${REVIEW_KEPT.accounts}`);
  return [...new Set(accounts)].map((account) => {
    const parsed = answerRequest.safeParse({ account, verdict, ...(note === undefined ? {} : { note }) });
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new InputError(
      `${issue?.path[0] === 'note' ? '--note' : `account ${plain(account, 64)}`}: ${issue?.message ?? 'cannot be used'}`,
    );
  });
}

/** For people. */
export function linesOf(review: StoredReview | undefined): string[] {
  if (review === undefined)
    return [`nothing is asked yet: the daily calibration has not run, or had too little to learn from`];
  const { entries, curve, calibration, at } = review;
  const sentence = curveSentence(curve);
  return [
    `${entries.length === 0 ? 'no question is open' : `${entries.length === 1 ? '1 question' : `${entries.length} questions`}, the most helpful first`} (calibration ${plain(calibration, 128)}, until ${at.slice(0, 10)})`,
    ...(sentence === undefined ? [] : [`learning curve: ${sentence}`]),
    ...entries.flatMap(({ accounts, why }, i) => [
      `${i + 1}. ${accounts.map((account) => plain(account, 64)).join(' ')}`,
      ...why.map((line) => `   ${plain(line, REVIEW_KEPT.characters)}`),
    ]),
    ...(entries.length === 0
      ? []
      : [`answer: ${COMMAND} review ACCOUNT... --verdict confirmed|benign|unsure`]),
  ];
}
