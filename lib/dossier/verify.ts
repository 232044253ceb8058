import { plural } from '../findings/format.ts';
import { describeReason, reasonOf } from '../telemetry/reason.ts';
import { type Assessment, assess } from './assess.ts';
import { BundleError, type Evidences, readEvidence } from './bundle.ts';
import { differences } from './differences.ts';
import { findingFaults } from './finding-faults.ts';
import { type Fault, type Manifest, manifest, manifestFaults } from './manifest.ts';
import { report } from './report.ts';

/**
 * How a dossier stands. `verified`: signed by a trusted key, and all that people read follows from the evidence.
 * `unverified`: nothing contradicts it, and something is missing that it would need to be believed. `broken`: something
 * was touched, or says otherwise than the evidence.
 */
export type Standing = 'verified' | 'unverified' | 'broken';

/** What came of checking a dossier. */
export interface Verification {
  readonly standing: Standing;
  /** what was touched or contradicts the evidence: any of them breaks it */
  readonly faults: readonly Fault[];
  /** why it is not verified although nothing is wrong with it, in sentences */
  readonly doubts: readonly string[];
  readonly manifest: Manifest | undefined;
  /** of the evidence as it lies there; undefined where it cannot be read */
  readonly assessment: Assessment | undefined;
}

export interface Trust {
  /** public keys (PEM), one of which must have signed it; none: nobody vouches for it */
  readonly keys: readonly string[];
  /** version of the code that checks */
  readonly code: string;
}

/**
 * Checks a dossier: every file against the manifest, the manifest against its signature and the trusted keys, and
 * everything that people read by working it out again: numbers, verdict, audit trail and the report itself. Names the
 * file that was touched.
 * @param files what lies in the directory
 */
export async function verifyDossier(
  files: ReadonlyMap<string, Uint8Array>,
  trust: Trust,
): Promise<Verification> {
  const parsed = manifestOf(files.get('manifest.json'));
  if ('what' in parsed)
    return {
      standing: 'broken',
      faults: [parsed],
      doubts: [],
      manifest: undefined,
      assessment: undefined,
    };
  const rest = new Map([...files].filter(([path]) => path !== 'manifest.json'));
  const faults = manifestFaults(parsed, rest, trust.keys);
  const doubts = doubtsOf(parsed, trust);
  let again: Assessment | undefined;
  try {
    const evidence = readEvidence(rest);
    again = assess(evidence);
    // Evidence that was touched gives other numbers: that is not a second fault.
    if (faults.every(({ path }) => path === 'manifest.json')) {
      const derived = await derivedFaults(evidence, again, parsed, rest);
      // Another version may write another report: that is no proof of a touch, and no proof against one.
      if (parsed.code === trust.code) faults.push(...derived);
      else doubts.push(...derived.map(({ path, what }) => `${path} ${what}`));
    }
    const unlinked = evidence.audit.filter(({ chain }) => chain === undefined).length;
    if (unlinked > 0)
      doubts.push(
        `${plural(unlinked, 'change')} of the audit trail without a link: nothing shows that nobody wrote or changed them since.`,
      );
    if (!again.notice.reproduced)
      doubts.push(`The notice cannot be worked out from the evidence: ${again.notice.why ?? ''}.`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Damaged evidence has its fault already; evidence that fits the manifest and cannot be read is one of its own.
    if (faults.length === 0)
      faults.push({
        path: error instanceof BundleError ? error.message.split(/[ ,:]/)[0] || 'evidence' : 'evidence',
        what: `cannot be used: ${error.message}`,
      });
  }
  const standing = faults.length > 0 ? 'broken' : doubts.length > 0 ? 'unverified' : 'verified';
  return { standing, faults, doubts, manifest: parsed, assessment: again };
}

function manifestOf(data: Uint8Array | undefined): Manifest | Fault {
  const path = 'manifest.json';
  if (data === undefined) return { path, what: 'is missing' };
  const value = jsonOf(data);
  if (value === undefined) return { path, what: 'is not JSON' };
  const result = manifest.safeParse(value);
  return result.success
    ? result.data
    : { path, what: `is not a manifest: ${describeReason(reasonOf(result.error, value))}` };
}

function doubtsOf(held: Manifest, { keys, code }: Trust): string[] {
  const doubts: string[] = [];
  if (held.signature === undefined)
    doubts.push('It is not signed: the chain shows damage, not a forger who wrote all files anew.');
  else if (keys.length === 0)
    doubts.push(
      `It is signed with key ${held.signature.keyId}, and no trusted key was given: anybody can sign with a key of their own.`,
    );
  if (held.code !== code)
    doubts.push(
      `It was made by code ${held.code} and checked by ${code}: check it with the code that made it.`,
    );
  return doubts;
}

/** Where what people read says otherwise than the evidence. */
async function derivedFaults(
  evidence: Evidences,
  again: Assessment,
  held: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Fault[]> {
  const faults = findingFaults(evidence);
  if (held.finding !== evidence.finding.id)
    faults.push({ path: 'manifest.json', what: 'names another finding than the evidence' });
  const stored = files.get('assessment.json');
  const noted: unknown = stored === undefined ? undefined : jsonOf(stored);
  const [first] = differences(noted, JSON.parse(JSON.stringify(again)));
  if (first !== undefined)
    faults.push({
      path: 'assessment.json',
      what: `says otherwise than the evidence: ${first.field || 'all of it'}: ${first.noted} there, ${first.now} worked out`,
    });
  const { madeAt, madeBy, code, signature } = held;
  const page = await report(evidence, again, { madeAt, madeBy, code, signed: signature !== undefined });
  const read = files.get('report.html');
  if (read === undefined || Buffer.compare(read, Buffer.from(page)) !== 0)
    faults.push({ path: 'report.html', what: 'is not the report of this evidence' });
  return faults;
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
