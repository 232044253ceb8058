import { LRUCache } from 'lru-cache';

/**
 * A cache of the `most` entries that were used last. Room is made as entries come: given a number of entries, lru-cache
 * lays out all places at once, which a cold start, and whoever makes many caches, would pay for; given a size, it does
 * not (https://github.com/isaacs/node-lru-cache, "Storage Bounds Safety").
 */
export function recentlyUsed<K extends {}, V extends {}>(most: number): LRUCache<K, V> {
  return new LRUCache<K, V>({ maxSize: most, sizeCalculation: () => 1 });
}
