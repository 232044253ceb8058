import { at, type Json, objectOf, textAt } from './fields.ts';

/**
 * The generations of a batch of Langfuse's ingestion, each with what its updates and its trace say: an SDK sends a generation
 * when it begins and again when it ends (https://api.reference.langfuse.com/#tag/ingestion/POST/api/public/ingestion).
 */
export function langfuseCalls(batch: readonly unknown[]): readonly Json[] {
  const traces = new Map<string, Json>();
  const calls = new Map<string, Json>();
  for (const event of batch) {
    const type = textAt(event, 'type') ?? '';
    const body = objectOf(at(event, 'body'));
    const id = textAt(body, 'id');
    if (body === undefined || id === undefined) continue;
    const held = type.startsWith('trace-') ? traces : type.startsWith('generation-') ? calls : undefined;
    const told = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
    held?.set(id, { ...held.get(id), ...told });
  }
  return [...calls.values()].map((call) => {
    const trace = traces.get(textAt(call, 'traceId') ?? '');
    return { input: null, ...call, type: 'GENERATION', userId: call.userId ?? trace?.userId };
  });
}
