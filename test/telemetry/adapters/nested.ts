/** `{'a.b': 1}` as `{a: {b: 1}}`. */
export function nested(flat: Readonly<Record<string, unknown>>): object {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(flat)) {
    const steps = path.split('.');
    let here = tree;
    for (const step of steps.slice(0, -1)) {
      const inner = (here[step] ?? {}) as Record<string, unknown>;
      here[step] = inner;
      here = inner;
    }
    here[steps.at(-1) ?? ''] = value;
  }
  return tree;
}
