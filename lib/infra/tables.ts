import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import {
  EXPIRY_ATTRIBUTE,
  INDEX_KEYS,
  type IndexName,
  TABLES,
  type TableDeclaration,
  type TableName,
} from '../contract/tables.ts';

const PROJECTIONS: Readonly<Record<IndexName, ProjectionType>> = {
  // Keys only: the sweeper reads the item anyway, and every projected byte is written twice.
  undelivered: ProjectionType.KEYS_ONLY,
  byUpdated: ProjectionType.ALL,
};

export interface TablesProps {
  readonly key: IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
}

function title(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The four tables: on-demand, encrypted under the deployment's key, restorable to any second of 35 days. */
export class Tables extends Construct {
  readonly tables: Readonly<Record<TableName, Table>>;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    this.tables = {
      profile: this.#table('profile', props),
      finding: this.#table('finding', props),
      link: this.#table('link', props),
      campaign: this.#table('campaign', props),
    };
  }

  #table(name: TableName, props: TablesProps): Table {
    const declared: TableDeclaration = TABLES[name];
    const table = new Table(this, `${title(name)}Table`, {
      partitionKey: { name: declared.partition, type: AttributeType.STRING },
      sortKey: { name: declared.sort, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: EXPIRY_ATTRIBUTE,
      removalPolicy: props.removalPolicy,
      deletionProtection: props.deletionProtection,
      ...(declared.stream ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
    });
    if (declared.index) {
      const index = INDEX_KEYS[declared.index];
      table.addGlobalSecondaryIndex({
        indexName: declared.index,
        partitionKey: { name: index.partition, type: AttributeType.STRING },
        sortKey: { name: index.sort, type: AttributeType.STRING },
        projectionType: PROJECTIONS[declared.index],
      });
    }
    return table;
  }
}
