import { AGENT_SHAPES } from './agents.ts';
import { BEDROCK_SHAPES } from './bedrock.ts';
import { ENVELOPE_SHAPES, PRODUCT_SHAPES } from './products.ts';
import type { GatewayShape } from './shape.ts';
import { SPAN_SHAPES } from './spans.ts';

export const GATEWAY_SHAPES: readonly GatewayShape[] = [
  ...AGENT_SHAPES,
  ...BEDROCK_SHAPES,
  ...SPAN_SHAPES,
  ...PRODUCT_SHAPES,
  ...ENVELOPE_SHAPES,
];
