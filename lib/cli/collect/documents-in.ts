import { type Document, DocumentReader } from '../../input/documents.ts';
import { LIMITS } from '../../limits.ts';
import type { Reason } from '../../telemetry/reason.ts';
import { Turn } from './turn.ts';

/** Documents, and lines that are none, that are taken of one request; of a list each element is one. */
export const MOST_DOCUMENTS = LIMITS.requestDocuments.most;

/**
 * Documents of a body. A bad one costs itself alone: senders do not repeat what was refused. Ends early where they are more than
 * `MOST_DOCUMENTS`: two bytes may be one, and sixteen kilobytes of gzip millions.
 */
export async function documentsIn(body: string): Promise<{
  readonly documents: readonly unknown[];
  readonly faults: readonly Reason[];
  readonly isTooMany: boolean;
}> {
  const reader = new DocumentReader();
  const documents: unknown[] = [];
  const faults: Reason[] = [];
  const turn = new Turn();
  let found = 0;
  let line = 0;
  const add = (document: Document) => {
    found += 'json' in document && Array.isArray(document.json) ? Math.max(1, document.json.length) : 1;
    if ('fault' in document)
      faults.push({ field: '(line)', value: '', message: `line ${document.line}: ${document.fault}` });
    else documents.push(document.json);
  };
  for (let from = 0; from <= body.length && found <= MOST_DOCUMENTS; ) {
    const end = body.indexOf('\n', from);
    const to = end < 0 ? body.length : end;
    line++;
    if (to > from) {
      await turn.end();
      for (const document of reader.take(body.slice(from, to), line)) {
        add(document);
        await turn.end();
      }
    }
    from = to + 1;
  }
  for (const document of reader.finish()) add(document);
  return { documents, faults, isTooMany: found > MOST_DOCUMENTS };
}
