/**
 * Lines of a logger that writes a time, a level, a word and then fields, whose values may be JSON that stands there as it is:
 * `2026-03-01T08:00:00.123456Z info request gateway=... gen_ai.request.model=m-1 llm.prompt=[{"role": "user", ...}]`
 * (agentgateway: https://agentgateway.dev/docs/standalone/latest/reference/observability/access-logging/).
 */
const HEAD =
  /^(\d{4}-\d\d-\d\dT[\d:.]{8,20}Z)\s{1,8}\w{4,5}\s{1,8}\w{1,40}\s{1,8}(?=[A-Za-z_][\w.@-]{0,64}=)/;
const NAME = /\s*([A-Za-z_][\w.@-]{0,64})=/y;
const WORD = /[^\s"[{]\S*|(?=\s|$)/y;
const MOST_FIELDS = 200;

/**
 * The fields of such a line as JSON, where they tell of a call of a model; undefined for any other line. A name that comes twice
 * makes it another line: one of the two may be what a client sent.
 */
export function fieldLine(line: string): string | undefined {
  const head = HEAD.exec(line);
  if (head === null || !line.includes(' gen_ai.')) return undefined;
  const fields = new Map<string, unknown>([['timestamp', head[1]]]);
  let at = head[0].length;
  while (at < line.length && fields.size <= MOST_FIELDS) {
    const name = matched(NAME, line, at);
    if (name === undefined) break;
    at += name[0].length;
    const value = valueAt(line, at);
    if (value === undefined || name[1] === undefined || fields.has(name[1])) return undefined;
    fields.set(name[1], value.held);
    at = value.end;
  }
  return at < line.trimEnd().length ? undefined : JSON.stringify(Object.fromEntries(fields));
}

function valueAt(line: string, at: number): { held: unknown; end: number } | undefined {
  const first = line.charAt(at);
  // an address of IPv6 begins with a bracket too
  const json = /[[{]/.test(first) && !/^\[[\da-f:]{2,40}\]:\d/i.test(line.slice(at, at + 48));
  if (json) {
    const end = endOfJson(line, at);
    const held = end === undefined ? undefined : parsed(line.slice(at, end));
    return held === undefined || end === undefined ? undefined : { held, end };
  }
  if (first === '"') {
    const end = endOfText(line, at);
    const held = end === undefined ? undefined : parsed(line.slice(at, end));
    return held === undefined || end === undefined ? undefined : { held, end };
  }
  const word = first === '[' ? /\S*/y : WORD;
  const found = matched(word, line, at);
  return found === undefined ? undefined : { held: found[0], end: at + found[0].length };
}

/** Where the JSON that begins at a place ends; undefined where it does not. Every sign is looked at once. */
function endOfJson(line: string, start: number): number | undefined {
  let depth = 0;
  let isText = false;
  for (let at = start; at < line.length; at++) {
    const unit = line.charCodeAt(at);
    if (isText && unit === 92) at++;
    else if (unit === 34) isText = !isText;
    else if (!isText && (unit === 91 || unit === 123)) depth++;
    else if (!isText && (unit === 93 || unit === 125) && --depth === 0) return at + 1;
  }
  return undefined;
}

/** Where the text in quotes that begins at a place ends. */
function endOfText(line: string, start: number): number | undefined {
  for (let at = start + 1; at < line.length; at++) {
    const unit = line.charCodeAt(at);
    if (unit === 92) at++;
    else if (unit === 34) return at + 1;
  }
  return undefined;
}

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: then the line is another one.
    return undefined;
  }
}
