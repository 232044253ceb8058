import type { UndirectedGraph } from 'graphology';
import type { Attributes } from 'graphology-types';

/**
 * The bridges of an undirected graph: edges without which their ends are no longer joined. Iterative, so that a chain
 * of a hundred thousand nodes does not end the stack. (Tarjan, "A note on finding the bridges of a graph", 1974.)
 */
export function bridges<N extends Attributes, E extends Attributes>(graph: UndirectedGraph<N, E>): string[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const found: string[] = [];
  interface Frame {
    readonly node: string;
    readonly by: string | undefined;
    readonly edges: readonly string[];
    next: number;
  }
  for (const root of graph.nodes()) {
    if (order.has(root)) continue;
    const stack: Frame[] = [{ node: root, by: undefined, edges: graph.edges(root), next: 0 }];
    order.set(root, order.size);
    low.set(root, order.get(root) as number);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1] as Frame;
      const edge = frame.edges[frame.next++];
      if (edge === undefined) {
        stack.pop();
        const parent = stack[stack.length - 1];
        if (parent === undefined || frame.by === undefined) continue;
        const reached = low.get(frame.node) as number;
        low.set(parent.node, Math.min(low.get(parent.node) as number, reached));
        if (reached > (order.get(parent.node) as number)) found.push(frame.by);
        continue;
      }
      if (edge === frame.by) continue;
      const other = graph.opposite(frame.node, edge);
      const seen = order.get(other);
      if (seen !== undefined) {
        low.set(frame.node, Math.min(low.get(frame.node) as number, seen));
        continue;
      }
      order.set(other, order.size);
      low.set(other, order.get(other) as number);
      stack.push({ node: other, by: edge, edges: graph.edges(other), next: 0 });
    }
  }
  return found;
}
