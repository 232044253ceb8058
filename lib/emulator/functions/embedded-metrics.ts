/** One value of a metric that a function wrote to its log. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** epoch milliseconds */
  readonly timestamp: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly functionName?: string;
}

interface Declaration {
  readonly Namespace: string;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics?: readonly { readonly Name: string; readonly Unit?: string }[];
}

/**
 * The metrics of a log line in the embedded metric format, none for any other line
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * A line that declares several sets of dimensions gives each value once, under all of them together.
 */
export function metricsOf(line: string): Metric[] {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return []; // a log line that only looks like one
  }
  const { Timestamp: timestamp = 0, CloudWatchMetrics: declarations = [] } = (document._aws ?? {}) as {
    Timestamp?: number;
    CloudWatchMetrics?: readonly Declaration[];
  };
  return declarations.flatMap(({ Namespace: namespace, Dimensions: sets = [], Metrics: metrics = [] }) => {
    const names = [...new Set(sets.flat())];
    const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name])]));
    return metrics.flatMap(({ Name: name, Unit: unit = 'None' }) =>
      [document[name] ?? []]
        .flat()
        .filter((value): value is number => typeof value === 'number')
        .map((value) => ({ namespace, name, unit, value, timestamp, dimensions })),
    );
  });
}
