/** The part of cli-progress that the verbs use; the package ships no types. */
declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      format?: string;
      stream?: NodeJS.WritableStream;
      clearOnComplete?: boolean;
      hideCursor?: boolean;
      etaBuffer?: number;
    });
    start(total: number, startValue: number, payload?: object): void;
    increment(step?: number, payload?: object): void;
    update(current: number, payload?: object): void;
    stop(): void;
  }
}
