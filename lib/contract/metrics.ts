/**
 * Names of the metrics that the functions emit and that alarms and the dashboard read: one list for both.
 * Emitted in the embedded metric format with the single dimension `service` (POWERTOOLS_SERVICE_NAME).
 * Imports nothing of the CDK: handlers import it.
 */

/** A namespace of its own for each stack: the alarms of one must not hear the other. */
export function metricsNamespace(stackName: string): string {
  return `Siphonwatch/${stackName}`;
}

/** Dimension of GatewayEvents, beside `service`. */
export const GATEWAY_DIMENSION = 'gateway';
/** Gateways that GatewayEvents tells apart: each is a metric that is billed. */
export const MOST_GATEWAYS = 100;

export const METRICS = {
  EventsRead: 'usage events decoded from the stream (count)',
  EventsUsed: 'usage events folded into a profile (count)',
  EventsQuarantined: 'usage events quarantined with a reason (count)',
  EventsLate: 'usage events older than watermark minus allowed lateness: archived, not scored (count)',
  EventsReplayed: 'usage events of a redelivery, applied before (count)',
  ReplayedPercent: 'share of a batch that had been applied before (percent)',
  EventsRepeated: 'usage events whose id was seen within the horizon (count)',
  AccountsUnscored:
    'accounts of whose events within an hour a quarter or more was repeated, late or quarantined, and so not scored (count)',
  EventsUnderDevelopmentKey:
    'usage events that were refused because their prints were made under a development key (count)',
  GatewayEvents: 'usable events by gateway, the only metric with the dimension `gateway` (count)',
  GatewaysBlind:
    'gateways whose telemetry lacks prompts, origins, token counts or sound times, so that detection is blind for them (count)',
  ItemsUnreadable:
    'stored items of accounts that this version cannot read: damaged, or of a newer version (count)',
  AccountsDeferred: 'accounts whose events wait in the stream because a write was refused for now (count)',
  ProfilesWritten: 'conditional writes of profiles (count)',
  WriteUnits: 'write units that DynamoDB charged (count)',
  NotificationsSent: 'notifications published (count)',
  NotificationFailures: 'notices whose delivery failed and stays due (count)',
  EventToNotificationMs: 'from the arrival of the deciding event to the publication (milliseconds)',
  UndeliveredSeconds: 'age of the oldest undelivered notice at a sweep; 0 when there is none (seconds)',
  FindingsImported: 'findings brought up to date in Security Hub (count)',
  ImportFailures: 'findings that Security Hub did not take; they stay due (count)',
  FindingsOpened:
    'findings opened under the active policy, counted where their notices are delivered (count)',
  CalibrationAccounts: 'accounts that a new calibration was learnt from (count)',
  CalibrationDrift:
    'facts of a peer group in which the accounts of today are not like those that the active calibration was learnt from (count)',
  CampaignsScored: 'campaigns scored by a run of link (count)',
  PolicyRejected:
    'reads of a policy, or of the calibration that it names, that cannot be used; the last good pair stays (count)',
  PolicyUnreachable: 'reads of the policy or its calibration that were not answered (count)',
  CalibrationUnreadable:
    'reads of a calibration in force that another version learnt, in a format that this one does not read: nobody is judged (count)',
  ShadowUnusable: 'reads of a candidate policy that could not be evaluated; the active one goes on (count)',
  HuntEvents: 'rows of accepted events that were written as Parquet (count)',
  HuntGroupsWaiting:
    "groups of the archive's closed days that a run of compact left for the next one (count)",
  ArchiveDamaged:
    'groups of closed days of whose archive something could not be read, or was no event to this version, until they are made anew (count)',
  CalibrationAgeHours: 'age of the calibration in use (hours)',
} as const;

export type MetricName = keyof typeof METRICS;
