import { readFile } from 'node:fs/promises';
import { fileTrouble, InputError } from '../../input/errors.ts';
import { describeFault, parsePolicy } from '../../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import { type Calibration, calibration as calibrationSchema } from '../../scoring/calibration.ts';
import { defaultCalibration } from '../../scoring/default-calibration.ts';
import { reasonOf } from '../../telemetry/reason.ts';

export async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new InputError(`${file}: cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    // shown to nobody: bytes that are no text only disturb a terminal
    throw new InputError(`${file}: is no text (not UTF-8): is it the right file?`, { cause: error });
  }
}

/**
 * The policy of a YAML or JSON file; the shipped one without a file.
 * @param now ms; given, expired exceptions are refused too
 * @throws InputError with a line for each fault: place, field, value, remedy
 */
export async function loadPolicy(file: string | undefined, now?: number): Promise<Policy> {
  if (file === undefined) return defaultPolicy;
  const parsed = parsePolicy(await textOf(file), now);
  if (parsed.ok) return parsed.policy;
  throw new InputError(parsed.faults.map((fault) => describeFault(fault, file)).join('\n'));
}

/** Where `tune --out` puts the calibration of the policy that it writes. */
export function calibrationBeside(policyFile: string): string {
  return `${policyFile.replace(/\.(ya?ml|json)$/, '')}.calibration.json`;
}

/** The calibration of a JSON file; the shipped one without a file. @throws InputError naming field and value */
export async function loadCalibration(file: string | undefined): Promise<Calibration> {
  if (file === undefined) return defaultCalibration;
  let json: unknown;
  try {
    json = JSON.parse(await textOf(file));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: not JSON`, { cause: error });
  }
  const parsed = calibrationSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const reason = reasonOf(parsed.error, json);
  throw new InputError(`${file}: ${reason.field}: ${reason.message} (got ${reason.value})`);
}
