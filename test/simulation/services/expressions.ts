import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * DynamoDB's condition, key, filter, projection and update expressions, as far as this project uses them.
 * Grammar: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 * and https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
export type Item = Record<string, AttributeValue>;

/** What DynamoDB answers to a request that is wrong in itself: no repeat heals it. */
export class ValidationException extends Error {
  override readonly name = 'ValidationException';
}

export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined;
}

type Operand = AttributeValue | undefined;

/** A copy that shares nothing with the item; several times as fast as `structuredClone`, which was a tenth of a history. */
export function copied(item: Item): Item {
  const copy: Item = {};
  for (const [name, value] of Object.entries(item)) copy[name] = copiedValue(value);
  return copy;
}

function copiedValue(value: AttributeValue): AttributeValue {
  if (value.B !== undefined) return { B: new Uint8Array(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map((bytes) => new Uint8Array(bytes)) };
  if (value.SS !== undefined) return { SS: [...value.SS] };
  if (value.NS !== undefined) return { NS: [...value.NS] };
  if (value.L !== undefined) return { L: value.L.map(copiedValue) };
  if (value.M !== undefined) return { M: copied(value.M) };
  return { ...value };
}

const TOKEN = /:[A-Za-z0-9_]+|#?[A-Za-z_][A-Za-z0-9_]*(?:\[\d+\])?|#[A-Za-z0-9_]+|<>|<=|>=|[-+=<>(),]/g;

function order(a: AttributeValue, b: AttributeValue): number {
  if (a.N !== undefined && b.N !== undefined) return Math.sign(Number(a.N) - Number(b.N));
  if (a.S !== undefined && b.S !== undefined) return a.S < b.S ? -1 : Number(a.S > b.S);
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(a.B, b.B);
  return Number.NaN;
}

function same(a: Operand, b: Operand): boolean {
  if (a === undefined || b === undefined) return false;
  const ordered = order(a, b);
  return Number.isNaN(ordered) ? JSON.stringify(a) === JSON.stringify(b) : ordered === 0;
}

/** Tokens by text: the product's expressions are a few constant texts. */
const tokensOf = new Map<string, readonly string[]>();

function tokenized(text: string): readonly string[] {
  let tokens = tokensOf.get(text);
  if (tokens === undefined) {
    tokens = text.match(TOKEN) ?? [];
    tokensOf.set(text, tokens);
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #item: Item;
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Readonly<Record<string, AttributeValue>>;
  #at = 0;

  constructor(text: string, item: Item, placeholders: Placeholders) {
    this.#tokens = tokenized(text);
    this.#item = item;
    this.#names = placeholders.ExpressionAttributeNames ?? {};
    this.#values = placeholders.ExpressionAttributeValues ?? {};
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new ValidationException(`ends too early: ${this.#tokens.join(' ')}`);
    return token;
  }

  expect(token: string): void {
    const found = this.next();
    if (found !== token) throw new ValidationException(`${token} was expected, not ${found}`);
  }

  path(token: string): { name: string; index: number | undefined } {
    const [raw = '', index] = token.endsWith(']') ? token.slice(0, -1).split('[') : [token];
    const name = raw.startsWith('#') ? this.#names[raw] : raw;
    if (name === undefined) throw new ValidationException(`the name ${raw} is not given`);
    return { name, index: index === undefined ? undefined : Number(index) };
  }

  value(token: string): Operand {
    const { name, index } = this.path(token);
    const held = this.#item[name];
    return index === undefined ? held : held?.L?.[index];
  }

  operand(): Operand {
    const token = this.next();
    if (token.startsWith(':')) {
      const value = this.#values[token];
      if (value === undefined) throw new ValidationException(`the value ${token} is not given`);
      return value;
    }
    return this.peek() === '(' ? this.#function(token) : this.value(token);
  }

  #function(name: string): Operand {
    this.expect('(');
    if (name === 'size') {
      const held = this.value(this.next());
      this.expect(')');
      return held === undefined ? undefined : { N: String(sizeOf(held)) };
    }
    if (name !== 'if_not_exists' && name !== 'list_append')
      throw new ValidationException(`no function ${name} here`);
    const first = name === 'if_not_exists' ? this.value(this.next()) : this.operand();
    this.expect(',');
    const second = this.operand();
    this.expect(')');
    if (name === 'if_not_exists') return first ?? second;
    if (first?.L === undefined || second?.L === undefined)
      throw new ValidationException('list_append needs two lists');
    return { L: [...first.L, ...second.L] };
  }

  condition(): boolean {
    let held = this.#all();
    while (this.peek() === 'OR') {
      this.next();
      const other = this.#all();
      held = held || other;
    }
    return held;
  }

  #all(): boolean {
    let held = this.#one();
    while (this.peek() === 'AND') {
      this.next();
      const other = this.#one();
      held = held && other;
    }
    return held;
  }

  #one(): boolean {
    const token = this.peek();
    if (token === 'NOT') {
      this.next();
      return !this.#one();
    }
    if (token === '(') {
      this.next();
      const held = this.condition();
      this.expect(')');
      return held;
    }
    if (token === 'attribute_exists' || token === 'attribute_not_exists') {
      this.next();
      this.expect('(');
      const held = this.value(this.next());
      this.expect(')');
      return (held !== undefined) === (token === 'attribute_exists');
    }
    if (token === 'begins_with') {
      this.next();
      this.expect('(');
      const held = this.value(this.next());
      this.expect(',');
      const prefix = this.operand()?.S ?? '';
      this.expect(')');
      return held?.S?.startsWith(prefix) === true;
    }
    return this.#comparison();
  }

  #comparison(): boolean {
    const left = this.operand();
    const operator = this.next();
    const right = this.operand();
    if (operator === 'BETWEEN') {
      this.expect('AND');
      const top = this.operand();
      if (left === undefined || right === undefined || top === undefined) return false;
      return order(left, right) >= 0 && order(left, top) <= 0;
    }
    if (operator === '=') return same(left, right);
    if (operator === '<>') return !same(left, right);
    if (left === undefined || right === undefined) return false;
    const ordered = order(left, right);
    switch (operator) {
      case '<':
        return ordered < 0;
      case '<=':
        return ordered <= 0;
      case '>':
        return ordered > 0;
      case '>=':
        return ordered >= 0;
      default:
        throw new ValidationException(`no operator ${operator}`);
    }
  }
}

