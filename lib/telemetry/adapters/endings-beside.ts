import { errorEnding } from './answer.ts';
import { type Ending, endingOf } from './endings.ts';
import { at, objectOf, textAt } from './fields.ts';

/** What loggers call an error that they write beside the bodies of a call. */
const ERRORS = [
  ...['error', 'error_message', 'errorMessage', 'error_details', 'errorDetails', 'error_info', 'errorInfo'],
  'exception',
];
/** What they call how it ended, as a word. */
const STATES = ['status', 'state', 'outcome', 'result_status'];

/**
 * How a call ended, as whoever logs says beside its bodies, for a call whose answer does not say it: nobody but the logger writes there.
 * @param entry with request and answer as fields of their own; in an entry that the request's body was spread into, a customer could say so
 */
export function endingsBeside(entry: unknown): readonly Ending[] {
  const told = ERRORS.map((name) => at(entry, name)).find(
    (held) => (typeof held === 'string' && held !== '') || Object.keys(objectOf(held) ?? {}).length > 0,
  );
  if (told !== undefined) return [errorEnding(told)];
  for (const name of STATES) {
    const word = textAt(entry, name);
    const ending = word === undefined || word.length > 40 ? undefined : (endingOf(word) ?? failing(word));
    if (ending !== undefined && ending !== 'ok') return [ending];
  }
  return [];
}

function failing(word: string): Ending | undefined {
  return /^(?:error(?:ed)?|fail(?:ed|ure)?|exception)$/i.test(word) ? 'error' : undefined;
}
