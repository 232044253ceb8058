import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';

/**
 * The manifest of a dossier: every file with its hash, chained so that none can be taken out, added or exchanged
 * without changing the head, and the head signed (Ed25519, RFC 8032) where a key was given.
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
      algorithm: z.literal('Ed25519'),
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

/** A key that cannot sign a dossier. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
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

/**
 * The manifest of files by path.
 * @param key Ed25519 private key, PEM; without it the manifest is not signed
 * @throws KeyError where the key is none
 */
export function makeManifest(
  facts: ManifestFacts,
  files: ReadonlyMap<string, Uint8Array>,
  key: string | undefined,
): Manifest {
  let chain = rootOf(facts);
  const entries = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, data]) => {
      const hash = sha256(data);
      chain = linkOf(chain, path, data.byteLength, hash);
      return { path, bytes: data.byteLength, sha256: hash, chain };
    });
  return {
    format: 'siphonwatch.dossier/1',
    ...facts,
    files: entries,
    head: chain,
    ...(key === undefined ? {} : { signature: signed(chain, key) }),
  };
}

function signed(head: string, pem: string): NonNullable<Manifest['signature']> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new KeyError('the key is not a private key in PEM (openssl genpkey -algorithm ed25519 makes one)', {
      cause: error,
    });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new KeyError(`the key must be Ed25519 (got ${key.asymmetricKeyType ?? 'a secret'})`);
  const open = createPublicKey(key);
  return {
    algorithm: 'Ed25519',
    publicKey: open.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: keyIdOf(open),
    value: sign(null, Buffer.from(head), key).toString('base64'),
  };
}

function keyIdOf(key: KeyObject): string {
  return sha256(key.export({ type: 'spki', format: 'der' }));
}

/** What is wrong with a dossier's files: the file, and how it differs. */
export interface Fault {
  readonly path: string;
  readonly what: string;
}

/**
 * Every fault of the files against their manifest; none where nothing was touched.
 * @param files what lies in the directory, the manifest itself left out
 * @param trusted public key (PEM) that must have signed it
 */
export function manifestFaults(
  held: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
  trusted: string | undefined,
): Fault[] {
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
  const { signature } = held;
  if (signature === undefined) {
    if (trusted !== undefined) touched('is not signed');
    return faults;
  }
  try {
    const key = createPublicKey(signature.publicKey);
    if (!verify(null, Buffer.from(held.head), key, Buffer.from(signature.value, 'base64')))
      touched('has a signature that is not of this content');
    if (keyIdOf(key) !== signature.keyId) touched('names another key than it carries');
    if (trusted !== undefined && keyIdOf(createPublicKey(trusted)) !== keyIdOf(key))
      touched('was signed with another key than the one given');
  } catch (error) {
    touched(`has a key that cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return faults;
}
