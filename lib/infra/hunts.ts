import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  databaseName,
  HUNT_TABLES,
  type HuntTable,
  huntPrefix,
  workGroupName,
} from '../contract/hunt-names.ts';
import { type ColumnType, columnsOf, DAY_COLUMN } from '../hunts/columns.ts';
import { athenaSql } from '../hunts/dialect.ts';
import { HUNT_QUERIES } from '../hunts/queries.ts';
import type { Bundles } from './bundles.ts';
import { COMPACT } from './compact-size.ts';
import { observability, Worker } from './functions.ts';
import { recheckDays } from './optional-settings.ts';
import type { Resources } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface HuntsProps {
  readonly bundles: Bundles;
  readonly archive: Bucket;
  readonly resources: Resources;
  readonly settings: Settings;
  readonly removalPolicy: RemovalPolicy;
}

/** Hive's names of the types, as Glue keeps them: athena/latest/ug/data-types.html. */
const GLUE: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  int: 'int',
  bigint: 'bigint',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
};

const PARQUET = {
  inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
};

const TABLE_WORDS: Readonly<Record<HuntTable, string>> = {
  events: 'Accepted usage events, a row each; no prints',
  prints: 'Keyed fingerprints, a row for each event and key epoch; for people who may read raw prints',
};

const GIB = 1024 ** 3;

/**
 * The archive in Parquet (docs/decisions/095-parquet-by-a-function.md): the function that writes closed days, and what Athena
 * needs to ask them. Partitions are projected, so that nothing has to register a day; results are kept by Athena for a day and
 * nowhere else (athena/latest/ug/managed-results.html).
 */
export class Hunts extends Construct {
  readonly worker: Worker<'compact'>;
  readonly schedule: Rule;
  /** by the table that is asked in them: results of one are for those who may read that table */
  readonly workGroups: Readonly<Record<HuntTable, CfnWorkGroup>>;
  readonly database: string;
  readonly queries: readonly CfnNamedQuery[];

  constructor(scope: Construct, id: string, props: HuntsProps) {
    super(scope, id);
    const { resources, settings } = props;
    this.worker = new Worker(this, 'Compact', {
      name: 'compact',
      bundles: props.bundles,
      environment: {
        ...observability('compact', settings),
        ARCHIVE_BUCKET: props.archive.bucketName,
        HUNT_RECHECK_DAYS: String(recheckDays(settings)),
      },
      resources,
      settings,
      removalPolicy: props.removalPolicy,
      memoryMb: COMPACT.memoryMb,
      timeoutSeconds: COMPACT.timeoutSeconds,
      deadLetterQueue: resources.notification.deadLetters,
    });
    this.schedule = new Rule(this, 'CompactSchedule', {
      schedule: Schedule.rate(Duration.minutes(COMPACT.everyMinutes)),
      targets: [
        new LambdaFunction(this.worker.fn, {
          deadLetterQueue: resources.notification.deadLetters,
          retryAttempts: 2,
        }),
      ],
    });
    this.database = databaseName(settings.stackName);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.database, description: 'Siphonwatch: the archive, for hunts' },
    });
    for (const table of HUNT_TABLES) this.#table(table, props).addResourceDependency(database);
    this.workGroups = {
      events: this.#makeWorkGroup('events', props),
      prints: this.#makeWorkGroup('prints', props),
    };
    this.queries = HUNT_QUERIES.map((query) => {
      const workGroup = this.workGroups[query.table];
      const named = new CfnNamedQuery(this, `Query-${query.id}`, {
        database: this.database,
        workGroup: workGroup.name,
        name: query.id,
        // at most 1,024 characters (athena/latest/APIReference/API_NamedQuery.html)
        description: `${query.question} ${query.explanation}`.slice(0, 1024),
        queryString: athenaSql(query.sql),
      });
      named.addResourceDependency(workGroup);
      return named;
    });
  }

  #table(table: HuntTable, { archive, settings }: HuntsProps): CfnTable {
    const location = `s3://${archive.bucketName}/${huntPrefix(table)}`;
    const kept = table === 'prints' ? settings.archiveDays : settings.huntDays;
    return new CfnTable(this, `Table-${table}`, {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.database,
      tableInput: {
        name: table,
        description: TABLE_WORDS[table],
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [{ name: DAY_COLUMN, type: 'string', comment: 'day of arrival, UTC, YYYY-MM-DD' }],
        // athena/latest/ug/partition-projection-supported-types.html, "Date type"
        parameters: {
          classification: 'parquet',
          'projection.enabled': 'true',
          [`projection.${DAY_COLUMN}.type`]: 'date',
          [`projection.${DAY_COLUMN}.format`]: 'yyyy-MM-dd',
          [`projection.${DAY_COLUMN}.range`]: `NOW-${kept + 1}DAYS,NOW`,
          'storage.location.template': `${location}day=\${${DAY_COLUMN}}/`,
        },
        storageDescriptor: {
          ...PARQUET,
          location,
          columns: columnsOf(table).map(({ name, type, what }) => ({
            name,
            type: GLUE[type],
            comment: what,
          })),
        },
      },
    });
  }

  #makeWorkGroup(table: HuntTable, { resources, settings }: HuntsProps): CfnWorkGroup {
    return new CfnWorkGroup(this, table === 'events' ? 'WorkGroup' : 'PrintsWorkGroup', {
      name: workGroupName(settings.stackName, table),
      description:
        table === 'events'
          ? 'Siphonwatch: hunts in the archive, without prints'
          : 'Siphonwatch: hunts in the archive, of people who may read raw prints',
      // a workgroup that was ever asked is not empty: its history goes with it
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        // whoever asks cannot choose another place or key for the results
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: settings.huntScanGb * GIB,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        publishCloudWatchMetricsEnabled: true,
        managedQueryResultsConfiguration: {
          enabled: true,
          encryptionConfiguration: { kmsKey: resources.key.keyArn },
        },
      },
    });
  }
}
