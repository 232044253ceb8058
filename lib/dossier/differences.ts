/** One place at which two JSON values differ, with both values as text. */
export interface Difference {
  readonly field: string;
  readonly noted: string;
  readonly now: string;
}

/** All places at which two JSON values differ, in the order of their fields. */
export function differences(noted: unknown, now: unknown, path = ''): Difference[] {
  if (typeof noted === 'object' && noted !== null && typeof now === 'object' && now !== null) {
    const names = new Set([...Object.keys(noted), ...Object.keys(now)]);
    return [...names].flatMap((name) =>
      differences(
        (noted as Record<string, unknown>)[name],
        (now as Record<string, unknown>)[name],
        path === '' ? name : `${path}.${name}`,
      ),
    );
  }
  return Object.is(noted, now) ? [] : [{ field: path, noted: String(noted), now: String(now) }];
}
