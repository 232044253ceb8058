/** Reading NDJSON for every verb: plain or gzip (told by content), files, patterns, standard input. */
/** Input that cannot be read or used; a verb prints the message and ends with exit code 2. */
export class InputError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'InputError';
  }
}

/** What was asked for cannot be done yet, and can later as it was typed; a verb prints the message and ends with exit code 6. */
export class NotYetError extends InputError {
  override readonly name = 'NotYetError';
}
