/** A run that was told to stop; its message says what is left of it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
