import { Document, isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { type Policy, policy as schema } from './policy.ts';

/** A policy as a file for people: YAML in which every field says its unit and effect. */

export interface DocumentOptions {
  /** path or URL of the JSON Schema, for editors */
  readonly schema?: string;
  /** lines above everything */
  readonly title?: readonly string[];
}

const WIDTH = 96;

export function policyDocument(held: Policy, options: DocumentOptions = {}): string {
  const document = new Document(held);
  const above: string[] = [];
  if (options.schema !== undefined) above.push(` yaml-language-server: $schema=${options.schema}`);
  above.push(...(options.title ?? []).flatMap((line) => wrapped(line, 110)));
  if (above.length > 0) document.commentBefore = above.join('\n');
  const root = document.contents as unknown as YAMLMap;
  comment(root, z.toJSONSchema(schema, { io: 'input' }), 0);
  return document.toString({ lineWidth: 110 });
}

interface Described {
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

function comment(map: YAMLMap, described: Described, depth: number): void {
  for (const item of map.items as Pair[]) {
    if (!isScalar(item.key)) continue;
    const name = String(item.key.value);
    const field = described.properties?.[name] as Described | undefined;
    if (field === undefined) continue;
    const lines = wrapped(field.description ?? '', WIDTH - 2 * depth);
    if (lines.length > 0) item.key.commentBefore = lines.join('\n');
    if (depth === 0) item.key.spaceBefore = true;
    if (isMap(item.value) && field.properties !== undefined) comment(item.value, field, depth + 1);
  }
}

function wrapped(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (word === '') continue;
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
