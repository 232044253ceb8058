import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { accountOf, laneName, laneNumber } from '../profile/lane.ts';

/**
 * Names of lanes' items in the profile table: they stand in the account's own partition, under the sort key of the same item of an
 * account that is not divided, with the lane behind its kind. So `hot` of lane 3 is `lane#hot#03`, and `sealed#000001#H` is
 * `lane#sealed#03#000001#H`: one query reads one kind of all lanes. The account's own hot item names its lanes (attribute `lanes`, a
 * set of numbers), so that nobody asks for those of an account that has none.
 */
const LANE = 'lane#';

/** Sort keys of all hot items of lanes, and of all their sealed parts, from and to. */
export const HOT_OF_LANES = [`${LANE}hot#`, `${LANE}hot#~`] as const;
export const SEALED_OF_LANES = [`${LANE}sealed#`, `${LANE}sealed#~`] as const;

type Item = Readonly<Record<string, AttributeValue>>;

/** The sort key of a profile's item. @param item the sort key that it has where the account is not divided */
function sortKeyOf(name: string, item: string): string {
  const lane = laneNumber(name);
  if (lane === 0) return item;
  const [kind = '', ...rest] = item.split('#');
  return [`${LANE}${kind}`, String(lane).padStart(2, '0'), ...rest].join('#');
}

/** Key of an item of a profile, which is an account or a lane of one (lib/profile/lane.ts). */
export function keyOf(name: string, item: string): { account: { S: string }; item: { S: string } } {
  return { account: { S: accountOf(name) }, item: { S: sortKeyOf(name, item) } };
}

/** Whose item it is, and the sort key that it has where an account is not divided. */
export function placeOfItem({ account, item }: Item): { readonly name: string; readonly item: string } {
  const [of, sort] = [account?.S ?? '', item?.S ?? ''];
  if (!sort.startsWith(LANE)) return { name: of, item: sort };
  const [kind = '', lane = '', ...rest] = sort.slice(LANE.length).split('#');
  return { name: laneName(of, Number(lane)), item: [kind, ...rest].join('#') };
}

/** The item as that of an account which is not divided. */
export function withoutLane<T extends Item>(stored: T): T {
  return stored.item?.S?.startsWith(LANE) === true
    ? { ...stored, item: { S: placeOfItem(stored).item } }
    : stored;
}

/** Lanes that an account's hot item or a part names, ascending; none where it has none. */
export function lanesNamedIn(hot: Item | undefined): readonly number[] {
  return (hot?.lanes?.NS ?? []).map(Number).sort((a, b) => a - b);
}

/** The same as an attribute; none where there are no lanes. */
export function namedLanes(numbers: readonly number[] = []): { lanes?: { NS: string[] } } {
  return numbers.length === 0 ? {} : { lanes: { NS: numbers.map(String) } };
}
