/** Entry of the CDK app; see cdk.json. */
import { buildApp } from '../lib/infra/app.ts';
import { SettingsError } from '../lib/infra/settings.ts';

try {
  buildApp().app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // The operator typed it: the sentence helps, the stack trace does not.
  console.error(error.message);
  process.exitCode = 2;
}
