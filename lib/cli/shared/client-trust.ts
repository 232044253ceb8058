import type { ClientTrust } from '../../telemetry/adapters/field-control.ts';

/**
 * What becomes of facts that the watched customer can set: trusted where the operator names the field; else an account that
 * nothing else names is refused where events go to a stream, and taken with a warning in a first look at a file.
 */
export function clientTrust(trusted: readonly string[] | undefined, stream: boolean): ClientTrust {
  return { trusted: new Set(trusted), strict: stream };
}
