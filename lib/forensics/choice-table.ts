/** Answers of several models to the same items. */
export interface ChoiceTable {
  readonly models: readonly string[];
  /** Presumed family of every model (kin are never each other's control). */
  readonly families: readonly string[];
  /** Per model: option chosen at each item from 0, or -1. */
  readonly choices: readonly Int8Array[];
  /** Key of each item. */
  readonly keys: Int8Array;
  /** Number of options of each item, 2 to 26. */
  readonly options: Int8Array;
  /**
   * Whether models 0 and 1 are a reference and a suspect that share a presumed family, and are to be treated as the
   * strangers that the null hypothesis says they are.
   */
  readonly strangers: boolean;
}
