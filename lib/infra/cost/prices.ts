/**
 * List prices of US East (N. Virginia), USD, as the price pages gave them in 2026. They change, the arithmetic does not: compare
 * them before you rely on a sum. A month is 30 days.
 */
export const PRICES = {
  /** https://aws.amazon.com/kinesis/data-streams/pricing/ */
  kinesis: {
    onDemandHour: 0.04,
    onDemandInGb: 0.08,
    onDemandOutGb: 0.04,
    /** a GB-month of what is kept longer than a day */
    onDemandKeptGb: 0.1,
    shardHour: 0.015,
    /** a shard's hour where records are kept longer than a day */
    shardKeptHour: 0.02,
    /** a million units of 25 KB */
    putUnitMillion: 0.014,
  },
  /** https://aws.amazon.com/lambda/pricing/, arm64 */
  lambda: { gbSecond: 0.0000133334, requestMillion: 0.2 },
  /** https://aws.amazon.com/dynamodb/pricing/ */
  dynamodb: {
    writeMillion: 0.625,
    readMillion: 0.125,
    writeUnitHour: 0.00065,
    readUnitHour: 0.00013,
    storageGb: 0.25,
    recoveryGb: 0.2,
  },
  /** https://aws.amazon.com/s3/pricing/ */
  s3: { putThousand: 0.005, getThousand: 0.0004, storageGb: 0.023 },
  /** https://aws.amazon.com/cloudwatch/pricing/ */
  cloudwatch: { alarmMetric: 0.1, customMetric: 0.3, logsGb: 0.5 },
  /** https://aws.amazon.com/athena/pricing/: a query reads at least so many MB */
  athena: { readTb: 5, leastMb: 10 },
  /** https://aws.amazon.com/step-functions/pricing/, standard workflows */
  states: { transitionThousand: 0.025 },
  /** https://aws.amazon.com/xray/pricing/ */
  xray: { traceMillion: 5 },
  /** https://aws.amazon.com/kms/pricing/ */
  kms: { key: 1, requestMillion: 3 },
} as const;

export const MONTH_SECONDS = 30 * 86_400;
export const MONTH_HOURS = 720;
