import { AGENT_SHAPES } from './agents.ts';
import { APPLICATION_SHAPES } from './applications.ts';
import { BARE_SPAN_SHAPES } from './bare-spans.ts';
import { BEDROCK_SHAPES } from './bedrock.ts';
import { BESIDE_SHAPES } from './beside-the-answer.ts';
import { MORE_SHAPES } from './more.ts';
import { ENVELOPE_SHAPES, PRODUCT_SHAPES } from './products.ts';
import { SAID_SHAPES } from './said-texts.ts';
import type { GatewayShape } from './shape.ts';
import { SPAN_SHAPES } from './spans.ts';
import { STORE_SHAPES } from './stores.ts';
import { STRANGER_SHAPES } from './strangers.ts';
import { STREAM_TEXT_SHAPES } from './stream-texts.ts';
import { THIRD_SHAPES } from './streams-and-times.ts';
import { TEMPLATE_SHAPES } from './templates.ts';

export const GATEWAY_SHAPES: readonly GatewayShape[] = [
  ...AGENT_SHAPES,
  ...APPLICATION_SHAPES,
  ...BEDROCK_SHAPES,
  ...SPAN_SHAPES,
  ...PRODUCT_SHAPES,
  ...ENVELOPE_SHAPES,
  ...BARE_SPAN_SHAPES,
  ...MORE_SHAPES,
  ...THIRD_SHAPES,
  ...TEMPLATE_SHAPES,
  ...STREAM_TEXT_SHAPES,
  ...SAID_SHAPES,
  ...STORE_SHAPES,
  ...BESIDE_SHAPES,
  ...STRANGER_SHAPES,
];
