import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { policyMetric } from '../lib/aws/policy-source.ts';
import type { PolicyProblem } from '../lib/stores/policy-port.ts';

/** Every function that reads the policy tells of its problems alike: a log line, and the metric of an alarm. */
export function policyProblems(logger: Logger, metrics: Metrics): (problem: PolicyProblem) => void {
  return (problem) => {
    logger.error('policy', { ...problem });
    metrics.addMetric(policyMetric(problem), MetricUnit.Count, 1);
  };
}
