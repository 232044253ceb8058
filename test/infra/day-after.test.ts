import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alarmsFor } from '../../lib/infra/alarms.ts';
import { leastBakeMinutes, ROLLBACK_ALARM_IDS, rollbackAlarms } from '../../lib/infra/bake-time.ts';
import { readSettings, SettingsError } from '../../lib/infra/settings.ts';
import { type Json, resourceOf, resourcesOf, synthesized } from './synthesized.ts';

/** What a deployment meets after its first day: a second stack beside it, a bad policy, a schedule that stops, a deletion. */
const settings = (over: Record<string, unknown> = {}) =>
  readSettings(
    Object.fromEntries(Object.entries(over).map(([name, value]) => [`siphonwatch:${name}`, value])),
  );

describe('an alarm that takes a policy back', () => {
  it('can be raised within the bake time of every deployment that the settings allow', () => {
    for (const policyStalenessSeconds of [15, 30, 600, 3600])
      for (const batchWindowSeconds of [0, 60, 300])
        for (const scoreTimeoutSeconds of [10, 180, 900]) {
          const given = { policyStalenessSeconds, batchWindowSeconds, scoreTimeoutSeconds };
          const least = leastBakeMinutes(given);
          const alarms = alarmsFor(settings({ ...given, policyBakeMinutes: least }));
          const looked = (id: string) => alarms.find((declared) => declared.id === id);
          // every batch times out: three bad minutes, a timeout apart, and the last one is known when it has ended
          const run = scoreTimeoutSeconds / 60;
          const failures = looked('policy-failures');
          expect(failures?.periods).toBeGreaterThanOrEqual(2 * run + 1);
          expect((policyStalenessSeconds + batchWindowSeconds) / 60 + 3 * run).toBeLessThan(least);
          // the first report raises it
          expect(looked('policy-rejected')).toMatchObject({ bad: 1, periodMinutes: 1 });
          expect(() => settings({ ...given, policyBakeMinutes: least - 1 })).toThrow(
            /or no alarm could be raised in time/,
          );
        }
  });

  it('is not asked for where there is no bake time', () => {
    expect(settings({ policyBakeMinutes: 0, policyStalenessSeconds: 3600 }).policyBakeMinutes).toBe(0);
  });

  it('is watched by AppConfig, as it is declared', () => {
    const template = synthesized();
    const [, environment] = resourceOf(template, 'AWS::AppConfig::Environment', 'PolicyRollout');
    const watched = JSON.stringify(environment.Properties.Monitors);
    const declared = Object.values(rollbackAlarms(settings()));
    expect(declared.map(({ id }) => id)).toEqual(ROLLBACK_ALARM_IDS);
    for (const { id, periodMinutes, periods, bad } of declared) {
      const [logicalId, alarm] =
        [...resourcesOf(template, 'AWS::CloudWatch::Alarm')].find(
          ([, { Properties }]) => Properties.AlarmName === `Siphonwatch-${id}`,
        ) ?? [];
      expect(watched, id).toContain(`"${logicalId}"`);
      expect(alarm?.Properties, id).toMatchObject({
        Period: periodMinutes * 60,
        EvaluationPeriods: periods,
        DatapointsToAlarm: bad,
      });
    }
  });
});

/** What an alarm hears: namespace, metric and dimensions, where none of it is a name that CloudFormation makes. */
function fixedMetrics(stackName: string): string[] {
  return [...resourcesOf(synthesized({ stackName }), 'AWS::CloudWatch::Alarm').values()].flatMap(
    ({ Properties: { Namespace, MetricName, Dimensions } }) => {
      const text = JSON.stringify([Namespace ?? null, MetricName ?? null, Dimensions ?? null]);
      return Namespace === undefined || text.includes('"Ref"') || text.includes('"Fn::') ? [] : [text];
    },
  );
}

describe('two stacks in one account and region', () => {
  it('share no metric, no alarm, no name and no log group under their keys', () => {
    const one = fixedMetrics('Siphonwatch');
    expect(one.length).toBeGreaterThan(10);
    expect(fixedMetrics('Siphonwatch-rebuild').filter((metric) => one.includes(metric))).toEqual([]);
    const names = (stackName: string): string[] => {
      const { Resources } = synthesized({ stackName }).toJSON() as {
        Resources: Record<string, { Properties?: Record<string, Json> }>;
      };
      return Object.values(Resources).flatMap(({ Properties = {} }) =>
        [
          'Name',
          'AlarmName',
          'DashboardName',
          'TableName',
          'TopicName',
          'FunctionName',
          'BucketName',
        ].flatMap((key) => {
          // what refers to another resource is named by CloudFormation, after the stack
          const text = JSON.stringify(Properties[key] ?? null);
          return text === 'null' || text.includes('"Ref":"Pipeline') || text.includes('"Fn::GetAtt"')
            ? []
            : [text];
        }),
      );
    };
    // an application's own environment and configurations are named alike in every application
    const inside = ['"live"', '"policy"', '"shadow"'];
    const other = names('Siphonwatch-rebuild').filter((name) => !inside.includes(name));
    const ours = names('Siphonwatch');
    expect(other.filter((name) => ours.includes(name))).toEqual([]);
    const [, key] = resourceOf(synthesized(), 'AWS::KMS::Key', 'Encryption');
    expect(JSON.stringify(key.Properties.KeyPolicy)).not.toContain('log-group:Siphonwatch-*');
  });

  it('a name is refused that AppConfig would refuse, for being longer than 64 characters with its suffix', () => {
    expect(settings({ stackName: `S${'x'.repeat(56)}` }).stackName).toHaveLength(57);
    expect(() => settings({ stackName: `S${'x'.repeat(57)}` })).toThrow(SettingsError);
  });
});

