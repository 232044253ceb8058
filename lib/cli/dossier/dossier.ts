import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { assess } from '../../dossier/assess.ts';
import { writeEvidence } from '../../dossier/bundle.ts';
import { KeyError, makeManifest, manifest } from '../../dossier/manifest.ts';
import { report } from '../../dossier/report.ts';
import { verifyDossier } from '../../dossier/verify.ts';
import { count, plural } from '../../findings/format.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { wholeTrail } from '../../stores/finding-queries.ts';
import { CODE_VERSION } from '../../version.ts';
import { textOf } from '../policy/policy-file.ts';
import { calledAs } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { asInputError, connect, type Deployment, withEvidenceOptions } from '../shared/deployment.ts';
import { type EvidenceOptions, gatherEvidence } from './dossier-evidence.ts';

interface DossierOptions extends EvidenceOptions {
  readonly out: string;
  readonly key?: string;
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
      .option(
        '--policy <file>',
        'policy that the finding was made with, where it is neither the shipped one nor in AppConfig any more',
      )
      .option('--stack <name>', 'the deployed stack, whose policies AppConfig keeps (SIPHONWATCH_STACK)')
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
        if (error instanceof KeyError) throw new InputError(`--key: ${error.message}`, { cause: error });
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
  const key = options.key === undefined ? undefined : await textOf(options.key);
  await emptyDirectory(options.out);
  const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable);
  const held = await store.find(id);
  if (held === undefined) throw new InputError(`there is no finding ${plain(id, 80)}`);
  const { finding } = held;
  const evidence = await gatherEvidence(finding, options, deployment);
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
    encode(
      await report(evidence, assessed, {
        ...facts,
        signed: key !== undefined,
        audit: await wholeTrail(store, finding),
      }),
    ),
  );
  const made = makeManifest(facts, files, key);
  for (const [path, data] of files) await writeFile(join(options.out, path), data);
  // Last: a directory without a manifest is a dossier that was not finished.
  await writeFile(join(options.out, 'manifest.json'), `${JSON.stringify(manifest.parse(made), null, 2)}\n`);
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
  say(
    notice.reproduced
      ? `dossier: the notice was recomputed from ${count(notice.events)} events, every number is the same${carriedOver(id)}`
      : `dossier: the notice could not be written again: ${notice.why}`,
  );
  for (const line of evidence.missing) say(`dossier: ${line}`);
  if (key === undefined) say('dossier: not signed (--key FILE signs it)');
  say(
    `dossier: open ${join(options.out, 'report.html')}; check with: ${calledAs()} dossier verify ${options.out}`,
  );
  return 0;
}

async function emptyDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new InputError(
      `--out ${path}: cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  });
  if ((await readdir(path)).length > 0)
    throw new InputError(`--out ${path}: is not empty; a dossier is never written over another`);
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('check a dossier: every file, the signature, and every number by recomputing it')
    .argument('<dir>', 'directory of the dossier')
    .option('--public-key <file>', 'key (PEM) that must have signed it')
    .option('--json', 'print one JSON document')
    .action((dir: string, options: { readonly publicKey?: string; readonly json?: boolean }) =>
      runCommand('dossier', () => verify(dir, options)),
    );
}

async function verify(
  dir: string,
  options: { readonly publicKey?: string; readonly json?: boolean },
): Promise<number> {
  const trusted = options.publicKey === undefined ? undefined : await textOf(options.publicKey);
  const { ok, faults, manifest: held, assessment } = verifyDossier(await filesOf(dir), trusted);
  const { signature } = held ?? {};
  if (options.json === true)
    printJson({
      ok,
      faults,
      finding: held?.finding ?? null,
      keyId: signature?.keyId ?? null,
      trusted: trusted !== undefined && ok,
      reproduced: assessment?.notice.reproduced ?? null,
    });
  for (const fault of faults) say(`${colours.red(plain(fault.path, 100))} ${plain(fault.what, 400)}`);
  if (ok && held !== undefined && assessment !== undefined) {
    say(
      `${plural(held.files.length, 'file')} of finding ${held.finding} are as they were written on ${held.madeAt}`,
    );
    say(
      signature === undefined
        ? 'not signed: the chain shows damage, but not a forger who rewrote all files'
        : `signed with key ${signature.keyId}${trusted === undefined ? ': compare it with the one that you know, or give --public-key' : ', the key that you gave'}`,
    );
    say(
      assessment.notice.reproduced
        ? `every number was recomputed; the notice itself too, from ${count(assessment.notice.events)} events${carriedOver(held.finding)}`
        : `every number of the assessment was recomputed; the notice cannot be: ${assessment.notice.why}`,
    );
    if (held.code !== CODE_VERSION)
      say(
        `made by code ${held.code}, checked by ${CODE_VERSION}: numbers may only differ where the code did`,
      );
  }
  return ok ? 0 : 1;
}

async function filesOf(dir: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const entry of await readdir(dir, { withFileTypes: true }))
      files.set(entry.name, entry.isFile() ? await readFile(join(dir, entry.name)) : new Uint8Array());
  } catch (error) {
    throw new InputError(
      `${dir}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  return files;
}
