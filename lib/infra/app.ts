import { createRequire } from 'node:module';
import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { readSettings } from './settings.ts';
import { SiphonwatchStack } from './stack.ts';

/** CDK feature flags as for a new app, taken from the installed library so that they are the same however it is run. */
const FEATURE_FLAGS: Readonly<Record<string, unknown>> = createRequire(import.meta.url)(
  'aws-cdk-lib/recommended-feature-flags.json',
);

export interface SiphonwatchAppOptions {
  /** CDK context, e.g. `{'siphonwatch:streamMode': 'provisioned'}`; wins over cdk.json and the command line */
  readonly context?: Readonly<Record<string, unknown>>;
  /** where the cloud assembly goes; default is what the CDK command line asked for */
  readonly outdir?: string;
  /** check template and stack at synthesis (default true): cdk-nag, and CloudFormation's schemas; takes seconds */
  readonly checks?: boolean;
}

/**
 * Builds the app; `app.synth()` writes the assembly, with the bundles of the functions beside the template.
 * @throws SettingsError when the context has values that are not allowed
 */
export function buildApp(options: SiphonwatchAppOptions = {}): { app: App; stack: SiphonwatchStack } {
  const props: AppProps = {
    analyticsReporting: false,
    // A third of the synthesis went into them; messages name the construct's path anyway.
    stackTraces: false,
    builtinCloudFormationValidation: options.checks ?? true,
    context: {
      ...FEATURE_FLAGS,
      // The path of each bundle in the template's metadata: the local runner finds the code there.
      'aws:cdk:enable-asset-metadata': true,
      ...options.context,
    },
    ...(options.outdir ? { outdir: options.outdir } : {}),
  };
  const app = new App(props);
  const stack = new SiphonwatchStack(app, 'Siphonwatch', {
    settings: readSettings(app.node.getAllContext()),
  });
  if (options.checks ?? true) {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  }
  return { app, stack };
}
