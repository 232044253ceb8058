import type { MappingSpec } from '../template/resource-shapes.ts';
import type { LocalTemplate } from '../template/template.ts';

/** An alarm as CloudWatch describes it. */
export interface LocalAlarm {
  readonly name: string;
  readonly description: string;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  actionsEnabled: boolean;
  threshold: number;
}

/** A function or an event source mapping, as far as its state goes. */
export interface LocalState {
  state: string;
}

/** What an account knows about a stack beside the data in it. Tests change it, as the world does. */
export interface AccountState {
  readonly stack: { readonly name: string; status: string; outputs: Record<string, string> };
  readonly resources: LocalTemplate['resources'];
  readonly alarms: LocalAlarm[];
  /** by name: state of each function, and what it was told */
  readonly functions: Map<string, LocalState & { environment: Record<string, string> }>;
  /** by logical id */
  readonly mappings: Map<
    string,
    LocalState & Pick<MappingSpec, 'functionName' | 'sourceArn' | 'settings'> & { result: string }
  >;
  /** enabled or not, by the rule's name */
  readonly rules: Map<string, boolean>;
  readonly quotas: { concurrency: number; tableWriteUnits: number };
  readonly sms: { sandbox: boolean; limitUsd: number; readonly numbers: Map<string, 'Verified' | 'Pending'> };
  /** addresses that have confirmed their subscription by the link in their mail */
  readonly confirmed: Set<string>;
  readonly key: { state: string };
  /** records that came in within the last hour; undefined: whatever the stream got */
  traffic: number | undefined;
  /** what functions, tables and gateways did of late, as the metrics have it */
  readonly metrics: {
    lagMs: number;
    tableUnitsPerMinute: number;
    readonly gateways: Map<string, GatewayTraffic>;
  };
}

/** Events of a gateway. */
export interface GatewayTraffic {
  lastHour: number;
  lastDay: number;
}

/** A stack as it stands after its deployment, in an account with the quotas of one that has been raised. */
export function accountState(template: LocalTemplate): AccountState {
  const rules = template.resources.filter(({ type }) => type === 'AWS::Events::Rule');
  return {
    stack: { name: template.stackName, status: 'CREATE_COMPLETE', outputs: { ...template.outputs } },
    resources: template.resources,
    alarms: template.alarms.map((alarm) => ({ ...alarm, state: 'OK', actionsEnabled: true })),
    functions: new Map(
      template.functions.map(({ name, environment }) => [
        name,
        { state: 'Active', environment: { ...environment } },
      ]),
    ),
    mappings: new Map(
      template.mappings.map(({ logicalId, functionName, sourceArn, settings }) => [
        logicalId,
        { state: 'Enabled', functionName, sourceArn, settings, result: 'OK' },
      ]),
    ),
    rules: new Map(rules.map(({ name }) => [name, true])),
    quotas: { concurrency: 1000, tableWriteUnits: 40_000 },
    sms: { sandbox: true, limitUsd: 1, numbers: new Map() },
    confirmed: new Set(),
    key: { state: 'Enabled' },
    traffic: undefined,
    metrics: { lagMs: 0, tableUnitsPerMinute: 0, gateways: new Map() },
  };
}
