import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';

/**
 * CloudFormation's service specification, as the development dependency `aws-cdk` carries it: types of resources, their properties and
 * attributes. A part of what cfn-lint checks, offline: docs/aws-behaviour.md says what it checks besides.
 */

type PropertyType =
  | { readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'json' | 'date-time' | 'null' | 'tag' }
  | { readonly type: 'array' | 'map'; readonly element: PropertyType }
  | { readonly type: 'ref'; readonly reference: { readonly $ref: string } }
  | { readonly type: 'union'; readonly types: readonly PropertyType[] };

interface Property {
  readonly type: PropertyType;
  readonly required?: boolean;
}
interface Described {
  readonly properties: Readonly<Record<string, Property>>;
}
interface ResourceType extends Described {
  readonly cloudFormationType: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Specification {
  readonly resources: ReadonlyMap<string, ResourceType>;
  readonly definitions: ReadonlyMap<string, Described>;
}

const entities = z.object({ entities: z.array(z.record(z.string(), z.unknown())) });
const database = z.object({ schema: z.object({ resource: entities, typeDefinition: entities }) });

export function readSpecification(): Specification {
  const file = new URL('../../node_modules/aws-cdk/db.json.gz', import.meta.url);
  const { schema } = database.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
  // a file of a pinned dependency: its shape is held by the planted faults, each of which would go unseen
  const types = schema.resource.entities as unknown as (ResourceType & { $id: string })[];
  const definitions = schema.typeDefinition.entities as unknown as (Described & { $id: string })[];
  return {
    resources: new Map(types.map((type) => [type.cloudFormationType, type])),
    definitions: new Map(definitions.map((held) => [held.$id, held])),
  };
}

export interface TemplateText {
  readonly Resources: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Of a resource (docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html). */
const RESOURCE_KEYS: ReadonlySet<string> = new Set([
  ...['Type', 'Properties', 'DependsOn', 'Condition', 'Metadata'],
  ...['CreationPolicy', 'DeletionPolicy', 'UpdatePolicy', 'UpdateReplacePolicy'],
]);
/** docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['Ref', 'Fn::GetAtt', 'Fn::Join', 'Fn::Sub', 'Fn::Select', 'Fn::Split', 'Fn::If', 'Fn::GetAZs'],
  ...['Fn::Base64', 'Fn::Cidr', 'Fn::FindInMap', 'Fn::ImportValue', 'Fn::ToJsonString', 'Fn::Length'],
]);

type Bag = Readonly<Record<string, unknown>>;
const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is worked out by CloudFormation: what it gives is not known here. */
function isComputed(value: unknown): value is Bag {
  if (!isBag(value)) return false;
  const [name = '', ...others] = Object.keys(value);
  return others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
}

/** What of a template the specification does not have: one line each, with the place. */
export function violations({ Resources }: TemplateText, specification: Specification): string[] {
  const found: string[] = [];
  const check = new ValueCheck(specification, found);
  for (const [id, resource] of Object.entries(Resources)) {
    const name = String(resource.Type);
    for (const key of Object.keys(resource))
      if (!RESOURCE_KEYS.has(key)) found.push(`${id}: a resource has no ${key}`);
    for (const other of [resource.DependsOn ?? []].flat())
      if (!(String(other) in Resources)) found.push(`${id}: DependsOn names ${other}, which is not there`);
    references(resource, id, Resources, specification, found);
    if (isCustom(name)) continue;
    const type = specification.resources.get(name);
    if (type === undefined) found.push(`${id}: ${name} is no type of resource`);
    else check.properties(`${id} (${name})`, resource.Properties ?? {}, type);
  }
  return found;
}

function isCustom(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/** Intrinsic functions: those that there are, and attributes that the resources they name have. */
function references(
  value: unknown,
  at: string,
  resources: TemplateText['Resources'],
  specification: Specification,
  found: string[],
): void {
  if (Array.isArray(value)) {
    for (const one of value) references(one, at, resources, specification, found);
    return;
  }
  if (!isBag(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('Fn::') && !FUNCTIONS.has(key)) found.push(`${at}: there is no function ${key}`);
    references(inner, at, resources, specification, found);
  }
  const [id, attribute] = isComputed(value) ? [value['Fn::GetAtt']].flat() : [];
  if (typeof id !== 'string' || typeof attribute !== 'string') return;
  const type = String(resources[id]?.Type);
  if (isCustom(type)) return;
  const known = specification.resources.get(type);
  if (known === undefined || !(attribute in known.attributes || attribute in known.properties))
    found.push(`${at}: ${id} (${type}) has no attribute ${attribute}`);
}

/** Values against the types that the specification gives them. */
class ValueCheck {
  readonly #definitions: Specification['definitions'];
  readonly #found: string[];

  constructor({ definitions }: Specification, found: string[]) {
    this.#definitions = definitions;
    this.#found = found;
  }

  properties(at: string, value: unknown, { properties }: Described): void {
    if (isComputed(value)) return;
    if (!isBag(value)) {
      this.#found.push(`${at}: should be an object`);
      return;
    }
    for (const [name, { required }] of Object.entries(properties))
      if (required === true && value[name] === undefined) this.#found.push(`${at}: ${name} is missing`);
    for (const [name, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      const property = properties[name];
      if (property === undefined) this.#found.push(`${at}: has no property ${name}`);
      else this.value(`${at}.${name}`, inner, property.type);
    }
  }

  value(at: string, value: unknown, type: PropertyType): void {
    if (isComputed(value) || type.type === 'json' || type.type === 'tag') return;
    if (type.type === 'union') this.#oneOf(at, value, type.types);
    else if (type.type === 'ref') {
      const held = this.#definitions.get(type.reference.$ref);
      if (held !== undefined) this.properties(at, value, held);
    } else if (type.type === 'array') {
      if (!Array.isArray(value)) this.#found.push(`${at}: should be a list`);
      else for (const [i, one] of value.entries()) this.value(`${at}.${i}`, one, type.element);
    } else if (type.type === 'map') {
      if (!isBag(value)) this.#found.push(`${at}: should be an object`);
      else for (const [key, one] of Object.entries(value)) this.value(`${at}.${key}`, one, type.element);
    } else if (!isScalar(value, type.type)) this.#found.push(`${at}: should be of type ${type.type}`);
  }

  /** A type that takes anything counts only where no other of the kind is there: else no fault would be one. */
  #oneOf(at: string, value: unknown, types: readonly PropertyType[]): void {
    const kind = (type: PropertyType): boolean =>
      Array.isArray(value)
        ? type.type === 'array'
        : isBag(value)
          ? type.type === 'ref' || type.type === 'map'
          : isScalar(value, type.type);
    const alike = types.filter(kind);
    if (alike.length === 0) {
      if (!types.some(({ type }) => type === 'json' || type === 'tag'))
        this.#found.push(`${at}: is of none of its types`);
      return;
    }
    const outcomes = alike.map((type) => {
      const found: string[] = [];
      new ValueCheck({ definitions: this.#definitions, resources: new Map() }, found).value(at, value, type);
      return found;
    });
    if (outcomes.every((found) => found.length > 0)) this.#found.push(...(outcomes[0] ?? []));
  }
}

/** CloudFormation reads `"5"` as 5, and `"true"` as true; a number where a text is due is none of ours. */
function isScalar(value: unknown, type: PropertyType['type']): boolean {
  if (type === 'string' || type === 'date-time') return typeof value === 'string';
  if (type === 'boolean') return typeof value === 'boolean' || value === 'true' || value === 'false';
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (type === 'integer') return Number.isInteger(number);
  return type === 'number' && typeof number === 'number' && Number.isFinite(number);
}
