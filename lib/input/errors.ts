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

/** What could not be read this time, by no fault of the input: the same again may go well. A verb prints the message. */
export class PassingError extends InputError {
  override readonly name = 'PassingError';
}

/** What the system says of a file or folder, in words, by `error.code` (errno(3)). */
export const FILE_TROUBLE = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'that is a folder',
  EACCES: 'permission denied',
  EPERM: 'the system does not allow it',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
  EEXIST: 'it exists already',
} as const;

/** Why a file cannot be read or written: in words where it is one of the usual reasons, never the name of a system call. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (Object.hasOwn(FILE_TROUBLE, code)) return FILE_TROUBLE[code as keyof typeof FILE_TROUBLE];
  return error instanceof Error ? error.message : String(error);
}
