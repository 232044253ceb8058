import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import type { FindingStore } from '../../stores/finding-store.ts';
import { calledAs } from '../shared/called-as.ts';

/** Findings that are looked through for what was meant. */
const LOOKED_AT = 5000;
/** Shorter than that, too much begins alike. */
const SHORTEST = 4;
const SHOWN = 3;

/** What was typed names no finding: those are said that begin so, or are about the account or campaign that does. */
export async function noFinding(store: FindingStore, id: string): Promise<InputError> {
  const shown = plain(id, 200);
  const near = await beginning(store, id);
  const list = `${calledAs()} findings list --state all`;
  if (near.length > 0)
    return new InputError(
      `there is no finding ${shown}: did you mean ${near
        .slice(0, SHOWN)
        .map((held) => plain(held, 200))
        .join(
          ', ',
        )}${near.length > SHOWN ? `, or one of ${near.length - SHOWN} more (${list} --find ${shown})` : ''}?`,
    );
  if (/^[ac]_/.test(id))
    return new InputError(
      `there is no finding ${shown}: that is an account or a campaign, and no finding is about it (${list})`,
    );
  return new InputError(
    `there is no finding ${shown}: ${list} lists them, with --shadow those of shadow policies`,
  );
}

async function beginning(store: FindingStore, id: string): Promise<string[]> {
  const typed = id.trim().replace(/\.shadow$/, '');
  if (typed.length < SHORTEST) return [];
  const { findings } = await store.list(LOOKED_AT, id.trim().endsWith('.shadow'));
  return findings
    .filter(({ id: held, notice }) => held.startsWith(typed) || notice.subject.id.startsWith(typed))
    .map(({ id: held }) => held);
}
