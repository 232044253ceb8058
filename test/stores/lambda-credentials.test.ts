import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultProvider } from '../../lib/aws/lambda-credentials.ts';

afterEach(() => vi.unstubAllEnvs());

describe('credentials of a function', () => {
  it('are those that Lambda sets, read anew each time, and their absence is said by name', async () => {
    const provider = defaultProvider();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    expect(await provider()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' });
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    await expect(provider()).rejects.toThrow('AWS_SECRET_ACCESS_KEY');
  });
});
