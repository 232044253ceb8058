import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';

export type VegaLiteSpec = TopLevelSpec;

/**
 * Colours by meaning, taken from the page's custom properties (html.ts), so that a chart follows light, dark and print.
 */
export const chartColours = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  rule: 'var(--rule)',
  null: 'var(--null)',
  accent: 'var(--accent)',
  alarm: 'var(--alarm)',
  calm: 'var(--calm)',
  unsure: 'var(--unsure)',
} as const;

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

const theme: Config = {
  background: 'transparent',
  font,
  view: { stroke: null },
  axis: {
    labelColor: chartColours.muted,
    titleColor: chartColours.muted,
    titleFontWeight: 500,
    labelFontSize: 11,
    titleFontSize: 12,
    gridColor: chartColours.rule,
    domainColor: chartColours.rule,
    tickColor: chartColours.rule,
    titlePadding: 8,
  },
  legend: {
    labelColor: chartColours.ink,
    titleColor: chartColours.muted,
    labelFontSize: 11,
    titleFontSize: 12,
  },
  title: { color: chartColours.ink, fontSize: 13, fontWeight: 600, anchor: 'start' as const },
  text: { color: chartColours.ink, fontSize: 11 },
  header: { labelColor: chartColours.ink, titleColor: chartColours.muted },
};

/** Renders a Vega-Lite chart to SVG markup for a report: no canvas, no browser, nothing loaded from anywhere. */
export async function chartSvg(spec: VegaLiteSpec): Promise<string> {
  const { spec: compiled } = compile(spec, { config: theme });
  const view = new View(parse(compiled), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
