import type { CustomerFacts } from '../profile/profile.ts';
import type { Window } from '../profile/window.ts';
import { FEWEST_REQUESTS, readFacts } from '../signals/facts/index.ts';
import { type Model, readModel } from './model.ts';

/** What a window of an account comes to under a model. */
export interface LearnedScore {
  /** from 0; larger is more like the library of attacks and less like the past; what levels and nulls are made of */
  readonly score: number;
  /** natural log-odds of the forest's share, from 0, not weakened by few requests */
  readonly logit: number;
  /** the forest's share, 0 to 1 */
  readonly share: number;
}

/** Share that is no evidence at all: it keeps the logarithm finite. */
const LEAST = 0.02;
const FLOOR = Math.log((1 + LEAST) / LEAST);
/** Requests at which evidence counts for 1 / sqrt(2) of what it would count with very many. */
const HALF_TRUST = 30;

export function logitOf(share: number): number {
  return Math.log((share + LEAST) / (1 + LEAST - share)) + FLOOR;
}

/** Few requests say little, however they look: the weight of evidence grows with its square root. */
export function scoreOf(share: number, requests: number): number {
  return logitOf(share) * Math.sqrt(requests / (requests + HALF_TRUST));
}

/**
 * The learned score of one window; undefined where there are too few requests to say anything.
 * @param account pseudonym: chooses the forest that has not seen the account as ordinary
 */
export function learnedScore(
  window: Window,
  customer: CustomerFacts,
  account: string,
  model: Model,
): LearnedScore | undefined {
  const { events } = window.counts;
  if (events < FEWEST_REQUESTS) return undefined;
  const read = readModel(model);
  const values = readFacts({ window, customer, samples: window.samples });
  const share = read.share(account, read.row(values));
  return { score: scoreOf(share, events), logit: logitOf(share), share };
}
