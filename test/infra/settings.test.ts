import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOOK_MS } from '../../lib/detection/process-batch.ts';
import { LATENCY } from '../../lib/infra/latency.ts';
import { readSettings, SETTINGS, SettingsError } from '../../lib/infra/settings.ts';
import { HOUR, MINUTE } from '../events.ts';

function problemsOf(context: Record<string, unknown>): readonly string[] {
  try {
    readSettings(context);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings from the CDK context', () => {
  it('has a default for each, and leaves other tools their keys', () => {
    const settings = readSettings({ '@aws-cdk/core:bootstrapQualifier': 'x', 'aws:cdk:bundling-stacks': [] });
    expect(settings.streamMode).toBe('on-demand');
    expect(settings.replayClock).toBe(false);
    expect(settings.archive).toBe(true);
    expect(Object.keys(settings).sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  it('every default passes its own check', () => {
    for (const [name, setting] of Object.entries(SETTINGS)) {
      expect(setting.schema.safeParse(setting.fallback), name).toMatchObject({ success: true });
    }
  });

  it('reads text from -c and typed values from cdk.json alike', () => {
    const typed = {
      'siphonwatch:streamMode': 'provisioned',
      'siphonwatch:shards': 8,
      'siphonwatch:archive': false,
      'siphonwatch:nodeVersion': 22,
      'siphonwatch:findingsEmails': ['a@example.com', 'b@example.com'],
    };
    const text = {
      'siphonwatch:streamMode': 'provisioned',
      'siphonwatch:shards': '8',
      'siphonwatch:archive': 'false',
      'siphonwatch:nodeVersion': '22',
      'siphonwatch:findingsEmails': 'a@example.com, b@example.com',
    };
    expect(readSettings(text)).toEqual(readSettings(typed));
    expect(readSettings(text).shards).toBe(8);
  });

  it('the default latency adds less than two minutes to the hours between two looks at an account', () => {
    const { batchWindowSeconds, lingerMs } = LATENCY.minute;
    expect(SETTINGS.latency.fallback).toBe('minute');
    expect(batchWindowSeconds * 1000 + lingerMs).toBeLessThan(2 * MINUTE);
    expect(LOOK_MS).toBe(6 * HOUR);
  });

  it.each([
    ['siphonwatch:shards', 'abc', 'a whole number from 1 to 10000'],
    ['siphonwatch:batchSize', 0, 'a whole number from 1 to 10000'],
    ['siphonwatch:batchSize', 2.5, 'a whole number from 1 to 10000'],
    ['siphonwatch:streamMode', 'ON_DEMAND', 'on-demand, provisioned'],
    ['siphonwatch:nodeVersion', 20, '22, 24'],
    ['siphonwatch:replayClock', 'yes', 'true, false'],
    ['siphonwatch:findingsEmails', 'nobody', 'e-mail addresses, comma between'],
    ['siphonwatch:criticalPhones', '030 123456', 'phone numbers as +4930123456, comma between'],
    ['siphonwatch:stackName', 'my stack', 'a letter, then up to 56 letters, digits and hyphens'],
  ])('refuses %s = %j and says what is allowed', (key, value, allowed) => {
    expect(problemsOf({ [key]: value })).toEqual([
      `${key} is ${JSON.stringify(value)}: allowed is ${allowed}`,
    ]);
  });

  it('refuses a key that does not exist, with the nearest one', () => {
    expect(problemsOf({ 'siphonwatch:streammode': 'provisioned' })).toEqual([
      'siphonwatch:streammode is not a setting: did you mean siphonwatch:streamMode?',
    ]);
    expect(problemsOf({ 'siphonwatch:colour': 'red' })[0]).toMatch(/known keys are stackName, streamMode/);
  });

  it('names every problem at once', () => {
    const problems = problemsOf({
      'siphonwatch:shards': -1,
      'siphonwatch:logLevel': 'LOUD',
      'siphonwatch:x': 1,
    });
    expect(problems).toHaveLength(3);
  });

  it.each([
    [{ shards: 2 }, /shards is 2 while siphonwatch:streamMode is on-demand/],
    [{ retentionHours: 24 }, /maxRecordAgeHours is 24 while siphonwatch:retentionHours is 24/],
    [{ noTrafficMinutes: 7 }, /noTrafficMinutes is 7: allowed is 0 or a multiple of 5/],
    [{ removal: 'destroy' }, /deletionProtection is true while siphonwatch:removal is destroy/],
    [{ monthlyBudgetUsd: 100 }, /monthlyBudgetUsd is 100 while siphonwatch:operationsEmails is empty/],
  ])('refuses values that contradict each other: %j', (settings, message) => {
    const context = Object.fromEntries(Object.entries(settings).map(([k, v]) => [`siphonwatch:${k}`, v]));
    expect(problemsOf(context).join()).toMatch(message);
  });

  it('docs/operations.md documents each setting with its default and what is allowed', () => {
    const path = new URL('../../docs/operations.md', import.meta.url);
    const rows = Object.entries(SETTINGS).map(([name, { fallback, allowed, what }]) => {
      const text = Array.isArray(fallback) ? 'none' : String(fallback);
      return `| \`${name}\` | ${text} | ${allowed} | ${what} |`;
    });
    const table = ['| setting | default | allowed | what it does |', '|---|---|---|---|', ...rows, ''].join(
      '\n',
    );
    const written = /^\| setting .*\n(?:\|.*\n)+/m;
    // UPDATE_SETTINGS=1 writes the table anew
    if (process.env.UPDATE_SETTINGS === '1')
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(written, () => table),
      );
    expect(written.exec(readFileSync(path, 'utf8'))?.[0]).toBe(table);
  });
});
