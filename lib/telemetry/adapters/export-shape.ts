import type { Json } from './fields.ts';

/** An export that keeps request and answer under names of its own. */
export interface ExportShape {
  readonly name: string;
  /** the page that documents the fields */
  readonly source: string;
  readonly matches: (entry: Json) => boolean;
  readonly pair: (entry: Json) => Json;
  /** entries of the export that are no calls */
  readonly isOther?: (entry: Json) => boolean;
}
