import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { defaultPolicy, type Policy, policy as policySchema } from '../policy/policy.ts';
import { type Calibration, calibration as calibrationSchema } from '../scoring/calibration.ts';
import { defaultCalibration } from '../scoring/default-calibration.ts';
import { reasonOf } from '../telemetry/reason.ts';
import { InputError } from './input.ts';

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  });
}

/** The policy of a YAML or JSON file; the shipped one without a file. @throws InputError naming field and value */
export async function loadPolicy(file: string | undefined): Promise<Policy> {
  if (file === undefined) return defaultPolicy;
  const document = parseDocument(await textOf(file));
  const fault = document.errors[0];
  if (fault !== undefined) throw new InputError(`${file}: ${fault.message}`);
  const json: unknown = document.toJS();
  const parsed = policySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const reason = reasonOf(parsed.error, json);
  throw new InputError(`${file}: ${reason.field}: ${reason.message} (got ${reason.value})`);
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
