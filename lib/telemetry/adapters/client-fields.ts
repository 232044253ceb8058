/**
 * Fields of entries of no known product under which lies what a customer wrote, and what a model answered. One table, for whoever looks
 * into such an entry: no entry of a log is looked for in them (inside.ts), and who asked neither (scattered.ts). Else whoever gets
 * words or fields into a log would speak for another account.
 */
interface ClientField {
  readonly what: string;
  /** of one word, the last one of a name of several: `messages`, `gen_ai.messages`, `request_messages` */
  readonly names: readonly string[];
  /** whoever logs writes who asked into it too, beside what the customer wrote */
  readonly namesAccounts?: true;
}

const FIELDS: readonly ClientField[] = [
  {
    what: 'bodies',
    names: ['body', 'req', 'reqs', 'request', 'requests', 'res', 'resp', 'resps', 'response', 'responses'],
  },
  { what: 'what goes into a call and comes out', names: ['input', 'inputs', 'output', 'outputs'] },
  {
    what: 'what is asked',
    names: ['messages', 'prompt', 'prompts', 'content', 'contents', 'question', 'query', 'queries'],
  },
  {
    what: 'what is answered',
    names: ['answer', 'completion', 'completions', 'choices', 'generation', 'generations'],
  },
  { what: 'what a call is made with', names: ['args', 'arguments', 'kwargs', 'params'] },
  { what: 'what is sent around a body', names: ['header', 'headers', 'cookie', 'cookies', 'baggage'] },
  { what: 'texts and what is said of a call', names: ['text', 'parts', 'metadata'], namesAccounts: true },
];

const NAMES = new Map(FIELDS.flatMap((field) => field.names.map((name) => [name, field] as const)));
/** A body under a name of several words: `responseBody`, `http.request.body.content`. */
const BODIES =
  /(?:^|[-_.])(?:req|request|res|resp|response)[-_.]?(?:body|json|text|content|payload)s?$|(?:request|response)(?:body|payload|content)?$/i;
const TOOLS = /(?:^|[-_.])tools?(?:[-_]?(?:calls?|results?|outputs?|inputs?|uses?))?$/i;
/** Nobody's product has longer names of fields; a customer's arguments of tools may, and patterns are tried on each. */
export const LONGEST_NAME = 128;

function clientField(name: string): ClientField | undefined {
  const last = name.split(/[-_.]/).at(-1) ?? name;
  return NAMES.get(last.toLowerCase());
}

/** Whether no entry of a log is looked for under a name. */
export function holdsClientsWords(name: string): boolean {
  return namesNoAccount(name) || clientField(name) !== undefined;
}

/** Whether nothing under a name says whose a call is. */
export function namesNoAccount(name: string): boolean {
  if (name.length > LONGEST_NAME) return true;
  const field = clientField(name);
  return field === undefined ? BODIES.test(name) || TOOLS.test(name) : field.namesAccounts !== true;
}

/** An answer, or its counts. */
export const ANSWERS =
  /(?:response|outputs?|results?|completion|answer|generations?|reply|replies|choices)(?:[-_.]?(?:text|body|message|content|data|metadata))?$/i;
export const USAGES = /usage|tokens?|metrics|counts?$/i;

/** Whether a field holds an answer or its counts: what asks in another field beside it is then the body of the request. */
export function holdsAnswer(name: string, held: unknown): boolean {
  return (
    name.length <= LONGEST_NAME &&
    (ANSWERS.test(name) || USAGES.test(name)) &&
    held !== null &&
    held !== undefined &&
    held !== ''
  );
}