describe('silence', () => {
  it.each([
    ['sweep', 5, 2],
    ['link', 15, 2],
    ['link', 1440, 49],
    ['calibrate', 15, 26],
  ] as const)('of %s is heard, with a run every %i minutes within %i hours', (fn, linkMinutes, hours) => {
    const alarm = alarmsFor(settings({ linkMinutes })).find(({ id }) => id === `${fn}-silent`);
    expect(alarm).toMatchObject({ when: 'below', missing: 'breaching', periodMinutes: 60, periods: hours });
    expect(alarm?.metric).toMatchObject({ name: 'Invocations', subject: { fn } });
  });

  it('of a request for a run of link that fails is heard too', () => {
    const ids = alarmsFor(settings()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['dead-letters-linkAsked', 'iterator-age-link']));
    const [, mapping] = resourceOf(synthesized(), 'AWS::Lambda::EventSourceMapping', 'PipelineLinkAsked');
    expect(mapping.Properties.MetricsConfig).toEqual({ Metrics: ['EventCount'] });
  });
});

describe('the template', () => {
  const template = synthesized({ producerAccounts: '111122223333,444455556666' });

  it('lets AppConfig delete what it protects elsewhere, with the stack', () => {
    for (const type of ['AWS::AppConfig::ConfigurationProfile', 'AWS::AppConfig::Environment'])
      for (const [id, { Properties }] of resourcesOf(template, type))
        expect(Properties.DeletionProtectionCheck, id).toBe('BYPASS');
  });

  it('keeps the key wherever it keeps what the key encrypts', () => {
    const [, key] = resourceOf(template, 'AWS::KMS::Key', 'Encryption');
    for (const table of resourcesOf(template, 'AWS::DynamoDB::Table').values())
      expect(key.DeletionPolicy).toBe(table.DeletionPolicy);
  });

  it('lets AppConfig call the validator without a condition that AWS does not document', () => {
    const [, permission] = resourceOf(template, 'AWS::Lambda::Permission', 'PipelineValidatePolicy');
    expect(permission.Properties.Principal).toBe('appconfig.amazonaws.com');
    expect(permission.Properties).not.toHaveProperty('SourceAccount');
  });

  it('names no domain of one partition, but in the link for people', () => {
    const text = JSON.stringify({ ...template.toJSON(), Outputs: {} }).replaceAll(
      /"(?:lambda|appconfig|cloudwatch|events|logging\.s3)\.amazonaws\.com"/g,
      '',
    );
    expect(text.match(/.{60}\.amazonaws\.com/g) ?? []).toEqual([]);
  });

  it('names no partition in an ARN, with every optional part', () => {
    const all = synthesized({
      hunts: true,
      triageApi: true,
      calibrateShards: 7,
      linkShards: 7,
      backtestShards: 7,
      securityHub: true,
    });
    const text = JSON.stringify({ ...all.toJSON(), Outputs: {} });
    expect(text.match(/.{60}arn:aws:/g) ?? []).toEqual([]);
  });

  it('tags everything but dashboards, which some regions do not tag', () => {
    const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard').values();
    expect(dashboard?.Properties).not.toHaveProperty('Tags');
  });

  it('lets the gateways of named accounts put records and ask for a data key, and nobody else', () => {
    const principals = ['111122223333', '444455556666'].map((account) => ({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${account}:root`]],
    }));
    const [, policy] = resourceOf(template, 'AWS::Kinesis::ResourcePolicy', 'Ingest');
    expect(policy.Properties.ResourcePolicy).toMatchObject({
      Statement: [{ Effect: 'Allow', Action: 'kinesis:PutRecords', Principal: { AWS: principals } }],
    });
    const [, key] = resourceOf(template, 'AWS::KMS::Key', 'Encryption');
    expect(key.Properties.KeyPolicy).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Sid: 'ProducersOfOtherAccounts',
          Action: 'kms:GenerateDataKey',
          Principal: { AWS: principals },
        }),
      ]),
    });
    expect(resourcesOf(synthesized(), 'AWS::Kinesis::ResourcePolicy').size).toBe(0);
  });

  it('hears refused reads, and an index that is full', () => {
    const [, alarm] = resourceOf(template, 'AWS::CloudWatch::Alarm', 'Monitoringthrottlestableprofile');
    const names = JSON.stringify(alarm.Properties.Metrics);
    expect(names).toContain('ReadThrottleEvents');
    expect(names).toContain('"GlobalSecondaryIndexName","Value":"undelivered"');
  });

  it('says OK for pages only: every new alarm says it once', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::CloudWatch::Alarm').values())
      expect(Properties.OKActions === undefined, String(Properties.AlarmName)).toBe(
        String(Properties.AlarmDescription).startsWith('[ticket]'),
      );
  });

  it('ends the life of all that is stored: events, profiles, findings, logs; calibrations by version', () => {
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::DynamoDB::Table'))
      expect(Properties.TimeToLiveSpecification, id).toMatchObject({ Enabled: true });
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays, id).toBeGreaterThan(0);
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::S3::Bucket'))
      expect(JSON.stringify(Properties.LifecycleConfiguration), id).toMatch(
        id.startsWith('BucketsState') ? /NoncurrentVersionExpiration/ : /ExpirationInDays/,
      );
  });

  it('has what its runs in shards leave behind, and how to stop them, in the documents', () => {
    const manual = (name: string) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
    const [, { Properties }] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsState');
    const { Rules } = Properties.LifecycleConfiguration as unknown as {
      readonly Rules: readonly { readonly Prefix?: string; readonly ExpirationInDays?: number }[];
    };
    const runs = Rules.flatMap(({ Prefix, ExpirationInDays }) =>
      ExpirationInDays === undefined ? [] : [Prefix],
    );
    expect(runs.sort()).toEqual(['backtest-runs/', 'calibration-runs/', 'link-runs/']);
    for (const prefix of runs)
      expect(manual('security').split('## Erasure and retention')[1]).toContain(prefix);
    const teardown = manual('operations').split('## Tear down')[1];
    const machines = resourcesOf(
      synthesized({ calibrateShards: 2, linkShards: 2, backtestShards: 2 }),
      'AWS::StepFunctions::StateMachine',
    );
    expect(machines.size).toBe(runs.length);
    for (const { Properties: of } of machines.values())
      expect(teardown).toMatch(
        new RegExp(
          `for m in [a-z ]*\\b${String(of.StateMachineName).split('-').at(-1)}\\b[\\s\\S]*stop-execution`,
        ),
      );
  });

  it('scales the tables that every event reaches, and their index, where they are provisioned', () => {
    const provisioned = synthesized({ tableMode: 'provisioned', tableUnits: 50 });
    const [, profile] = resourceOf(provisioned, 'AWS::DynamoDB::Table', 'TablesProfile');
    expect(profile.Properties).toMatchObject({
      ProvisionedThroughput: { ReadCapacityUnits: 50, WriteCapacityUnits: 50 },
      GlobalSecondaryIndexes: [{ ProvisionedThroughput: { ReadCapacityUnits: 50, WriteCapacityUnits: 50 } }],
    });
    const [, finding] = resourceOf(provisioned, 'AWS::DynamoDB::Table', 'TablesFinding');
    expect(finding.Properties.BillingMode).toBe('PAY_PER_REQUEST');
    const targets = [...resourcesOf(provisioned, 'AWS::ApplicationAutoScaling::ScalableTarget').values()];
    expect(targets).toHaveLength(6);
    for (const { Properties } of targets) expect(Properties.MinCapacity).toBe(50);
    for (const kind of ['ReadCapacityUnits', 'WriteCapacityUnits']) {
      const most = targets
        .filter(({ Properties }) => String(Properties.ScalableDimension).endsWith(kind))
        .map(({ Properties }) => Number(Properties.MaxCapacity));
      // default quotas: of a table or index, and of all of an account (amazondynamodb/latest/developerguide/ServiceQuotas.html)
      expect(Math.max(...most)).toBeLessThanOrEqual(40_000);
      expect(most.reduce((sum, units) => sum + units, 0)).toBeLessThanOrEqual(80_000);
    }
    expect(() => settings({ tableUnits: 50 })).toThrow(/units are allowed only with provisioned/);
  });

  it('gathers events as the latency says, unless a part is given by itself', () => {
    const gathered = ({
      batchWindowSeconds,
      batchSize,
      parallelizationFactor,
    }: ReturnType<typeof settings>) => [batchWindowSeconds, batchSize, parallelizationFactor];
    expect(gathered(settings())).toEqual([60, 10_000, 2]);
    expect(gathered(settings({ latency: 'seconds' }))).toEqual([5, 2000, 1]);
    expect(gathered(settings({ latency: 'minutes', batchWindowSeconds: 120 }))).toEqual([120, 10_000, 8]);
  });

  it('gives each use of the key its own actions', () => {
    const [, role] = resourceOf(template, 'AWS::IAM::Role', 'PipelineValidatePolicyRole');
    const text = JSON.stringify(role.Properties.Policies);
    expect(text).toContain('"kms:Decrypt"');
    expect(text).not.toContain('kms:GenerateDataKey');
  });
});
