import { createHash, createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { keyIdOf, SIGNATURE_ALGORITHMS, type Signer, signatureHolds } from './signer.ts';

/**
 * The manifest of a dossier: every file with its hash, chained so that none can be taken out, added or exchanged
 * without changing the head, and the head signed (signer.ts) where there was a key.
 */
const hex = z.string().regex(/^[0-9a-f]{64}$/);

export const manifest = z.strictObject({
  format: z.literal('siphonwatch.dossier/1'),
  finding: z.string(),
  madeAt: z.iso.datetime(),
  madeBy: z.string(),
  code: z.string(),
  files: z.array(
    z.strictObject({
      path: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
      bytes: z.number().int().min(0),
      sha256: hex,
      chain: hex.describe('hash of the link before it and of this line'),
    }),
  ),
  head: hex,
  signature: z
    .strictObject({
      algorithm: z.enum(SIGNATURE_ALGORITHMS),
      publicKey: z.string().describe('SubjectPublicKeyInfo, PEM'),
      keyId: hex.describe('SHA-256 of the public key, DER'),
      value: z.string().describe('base64, over the head'),
    })
    .optional(),
});
export type Manifest = z.infer<typeof manifest>;

export interface ManifestFacts {
  readonly finding: string;
  /** ISO, processing time */
  readonly madeAt: string;
  readonly madeBy: string;
  readonly code: string;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function rootOf(facts: ManifestFacts): string {
  return sha256(
    JSON.stringify(['siphonwatch.dossier/1', facts.finding, facts.madeAt, facts.madeBy, facts.code]),
  );
}

function linkOf(before: string, path: string, bytes: number, hash: string): string {
  return sha256(JSON.stringify([before, path, bytes, hash]));
}

/** The manifest of files by path. @param signer without it the manifest is not signed */
export async function makeManifest(
  facts: ManifestFacts,
  files: ReadonlyMap<string, Uint8Array>,
  signer: Signer | undefined,
): Promise<Manifest> {
  let chain = rootOf(facts);
  const entries = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, data]) => {
      const hash = sha256(data);
      chain = linkOf(chain, path, data.byteLength, hash);
      return { path, bytes: data.byteLength, sha256: hash, chain };
    });
  const made = { format: 'siphonwatch.dossier/1' as const, ...facts, files: entries, head: chain };
  if (signer === undefined) return made;
  const { algorithm, publicKey } = signer;
  const value = Buffer.from(await signer.sign(Buffer.from(chain))).toString('base64');
  return { ...made, signature: { algorithm, publicKey, keyId: keyIdOf(createPublicKey(publicKey)), value } };
}

/** What is wrong with a dossier's files: the file, and how it differs. */
export interface Fault {
  readonly path: string;
  readonly what: string;
}

/**
 * Every fault of the files against their manifest; none where nothing was touched.
 * @param files what lies in the directory, the manifest itself left out
 * @param trusted public keys (PEM), one of which must have signed it; none: any key, or none
 */
export function manifestFaults(
  held: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
  trusted: readonly string[],
): Fault[] {
  return [...fileFaults(held, files), ...signatureFaults(held, trusted)];
}

function fileFaults(held: Manifest, files: ReadonlyMap<string, Uint8Array>): Fault[] {
  const faults: Fault[] = [];
  const touched = (what: string) => faults.push({ path: 'manifest.json', what });
  let chain = rootOf(held);
  for (const entry of held.files) {
    const data = files.get(entry.path);
    if (data === undefined) faults.push({ path: entry.path, what: 'is missing' });
    else if (sha256(data) !== entry.sha256) faults.push({ path: entry.path, what: 'was changed' });
    chain = linkOf(chain, entry.path, entry.bytes, entry.sha256);
    if (chain !== entry.chain) {
      touched(`was changed at ${entry.path} or before it`);
      break;
    }
  }
  if (faults.every(({ path }) => path !== 'manifest.json') && chain !== held.head)
    touched('has another head');
  const known = new Set(held.files.map(({ path }) => path));
  for (const path of files.keys()) if (!known.has(path)) faults.push({ path, what: 'was added' });
  return faults;
}

function signatureFaults({ signature, head }: Manifest, trusted: readonly string[]): Fault[] {
  const fault = (what: string): Fault => ({ path: 'manifest.json', what });
  if (signature === undefined) return trusted.length === 0 ? [] : [fault('is not signed')];
  try {
    const key = createPublicKey(signature.publicKey);
    const keyId = keyIdOf(key);
    const faults: Fault[] = [];
    if (!signatureHolds(signature.algorithm, key, Buffer.from(head), Buffer.from(signature.value, 'base64')))
      faults.push(fault('has a signature that is not of this content'));
    if (keyId !== signature.keyId) faults.push(fault('names another key than it carries'));
    if (trusted.length > 0 && trusted.every((pem) => keyIdOf(createPublicKey(pem)) !== keyId))
      faults.push(fault('was signed with another key than the one given'));
    return faults;
  } catch (error) {
    return [
      fault(`has a key that cannot be read: ${error instanceof Error ? error.message : String(error)}`),
    ];
  }
}
