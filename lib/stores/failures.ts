/** A stored item that this code cannot read: damaged, or written by a newer version. Only its own account or campaign suffers. */
export class UnreadableItem extends Error {
  override readonly name = 'UnreadableItem';
}

/** An event that makes the code fail, whatever its account's state. */
export class UnusableEvent extends Error {
  override readonly name = 'UnusableEvent';
}

/**
 * Answers of a store that no repeat heals, because they are about the item: it is too large, or its values are not
 * allowed (amazondynamodb/latest/developerguide/Programming.Errors.html, "Error messages and codes"). Everything else
 * (throttled, timed out, unreachable, refused for a permission that somebody can grant) passes, and goes back to the stream.
 */
const PERMANENT: ReadonlySet<string> = new Set([
  'ValidationException',
  'ItemCollectionSizeLimitExceededException',
  'UnreadableItem',
  'UnusableEvent',
]);

export function isPermanent(error: unknown): boolean {
  return error instanceof Error && PERMANENT.has(error.name);
}

/** Runs a decoder; what it throws says that the item is unreadable. @throws UnreadableItem */
export function readable<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnreadableItem(`${what} cannot be read: ${why}`, { cause: error });
  }
}
