import { LIMITS } from '../../limits.ts';
import { jsonIn } from './fields.ts';

/**
 * The values that the text of a stream holds, as proxies keep it: server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), a document a line (Ollama,
 * https://github.com/ollama/ollama/blob/main/docs/api.md), and lines behind a letter (AI SDK's data stream,
 * https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol). Nothing where most of its lines are none of these: then it is an answer.
 */
export function streamedIn(text: string): readonly unknown[] {
  const lines = fewer(text.split(/\r\n|\r|\n/));
  const read = patientReader();
  const events = eventsIn(lines, read);
  if (events.length > 0) return events;
  const written = lines.filter((line) => line.trim() !== '');
  const values = written.map((line) => read(line.replace(LETTER, '')));
  const objects = values.filter((value) => typeof value === 'object' && value !== null);
  return 2 * objects.length >= written.length || written.every((line) => LETTER.test(line)) ? objects : [];
}

/** Lines of the first and last events, where they are too many: an event has a line of data, and a blank one behind it. */
function fewer(lines: readonly string[]): readonly string[] {
  const half = LIMITS.streamEvents.most;
  return lines.length <= 2 * half ? lines : [...lines.slice(0, half), ...lines.slice(-half)];
}

const LETTER = /^[0-9a-z]:(?=["{[])/;

/** Lines of a text that begin as JSON and are none, before the rest is taken as words. */
const PATIENCE = 256;

/**
 * Reads lines as JSON, a line that is none as itself. A model may be asked to answer in a hundred thousand lines that are
 * none, and each that is tried costs ten microseconds.
 */
function patientReader(): (line: string) => unknown {
  let left = PATIENCE;
  return (line) => {
    if (left === 0 || !/^\s*["[{\dtfn-]/.test(line)) return line;
    const value = jsonIn(line);
    if (typeof value === 'string' && value === line) left--;
    return value;
  };
}

/** Data of server-sent events; lines of one event belong together where they are JSON only so. */
function eventsIn(lines: readonly string[], read: (line: string) => unknown): unknown[] {
  const events: unknown[] = [];
  let data: string[] = [];
  const close = (): void => {
    const apart = data.map(read);
    const whole =
      data.length > 1 && apart.some((held) => typeof held === 'string') ? read(data.join('\n')) : '';
    // one by one: a call has no room for a hundred thousand arguments
    for (const held of typeof whole === 'string' ? apart : [whole]) events.push(held);
    data = [];
  };
  for (const line of lines) {
    if (line.startsWith('data:')) data.push(line.slice(5).trim());
    else if (line === '' && data.length > 0) close();
  }
  if (data.length > 0) close();
  return events;
}
