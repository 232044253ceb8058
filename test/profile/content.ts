/**
 * What a value with samples in it says, however it was put together: whether a sample's lists are its own or shared is
 * left out (see BottomK), as it depends on what was copied when.
 */
export function content(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(content);
  if (value instanceof Map) return new Map([...value].map(([key, held]) => [key, content(held)]));
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'own');
  return Object.fromEntries(kept.map(([key, held]) => [key, content(held)]));
}
