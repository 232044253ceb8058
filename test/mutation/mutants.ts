import { parseSync } from 'oxc-parser';

/** A small change of the source that somebody could make by mistake. */
export interface Mutant {
  readonly file: string;
  /** where it begins, UTF-16 code units */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly line: number;
  /** what was done, in words */
  readonly change: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A new text for a stretch of the source. */
interface Change {
  readonly node: Pick<Node, 'start' | 'end'>;
  readonly text: string;
}

type Source = (node: Pick<Node, 'start' | 'end'>) => string;
type Operator = (node: Node, source: Source) => readonly Change[];

/** What an operator is exchanged for: its boundary, and its contrary. */
const BINARY = new Map<unknown, readonly string[]>(
  Object.entries({
    '<': ['<=', '>='],
    '<=': ['<', '>'],
    '>': ['>=', '<='],
    '>=': ['>', '<'],
    '===': ['!=='],
    '!==': ['==='],
    '+': ['-'],
    '-': ['+'],
    '*': ['/'],
    '/': ['*'],
    '%': ['*'],
    '&&': ['||'],
    '||': ['&&'],
  }),
);
const METHODS = new Map<unknown, string>(
  Object.entries({
    min: 'max',
    max: 'min',
    some: 'every',
    every: 'some',
    floor: 'ceil',
    ceil: 'floor',
    startsWith: 'endsWith',
    add: 'delete',
  }),
);

function node(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null && 'type' in value ? (value as Node) : undefined;
}

const infix: Operator = (held, source) => {
  const [left, right] = [node(held.left), node(held.right)];
  if (left === undefined || right === undefined) return [];
  // "a" + b has no contrary
  if (
    held.operator === '+' &&
    [left, right].some(({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string')
  )
    return [];
  if (held.operator === '??') return [{ node: held, text: source(left) }];
  return (BINARY.get(held.operator) ?? []).map((text) => ({
    node: held,
    text: `${source(left)} ${text} ${source(right)}`,
  }));
};

const condition: Operator = ({ test }) => {
  const asked = node(test);
  return asked === undefined ? [] : ['true', 'false'].map((text) => ({ node: asked, text }));
};

/** The kinds of mistakes, by the kind of node that they are made in; strings are left alone, as most of them are words for people. */
const OPERATORS = new Map<string, Operator>(
  Object.entries<Operator>({
    BinaryExpression: infix,
    LogicalExpression: infix,
    IfStatement: condition,
    ConditionalExpression: condition,
    UnaryExpression: (held, source) => {
      const argument = node(held.argument);
      return held.operator === '!' && argument !== undefined ? [{ node: held, text: source(argument) }] : [];
    },
    Literal: (held) => (typeof held.value === 'boolean' ? [{ node: held, text: String(!held.value) }] : []),
    UpdateExpression: (held, source) => [
      {
        node: held,
        text: held.operator === '++' ? source(held).replace('++', '--') : source(held).replace('--', '++'),
      },
    ],
    ExpressionStatement: (held) => {
      const { type } = node(held.expression) ?? { type: '' };
      return /Await|Call|Assignment/.test(type) ? [{ node: held, text: ';' }] : [];
    },
    ContinueStatement: (held) => [{ node: held, text: ';' }],
    MemberExpression: (held) => {
      const property = node(held.property);
      const other = METHODS.get(property?.name);
      return property === undefined || other === undefined ? [] : [{ node: property, text: other }];
    },
  }),
);

/** All mutants of a file. Types are no code, and have none. @param file its path, from the root */
export function mutantsOf(file: string, text: string): Mutant[] {
  const found: Mutant[] = [];
  const source: Source = ({ start, end }) => text.slice(start, end);
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const held of value) visit(held);
      return;
    }
    const held = node(value);
    if (held === undefined || held.type.startsWith('TS') || held.type === 'ImportDeclaration') {
      // `a as T` and the like hold an expression
      if (held !== undefined && 'expression' in held) visit(held.expression);
      return;
    }
    for (const { node: place, text: made } of OPERATORS.get(held.type)?.(held, source) ?? [])
      found.push({
        file,
        start: place.start,
        end: place.end,
        text: made,
        line: text.slice(0, place.start).split('\n').length,
        change: `${brief(source(place))} -> ${made === ';' ? 'nothing' : brief(made)}`,
      });
    for (const field of Object.keys(held)) visit(held[field]);
  };
  visit(parseSync(file, text).program);
  return found;
}

/** A source with the mutant in it. */
export function mutated({ start, end, text }: Mutant, source: string): string {
  return source.slice(0, start) + text + source.slice(end);
}

function brief(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > 60 ? `${flat.slice(0, 57)}...` : flat;
}
