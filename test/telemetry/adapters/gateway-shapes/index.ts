import { AGENT_SHAPES } from './agents.ts';
import { BARE_SPAN_SHAPES } from './bare-spans.ts';
import { BEDROCK_SHAPES } from './bedrock.ts';
import { MORE_SHAPES } from './more.ts';
import { ENVELOPE_SHAPES, PRODUCT_SHAPES } from './products.ts';
import type { GatewayShape } from './shape.ts';
import { SPAN_SHAPES } from './spans.ts';
import { THIRD_SHAPES } from './streams-and-times.ts';

export const GATEWAY_SHAPES: readonly GatewayShape[] = [
  ...AGENT_SHAPES,
  ...BEDROCK_SHAPES,
  ...SPAN_SHAPES,
  ...PRODUCT_SHAPES,
  ...ENVELOPE_SHAPES,
  ...BARE_SPAN_SHAPES,
  ...MORE_SHAPES,
  ...THIRD_SHAPES,
];
