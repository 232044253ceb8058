import { Grid } from './grid.ts';

/**
 * Attribution among candidates: a multinomial logistic regression on word 1- to 3-grams of the candidates' own texts,
 * one text a prompt. It asks which candidate would have written the suspect's texts, and is told nothing of the suspect.
 * Trained in the dual (as many unknowns as texts), by Nesterov's gradient method: no randomness, the same on every
 * machine.
 */

/** Inverse strength of the penalty on the weights. */
const PENALTY_INVERSE = 10;
/** Texts of the candidates in which a gram must occur, and most grams kept. */
const LEAST_TEXTS_WITH_GRAM = 5;
const MOST_GRAMS = 60_000;
/** Longest text read, in characters. */
const MAX_LENGTH = 20_000;
const MAX_STEPS = 600;
const TOLERANCE = 1e-5;
const TOKEN = /[\p{L}\p{M}']+|\d+|\n\n|[^\s\p{L}\p{N}]/gu;

/** Words in lower case with a mark for a capital, numbers as one token, paragraphs and signs as they are. */
function tokensOf(text: string): string[] {
  return (text.slice(0, MAX_LENGTH).match(TOKEN) ?? []).map((t) => {
    if (t === '\n\n') return '¶';
    if (/^\d/.test(t)) return '9';
    const lower = t.toLowerCase();
    return lower === t ? t : `^${lower}`;
  });
}

function gramsOf(text: string): Map<string, number> {
  const tokens = tokensOf(text);
  const out = new Map<string, number>();
  for (let i = 0; i < tokens.length; i++)
    for (let n = 1; n <= 3 && i + n <= tokens.length; n++) {
      const gram = tokens.slice(i, i + n).join(' ');
      out.set(gram, (out.get(gram) ?? 0) + 1);
    }
  return out;
}

/** A text as a sparse vector of length 1. */
interface Vector {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
}

interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly idf: Float64Array;
}

function vocabularyOf(texts: readonly ReadonlyMap<string, number>[]): Vocabulary {
  const df = new Map<string, number>();
  const total = new Map<string, number>();
  for (const grams of texts)
    for (const [gram, n] of grams) {
      df.set(gram, (df.get(gram) ?? 0) + 1);
      total.set(gram, (total.get(gram) ?? 0) + n);
    }
  const kept = [...df]
    .filter(([, n]) => n >= LEAST_TEXTS_WITH_GRAM)
    .map(([gram]) => gram)
    .sort((a, b) => (total.get(b) ?? 0) - (total.get(a) ?? 0) || (a < b ? -1 : 1))
    .slice(0, MOST_GRAMS);
  return {
    ids: new Map(kept.map((gram, id) => [gram, id])),
    idf: Float64Array.from(kept, (gram) => Math.log((1 + texts.length) / (1 + (df.get(gram) ?? 0))) + 1),
  };
}

function vectorOf(grams: ReadonlyMap<string, number>, { ids, idf }: Vocabulary): Vector {
  const own: number[] = [];
  const weights: number[] = [];
  for (const [gram, n] of grams) {
    const id = ids.get(gram);
    if (id === undefined) continue;
    own.push(id);
    weights.push((1 + Math.log(n)) * (idf[id] ?? 0));
  }
  const norm = Math.sqrt(weights.reduce((s, w) => s + w * w, 0)) || 1;
  return { ids: Int32Array.from(own), weights: Float64Array.from(weights, (w) => w / norm) };
}

/** Inner products of one vector with many. */
function products(vector: Vector, others: readonly Vector[], scratch: Float64Array): Float64Array {
  vector.ids.forEach((id, k) => {
    scratch[id] = vector.weights[k] ?? 0;
  });
  const out = Float64Array.from(others, ({ ids, weights }) => {
    let sum = 0;
    for (let k = 0; k < ids.length; k++) sum += (scratch[ids[k] ?? 0] ?? 0) * (weights[k] ?? 0);
    return sum;
  });
  for (const id of vector.ids) scratch[id] = 0;
  return out;
}

