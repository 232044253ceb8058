import type { ShardsOfRuns } from '../contract/shards-at-once.ts';

/** What is known of a deployment. `undefined` where it could not be looked at: `unseen` says why. */
export interface DeploymentFacts {
  readonly stack: { readonly name: string; readonly status: string };
  /** version of this checkout, and of what is deployed */
  readonly code: {
    readonly local: string;
    readonly deployed: string | undefined;
    /** whether the sources are the same; undefined: the deployment does not say */
    readonly sameSources: boolean | undefined;
  };
  readonly subscribers: Readonly<Record<'findings' | 'operations', readonly Subscriber[] | undefined>>;
  readonly smsSandbox: boolean | undefined;
  /** USD a month after which text messages stop */
  readonly smsLimitUsd: number | undefined;
  /** functions of the account that may run at once */
  readonly concurrency: number | undefined;
  readonly alarms: readonly AlarmFact[] | undefined;
  /** alarms of the stack that somebody deleted */
  readonly alarmsGone: readonly string[] | undefined;
  readonly functions: readonly FunctionFact[] | undefined;
  readonly mappings: readonly MappingFact[] | undefined;
  readonly schedules: readonly { readonly name: string; readonly enabled: boolean }[] | undefined;
  /** as the stack's outputs name them */
  readonly shards: ShardsOfRuns;
  readonly policy: PolicyFacts | undefined;
  readonly stream:
    | { readonly status: string; readonly retentionHours: number; readonly shards: number }
    | undefined;
  /** records that came in within the last hour */
  readonly recordsLastHour: number | undefined;
  readonly lag: readonly LagFact[] | undefined;
  readonly gateways: readonly GatewayFact[] | undefined;
  readonly tableUse: readonly TableUseFact[] | undefined;
  readonly tables: readonly { readonly name: string; readonly status: string | undefined }[] | undefined;
  /** objects that nobody has put back */
  readonly quarantine: { readonly events: number; readonly batches: number } | undefined;
  readonly deadLetters: number | undefined;
  /** age of the oldest notice that waits for delivery, seconds; 0 where none waits */
  readonly undeliveredSeconds: number | undefined;
  readonly keyState: string | undefined;
  /** what could not be looked at, and why */
  readonly unseen: readonly { readonly what: string; readonly why: string }[];
}

export interface Subscriber {
  readonly protocol: string;
  readonly endpoint: string;
  readonly confirmed: boolean;
}

export interface AlarmFact {
  readonly name: string;
  readonly state: string;
  readonly description: string;
  readonly actionsEnabled: boolean;
  /** as the settings in force have it; undefined where it cannot be read */
  readonly threshold: number | undefined;
}

export interface FunctionFact {
  readonly name: string;
  readonly state: string;
  readonly trustsReplayClock: boolean;
}

export interface MappingFact {
  readonly name: string;
  readonly state: string;
  readonly result: string;
  /** of the stream of events, or of a table's stream */
  readonly reads: 'events' | 'table';
  /** batches of a shard that run at once */
  readonly lanes: number;
  /** age at which a record that keeps failing is given up; undefined: never, or not said */
  readonly recordAgeHours: number | undefined;
}

/** How far a function was behind its stream at most, within the last 15 minutes. */
export interface LagFact {
  readonly name: string;
  readonly minutes: number;
}

/** Events of a gateway that sent some within a day. */
export interface GatewayFact {
  readonly name: string;
  readonly lastHour: number;
  readonly lastDay: number;
}

/** Writes of a table in the busiest minute of the last hour, beside what the account allows it. */
export interface TableUseFact {
  readonly name: string;
  readonly unitsPerSecond: number;
  readonly quota: number;
}

export interface PolicyFacts {
  /** undefined: the active version cannot be read by this checkout; `fault` says why */
  readonly active: { readonly id: string; readonly calibration: string } | undefined;
  readonly fault: string | undefined;
  /** whether the calibration that it names is stored and can be read, and how old it is, hours */
  readonly calibration:
    | 'shipped'
    | 'missing'
    | { readonly ageHours: number }
    /** of another version's format than that of this checkout */
    | { readonly format: number }
    | { readonly damaged: string };
  /** newest deployment of the active slot, such as ROLLED_BACK; undefined: nothing was ever pushed */
  readonly lastPush: string | undefined;
}
