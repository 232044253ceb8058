import { ADAPTER_DEFAULTS } from '../../../../lib/telemetry/adapters/adapter.ts';
import { EntryReader } from '../../../../lib/telemetry/adapters/reader.ts';

/** What `--from auto` makes of documents, read to their end. */
export function readEntries(entries: readonly unknown[], defaults = ADAPTER_DEFAULTS) {
  const reader = new EntryReader('auto', defaults);
  const parts = entries.map((entry) => reader.read(JSON.parse(JSON.stringify(entry))));
  const late = [...parts.flatMap((part) => part.late), ...reader.finish()];
  return {
    exchanges: [
      ...parts.flatMap(({ exchanges }) => exchanges),
      ...late.flatMap((held) => ('exchange' in held ? [held.exchange] : [])),
    ],
    reasons: [
      ...parts.flatMap(({ reasons }) => reasons),
      ...late.flatMap((held) => ('reason' in held ? [held.reason] : [])),
    ],
    skipped: parts.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}
