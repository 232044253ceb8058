import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccountDetail, consoleData } from '../../console/console-data.ts';
import { findingRows } from '../../console/finding-rows.ts';
import { findingView } from '../../console/finding-view.ts';
import { reasonShares } from '../../console/reason-shares.ts';
import { trendsOf } from '../../console/status.ts';
import { asTyped } from '../../contract/command.ts';
import { parseDecision } from '../../findings/decision-request.ts';
import { TriageError } from '../../findings/triage.ts';
import { policyChanges, policyWarnings } from '../../policy/diff.ts';
import { describeFault, parsePolicy } from '../../policy/parse-policy.ts';
import { policyDocument } from '../../policy/policy-document.ts';
import { calledAnywhere } from '../shared/called-as.ts';
import { failureOf } from '../shared/failure.ts';
import { pageFiles } from './console-page.ts';
import type { ConsoleOrigin, ConsoleSource } from './console-source.ts';

export interface ConsoleServer {
  /** with a key that other users of this machine do not know */
  readonly url: string;
  readonly accounts: number;
  close(): Promise<void>;
}

/** The page's only sources are this server's; nothing is loaded from anywhere else, so it works offline. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

const MAX_BODY = 1_000_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

const json = (value: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
});
const refused = (status: number, words: string): Answer => ({ status, type: 'text/plain', body: words });

/** Serves the console on loopback only. @param port 0 for any */
export async function startConsole(origin: ConsoleOrigin, port = 0): Promise<ConsoleServer> {
  const key = randomBytes(12).toString('base64url');
  // in the page, not in its address: what asks for a change has read the page
  const token = randomBytes(24).toString('base64url');
  const files = await pageFiles(token);
  const desk = new Desk(origin, await origin.read());

  const server = createServer((incoming, outgoing) => {
    answer(incoming)
      .catch((error: unknown) => refused(500, failureOf(error).message))
      .then(({ status, type, body }) => {
        outgoing.writeHead(status, { ...HEADERS, 'content-type': type });
        outgoing.end(body);
      })
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const hosts = [`127.0.0.1:${bound}`, `localhost:${bound}`];

  async function answer(incoming: IncomingMessage): Promise<Answer> {
    // a page elsewhere that lets its name point here (DNS rebinding) brings its own host
    if (!hosts.includes(incoming.headers.host ?? '')) return refused(403, 'wrong host');
    // a path alone, as browsers send it: `//` in front of one would name a host
    if (incoming.url?.startsWith('/') !== true) return refused(400, 'no path');
    const url = new URL(`http://127.0.0.1:${bound}${incoming.url}`);
    if (!url.pathname.startsWith(`/${key}/`))
      return refused(404, 'open the address that the command line printed');
    const name = url.pathname.slice(key.length + 2);
    if (incoming.method === 'GET') {
      const file = Object.hasOwn(files, name) ? files[name] : undefined;
      return file === undefined ? desk.get(name, url.searchParams) : { status: 200, ...file };
    }
    if (incoming.method !== 'POST') return refused(405, 'GET or POST');
    const crossing = crossSite(incoming, hosts, token);
    if (crossing !== undefined) return refused(403, crossing);
    const text = await body(incoming);
    return text === undefined ? refused(413, 'too large') : desk.post(name, text);
  }

  return {
    url: `http://127.0.0.1:${bound}/${key}/`,
    accounts: desk.source.accounts.length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Why a request that changes something is not from our page, or undefined where it is (OWASP, "Cross-Site Request Forgery
 * Prevention": verifying origin with standard headers, and a token in a custom header, which no form can send).
 */
function crossSite(
  { headers }: IncomingMessage,
  hosts: readonly string[],
  token: string,
): string | undefined {
  const { origin } = headers;
  if (origin === undefined || !hosts.some((host) => origin === `http://${host}`)) return 'wrong origin';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return 'another site';
  if (headers['x-siphonwatch-token'] !== token) return 'wrong token: reload the page';
  if (headers['content-type'] !== 'application/json') return 'JSON only';
  return undefined;
}

/** What the page asks for, of what was read last. */
class Desk {
  readonly #origin: ConsoleOrigin;
  #source: ConsoleSource;
  /** the list as it is sent, of the source as it is now: a page that loads waits for no sorting */
  #list: string;
  /** all accounts as they are sent, once somebody has asked for them */
  #accounts: string | undefined;

  constructor(origin: ConsoleOrigin, source: ConsoleSource) {
    this.#origin = origin;
    this.#source = source;
    this.#list = this.#listOf(source);
  }

  get source(): ConsoleSource {
    return this.#source;
  }

  set source(source: ConsoleSource) {
    this.#source = source;
    this.#list = this.#listOf(source);
    this.#accounts = undefined;
  }

  #listOf(source: ConsoleSource): string {
    return JSON.stringify({
      title: source.title,
      now: source.now,
      author: this.#origin.live?.author ?? '',
      command: calledAnywhere(),
      status: source.status,
      trends: trendsOf(source.findings, source.now),
      reasons: reasonShares(source.findings),
      rows: findingRows(source.findings, source.now),
    });
  }

  async get(name: string, asked: URLSearchParams): Promise<Answer> {
    const { source } = this;
    switch (name) {
      case 'findings.json':
        return { status: 200, type: 'application/json', body: this.#list };
      case 'data.json':
        this.#accounts ??= JSON.stringify(
          consoleData(source.accounts, source.policy, source.title, source.labelled, source.calibration),
        );
        return { status: 200, type: 'application/json', body: this.#accounts };
      case 'campaigns.json':
        return json(this.#campaigns());
      case 'account':
        return this.#account(Number(asked.get('index') ?? Number.NaN));
      case 'finding':
        return this.#finding(asked.get('id') ?? '');
      default:
        return refused(404, 'no such thing');
    }
  }

  async post(name: string, text: string): Promise<Answer> {
    if (name === 'policy') return json(propose(this.source, text));
    if (name === 'refresh') {
      this.source = await this.#origin.read();
      return this.get('findings.json', new URLSearchParams());
    }
    if (name === 'decide') return this.#decide(text);
    return refused(404, 'no such thing');
  }

  /** Campaign notices; the page knows accounts by the labels' own ids. */
  #campaigns() {
    const ids = new Map(this.source.accounts.map((held) => [held.account, held.id]));
    return this.source.findings
      .filter(({ notice }) => notice.subject.type === 'campaign')
      .map(({ notice }) => ({
        ...notice,
        subject: {
          ...notice.subject,
          members: notice.subject.members?.map((held) => ({
            ...held,
            account: ids.get(held.account) ?? held.account,
          })),
        },
      }));
  }

  #account(index: number): Answer {
    const account = this.source.accounts[index];
    if (account === undefined) return refused(404, 'no such account');
    const findings = this.source.findings.filter(
      ({ notice }) =>
        notice.subject.id === account.account ||
        (notice.subject.members ?? []).some((member) => member.account === account.account),
    );
    const detail: AccountDetail = {
      account,
      notices: findings.map(({ notice }) => notice).filter(({ subject }) => subject.type === 'account'),
      findings: findings.map(({ id, level, notice }) => ({ id, level, type: notice.subject.type })),
    };
    return json(detail);
  }

  async #finding(id: string): Promise<Answer> {
    const known = this.source.findings.find((held) => held.id === id);
    const held =
      this.#origin.live === undefined
        ? known && { finding: known, audit: known.audit ?? [] }
        : await this.#origin.live.find(id);
    if (held === undefined) return refused(404, 'there is no such finding');
    const { subject } = held.finding.notice;
    const index = this.source.accounts.findIndex((one) => one.account === subject.id);
    return json(
      findingView({
        finding: held.finding,
        audit: held.audit,
        quietUntil: 'quietUntil' in held ? held.quietUntil : undefined,
        calibration: this.source.calibration,
        command: calledAnywhere(),
        demo: this.#origin.live?.demo === true,
        processing: Date.now(),
        account: index < 0 ? undefined : index,
      }),
    );
  }

  /** A verdict, an undo, a note or an owner: the rules and the audit trail of the command line. */
  async #decide(text: string): Promise<Answer> {
    const { live } = this.#origin;
    if (live === undefined) return refused(409, 'a saved backtest takes no verdicts');
    try {
      const { id, decision, ...asked } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
      if (typeof id !== 'string' || typeof decision !== 'string' || !/^[\w-]{8,64}$/.test(decision))
        return refused(400, 'id and decision: missing');
      const made = await live.decide(id, parseDecision(asked), decision);
      const { finding } = made;
      this.source = {
        ...this.source,
        findings: this.source.findings.map((held) => (held.id === finding.id ? finding : held)),
      };
      return this.#finding(finding.id);
    } catch (error) {
      if (error instanceof SyntaxError) return refused(400, 'not JSON');
      if (error instanceof TriageError) return refused(422, error.message);
      throw error;
    }
  }
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
    changes: policyChanges(source.policy, parsed.policy, source.calibration),
    warnings: policyWarnings(parsed.policy, source.calibration).map((line) =>
      asTyped(line, calledAnywhere()),
    ),
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
