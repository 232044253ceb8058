import fc from 'fast-check';
import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import { describe, expect, it } from 'vitest';
import { bridges } from '../../lib/campaigns/linking/bridges.ts';

describe('bridges', () => {
  it('are the edges without which there is one component more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 })), { maxLength: 14 }),
        (pairs) => {
          const graph = new UndirectedGraph();
          for (const [a, b] of pairs) if (a !== b) graph.mergeUndirectedEdge(String(a), String(b));
          const parts = connectedComponents(graph).length;
          const naive = graph.edges().filter((edge) => {
            const less = graph.copy() as UndirectedGraph;
            less.dropEdge(edge);
            return connectedComponents(less).length > parts;
          });
          expect(bridges(graph).sort()).toEqual(naive.sort());
        },
      ),
      { numRuns: 80 },
    );
  });

  it('are found along a chain that would end a recursive search', () => {
    const graph = new UndirectedGraph();
    for (let i = 0; i < 50_000; i++) graph.mergeUndirectedEdge(String(i), String(i + 1));
    expect(bridges(graph).length).toBe(50_000);
  });
});
