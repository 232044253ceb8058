/** Files in the order in which they are read. A list in memory is one; a longer one may be fetched in parts as it is read. */
export interface FileList {
  readonly length: number;
  /** @param index from 0; undefined beyond the end */
  at(index: number): string | undefined | Promise<string | undefined>;
}
