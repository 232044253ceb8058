import type { AccountDetail, ConsoleData } from '../lib/console/console-data.ts';
import type { FindingRow } from '../lib/console/finding-rows.ts';
import type { FindingView } from '../lib/console/finding-view.ts';
import type { ReasonShare } from '../lib/console/reason-shares.ts';
import type { ConsoleStatus, Trend } from '../lib/console/status.ts';
import type { Notice } from '../lib/findings/finding.ts';

/** What the page asks its server for. Every failure is an ApiError with words for people. */

export interface FindingsAnswer {
  readonly title: string;
  readonly now: number;
  /** who decides; empty where nothing can be changed */
  readonly author: string;
  /** how commands begin that work as printed */
  readonly command: string;
  readonly status: ConsoleStatus;
  readonly trends: readonly Trend[];
  readonly reasons: readonly ReasonShare[];
  readonly rows: readonly FindingRow[];
}

export class ApiError extends Error {
  /** the server does not answer: it was stopped, or the connection is gone */
  readonly gone: boolean;
  constructor(message: string, gone: boolean) {
    super(message);
    this.gone = gone;
  }
}

/** How commands begin, as the server last said. */
const known = { command: 'siphonwatch' };

async function answered(asked: Promise<FindingsAnswer>): Promise<FindingsAnswer> {
  const answer = await asked;
  known.command = answer.command;
  return answer;
}

const token = document.querySelector('meta[name="token"]')?.getAttribute('content') ?? '';

async function ask<T>(name: string, init?: RequestInit): Promise<T> {
  const response = await fetch(name, init).catch(() => {
    throw new ApiError(
      `The console’s server does not answer. Start it again: ${known.command} console`,
      true,
    );
  });
  if (!response.ok) throw new ApiError(await response.text(), false);
  return (await response.json()) as T;
}

const post = <T>(name: string, value: unknown): Promise<T> =>
  ask(name, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-siphonwatch-token': token },
    body: JSON.stringify(value),
  });

export const api = {
  findings: () => answered(ask<FindingsAnswer>('findings.json')),
  refresh: () => answered(post<FindingsAnswer>('refresh', {})),
  data: () => ask<ConsoleData>('data.json'),
  campaigns: () => ask<Notice[]>('campaigns.json'),
  account: (index: number) => ask<AccountDetail>(`account?index=${index}`),
  finding: (id: string) => ask<FindingView>(`finding?id=${encodeURIComponent(id)}`),
  /** The same `decision` sent twice is made once. */
  decide: (id: string, asked: Readonly<Record<string, unknown>>) =>
    post<FindingView>('decide', { id, decision: crypto.randomUUID(), ...asked }),
  policy: <T>(policy: unknown) => post<T>('policy', policy),
};

export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
