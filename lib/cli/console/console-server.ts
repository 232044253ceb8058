import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type AccountDetail, type ConsoleData, consoleData } from '../../backtest/console-data.ts';
import type { AccountOutcome } from '../../backtest/outcome.ts';
import type { Notice } from '../../findings/finding.ts';
import { policyChanges, policyWarnings } from '../../policy/diff.ts';
import { describeFault, parsePolicy } from '../../policy/parse-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyDocument } from '../../policy/policy-document.ts';
import type { Calibration } from '../../scoring/calibration.ts';

/** What the console shows; held in memory while it runs, written nowhere. */
export interface ConsoleSource {
  readonly title: string;
  readonly labelled: ConsoleData['labelled'];
  readonly policy: Policy;
  readonly calibration: Calibration;
  readonly accounts: readonly AccountOutcome[];
  /** newest of every finding */
  readonly notices: readonly Notice[];
}

export interface ConsoleServer {
  /** with a key that other users of this machine do not know */
  readonly url: string;
  close(): Promise<void>;
}

const PAGE = fileURLToPath(new URL('../../../console/', import.meta.url));

/** The page's only sources are this server's; nothing is loaded from anywhere else, so it works offline. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

const MAX_BODY = 1_000_000;

/** Serves the console on loopback only. @param port 0 for any */
export async function startConsole(source: ConsoleSource, port = 0): Promise<ConsoleServer> {
  const key = randomBytes(12).toString('base64url');
  const [script, index, style] = await Promise.all([
    bundle(),
    readFile(`${PAGE}index.html`),
    readFile(`${PAGE}style.css`),
  ]);
  const campaigns = source.notices.filter((notice) => notice.subject.type === 'campaign');
  const ids = new Map(source.accounts.map((held) => [held.account, held.id]));
  // the page knows accounts by the labels' own ids
  const renamed = campaigns.map((notice) => ({
    ...notice,
    subject: {
      ...notice.subject,
      members: notice.subject.members?.map((held) => ({
        ...held,
        account: ids.get(held.account) ?? held.account,
      })),
    },
  }));
  const files: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
    '': ['text/html; charset=utf-8', index],
    'style.css': ['text/css; charset=utf-8', style],
    'main.js': ['text/javascript; charset=utf-8', script],
    'data.json': [
      'application/json',
      JSON.stringify(
        consoleData(source.accounts, source.policy, source.title, source.labelled, source.calibration.days),
      ),
    ],
    'campaigns.json': ['application/json', JSON.stringify(renamed)],
  };

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      outgoing.writeHead(500, HEADERS);
      outgoing.end(error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const hosts = new Set([`127.0.0.1:${bound}`, `localhost:${bound}`]);

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const send = (status: number, type: string, body: string | Buffer): void => {
      outgoing.writeHead(status, { ...HEADERS, 'content-type': type });
      outgoing.end(body);
    };
    // a page elsewhere that lets its name point here (DNS rebinding) brings its own host
    if (!hosts.has(incoming.headers.host ?? '')) return send(403, 'text/plain', 'wrong host');
    const url = new URL(incoming.url ?? '/', `http://127.0.0.1:${bound}`);
    if (!url.pathname.startsWith(`/${key}/`))
      return send(404, 'text/plain', 'open the address that the command line printed');
    const name = url.pathname.slice(key.length + 2);
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    if (file !== undefined) return send(200, file[0], file[1]);
    if (name === 'account') {
      const account = source.accounts[Number(url.searchParams.get('index') ?? Number.NaN)];
      if (account === undefined) return send(404, 'text/plain', 'no such account');
      const detail: AccountDetail = {
        account,
        notices: source.notices.filter(
          (notice) => notice.subject.type === 'account' && notice.subject.id === account.account,
        ),
      };
      return send(200, 'application/json', JSON.stringify(detail));
    }
    if (name === 'policy' && incoming.method === 'POST') {
      const text = await body(incoming);
      if (text === undefined) return send(413, 'text/plain', 'too large');
      return send(200, 'application/json', JSON.stringify(propose(source, text)));
    }
    send(404, 'text/plain', 'no such thing');
  }

  return {
    url: `http://127.0.0.1:${bound}/${key}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function propose(source: ConsoleSource, text: string): Record<string, unknown> {
  const parsed = parsePolicy(text, Date.now());
  if (!parsed.ok)
    return {
      ok: false,
      faults: parsed.faults.map((fault) => describeFault({ ...fault, line: 0 })),
      changes: [],
      warnings: [],
      yaml: '',
    };
  return {
    ok: true,
    faults: [],
    changes: policyChanges(source.policy, parsed.policy),
    warnings: policyWarnings(parsed.policy, source.calibration),
    yaml: policyDocument(parsed.policy, { title: [`Made in the console from ${source.policy.id}.`] }),
  };
}

async function body(incoming: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming) {
    size += (part as Buffer).length;
    if (size > MAX_BODY) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The page's script, from its sources: preact and htm are bundled in. */
async function bundle(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [`${PAGE}main.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}
