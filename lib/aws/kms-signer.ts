import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { KeyError, type Signer } from '../dossier/signer.ts';

/**
 * A signer whose private key never leaves KMS: an asymmetric key of spec ECC_NIST_P256 for SIGN_VERIFY. Who may sign is
 * then a matter of IAM, and each signature is in CloudTrail.
 * Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html (a RAW message has at most 4,096 bytes)
 * @param keyId key id, ARN or alias
 * @throws KeyError where the key is of another kind
 */
export async function kmsSigner(client: Pick<KMSClient, 'send'>, keyId: string): Promise<Signer> {
  const { KeySpec, KeyUsage, PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (KeySpec !== 'ECC_NIST_P256' || KeyUsage !== 'SIGN_VERIFY' || PublicKey === undefined)
    throw new KeyError(
      `the KMS key must be ECC_NIST_P256 for SIGN_VERIFY (got ${KeySpec ?? 'none'} for ${KeyUsage ?? 'nothing'})`,
    );
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return {
    algorithm: 'ECDSA-P256-SHA256',
    publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (content) => {
      const { Signature } = await client.send(
        new SignCommand({
          KeyId: keyId,
          Message: content,
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (Signature === undefined) throw new KeyError('KMS returned no signature');
      return Signature;
    },
  };
}
