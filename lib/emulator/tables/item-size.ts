/**
 * What DynamoDB bills a write for, from the images before and after it.
 * Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 * Index writes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (write capacity).
 */
export type AttributeValue = { readonly [type: string]: unknown };
export type Item = { readonly [attribute: string]: AttributeValue };

/** A secondary index as far as its write cost goes. `projected` undefined: all attributes. */
export interface IndexShape {
  readonly keys: readonly string[];
  readonly projected: readonly string[] | undefined;
}

const utf8 = (text: string): number => Buffer.byteLength(text);

/** Bytes of one typed attribute value. */
export function valueBytes(value: AttributeValue): number {
  const [entry] = Object.entries(value);
  if (!entry) throw new Error('an attribute value needs a type');
  const [type, content] = entry;
  switch (type) {
    case 'S':
      return utf8(content as string);
    case 'N':
      return numberBytes(content as string);
    case 'B':
      return Math.floor(((content as string).replace(/=+$/, '').length * 3) / 4);
    case 'BOOL':
    case 'NULL':
      return 1;
    case 'SS':
      return (content as string[]).reduce((sum, text) => sum + utf8(text), 0);
    case 'NS':
      return (content as string[]).reduce((sum, digits) => sum + numberBytes(digits), 0);
    case 'BS':
      return (content as string[]).reduce((sum, text) => sum + valueBytes({ B: text }), 0);
    case 'L':
      return (content as AttributeValue[]).reduce((sum, element) => sum + 1 + valueBytes(element), 3);
    case 'M':
      return Object.entries(content as Item).reduce(
        (sum, [name, element]) => sum + 1 + utf8(name) + valueBytes(element),
        3,
      );
    default:
      throw new Error(`attribute value of unknown type "${type}"`);
  }
}

/** One byte for two significant digits, and one more; another for a minus sign. */
function numberBytes(digits: string): number {
  const significant = digits
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '').length;
  return Math.ceil(significant / 2) + 1 + (digits.startsWith('-') ? 1 : 0);
}

/** Bytes of an item: names and values. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8(name) + valueBytes(value), 0);
}

const units = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

/**
 * Write units of a standard write that turned `before` into `after` (undefined: there is no such item). A write whose
 * condition failed left `before === after` and is billed on the item that was there.
 */
export function writeUnits(
  before: Item | undefined,
  after: Item | undefined,
  indexes: readonly IndexShape[],
): number {
  const table = units(Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0));
  if (before === after) return table;
  return indexes.reduce((sum, index) => sum + indexWriteUnits(before, after, index), table);
}

function indexWriteUnits(before: Item | undefined, after: Item | undefined, index: IndexShape): number {
  const [was, is] = [indexEntry(before, index), indexEntry(after, index)];
  if (!was && !is) return 0;
  if (!was || !is) return units(itemBytes(was ?? is ?? {}));
  const moved = index.keys.some((key) => !sameValue(was[key], is[key]));
  if (moved) return units(itemBytes(was)) + units(itemBytes(is));
  return sameItem(was, is) ? 0 : units(Math.max(itemBytes(was), itemBytes(is)));
}

/** An item appears in an index only with all of the index's keys: that is what makes an index sparse. */
function indexEntry(item: Item | undefined, index: IndexShape): Item | undefined {
  if (!item || index.keys.some((key) => item[key] === undefined)) return undefined;
  const { projected } = index;
  if (!projected) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => projected.includes(name)));
}

/** Equal as DynamoDB sees it: sets have no order, maps neither. */
export function sameItem(left: Item | undefined, right: Item | undefined): boolean {
  if (!left || !right) return left === right;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length && names.every((name) => sameValue(left[name], right[name]))
  );
}

function sameValue(left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  if (!left || !right) return left === right;
  const [[type, content] = ['', undefined]] = Object.entries(left);
  const other = right[type];
  if (other === undefined) return false;
  switch (type) {
    case 'SS':
    case 'NS':
    case 'BS': {
      const [here, there] = [content as string[], new Set(other as string[])];
      return here.length === there.size && here.every((element) => there.has(element));
    }
    case 'L': {
      const [here, there] = [content as AttributeValue[], other as AttributeValue[]];
      return here.length === there.length && here.every((element, i) => sameValue(element, there[i]));
    }
    case 'M':
      return sameItem(content as Item, other as Item);
    default:
      return content === other;
  }
}
