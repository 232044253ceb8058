/** A dense table of numbers, row by row, that cannot be read outside its bounds. */
export class Grid {
  readonly rows: number;
  readonly columns: number;
  readonly #cells: Float64Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.#cells = new Float64Array(rows * columns);
  }

  static square(size: number): Grid {
    return new Grid(size, size);
  }

  #index(row: number, column: number): number {
    if (row < 0 || column < 0 || row >= this.rows || column >= this.columns)
      throw new RangeError(`no cell ${row}, ${column} in ${this.rows} by ${this.columns}`);
    return row * this.columns + column;
  }

  at(row: number, column: number): number {
    return this.#cells[this.#index(row, column)] ?? 0;
  }

  set(row: number, column: number, value: number): void {
    this.#cells[this.#index(row, column)] = value;
  }

  add(row: number, column: number, value: number): void {
    const index = this.#index(row, column);
    this.#cells[index] = (this.#cells[index] ?? 0) + value;
  }

  /** Sets a cell and its mirror image. */
  setBoth(row: number, column: number, value: number): void {
    this.set(row, column, value);
    this.set(column, row, value);
  }

  /** One row, as a view of the same numbers. */
  row(row: number): Float64Array {
    this.#index(row, 0);
    return this.#cells.subarray(row * this.columns, (row + 1) * this.columns);
  }

  /** Adds another table of the same shape. */
  addAll(other: Grid): void {
    if (other.rows !== this.rows || other.columns !== this.columns)
      throw new RangeError('tables of different shapes');
    const cells = this.#cells;
    const more = other.#cells;
    for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] ?? 0) + (more[i] ?? 0);
  }
}

/** Inner product of two vectors of one length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
