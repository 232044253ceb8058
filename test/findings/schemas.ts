import { Ajv, type ValidateFunction } from 'ajv';

/**
 * Schemas of the documents that others read, rebuilt by hand from their publications, the part that is used: an
 * attribute that is not listed is refused, so a view cannot use what nobody looked up.
 */

type Attribute =
  | 'string'
  | 'integer'
  | 'timestamp'
  | 'boolean'
  | 'json'
  | `[${string}]`
  | `{${string}}`
  | readonly (string | number)[];

interface ObjectShape {
  readonly required: readonly string[];
  /** at least one of them */
  readonly some?: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** https://github.com/ocsf/ocsf-schema: events/findings/detection_finding and what it extends, objects/* */
const OCSF: Readonly<Record<string, ObjectShape>> = {
  detection_finding: {
    required: [
      'activity_id',
      'category_uid',
      'class_uid',
      'type_uid',
      'severity_id',
      'time',
      'metadata',
      'finding_info',
    ],
    attributes: {
      activity_id: [0, 1, 2, 3, 99],
      activity_name: 'string',
      category_uid: [2],
      category_name: 'string',
      class_uid: [2004],
      class_name: 'string',
      type_uid: [200400, 200401, 200402, 200403, 200499],
      type_name: 'string',
      severity_id: [0, 1, 2, 3, 4, 5, 6, 99],
      severity: 'string',
      time: 'timestamp',
      start_time: 'timestamp',
      end_time: 'timestamp',
      message: 'string',
      status_id: [0, 1, 2, 3, 4, 5, 6, 99],
      status: 'string',
      is_alert: 'boolean',
      confidence_id: [0, 1, 2, 3, 99],
      confidence: 'string',
      confidence_score: 'integer',
      metadata: '{metadata}',
      finding_info: '{finding_info}',
      evidences: '[evidences]',
      anomaly_analyses: '[anomaly_analysis]',
      resources: '[resource_details]',
      remediation: '{remediation}',
      unmapped: 'json',
    },
  },
  metadata: {
    required: ['product', 'version'],
    attributes: {
      version: 'string',
      uid: 'string',
      correlation_uid: 'string',
      logged_time: 'timestamp',
      labels: '[string]',
      product: '{product}',
    },
  },
  product: {
    required: [],
    some: ['name', 'uid'],
    attributes: { name: 'string', uid: 'string', vendor_name: 'string', version: 'string' },
  },
  finding_info: {
    required: ['uid'],
    attributes: {
      uid: 'string',
      title: 'string',
      desc: 'string',
      types: '[string]',
      created_time: 'timestamp',
      modified_time: 'timestamp',
      first_seen_time: 'timestamp',
      last_seen_time: 'timestamp',
      related_events_count: 'integer',
      analytic: '{analytic}',
      data_sources: '[string]',
    },
  },
  analytic: {
    required: ['type_id'],
    some: ['name', 'uid'],
    attributes: {
      name: 'string',
      uid: 'string',
      version: 'string',
      type_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99],
      type: 'string',
      desc: 'string',
    },
  },
  evidences: {
    required: [],
    some: ['actor', 'api', 'data', 'resources', 'user'],
    attributes: {
      uid: 'string',
      name: 'string',
      data: 'json',
      verdict_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99],
      verdict: 'string',
    },
  },
  anomaly_analysis: {
    required: ['analysis_targets', 'anomalies'],
    attributes: { analysis_targets: '[analysis_target]', anomalies: '[anomaly]', baselines: '[anomaly]' },
  },
  analysis_target: { required: ['name'], attributes: { name: 'string', type: 'string' } },
  anomaly: {
    required: ['observation_parameter', 'observations'],
    attributes: {
      observation_parameter: 'string',
      observation_type: 'string',
      observations: '[observation]',
      observed_pattern: 'string',
    },
  },
  observation: { required: ['value'], attributes: { value: 'string', count: 'integer' } },
  resource_details: {
    required: [],
    some: ['name', 'uid'],
    attributes: { uid: 'string', name: 'string', type: 'string', labels: '[string]' },
  },
  remediation: { required: ['desc'], attributes: { desc: 'string' } },
};

function attributeSchema(attribute: Attribute): object {
  if (typeof attribute !== 'string') return { enum: attribute };
  if (attribute === 'json') return { type: 'object' };
  if (attribute === 'timestamp')
    return { type: 'integer', minimum: 946_684_800_000, maximum: 4_102_444_800_000 };
  const inner = attribute.slice(1, -1);
  if (attribute.startsWith('['))
    return { type: 'array', items: inner === 'string' ? { type: 'string' } : { $ref: `#/$defs/${inner}` } };
  if (attribute.startsWith('{')) return { $ref: `#/$defs/${inner}` };
  return { type: attribute };
}

