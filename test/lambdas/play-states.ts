import type { Json } from '../infra/synthesized.ts';

/**
 * Plays a state machine of the Amazon States Language, as far as ours goes: tasks that invoke a function, choices by one field that is true or
 * false, and Distributed Maps whose children are machines of such states. Refuses what it does not know, and what Step Functions refuses: inputs and outputs above
 * 256 KiB (step-functions/latest/dg/service-quotas.html), paths that lead nowhere (States.Runtime), names of executions that
 * are none (API_StartExecution). Retries are not played: a fault is final at once. https://states-language.net/spec.html
 */
type Fields = Readonly<Record<string, Json>>;
export type Invoke = (functionArn: Json, payload: Json) => Promise<unknown>;

const MOST_BYTES = 256 * 1024;
/** Fields of each type of state that are played: others are of none, or not known here. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  Task: ['Type', 'Resource', 'Parameters', 'OutputPath', 'Retry', 'ResultPath', 'Next', 'End'],
  Map: [
    ...['Type', 'Label', 'ItemsPath', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency'],
    ...['ToleratedFailurePercentage', 'ResultPath', 'Next'],
  ],
  Choice: ['Type', 'Choices', 'Default'],
  Succeed: ['Type'],
};
/** Events of an execution's history, and of one visit to a state, at most (step-functions/latest/dg/service-quotas.html). */
const MOST_EVENTS = 25_000;
const EVENTS_OF_VISIT = 5;

/** One execution; `redrive` goes on where it failed, as RedriveExecution does: states and children that succeeded are not run again. */
export class Execution {
  readonly #definition: Fields;
  readonly #name: string;
  readonly #invoke: Invoke;
  /** results of states and of maps' children that succeeded */
  readonly #done = new Map<string, Json>();

  constructor(definition: Json, name: string, invoke: Invoke) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new Error(`InvalidName: ${name}`);
    this.#definition = asFields(definition);
    this.#name = name;
    this.#invoke = invoke;
  }

  /** @throws what a step threw: the execution has failed */
  run(input: Json = {}): Promise<Json> {
    return this.#machine(this.#definition, input, '', {});
  }

  redrive(): Promise<Json> {
    return this.run();
  }

  /** @param path of its states, in the whole execution */
  async #machine(machine: Fields, input: Json, path: string, context: Fields): Promise<Json> {
    const states = asFields(machine.States);
    let at = String(machine.StartAt);
    for (let visit = 0, value = input; ; visit++) {
      if (visit * EVENTS_OF_VISIT > MOST_EVENTS) throw new Error('States.ExecutionHistoryLimitExceeded');
      const state = asFields(states[at]);
      const unknown = Object.keys(state).find((field) => !KNOWN[String(state.Type)]?.includes(field));
      if (unknown !== undefined)
        throw new Error(`${at}: ${unknown} of a state of type ${state.Type} is not played here`);
      if (state.Type === 'Succeed') return value;
      if (state.Type === 'Choice') {
        at = chosen(state, value);
        continue;
      }
      const place = `${path}${visit}:${at}`;
      const result = await this.#once(place, () => this.#state(place, state, value, context));
      value = sized(state.ResultPath === null ? value : result);
      if (state.End === true) return value;
      at = String(state.Next);
    }
  }

  async #once(key: string, run: () => Promise<Json>): Promise<Json> {
    const known = this.#done.get(key);
    if (known !== undefined) return known;
    const made = await run();
    this.#done.set(key, made);
    return made;
  }

  async #state(place: string, state: Fields, input: Json, context: Fields): Promise<Json> {
    if (state.Type === 'Task') return this.#task(state, input, context);
    const processor = asFields(state.ItemProcessor);
    if (asFields(processor.ProcessorConfig).Mode !== 'DISTRIBUTED')
      throw new Error(`${place}: not distributed`);
    const items = found(input, String(state.ItemsPath));
    if (!Array.isArray(items)) throw new Error(`States.Runtime: ${state.ItemsPath} is no list`);
    const faults: unknown[] = [];
    const results: Json[] = [];
    // children end in any order, and those beside one that fails go on or not: the last first here
    for (const [index, item] of [...items.entries()].reverse())
      try {
        const of = { Map: { Item: { Index: index, Value: item } } };
        const given = sized(this.#filled(state.ItemSelector ?? {}, input, of));
        results[index] = await this.#machine(processor, given, `${place}/${index}/`, of);
      } catch (error) {
        faults.push(error);
      }
    if (faults.length > 0) throw faults[0];
    return sized(results);
  }

  async #task(state: Fields, input: Json, context: Fields): Promise<Json> {
    // an ARN with a partition that CloudFormation fills in
    if (!JSON.stringify(state.Resource).includes(':states:::lambda:invoke"'))
      throw new Error(`${JSON.stringify(state.Resource)} is not played`);
    const { FunctionName = '', Payload = {} } = asFields(
      this.#filled(state.Parameters ?? {}, input, context),
    );
    // as Lambda does: JSON there and back
    const answer = (await this.#invoke(FunctionName, sized(Payload))) ?? null;
    const result: Json = { StatusCode: 200, Payload: JSON.parse(JSON.stringify(answer)) as Json };
    return sized(state.OutputPath === undefined ? result : found(result, String(state.OutputPath)));
  }

  /** Fields whose names end in .$ are paths. */
  #filled(template: Json, input: Json, context: Fields): Json {
    if (typeof template !== 'object' || template === null || Array.isArray(template)) return template;
    const whole: Fields = { Execution: { Name: this.#name }, ...context };
    return Object.fromEntries(
      Object.entries(template).map(([name, value]) => {
        if (!name.endsWith('.$')) return [name, this.#filled(value, input, context)];
        const path = String(value);
        return [name.slice(0, -2), path.startsWith('$$') ? found(whole, path.slice(1)) : found(input, path)];
      }),
    );
  }
}

/** Where a choice goes on: rules that compare one field with true or false. */
function chosen(state: Fields, input: Json): string {
  const { Choices } = state;
  if (!Array.isArray(Choices)) throw new Error('a choice without rules');
  for (const rule of Choices.map(asFields)) {
    const { Variable, BooleanEquals, Next, ...more } = rule;
    if (typeof BooleanEquals !== 'boolean' || Object.keys(more).length > 0)
      throw new Error(`${JSON.stringify(rule)} is not played here`);
    if (found(input, String(Variable)) === BooleanEquals) return String(Next);
  }
  if (state.Default === undefined) throw new Error('States.NoChoiceMatched');
  return String(state.Default);
}

function found(input: Json, path: string): Json {
  let at: Json | undefined = input;
  for (const name of path.split('.').slice(1))
    at = typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as Fields)[name] : undefined;
  if (at === undefined) throw new Error(`States.Runtime: the path ${path} leads nowhere`);
  return at;
}

function sized(value: Json): Json {
  if (Buffer.byteLength(JSON.stringify(value)) > MOST_BYTES) throw new Error('States.DataLimitExceeded');
  return value;
}

function asFields(value: Json | undefined): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return value as Fields;
}
