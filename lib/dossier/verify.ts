import { z } from 'zod';
import { type Assessment, assess } from './assess.ts';
import { BundleError, readEvidence } from './bundle.ts';
import { differences } from './differences.ts';
import { type Fault, type Manifest, manifest, manifestFaults } from './manifest.ts';

/** What came of checking a dossier. */
export interface Verification {
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  readonly manifest: Manifest | undefined;
  /** of the evidence as it lies there; undefined where it cannot be read */
  readonly assessment: Assessment | undefined;
}

/**
 * Checks a dossier: every file against the manifest, the manifest against its signature, and every number of the
 * assessment by working it out again. Names the file that was touched.
 * @param files what lies in the directory
 * @param trusted public key (PEM) that must have signed it
 */
export function verifyDossier(
  files: ReadonlyMap<string, Uint8Array>,
  trusted: string | undefined,
): Verification {
  const data = files.get('manifest.json');
  const fail = (path: string, what: string): Verification => ({
    ok: false,
    faults: [{ path, what }],
    manifest: undefined,
    assessment: undefined,
  });
  if (data === undefined) return fail('manifest.json', 'is missing');
  let parsed: Manifest;
  try {
    const result = manifest.safeParse(JSON.parse(new TextDecoder().decode(data)));
    if (!result.success) return fail('manifest.json', `is not a manifest: ${z.prettifyError(result.error)}`);
    parsed = result.data;
  } catch {
    return fail('manifest.json', 'is not JSON');
  }
  const rest = new Map([...files].filter(([path]) => path !== 'manifest.json'));
  const faults = manifestFaults(parsed, rest, trusted);
  let again: Assessment | undefined;
  try {
    again = assess(readEvidence(rest));
    const stored = rest.get('assessment.json');
    const noted: unknown = stored === undefined ? undefined : jsonOf(stored);
    const [first] = differences(noted, JSON.parse(JSON.stringify(again)));
    // Evidence that was touched gives other numbers: that is not a second fault.
    if (first !== undefined && faults.every(({ path }) => path === 'manifest.json'))
      faults.push({
        path: 'assessment.json',
        what: `says otherwise than the evidence: ${first.field || 'all of it'}: ${first.noted} there, ${first.now} worked out`,
      });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Damaged evidence has its fault already; evidence that fits the manifest and cannot be read is one of its own.
    if (faults.length === 0)
      faults.push({
        path: error instanceof BundleError ? error.message.split(/[ ,:]/)[0] || 'evidence' : 'evidence',
        what: `cannot be used: ${error.message}`,
      });
  }
  return { ok: faults.length === 0, faults, manifest: parsed, assessment: again };
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