function objectSchema({ required, some, attributes }: ObjectShape): object {
  return {
    type: 'object',
    required,
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(attributes).map(([name, attribute]) => [name, attributeSchema(attribute)]),
    ),
    ...(some === undefined ? {} : { anyOf: some.map((name) => ({ required: [name] })) }),
  };
}

const text = (maxLength: number, minLength = 1) => ({ type: 'string', minLength, maxLength });
const iso = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' };

const asffTypes = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  items: {
    type: 'string',
    pattern:
      '^(Software and Configuration Checks|TTPs|Effects|Unusual Behaviors|Sensitive Data Identifications)(/[^/]+){0,2}$',
  },
};
const asffSeverity = {
  type: 'object',
  additionalProperties: false,
  required: ['Label'],
  properties: {
    Label: { enum: ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] },
    Original: text(64),
  },
};
const asffConfidence = { type: 'integer', minimum: 0, maximum: 100 };

/** https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html and the format's guidelines */
const ASFF = {
  type: 'object',
  additionalProperties: false,
  required: [
    'AwsAccountId',
    'CreatedAt',
    'Description',
    'GeneratorId',
    'Id',
    'ProductArn',
    'Resources',
    'SchemaVersion',
    'Severity',
    'Title',
    'UpdatedAt',
    'Types',
  ],
  properties: {
    SchemaVersion: { const: '2018-10-08' },
    Id: text(512),
    ProductArn: {
      type: 'string',
      pattern: '^arn:aws[a-z-]*:securityhub:[a-z0-9-]+:\\d{12}:product/\\d{12}/default$',
    },
    GeneratorId: text(512),
    AwsAccountId: { type: 'string', pattern: '^\\d{12}$' },
    Types: asffTypes,
    CreatedAt: iso,
    UpdatedAt: iso,
    FirstObservedAt: iso,
    LastObservedAt: iso,
    Severity: asffSeverity,
    Confidence: asffConfidence,
    FindingProviderFields: {
      type: 'object',
      additionalProperties: false,
      properties: { Severity: asffSeverity, Confidence: asffConfidence, Types: asffTypes },
    },
    Title: text(256),
    Description: text(1024),
    Remediation: {
      type: 'object',
      additionalProperties: false,
      properties: {
        Recommendation: { type: 'object', additionalProperties: false, properties: { Text: text(512) } },
      },
    },
    ProductFields: {
      type: 'object',
      maxProperties: 50,
      propertyNames: text(128),
      additionalProperties: text(2048),
    },
    Resources: {
      type: 'array',
      minItems: 1,
      maxItems: 32,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['Type', 'Id'],
        properties: { Type: text(256), Id: text(512), Partition: text(16), Region: text(16) },
      },
    },
    RecordState: { enum: ['ACTIVE', 'ARCHIVED'] },
  },
};

/** https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html; lengths are Slack's */
const CHAT = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'source', 'content'],
  properties: {
    version: { const: '1.0' },
    source: { const: 'custom' },
    id: text(250),
    content: {
      type: 'object',
      additionalProperties: false,
      required: ['description'],
      properties: {
        textType: { const: 'client-markdown' },
        title: text(150),
        description: text(3000),
        nextSteps: { type: 'array', items: text(400) },
        keywords: { type: 'array', items: text(80) },
      },
    },
    metadata: {
      type: 'object',
      additionalProperties: false,
      properties: {
        threadId: text(250),
        summary: text(250),
        eventType: text(100),
        relatedResources: { type: 'array', items: text(200, 0) },
        additionalContext: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
};

const ajv = new Ajv({ allErrors: true });
export const SCHEMAS: Readonly<Record<'ocsf' | 'asff' | 'chat', ValidateFunction>> = {
  ocsf: ajv.compile({
    $ref: '#/$defs/detection_finding',
    $defs: Object.fromEntries(Object.entries(OCSF).map(([name, shape]) => [name, objectSchema(shape)])),
  }),
  asff: ajv.compile(ASFF),
  chat: ajv.compile(CHAT),
};

/** Every fault of a document, empty where there is none. */
export function faults(schema: keyof typeof SCHEMAS, document: unknown): string[] {
  const validate = SCHEMAS[schema];
  validate(document);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}
