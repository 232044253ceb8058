import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { Command } from 'commander';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { kmsSigner } from '../../aws/kms-signer.ts';
import { assess } from '../../dossier/assess.ts';
import { writeEvidence } from '../../dossier/bundle.ts';
import { makeManifest, manifest } from '../../dossier/manifest.ts';
import { report } from '../../dossier/report.ts';
import { fileSigner, KeyError, requirePublicKey, type Signer } from '../../dossier/signer.ts';
import { type Verification, verifyDossier } from '../../dossier/verify.ts';
import { count, plural } from '../../findings/format.ts';
import { plain } from '../../findings/sanitize.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { wholeTrail } from '../../stores/finding-queries.ts';
import { CODE_VERSION } from '../../version.ts';
import { noFinding } from '../findings/no-finding.ts';
import { textOf } from '../policy/policy-file.ts';
import { calledAs } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { asInputError, connect, type Deployment, withEvidenceOptions } from '../shared/deployment.ts';
import { EXIT, failureOf } from '../shared/failure.ts';
import { makeFolder, removeMade, writable } from '../shared/output.ts';
import { type EvidenceOptions, gatherEvidence } from './dossier-evidence.ts';

const out = (line: string): void => void process.stdout.write(`${line}\n`);

interface DossierOptions extends EvidenceOptions {
  readonly out: string;
  readonly key?: string;
  readonly kmsKey?: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** `dossier ID --out DIR` and `dossier verify DIR`: the evidence of a finding, for people who were not there. */
export function dossierCommand(): Command {
  const command = new Command('dossier').description('the evidence of a finding, complete and verifiable');
  command.addCommand(makeCommand(), { isDefault: true });
  command.addCommand(verifyCommand());
  return command;
}

function makeCommand(): Command {
  return withEvidenceOptions(
    new Command('make')
      .description('write a dossier: a report to read and print, the evidence, a chained manifest')
      .argument('<id>', 'finding, f-... or fc-...')
      .requiredOption('--out <dir>', 'new or empty directory')
      .option('--key <file>', 'Ed25519 private key (PEM) that signs it (openssl genpkey -algorithm ed25519)')
      .option('--kms-key <id>', 'KMS key (ECC_NIST_P256) that signs it instead: id, ARN or alias')
      .option(
        '--policy <file>',
        'policy that the finding was made with, where it is neither the shipped one nor in AppConfig any more',
      )
      .option(
        '--calibration <file>',
        'calibration that it was made with, where the state bucket has it no more',
      )
      .option('--by <name>', 'who makes it', userInfo().username)
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: DossierOptions) =>
    runCommand('dossier', async () => {
      const deployment = await connect(options);
      try {
        return await make(id, options, deployment);
      } catch (error) {
        if (error instanceof KeyError)
          throw new InputError(`${options.kmsKey === undefined ? '--key' : '--kms-key'}: ${error.message}`, {
            cause: error,
          });
        throw asInputError(error, deployment.where);
      } finally {
        deployment.close();
      }
    }),
  );
}

/** What is not among the numbers of a campaign that are worked out again; `fc-` begins the ids of their findings. */
function carriedOver(finding: string): string {
  return finding.startsWith('fc-')
    ? "; links, roles and the accounts' evidence one by one are carried over"
    : '';
}

async function make(id: string, options: DossierOptions, deployment: Deployment): Promise<number> {
  const signer = await signerOf(options);
  const made = await emptyDirectory(options.out);
  try {
    return await makeIn(id, options, deployment, signer);
  } catch (error) {
    await removeMade(made);
    throw error;
  }
}

async function makeIn(
  id: string,
  options: DossierOptions,
  deployment: Deployment,
  signer: Signer | undefined,
): Promise<number> {
  const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable);
  const held = await store.find(id);
  if (held === undefined) throw await noFinding(store, id);
  const { finding } = held;
  const audit = await wholeTrail(store, finding);
  const evidence = await gatherEvidence(finding, audit, options, deployment);
  say(
    `dossier: ${plural(evidence.events.length, 'event')} of ${plural(evidence.profiles.length, 'account')}; computing the numbers`,
  );
  const assessed = assess(evidence);
  const facts = {
    finding: finding.id,
    madeAt: new Date().toISOString(),
    madeBy: plain(options.by ?? '', 100) || 'nobody',
    code: CODE_VERSION,
  };
  const files = writeEvidence(evidence);
  const encode = (text: string) => new TextEncoder().encode(text);
  files.set('assessment.json', encode(`${JSON.stringify(assessed, null, 2)}\n`));
  files.set(
    'report.html',
    encode(await report(evidence, assessed, { ...facts, signed: signer !== undefined })),
  );
  const made = await makeManifest(facts, files, signer);
  // Last: a directory without a manifest is a dossier that was not finished.
  const all = new Map(files).set(
    'manifest.json',
    encode(`${JSON.stringify(manifest.parse(made), null, 2)}\n`),
  );
  await writeAll(options.out, all);
  const { notice } = assessed;
  if (options.json === true)
    printJson({
      finding: finding.id,
      out: options.out,
      files: [...files.keys(), 'manifest.json'],
      head: made.head,
      keyId: made.signature?.keyId ?? null,
      reproduced: notice.reproduced,
      why: notice.why,
      missing: evidence.missing,
    });
  const tell = options.json === true ? say : out;
  tell(
    notice.reproduced
      ? `dossier: the notice was recomputed from ${count(notice.events)} events, every number is the same${carriedOver(id)}`
      : `dossier: the notice could not be written again: ${notice.why}`,
  );
  for (const line of evidence.missing) say(`dossier: ${line}`);
  if (signer === undefined)
    say('dossier: not signed: a check finds damage, not a forger; --key FILE or --kms-key ID signs it');
  tell(
    `dossier: open ${join(options.out, 'report.html')}; check with: ${calledAs()} dossier verify ${options.out}${signer === undefined ? '' : ' --public-key FILE'}`,
  );
  return 0;
}

