import { chartColours, type VegaLiteSpec } from '../report/chart.ts';
import { criticalZ } from './power.ts';
import type { SuspectReport } from './report.ts';

/** The null with the suspect drawn in. */
export function nullSpec(s: SuspectReport, alpha: number): VegaLiteSpec {
  const z = s.null?.z ?? [];
  const own = s.z ?? 0;
  const low = Math.floor(Math.min(-3, z[0] ?? 0, own));
  const high = Math.ceil(Math.max(3, z[z.length - 1] ?? 0, own) + 0.3);
  const reached = criticalZ(Float64Array.from(z), alpha);
  const critical = Number.isFinite(reached) ? reached : undefined;
  const x = { type: 'quantitative' as const, scale: { domain: [low, high], nice: false } };
  return {
    width: 400,
    height: 190,
    layer: [
      {
        data: { values: z.map((v) => ({ z: v })) },
        mark: { type: 'bar', color: chartColours.null, binSpacing: 1 },
        encoding: {
          x: {
            field: 'z',
            ...x,
            bin: { step: 0.25, extent: [low, high] },
            title: 'excess, standard deviations',
            axis: { values: range(low, high), format: 'd', grid: false },
          },
          y: { aggregate: 'count', type: 'quantitative', title: 'unrelated pairs', axis: { tickCount: 4 } },
        },
      },
      ...(critical === undefined
        ? []
        : [
            {
              data: { values: [{ z: critical, label: `p = ${alpha}` }] },
              encoding: { x: { field: 'z', ...x } },
              layer: [
                { mark: { type: 'rule' as const, color: chartColours.muted, strokeDash: [3, 3] } },
                {
                  mark: {
                    type: 'text' as const,
                    align: 'center' as const,
                    baseline: 'bottom' as const,
                    color: chartColours.muted,
                  },
                  encoding: { text: { field: 'label', type: 'nominal' as const }, y: { value: -2 } },
                },
              ],
            },
          ]),
      {
        data: { values: [{ z: own, label: `suspect z ${own.toFixed(1)}` }] },
        encoding: { x: { field: 'z', ...x } },
        layer: [
          { mark: { type: 'rule', color: chartColours.alarm, strokeWidth: 2.5 } },
          {
            mark: {
              type: 'text',
              align: own > (low + high) / 2 ? 'right' : 'left',
              dx: own > (low + high) / 2 ? 12 : -12,
              baseline: 'bottom',
              fontWeight: 600,
              color: chartColours.alarm,
            },
            encoding: { text: { field: 'label', type: 'nominal' }, y: { value: -16 } },
          },
        ],
      },
    ],
  };
}

/** Power by number of items. */
export function powerSpec(s: SuspectReport): VegaLiteSpec {
  const effects = [...new Set(s.power?.curve.map((c) => c.effect))];
  const label = (e: number) =>
    s.mode === 'choices' ? `excess ${e}` : `${(e / (s.null?.spread || 1)).toFixed(0)} × the null's spread`;
  return {
    width: 400,
    height: 190,
    layer: [
      {
        data: { values: (s.power?.curve ?? []).map((c) => ({ ...c, label: label(c.effect) })) },
        mark: { type: 'line', point: { filled: true, size: 28 }, strokeWidth: 2 },
        encoding: {
          x: {
            field: 'items',
            type: 'quantitative',
            scale: { type: 'log' },
            title: s.mode === 'text' ? 'answers' : 'items',
            axis: { values: [200, 500, 1000, 2000, 5000, 10000, 20000], format: ',d', grid: false },
          },
          y: {
            field: 'power',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            title: 'power',
            axis: { format: '%', tickCount: 5 },
          },
          color: {
            field: 'label',
            type: 'nominal',
            title: 'true excess',
            scale: { domain: effects.map(label), range: [chartColours.unsure, chartColours.accent] },
            legend: { orient: 'top', direction: 'horizontal' },
          },
        },
      },
      {
        data: { values: [{ items: s.items }] },
        mark: { type: 'rule', color: chartColours.muted, strokeDash: [3, 3] },
        encoding: { x: { field: 'items', type: 'quantitative' } },
      },
    ],
  };
}

/** Ticks of an axis. */
function range(low: number, high: number): number[] {
  const step = high - low > 12 ? 2 : 1;
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
}
