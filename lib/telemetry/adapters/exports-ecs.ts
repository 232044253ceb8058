import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, nameAt, objectOf } from './fields.ts';

/**
 * A field of the Elastic Common Schema: as nested objects, under its dotted name, or anything between, as documents of Elasticsearch
 * and of Logstash have it (https://www.elastic.co/docs/reference/ecs/ecs-guidelines).
 */
function ecs(entry: unknown, name: string): unknown {
  const whole = at(entry, name);
  if (whole !== undefined) return whole;
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const inner = at(entry, name.slice(0, dot));
    const found = objectOf(inner) === undefined ? undefined : ecs(inner, name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Who asked: the customer before one of its people; labels are an operator's own names. */
const ACCOUNTS = [
  ...[
    'labels.account',
    'labels.customer',
    'labels.customer_id',
    'labels.tenant',
    'labels.tenant_id',
    'organization.id',
  ],
  ...['user.id', 'client.user.id', 'user.name', 'labels.user_id', 'tenant_id', 'customer_id'],
];

export const ECS: readonly ExportShape[] = [
  {
    name: 'ecs',
    source: 'https://www.elastic.co/docs/reference/ecs/ecs-http (http.request.body.content)',
    matches: (entry) => objectOf(jsonIn(ecs(entry, 'http.request.body.content'))) !== undefined,
    pair: (entry) => ({
      id: ecs(entry, 'http.request.id') ?? ecs(entry, 'event.id'),
      time: entry['@timestamp'],
      account: ACCOUNTS.map((name) => nameAt({ held: ecs(entry, name) }, 'held')).find(
        (held) => held !== undefined,
      ),
      client_ip: ecs(entry, 'client.ip') ?? ecs(entry, 'source.ip'),
      user_agent: ecs(entry, 'user_agent.original'),
      url: ecs(entry, 'url.path') ?? ecs(entry, 'url.original') ?? ecs(entry, 'url.full'),
      status: ecs(entry, 'http.response.status_code'),
      request: jsonIn(ecs(entry, 'http.request.body.content')) as Json,
      response: jsonIn(ecs(entry, 'http.response.body.content')),
    }),
  },
];
