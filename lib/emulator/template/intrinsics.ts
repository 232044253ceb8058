import { LOCAL_ACCOUNT, LOCAL_REGION } from '../names.ts';

/**
 * CloudFormation's intrinsic functions, as far as CDK writes them
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
 * One that is not known is an error, never a value passed through.
 */
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly TemplateValue[]
  | { readonly [key: string]: TemplateValue };

export interface Intrinsics {
  readonly stackName: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly mappings: {
    readonly [map: string]: { readonly [top: string]: { readonly [second: string]: TemplateValue } };
  };
  readonly conditions: { readonly [name: string]: TemplateValue };
  /** exports of other stacks */
  readonly imports: Readonly<Record<string, string>>;
  /** what `Ref` of a resource gives */
  readonly ref: (logicalId: string) => string;
  /** what `Fn::GetAtt` gives */
  readonly attribute: (logicalId: string, attribute: string) => string;
}

const NO_VALUE = Symbol('AWS::NoValue');

/** The value with every intrinsic resolved; properties that are `AWS::NoValue` are gone. */
export function resolveValue(value: TemplateValue, scope: Intrinsics): TemplateValue {
  const resolved = resolve(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolve(value: TemplateValue, scope: Intrinsics): TemplateValue | typeof NO_VALUE {
  if (Array.isArray(value)) {
    return (value as readonly TemplateValue[])
      .map((element) => resolve(element, scope))
      .filter((element) => element !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1) {
    const [name, argument] = first;
    if (name === 'Ref') return reference(String(argument), scope);
    if (name === 'Fn::If') return branch(argument, scope);
    if (name === 'Condition' && typeof argument === 'string') return isTrue(argument, scope);
    if (name.startsWith('Fn::')) return call(name, argument, scope);
  }
  return Object.fromEntries(
    entries.flatMap(([key, element]) => {
      const resolved = resolve(element, scope);
      return resolved === NO_VALUE ? [] : [[key, resolved]];
    }),
  );
}

function reference(name: string, scope: Intrinsics): string | typeof NO_VALUE {
  switch (name) {
    case 'AWS::Region':
      return LOCAL_REGION;
    case 'AWS::AccountId':
      return LOCAL_ACCOUNT;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return scope.stackName;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${scope.stackName}/local`;
    case 'AWS::NoValue':
      return NO_VALUE;
    default:
      return scope.parameters[name] ?? scope.ref(name);
  }
}

/** Whether a named condition holds. */
export function isTrue(condition: string, scope: Intrinsics): boolean {
  const definition = scope.conditions[condition];
  if (definition === undefined) throw new Error(`the template has no condition ${condition}`);
  return resolveValue(definition, scope) === true;
}

function branch(argument: TemplateValue, scope: Intrinsics): TemplateValue | typeof NO_VALUE {
  const [condition, yes, no] = list('Fn::If', argument);
  return resolve(isTrue(String(condition), scope) ? yes : no, scope);
}

function list(name: string, argument: TemplateValue): readonly TemplateValue[] {
  if (!Array.isArray(argument)) throw new Error(`${name} needs a list (given ${JSON.stringify(argument)})`);
  return argument as readonly TemplateValue[];
}

function call(name: string, argument: TemplateValue, scope: Intrinsics): TemplateValue {
  const resolved = (value: TemplateValue): TemplateValue => resolveValue(value, scope);
  const text = (value: TemplateValue): string => String(resolved(value));
  const resolvedList = (value: TemplateValue): readonly TemplateValue[] => list(name, resolved(value));
  switch (name) {
    case 'Fn::GetAtt': {
      const [id = '', ...path] =
        typeof argument === 'string' ? argument.split('.') : list(name, argument).map(String);
      return scope.attribute(id, path.join('.'));
    }
    case 'Fn::Join': {
      const [separator, parts] = list(name, argument);
      return resolvedList(parts).map(String).join(String(separator));
    }
    case 'Fn::Sub': {
      const [pattern, variables] = typeof argument === 'string' ? [argument, {}] : list(name, argument);
      return substitute(String(pattern), variables as { readonly [key: string]: TemplateValue }, scope);
    }
    case 'Fn::Select': {
      const [index, from] = list(name, argument);
      const chosen = resolvedList(from)[Number(resolved(index))];
      if (chosen === undefined) throw new Error(`Fn::Select: no element ${String(index)}`);
      return chosen;
    }
    case 'Fn::Split': {
      const [separator, from] = list(name, argument);
      return text(from).split(String(separator));
    }
    case 'Fn::ImportValue': {
      const value = scope.imports[text(argument)];
      if (value === undefined) throw new Error(`Fn::ImportValue: no stack exports ${text(argument)}`);
      return value;
    }
    case 'Fn::FindInMap': {
      const [map, top, second] = list(name, argument).map(text);
      const found = scope.mappings[map ?? '']?.[top ?? '']?.[second ?? ''];
      if (found === undefined) throw new Error(`Fn::FindInMap: no ${map}.${top}.${second}`);
      return found;
    }
    case 'Fn::GetAZs':
      return ['a', 'b', 'c'].map((zone) => `${LOCAL_REGION}${zone}`);
    case 'Fn::Base64':
      return Buffer.from(text(argument)).toString('base64');
    case 'Fn::Equals': {
      const [left, right] = list(name, argument).map(text);
      return left === right;
    }
    case 'Fn::Not':
      return !resolvedList(argument)[0];
    case 'Fn::And':
      return resolvedList(argument).every((value) => value === true);
    case 'Fn::Or':
      return resolvedList(argument).some((value) => value === true);
    default:
      throw new Error(`the local runner does not know the intrinsic ${name}`);
  }
}

/** `${Name}` and `${Resource.Attribute}`; `${!literal}` stays. */
function substitute(
  pattern: string,
  variables: { readonly [key: string]: TemplateValue },
  scope: Intrinsics,
): string {
  return pattern.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in variables) return String(resolveValue(variables[name], scope));
    if (name.includes('.')) return String(call('Fn::GetAtt', name, scope));
    return String(resolveValue({ Ref: name }, scope));
  });
}
