import type { CalmTrial } from '../../backtest/calm-choice.ts';
import type { Search } from '../../backtest/tune.ts';
import type { WindowTrial } from '../../backtest/window-choice.ts';
import { plural } from '../../findings/format.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';

/** Lengths in hours, short to long. */
export const inHours = (windows: readonly number[]): string =>
  `${[...windows].sort((a, b) => a - b).join(', ')} h`;

/** What was searched and why the result stands, in sentences: for the terminal and the head of the policy. */
export function searchWords({ windows, untried, calm }: Search): string[] {
  return [windowWords(windows, untried), calmWords(calm)];
}

function windowWords(trials: readonly WindowTrial[], untried: Search['untried']): string {
  const [own, ...others] = trials;
  const chosen = trials.find((trial) => trial.chosen) ?? own;
  const left =
    untried.length === 0
      ? ''
      : ` Not tried: ${untried.map(inHours).join('; ')} (--search-minutes gives more time).`;
  if (own === undefined || chosen === undefined || others.length === 0)
    return `Windows: only those of the policy were looked at.${left}`;
  const tried = `Windows: ${plural(others.length, 'other set')} tried beside ${inHours(own.windows)}.`;
  return chosen === own
    ? `${tried} None found more in so many campaigns that luck could not have done it (sign test, 5 % over all tries), so they stay.${left}`
    : `${tried} ${inHours(chosen.windows)} found more in ${chosen.better} of the campaigns and single accounts and less in ${chosen.worse}, which luck does in one of so many tries with a chance of at most ${Number(Math.min(1, chosen.chance * others.length).toPrecision(2))}. What is expected is counted with each campaign left out of the choice; the table of budgets is not.${left}`;
}

function calmWords(trials: readonly CalmTrial[]): string {
  const [own, ...others] = trials;
  const chosen = trials.find((trial) => trial.chosen) ?? own;
  if (own === undefined || chosen === undefined || others.length === 0)
    return 'Hysteresis: the traffic is too short to show anything of another calmHours.';
  const tried = `Hysteresis: calmHours ${others.map(({ calmHours }) => calmHours).join(', ')} tried beside ${own.calmHours}.`;
  return chosen === own
    ? `${tried} None lets fewer findings calm and come back (${own.returned} of ${own.opened}), so it stays.`
    : `${tried} With ${chosen.calmHours} ${chosen.returned} findings calm and come back, with ${own.calmHours} it is ${own.returned} of ${own.opened}. Whom a policy flags, and when, does not depend on it.`;
}

const mark = (chosen: boolean): string => (chosen ? '*' : '');

/** The tries as tables: the marked ones were taken. */
export function searchTables({ windows, calm }: Search): string {
  const right = (head: string): Column => ({ head, right: true });
  const tables: string[] = [];
  if (windows.length > 1)
    tables.push(
      fittedTable(
        [
          { head: 'windows' },
          right('extraction found'),
          right('better in'),
          right('worse in'),
          { head: 'taken' },
        ],
        windows.map((trial) => [
          inHours(trial.windows),
          String(trial.caught),
          String(trial.better),
          String(trial.worse),
          mark(trial.chosen),
        ]),
      ),
    );
  if (calm.length > 1)
    tables.push(
      fittedTable(
        [right('calmHours'), right('findings'), right('came back'), right('notices'), { head: 'taken' }],
        calm.map((trial) => [
          String(trial.calmHours),
          String(trial.opened),
          String(trial.returned),
          String(trial.notices),
          mark(trial.chosen),
        ]),
      ),
    );
  return tables.map((table) => `${table}\n`).join('\n');
}

/** Time for a search: another try begins while it would end within it, as far as the last one tells. */
export function searchClock(minutes: number, now: () => number = () => performance.now()): () => boolean {
  const began = now();
  let last = began;
  let longest = 0;
  return () => {
    const at = now();
    longest = Math.max(longest, at - last);
    last = at;
    return minutes > 0 && at - began + longest <= minutes * 60_000;
  };
}