function sizeOf(value: AttributeValue): number {
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return value.B.length;
  return value.L?.length ?? value.SS?.length ?? value.BS?.length ?? 0;
}

/** Whether the item (empty where there is none) meets the expression. */
export function holds(text: string | undefined, item: Item, placeholders: Placeholders): boolean {
  return text === undefined || new Reader(text, item, placeholders).condition();
}

/** The attributes that a projection names. */
export function projected(text: string | undefined, item: Item, placeholders: Placeholders): Item {
  if (text === undefined) return copied(item);
  const reader = new Reader(text, item, placeholders);
  const kept: Item = {};
  while (!reader.done) {
    const { name } = reader.path(reader.next());
    const held = item[name];
    if (held !== undefined) kept[name] = copiedValue(held);
    if (reader.peek() === ',') reader.next();
  }
  return kept;
}

const SECTION = /\b(SET|REMOVE|ADD|DELETE)\b/;

/** The item after an update, which shares what did not change; all operands are read from the item before it. */
export function updated(text: string, item: Item, placeholders: Placeholders): Item {
  const after = { ...item };
  const sections = text.split(SECTION).slice(1);
  for (let i = 0; i + 1 < sections.length; i += 2) {
    const reader = new Reader(sections[i + 1] ?? '', item, placeholders);
    while (!reader.done) {
      const { name } = reader.path(reader.next());
      change(sections[i] ?? '', name, reader, item, after);
      if (reader.peek() === ',') reader.next();
    }
  }
  return after;
}

function change(kind: string, name: string, reader: Reader, before: Item, after: Item): void {
  if (kind === 'REMOVE') {
    delete after[name];
    return;
  }
  if (kind === 'SET') reader.expect('=');
  const value = reader.operand();
  if (value === undefined) throw new ValidationException(`nothing to put into ${name}`);
  after[name] = kind === 'ADD' ? sum(before[name], value) : copiedValue(value);
}

/** Adds to a number, or to a set of numbers or bytes. */
function sum(held: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (value.N !== undefined) return { N: String(Number(held?.N ?? 0) + Number(value.N)) };
  if (value.NS !== undefined) {
    if (held !== undefined && held.NS === undefined)
      throw new ValidationException('an operand in the update expression has an incorrect data type');
    return { NS: [...new Set([...(held?.NS ?? []), ...value.NS])] };
  }
  if (value.BS === undefined) throw new ValidationException('ADD takes numbers and sets');
  const all = new Map<string, Uint8Array>();
  for (const bytes of [...(held?.BS ?? []), ...value.BS]) all.set(Buffer.from(bytes).toString('hex'), bytes);
  return { BS: [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes) };
}
