import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { buildApp } from '../../lib/infra/app.ts';

/** A value in a CloudFormation template. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export interface Resource {
  readonly Type: string;
  readonly Properties: { readonly [key: string]: Json };
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** A folder of its own for an assembly; it goes with the run's temporary files. */
export function assemblyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'siphonwatch-infra-'));
}

/** Context that leaves the bundles out: the template is the same but for the asset's hash. */
export const WITHOUT_BUNDLES = { 'aws:cdk:bundling-stacks': [] } as const;

/** Synthesizes the stack with these settings (names without prefix), unchecked and unbundled. */
export function synthesized(settings: Readonly<Record<string, unknown>> = {}): Template {
  const context = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`siphonwatch:${name}`, value]),
  );
  const { stack } = buildApp({
    context: { ...context, ...WITHOUT_BUNDLES },
    outdir: assemblyFolder(),
    checks: false,
  });
  return Template.fromStack(stack);
}

export function resourcesOf(template: Template, type: string): ReadonlyMap<string, Resource> {
  // The CDK types a found resource as a bag of anything; it is what CloudFormation calls a resource.
  return new Map(Object.entries(template.findResources(type) as Record<string, Resource>));
}

/** The only resource of its type whose logical id begins with `prefix`. */
export function resourceOf(
  template: Template,
  type: string,
  prefix: string,
): [id: string, resource: Resource] {
  const found = [...resourcesOf(template, type)].filter(([id]) => id.startsWith(prefix));
  const [only] = found;
  if (found.length !== 1 || !only) {
    throw new Error(
      `expected one ${type} beginning with ${prefix}, found ${found.map(([id]) => id).join(', ')}`,
    );
  }
  return only;
}

/** Logical ids that a part of a template refers to, by Ref, GetAtt or Sub. */
export function referencesIn(part: Json): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: Json | undefined): void => {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Ref' && typeof inner === 'string') found.add(inner);
      if (key === 'Fn::GetAtt' && Array.isArray(inner) && typeof inner[0] === 'string') found.add(inner[0]);
      visit(inner);
    }
  };
  visit(part);
  return found;
}