/**
 * All files or none.
 * @throws InputError naming the folder, whatever else was being worked on
 */
async function writeAll(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  try {
    for (const [path, data] of files) await writeFile(join(folder, path), data);
  } catch (error) {
    for (const path of files.keys()) await rm(join(folder, path), { force: true }).catch(() => undefined);
    throw new InputError(`--out ${failureOf(error, folder).message}`, { cause: error });
  }
}

async function signerOf({ key, kmsKey, region }: DossierOptions): Promise<Signer | undefined> {
  if (key !== undefined && kmsKey !== undefined) throw new InputError('give --key or --kms-key, not both');
  if (kmsKey !== undefined)
    return await kmsSigner(new KMSClient(region === undefined ? {} : { region }), kmsKey);
  return key === undefined ? undefined : fileSigner(await textOf(key));
}

/** @returns the folders that had to be made */
async function emptyDirectory(path: string): Promise<readonly string[]> {
  const made = await makeFolder('--out', path);
  if ((await readdir(path)).length > 0)
    throw new InputError(`--out ${path}: is not empty; a dossier is never written over another`);
  await writable({ '--out': join(path, 'manifest.json') });
  return made;
}

/** Exit codes of `dossier verify`. */
const STANDING = { verified: EXIT.done, broken: EXIT.no, unverified: EXIT.unverified } as const;

function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'check a dossier: every file, the signature against trusted keys, and all that people read by recomputing it (exit code 0 verified, 1 broken, 3 unverified)',
    )
    .argument('<dir>', 'directory of the dossier')
    .option(
      '--public-key <file>',
      'trusted key (PEM) that must have signed it; several may be given',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    )
    .option('--json', 'print one JSON document')
    .action((dir: string, options: VerifyOptions) => runCommand('dossier', () => verify(dir, options)));
}

interface VerifyOptions {
  readonly publicKey: readonly string[];
  readonly json?: boolean;
}

async function trustedKeys(files: readonly string[]): Promise<string[]> {
  const keys: string[] = [];
  for (const file of files) {
    const pem = await textOf(file);
    try {
      requirePublicKey(pem);
    } catch (error) {
      if (error instanceof KeyError) throw new InputError(`--public-key ${file}: ${error.message}`);
      throw error;
    }
    keys.push(pem);
  }
  return keys;
}

async function verify(dir: string, options: VerifyOptions): Promise<number> {
  const keys = await trustedKeys(options.publicKey);
  const checked = await verifyDossier(await filesOf(dir), { keys, code: CODE_VERSION });
  const { standing, faults, doubts, manifest: held, assessment } = checked;
  if (options.json === true)
    printJson({
      ok: standing === 'verified',
      standing,
      faults,
      doubts,
      finding: held?.finding ?? null,
      keyId: held?.signature?.keyId ?? null,
      reproduced: assessment?.notice.reproduced ?? null,
    });
  else tellVerification(checked);
  return STANDING[standing];
}

function tellVerification({ standing, faults, doubts, manifest: held, assessment }: Verification): void {
  const colour = { verified: colours.green, unverified: colours.yellow, broken: colours.red }[standing];
  out(colour(standing));
  for (const fault of faults) out(`${colours.red(plain(fault.path, 100))} ${plain(fault.what, 400)}`);
  for (const doubt of doubts) out(plain(doubt, 400));
  if (standing === 'broken' || held === undefined || assessment === undefined) return;
  const { notice } = assessment;
  out(
    `${plural(held.files.length, 'file')} of finding ${held.finding} agree with the manifest of ${held.madeAt}`,
  );
  if (standing === 'verified') out(`signed with the trusted key ${held.signature?.keyId ?? ''}`);
  out(
    notice.reproduced
      ? `every number was recomputed; the notice itself too, from ${count(notice.events)} events${carriedOver(held.finding)}`
      : 'every number of the assessment was recomputed; the notice cannot be',
  );
}

async function filesOf(dir: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const entry of await readdir(dir, { withFileTypes: true }))
      files.set(entry.name, entry.isFile() ? await readFile(join(dir, entry.name)) : new Uint8Array());
  } catch (error) {
    throw new InputError(`${dir}: cannot be read: ${fileTrouble(error)}`, {
      cause: error,
    });
  }
  return files;
}