/** Largest eigenvalue of a symmetric matrix, a little above (power iteration). */
function largestEigenvalue(matrix: Grid): number {
  let v = new Float64Array(matrix.rows).fill(1 / Math.sqrt(matrix.rows));
  let value = 1;
  for (let step = 0; step < 40; step++) {
    const next = multiply(matrix, v);
    value = Math.sqrt(next.reduce((s, x) => s + x * x, 0)) || 1;
    v = next.map((x) => x / value);
  }
  return 1.02 * value;
}

function multiply(matrix: Grid, v: Float64Array): Float64Array {
  return Float64Array.from(v, (_, r) => {
    const row = matrix.row(r);
    let sum = 0;
    for (let c = 0; c < row.length; c++) sum += (row[c] ?? 0) * (v[c] ?? 0);
    return sum;
  });
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const odds = scores.map((s) => Math.exp(s - top));
  const total = odds.reduce((a, b) => a + b, 0);
  return odds.map((o) => o / total);
}

/**
 * Dual weights, one vector a class: minimises half the squared norm of the class weights plus `PENALTY_INVERSE` times
 * the log-loss, each class with the same total weight.
 */
function train(kernel: Grid, labels: readonly number[], classes: number): Float64Array[] {
  const n = labels.length;
  const size = new Float64Array(classes);
  for (const c of labels) size[c] = (size[c] ?? 0) + 1;
  const costs = labels.map((c) => (PENALTY_INVERSE * n) / (classes * (size[c] ?? 1)));
  const bound = 1 + (Math.max(...costs) * largestEigenvalue(kernel)) / 2;
  const momentum = (Math.sqrt(bound) - 1) / (Math.sqrt(bound) + 1);
  let now = Array.from({ length: classes }, () => new Float64Array(n));
  let ahead = now.map((a) => a.slice());
  for (let step = 0; step < MAX_STEPS; step++) {
    const scores = ahead.map((a) => multiply(kernel, a));
    const next = ahead.map((a) => a.slice());
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const p = softmax(scores.map((s) => s[i] ?? 0));
      for (let c = 0; c < classes; c++) {
        const gradient = (ahead[c]?.[i] ?? 0) + (costs[i] ?? 0) * ((p[c] ?? 0) - (labels[i] === c ? 1 : 0));
        largest = Math.max(largest, Math.abs(gradient));
        const row = next[c];
        if (row !== undefined) row[i] = (row[i] ?? 0) - gradient / bound;
      }
    }
    ahead = next.map((a, c) => a.map((x, i) => x + momentum * (x - (now[c]?.[i] ?? 0))));
    now = next;
    if (largest < TOLERANCE * PENALTY_INVERSE) break;
  }
  return now;
}

/** A trained classifier. */
export interface TraceClassifier {
  readonly candidates: readonly string[];
  /** Scores of a text, one a candidate: log-odds that sum to 0. */
  score(text: string): number[];
}

/**
 * Trains on the candidates' texts.
 *
 * @param texts per candidate its texts by item; at least two candidates with texts
 * @throws RangeError for fewer than two candidates
 */
export function trainClassifier(
  texts: readonly { readonly candidate: string; readonly byItem: ReadonlyMap<string, string> }[],
): TraceClassifier {
  if (texts.length < 2) throw new RangeError('a classifier needs two candidates');
  const rows = texts.flatMap(({ byItem }, label) =>
    [...byItem].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => ({ label, grams: gramsOf(text) })),
  );
  const vocabulary = vocabularyOf(rows.map((r) => r.grams));
  const vectors = rows.map((r) => vectorOf(r.grams, vocabulary));
  const scratch = new Float64Array(vocabulary.idf.length);
  const kernel = Grid.square(vectors.length);
  vectors.forEach((v, i) => {
    kernel.row(i).set(products(v, vectors, scratch));
  });
  const duals = train(
    kernel,
    rows.map((r) => r.label),
    texts.length,
  );
  return {
    candidates: texts.map((t) => t.candidate),
    score(text) {
      const near = products(vectorOf(gramsOf(text), vocabulary), vectors, scratch);
      const scores = duals.map((dual) => dual.reduce((s, x, i) => s + x * (near[i] ?? 0), 0));
      const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
      return scores.map((s) => s - mean);
    },
  };
}
