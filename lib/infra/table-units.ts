/**
 * Autoscaling's upper ends. The default quotas are 40,000 units of a table or index and 80,000 of all provisioned tables and indexes of the account
 * (amazondynamodb/latest/developerguide/ServiceQuotas.html): these three are 80,000 together. The index holds what waits for
 * delivery, and takes a small part of the table's writes.
 */
export const MOST_UNITS = { profile: 40_000, link: 30_000, index: 10_000 } as const;
