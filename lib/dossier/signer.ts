import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** How the head of a manifest may be signed. Ed25519: RFC 8032. ECDSA over P-256 with SHA-256: FIPS 186-5, what KMS offers. */
export const SIGNATURE_ALGORITHMS = ['Ed25519', 'ECDSA-P256-SHA256'] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Whoever signs dossiers: a key file, or a key that never leaves KMS (lib/aws/kms-signer.ts). */
export interface Signer {
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, PEM */
  readonly publicKey: string;
  /** signs the content itself, not a digest of it; ECDSA as DER */
  sign(content: Uint8Array): Promise<Uint8Array>;
}

/** A key that cannot sign a dossier, or cannot check one. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

/** A signer with a private key at hand. @param pem Ed25519, PKCS #8 @throws KeyError where it is none */
export function fileSigner(pem: string): Signer {
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
  return {
    algorithm: 'Ed25519',
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sign: (content) => Promise.resolve(sign(null, content, key)),
  };
}

/** SHA-256 of the public key, DER, in hex. */
export function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Whether the signature is of this content, by this key, and the key is of the kind that the algorithm says. */
export function signatureHolds(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  content: Uint8Array,
  value: Uint8Array,
): boolean {
  if (algorithm === 'Ed25519')
    return key.asymmetricKeyType === 'ed25519' && verify(null, content, key, value);
  return (
    key.asymmetricKeyType === 'ec' &&
    key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
    verify('sha256', content, key, value)
  );
}

/** @throws KeyError where the text is no public key in PEM */
export function requirePublicKey(pem: string): void {
  try {
    createPublicKey(pem);
  } catch (error) {
    throw new KeyError('is not a public key in PEM', { cause: error });
  }
}
