/**
 * The event pattern language of event source mappings, as far as streams use it: literal values, nested fields,
 * `exists`, `prefix`, `suffix`, `equals-ignore-case`, `numeric`, `anything-but` and `$or`.
 * Rules: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (filter rule syntax).
 * An operator outside this subset is an error when the pattern is read, never a silent mismatch.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** Decides whether one document passes. */
export type Matcher = (document: Json | undefined) => boolean;

type Rule = (value: Json | undefined) => boolean;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/**
 * Compiles the text of one `Pattern`.
 * @throws {SyntaxError} the text is not JSON; {Error} names the field and the operator that is not understood
 */
export function compilePattern(text: string): Matcher {
  let pattern: Json;
  try {
    pattern = JSON.parse(text) as Json;
  } catch (error) {
    throw new SyntaxError(`filter pattern is not JSON: ${text}`, { cause: error });
  }
  if (!isObject(pattern)) throw new Error(`filter pattern must be an object (given ${text})`);
  return compileObject(pattern, '');
}

/** One mapping's filters: a record passes if any pattern matches it, and always where there are no patterns. */
export function compileFilters(patterns: readonly string[]): Matcher {
  if (patterns.length === 0) return () => true;
  const matchers = patterns.map(compilePattern);
  return (document) => matchers.some((matches) => matches(document));
}

function compileObject(pattern: JsonObject, path: string): Matcher {
  const parts = Object.entries(pattern).map(([field, want]): Matcher => {
    const at = path === '' ? field : `${path}.${field}`;
    if (field === '$or') return compileOr(want, path);
    const matches = compileField(want, at);
    return (document) => matches(isObject(document) ? document[field] : undefined);
  });
  return (document) => parts.every((matches) => matches(document));
}

function compileOr(want: Json, path: string): Matcher {
  if (!isList(want)) throw new Error(`$or at "${path}" needs a list of patterns`);
  const branches = want.map((branch) => {
    if (!isObject(branch)) throw new Error(`$or at "${path}" needs a list of patterns`);
    return compileObject(branch, path);
  });
  return (document) => branches.some((matches) => matches(document));
}

function compileField(want: Json, path: string): Matcher {
  if (isObject(want)) return compileObject(want, path);
  if (!isList(want))
    throw new Error(`"${path}" must be a list of rules or an object (given ${JSON.stringify(want)})`);
  const rules = want.map((rule) => compileRule(rule, path));
  // A list in the document matches if any of its elements does.
  return (value) =>
    rules.some((rule) =>
      isList(value) && value.length > 0 ? value.some((element) => rule(element)) : rule(value),
    );
}

function compileRule(rule: Json, path: string): Rule {
  if (isList(rule)) throw new Error(`"${path}" holds a list inside a list of rules`);
  if (!isObject(rule)) return (value) => value === rule;
  const entries = Object.entries(rule);
  const [first] = entries;
  if (!first || entries.length !== 1) throw new Error(`"${path}" needs exactly one operator a rule`);
  const [operator, operand] = first;
  switch (operator) {
    case 'exists': {
      // Only leaves exist: an object that holds fields is not a value.
      const wanted = operand === true;
      return (value) => (value !== undefined && !isObject(value)) === wanted;
    }
    case 'prefix':
      return textRule(operator, operand, path, (value, text) => value.startsWith(text));
    case 'suffix':
      return textRule(operator, operand, path, (value, text) => value.endsWith(text));
    case 'equals-ignore-case':
      return textRule(operator, operand, path, (value, text) => value.toLowerCase() === text.toLowerCase());
    case 'numeric':
      return numericRule(operand, path);
    case 'anything-but':
      return anythingBut(operand, path);
    default:
      throw new Error(`"${path}" uses the operator "${operator}", which the local runner does not know`);
  }
}

function textRule(
  operator: string,
  operand: Json,
  path: string,
  test: (value: string, text: string) => boolean,
): Rule {
  if (typeof operand !== 'string') {
    throw new Error(`"${path}": ${operator} needs a string (given ${JSON.stringify(operand)})`);
  }
  return (value) => typeof value === 'string' && test(value, operand);
}

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** `["numeric", [">", 0, "<=", 5]]`: pairs of comparison and number, all of which must hold. */
function numericRule(operand: Json, path: string): Rule {
  if (!isList(operand) || operand.length === 0 || operand.length % 2 !== 0) {
    throw new Error(`"${path}": numeric needs pairs of comparison and number`);
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let i = 0; i < operand.length; i += 2) {
    const [sign, bound] = [operand[i], operand[i + 1]];
    const compare = typeof sign === 'string' ? COMPARISONS[sign] : undefined;
    if (!compare || typeof bound !== 'number') {
      throw new Error(`"${path}": numeric does not understand ${JSON.stringify(operand)}`);
    }
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

/** Needs the field to be there, as in EventBridge: an absent field is not "anything but". */
function anythingBut(operand: Json, path: string): Rule {
  if (isObject(operand)) {
    const inner = compileRule(operand, path);
    return (value) => value !== undefined && !inner(value);
  }
  const unwanted = isList(operand) ? operand : [operand];
  return (value) => value !== undefined && !unwanted.includes(value);
}
