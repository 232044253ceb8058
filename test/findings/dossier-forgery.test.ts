import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { kmsSigner } from '../../lib/aws/kms-signer.ts';
import { assess } from '../../lib/dossier/assess.ts';
import { type Evidences, readEvidence, writeEvidence } from '../../lib/dossier/bundle.ts';
import { makeManifest } from '../../lib/dossier/manifest.ts';
import { report } from '../../lib/dossier/report.ts';
import { fileSigner, KeyError, type Signer } from '../../lib/dossier/signer.ts';
import { verifyDossier } from '../../lib/dossier/verify.ts';
import { triage } from '../../lib/findings/triage.ts';
import { evidenceOf } from './evidence.ts';

/** An insider who can write all files of a dossier anew, and has keys of their own. */

const FACTS = { madeAt: '2026-04-01T10:00:00.000Z', madeBy: 'ada', code: 'test' };
const encode = (text: string) => new TextEncoder().encode(text);
const pair = () =>
  generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
const house = pair();

type Files = Map<string, Uint8Array>;

/** A dossier as the command makes it; `tamper` is what the forger does before the manifest is made. */
async function made(
  held: Evidences,
  signer: Signer | undefined,
  tamper: (files: Files) => void = () => undefined,
): Promise<Files> {
  const assessed = assess(held);
  const files: Files = writeEvidence(held);
  files.set('assessment.json', encode(JSON.stringify(assessed)));
  files.set('report.html', encode(await report(held, assessed, { ...FACTS, signed: signer !== undefined })));
  tamper(files);
  const manifest = await makeManifest({ finding: held.finding.id, ...FACTS }, files, signer);
  return new Map([...files, ['manifest.json', encode(JSON.stringify(manifest))]]);
}

const check = (files: Files, ...keys: string[]) => verifyDossier(files, { keys, code: 'test' });

