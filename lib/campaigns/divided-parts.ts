/** Port: what the steps of one run hand each other; plain data that structured cloning keeps. */
export interface DividedParts {
  /** Keeps a part, unless an earlier attempt of the step was there first. @returns what stands */
  keep<T>(name: string, value: T): Promise<T>;
  get<T>(name: string): Promise<T | undefined>;
  /** @throws Error where the step before has left nothing */
  need<T>(name: string): Promise<T>;
}

/** Every shard's part, in order. @throws Error where one is missing: nothing is said of a part of the accounts */
export async function everyPart<T>(
  parts: Pick<DividedParts, 'need'>,
  kind: string,
  shards: number,
): Promise<T[]> {
  const found: T[] = [];
  for (let shard = 0; shard < shards; shard++) found.push(await parts.need<T>(`${kind}-${shard}`));
  return found;
}
