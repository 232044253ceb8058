import { jsonIn } from './fields.ts';

/**
 * The values that the text of a stream holds, as proxies keep it: server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), a document a line (Ollama,
 * https://github.com/ollama/ollama/blob/main/docs/api.md), and lines behind a letter (AI SDK's data stream,
 * https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol). Nothing where most of its lines are none of these: then it is an answer.
 */
export function streamedIn(text: string): readonly unknown[] {
  const lines = text.split(/\r\n|\r|\n/);
  const events = eventsIn(lines);
  if (events.length > 0) return events;
  const written = lines.filter((line) => line.trim() !== '');
  const values = written.map((line) => jsonIn(line.replace(LETTER, '')));
  const read = values.filter((value) => typeof value === 'object' && value !== null);
  return 2 * read.length >= written.length || written.every((line) => LETTER.test(line)) ? read : [];
}

const LETTER = /^[0-9a-z]:(?=["{[])/;

/** Data of server-sent events; lines of one event belong together where they are JSON only so. */
function eventsIn(lines: readonly string[]): unknown[] {
  const events: unknown[] = [];
  let data: string[] = [];
  const close = (): void => {
    const apart = data.map((line) => jsonIn(line));
    const whole =
      data.length > 1 && apart.some((held) => typeof held === 'string') ? jsonIn(data.join('\n')) : '';
    events.push(...(typeof whole === 'string' ? apart : [whole]));
    data = [];
  };
  for (const line of lines) {
    if (line.startsWith('data:')) data.push(line.slice(5).trim());
    else if (line === '' && data.length > 0) close();
  }
  if (data.length > 0) close();
  return events;
}
