import { describe, expect, it } from 'vitest';
import { readSpecification, type TemplateText, violations } from './service-specification.ts';
import { synthesized } from './synthesized.ts';

const specification = readSpecification();

/** Together they switch on every part and take every mode of capacity. */
const ALL_SETTINGS = {
  'the defaults': {},
  'every optional part, provisioned': {
    ...{
      streamMode: 'provisioned',
      shards: 6,
      tableMode: 'provisioned',
      tableUnits: 50,
      calibrateShards: 7,
      linkShards: 7,
      backtestShards: 7,
    },
    ...{ hunts: true, triageApi: true, securityHub: true, tracing: true, archiveLockDays: 60 },
    ...{ producerAccounts: '111122223333,444455556666', findingsEmails: 'a@example.com' },
    ...{ criticalPhones: '+4930123456', monthlyBudgetUsd: 500, operationsEmails: 'b@example.com' },
  },
  'as few parts as there may be': { archive: false, triageApi: false, replayClock: true, latency: 'seconds' },
} as const;
const templates = new Map<string, TemplateText>(
  Object.entries(ALL_SETTINGS).map(([name, settings]) => [
    name,
    synthesized(settings).toJSON() as unknown as TemplateText,
  ]),
);

describe('a template held to the service specification of CloudFormation', () => {
  it.each([...templates.keys()])('has nothing that AWS does not know: %s', (name) => {
    const template = templates.get(name) as TemplateText;
    expect(Object.keys(template.Resources).length).toBeGreaterThan(100);
    expect(violations(template, specification)).toEqual([]);
  });

  it('knows the types of today', () => {
    expect(specification.resources.size).toBeGreaterThan(1500);
    expect(specification.definitions.size).toBeGreaterThan(5000);
  });
});

describe('a planted fault is found', () => {
  type Loose = Readonly<Record<string, { readonly Type?: string; readonly Properties?: object }>>;
  /** The template with one resource of a type changed; what is undefined goes. */
  const plant = (type: string, { Properties, ...others }: Loose[string]): string[] => {
    const { Resources } = structuredClone(templates.get('the defaults')) as unknown as { Resources: Loose };
    const [id, resource] = Object.entries(Resources).find(([, held]) => held.Type === type) ?? [];
    if (id === undefined) throw new Error(`the stack has no ${type}`);
    const changed = { ...resource, ...others, Properties: { ...resource?.Properties, ...Properties } };
    return violations({ Resources: { ...Resources, [id]: changed } }, specification);
  };
  const QUEUE = 'AWS::SQS::Queue';
  const TABLE = 'AWS::DynamoDB::Table';
  const LAMBDA = 'AWS::Lambda::Function';
  const keys = [{ AttributeName: 'a', KeyTypes: 'HASH' }];
  const nobody = { 'Fn::GetAtt': ['Nobody', 'Arn'] };

  it.each<[string, string, object, RegExp]>([
    ['a type', QUEUE, { Type: 'AWS::SQS::Queues' }, /no type of resource/],
    ['a property', QUEUE, { Properties: { Retention: 5 } }, /no property Retention/],
    ['one further in', TABLE, { Properties: { SSESpecification: { Sse: true } } }, /no property Sse/],
    ['one in a list', TABLE, { Properties: { KeySchema: keys } }, /KeySchema\.0: has no property KeyTypes/],
    ['one missing in a list', TABLE, { Properties: { KeySchema: keys } }, /KeySchema\.0: KeyType is missing/],
    ['a text for a number', LAMBDA, { Properties: { Timeout: 'a minute' } }, /Timeout: .* integer/],
    ['a number for a text', LAMBDA, { Properties: { Handler: 7 } }, /Handler: .* string/],
    [
      'an object for a list',
      LAMBDA,
      { Properties: { Architectures: {} } },
      /Architectures: should be a list/,
    ],
    ['a missing property', LAMBDA, { Properties: { Role: undefined } }, /Role is missing/],
    ['an attribute', LAMBDA, { Properties: { Role: nobody } }, /Nobody .* has no attribute Arn/],
    ['a function', LAMBDA, { Properties: { Role: { 'Fn::Get': 'a' } } }, /no function Fn::Get/],
    ['what is waited for', QUEUE, { DependsOn: ['Nobody'] }, /DependsOn names Nobody/],
    ['a key of a resource', QUEUE, { DeletePolicy: 'Retain' }, /has no DeletePolicy/],
  ])('%s', (_, type, change, message) => {
    expect(plant(type, change).join('\n')).toMatch(message);
  });
});