describe('a forged dossier', () => {
  const held = evidenceOf(7, (notices) => notices.at(-1));
  const AT = Date.parse('2026-04-01T00:00:00Z');
  let audited: Evidences;
  beforeAll(() => {
    const about = { by: 'ada', at: AT, until: undefined, note: 'looked at it' };
    const unsure = triage(held.finding, { ...about, verdict: 'unsure' });
    const sure = triage(unsure.finding, { ...about, verdict: 'confirmed', by: 'bob' });
    audited = { ...held, finding: sure.finding, audit: [unsure.entry, sure.entry] };
  });

  it('is told from a genuine one, whose verdict and trail are verified too', async () => {
    const files = await made(audited, fileSigner(house.privateKey));
    expect(await check(files, house.publicKey)).toMatchObject({
      standing: 'verified',
      faults: [],
      doubts: [],
    });
  });

  it('is broken where the report that people read names another account', async () => {
    const files = await made(held, fileSigner(house.privateKey), (all) => {
      const page = new TextDecoder().decode(all.get('report.html'));
      all.set('report.html', encode(page.replaceAll(held.finding.notice.subject.id, 'a_victim')));
    });
    // even with the key of the house: what people read has to follow from the evidence
    expect(await check(files, house.publicKey)).toMatchObject({
      standing: 'broken',
      faults: [{ path: 'report.html', what: 'is not the report of this evidence' }],
    });
  });

  it('is never verified by the key that it brings along', async () => {
    const forger = pair();
    const files = await made(held, fileSigner(forger.privateKey));
    expect((await check(files)).standing).toBe('unverified');
    expect((await check(files)).doubts[0]).toContain('anybody can sign with a key of their own');
    expect((await check(files, house.publicKey)).standing).toBe('broken');
  });

  it('is not believed where all evidence was moved to another account', async () => {
    const victim = 'a_bbbbbbbbbbbbbbbbbbbbbbbbbb';
    const subject = held.finding.notice.subject.id;
    const moved = readEvidence(
      new Map(
        [...writeEvidence(held)].map(([path, data]) => [
          path,
          encode(new TextDecoder().decode(data).replaceAll(subject, victim)),
        ]),
      ),
    );
    const unsigned = await check(await made(moved, undefined));
    expect(unsigned.standing).toBe('broken');
    expect(unsigned.faults.map(({ what }) => what)).toContain('is of another account than its id says');
    // with the id made to fit, only a signature tells: and then it is unverified, never verified
    const { notice } = moved.finding;
    const id = `f-${victim.slice(2, 18)}${notice.finding.slice(notice.finding.indexOf('-', 2))}`;
    const careful = { ...moved, finding: { ...moved.finding, id, notice: { ...notice, finding: id } } };
    expect((await check(await made(careful, undefined))).standing).toBe('unverified');
    expect((await check(await made(careful, undefined), house.publicKey)).standing).toBe('broken');
  });

  it('is broken where a verdict was invented that nobody recorded', async () => {
    const verdict = { verdict: 'benign' as const, by: 'boss', at: '2026-04-01T00:00:00.000Z' };
    const files = await made({ ...held, finding: { ...held.finding, state: 'closed', verdict } }, undefined);
    expect((await check(files)).faults.map(({ what }) => what)).toContain(
      'has a verdict that is not the last one of the audit trail',
    );
  });

  it('is broken where the trail was changed, shortened or its author exchanged', async () => {
    const [first, second] = audited.audit;
    if (first === undefined || second === undefined) throw new Error('no trail');
    const trails = [[{ ...first, by: 'eve' }, second], [second], [first, { ...second, by: 'eve' }]];
    for (const audit of trails) {
      const { standing, faults } = await check(await made({ ...audited, audit }, undefined));
      expect(standing).toBe('broken');
      expect(faults.map(({ path }) => path)).toContain('audit.ndjson');
    }
  });

  it('is unverified where the trail has lost its links, and with them who could tell a change', async () => {
    const audit = audited.audit.map(({ chain: _, ...entry }) => ({ ...entry, by: 'boss' }));
    const verdict = audit.at(-1)?.after.verdict;
    const finding = { ...audited.finding, audit, ...(verdict === undefined ? {} : { verdict }) };
    const files = await made({ ...audited, finding, audit }, fileSigner(house.privateKey));
    const { standing, doubts } = await check(files, house.publicKey);
    expect(standing).toBe('unverified');
    expect(doubts[0]).toMatch(/^2 changes of the audit trail without a link/);
  });

  it('is unverified where its notice cannot be worked out, whoever signed it', async () => {
    const files = await made({ ...held, events: [] }, fileSigner(house.privateKey));
    const { standing, doubts } = await check(files, house.publicKey);
    expect(standing).toBe('unverified');
    expect(doubts[0]).toMatch(/cannot be worked out from the evidence: no events/);
  });

  it('is unverified where it says that another version made it, so that nothing was compared', async () => {
    const files = await made(held, fileSigner(house.privateKey), (all) =>
      all.set('report.html', encode('<p>x')),
    );
    const other = await verifyDossier(files, { keys: [house.publicKey], code: 'newer' });
    expect(other.standing).toBe('unverified');
  });
});

describe('a dossier signed by KMS', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  /** KMS as documented: refuses messages above 4,096 bytes and algorithms that the key does not have. */
  const kms = (spec: string) => ({
    send: async (command: unknown) => {
      if (command instanceof GetPublicKeyCommand)
        return { KeySpec: spec, KeyUsage: 'SIGN_VERIFY', PublicKey: new Uint8Array(publicKey) };
      if (!(command instanceof SignCommand)) throw new Error('UnsupportedOperationException');
      const { Message = new Uint8Array(), MessageType, SigningAlgorithm } = command.input;
      if (MessageType !== 'RAW' || Message.length > 4096 || Message.length === 0)
        throw new Error('ValidationException');
      if (SigningAlgorithm !== 'ECDSA_SHA_256') throw new Error('InvalidKeyUsageException');
      return { Signature: new Uint8Array(sign('sha256', Message, createPrivateKey(privateKey))) };
    },
  });

  it('is verified with the public key of the KMS key', async () => {
    const held = evidenceOf(50, (notices) => notices.at(-1));
    const signer = await kmsSigner(kms('ECC_NIST_P256'), 'alias/dossier');
    const files = await made(held, signer);
    expect((await check(files, signer.publicKey)).standing).toBe('verified');
    expect((await check(files, house.publicKey)).standing).toBe('broken');
  });

  it('is refused where the key is of another kind', async () => {
    await expect(kmsSigner(kms('RSA_2048'), 'alias/dossier')).rejects.toThrow(KeyError);
  });
});
