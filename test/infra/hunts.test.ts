import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HUNT_TABLES } from '../../lib/contract/hunt-names.ts';
import { columnsOf } from '../../lib/hunts/columns.ts';
import { HUNT_QUERIES } from '../../lib/hunts/queries.ts';
import { readSettings } from '../../lib/infra/settings.ts';
import { type Json, resourceOf, resourcesOf, synthesized } from './synthesized.ts';

const template = synthesized({
  hunts: true,
  huntDays: 400,
  huntInfrequentDays: 30,
  huntScanGb: 7,
  stackName: 'Sipho-Two',
});

interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Json;
  readonly Principal?: Json;
}

function statementsOf(policy: string): readonly Statement[] {
  const [, { Properties }] = resourceOf(template, 'AWS::IAM::ManagedPolicy', policy);
  return (Properties.PolicyDocument as unknown as { Statement: Statement[] }).Statement;
}

describe('hunts in the stack', () => {
  it('are not there unless a setting asks for them', () => {
    const plain = synthesized();
    for (const type of ['AWS::Glue::Database', 'AWS::Athena::WorkGroup', 'AWS::Athena::NamedQuery'])
      plain.resourceCountIs(type, 0);
    const [, { Properties }] = resourceOf(plain, 'AWS::S3::Bucket', 'BucketsArchive');
    expect(JSON.stringify(Properties.LifecycleConfiguration)).not.toContain('hunts/');
  });

  it('are written as often as docs/hunting.md says, by an invocation that ends before the next', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::Events::Rule', 'HuntsCompactSchedule');
    expect(Properties.ScheduleExpression).toBe('rate(20 minutes)');
    const manual = readFileSync(new URL('../../docs/hunting.md', import.meta.url), 'utf8');
    expect(manual).toContain('Every twenty minutes the function writes');
    const [, fn] = resourceOf(template, 'AWS::Lambda::Function', 'HuntsCompactFunction');
    expect(fn.Properties.Timeout).toBeLessThan(20 * 60);
  });

  it('are tables with the columns that are written, and days that are projected as far back as they are kept', () => {
    const tables = [...resourcesOf(template, 'AWS::Glue::Table').values()].map(
      ({ Properties }) =>
        Properties.TableInput as unknown as {
          Name: string;
          Parameters: Record<string, unknown>;
          PartitionKeys: Json;
          StorageDescriptor: { Columns: { Name: string; Type: string }[] };
        },
    );
    expect(tables.map(({ Name }) => Name).sort()).toEqual([...HUNT_TABLES].sort());
    for (const { Name, Parameters, PartitionKeys, StorageDescriptor } of tables) {
      const table = Name === 'prints' ? 'prints' : 'events';
      expect(StorageDescriptor.Columns.map((column) => [column.Name, column.Type])).toEqual(
        columnsOf(table).map(({ name, type }) => [name, type]),
      );
      expect(PartitionKeys).toEqual([expect.objectContaining({ Name: 'day', Type: 'string' })]);
      expect(Parameters).toMatchObject({
        'projection.enabled': 'true',
        'projection.day.type': 'date',
        'projection.day.format': 'yyyy-MM-dd',
        'projection.day.range': table === 'prints' ? 'NOW-91DAYS,NOW' : 'NOW-401DAYS,NOW',
      });
      expect(JSON.stringify(Parameters['storage.location.template'])).toContain(
        `/hunts/${Name}/day=\${day}/`,
      );
    }
  });

  it('are asked in a workgroup that nobody overrides, with a limit and results under the key', () => {
    const groups = [...resourcesOf(template, 'AWS::Athena::WorkGroup').values()];
    expect(groups.map(({ Properties }) => Properties.Name)).toEqual([
      'Sipho-Two-hunts',
      'Sipho-Two-hunts-prints',
    ]);
    for (const { Properties } of groups)
      expect(Properties.WorkGroupConfiguration).toMatchObject({
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 7 * 1024 ** 3,
        ManagedQueryResultsConfiguration: {
          Enabled: true,
          EncryptionConfiguration: { KmsKey: expect.anything() },
        },
      });
    const [, key] = resourceOf(template, 'AWS::KMS::Key', 'Encryption');
    const { Statement: statements } = key.Properties.KeyPolicy as unknown as { Statement: Statement[] };
    const results = statements.find(({ Sid }) => Sid === 'ResultsOfHunts');
    expect(results).toMatchObject({
      Principal: { Service: 'encryption.athena.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
    });
    for (const group of ['workgroup/Sipho-Two-hunts"', 'workgroup/Sipho-Two-hunts-prints"'])
      expect(JSON.stringify(results?.Condition)).toContain(group);
  });

  it('has every query, in the database of the stack', () => {
    const queries = [...resourcesOf(template, 'AWS::Athena::NamedQuery').values()];
    expect(queries.map(({ Properties }) => Properties.Name).sort()).toEqual(
      HUNT_QUERIES.map(({ id }) => id).sort(),
    );
    for (const { Properties } of queries) {
      expect(Properties.Database).toBe('sipho_two_hunts');
      expect(String(Properties.Description).length).toBeLessThanOrEqual(1024);
      expect(Properties.QueryString).not.toMatch(/[{}]/);
    }
  });

  it('let analysts read no print, and nobody write', () => {
    const hunter = JSON.stringify(statementsOf('PeopleHunter'));
    expect(hunter).toContain('/hunts/events/*');
    expect(hunter).not.toMatch(
      /hunts\/prints|\/events\/\*"\]\]}\]|table\/sipho_two_hunts\/prints|"\/events\/\*"/,
    );
    const evidence = JSON.stringify(statementsOf('PeopleEvidence'));
    expect(evidence).toContain('/hunts/prints/*');
    for (const policy of ['PeopleHunter', 'PeopleEvidence'])
      for (const { Action } of statementsOf(policy))
        expect([Action].flat().filter((action) => /Put|Delete|Create|Update/.test(action))).toEqual([]);
  });

  it('let nobody ask, list or read results where those ask whose tables he may not read', () => {
    const askedIn = (policy: string) =>
      statementsOf(policy)
        .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('athena:')))
        .map(({ Resource }) => /workgroup\/[\w*-]+/.exec(JSON.stringify(Resource))?.[0]);
    expect(askedIn('PeopleHunter')).toEqual(['workgroup/Sipho-Two-hunts']);
    expect(askedIn('PeopleEvidence')).toEqual(['workgroup/Sipho-Two-hunts-prints']);
    for (const { Properties } of resourcesOf(template, 'AWS::Athena::NamedQuery').values()) {
      const table = HUNT_QUERIES.find(({ id }) => id === Properties.Name)?.table;
      expect(Properties.WorkGroup).toBe(table === 'prints' ? 'Sipho-Two-hunts-prints' : 'Sipho-Two-hunts');
    }
  });

  it('let analysts list nothing but the Parquet without prints, not even by a request that names no prefix', () => {
    const lists = statementsOf('PeopleHunter').filter(({ Action }) =>
      [Action].flat().includes('s3:ListBucket'),
    );
    expect(lists.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      // with StringLikeIfExists a request without a prefix would list everything
      ['s3:ListBucket', { StringLike: { 's3:prefix': ['hunts/events/*'] } }],
    ]);
  });

  it('keeps prints no longer than the records, and moves Parquet to the cheaper class', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsArchive');
    const { Rules: rules } = Properties.LifecycleConfiguration as unknown as {
      Rules: { Id: string; Prefix?: string; ExpirationInDays?: number; Transitions?: Json }[];
    };
    expect(rules.map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays])).toEqual([
      ['events/', 90],
      ['hunts/prints/', 90],
      ['hunts/events/', 400],
      ['hunts/manifests/', 400],
      [undefined, undefined],
    ]);
    expect(rules.filter(({ Transitions }) => Transitions !== undefined).map(({ Id }) => Id)).toEqual([
      'expire-prints',
      'expire-hunts',
    ]);
  });

  it('refuses settings under which a day would never be whole', () => {
    const of = (settings: Record<string, unknown>) =>
      readSettings(
        Object.fromEntries(Object.entries(settings).map(([name, value]) => [`siphonwatch:${name}`, value])),
      );
    expect(() => of({ hunts: true, archive: false })).toThrow(/nothing to make Parquet of/);
    expect(() => of({ hunts: true, archiveDays: 3 })).toThrow(/allowed is more than 3 days/);
    expect(of({ hunts: true, archiveDays: 4 }).hunts).toBe(true);
    expect(() => of({ huntInfrequentDays: 7 })).toThrow(/allowed is 0 or at least 30/);
  });
});
