import { describe, expect, it } from 'vitest';
import { DocumentReader } from '../../lib/input/documents.ts';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import { promptMessages } from '../../lib/telemetry/adapters/request.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** Entries by a customer that wants to stop whoever reads a gateway's logs. Texts of prompts have worst-text.test.ts. */

const recorder = createRecorder({ keys: developmentKeyring('test') });

/** ms of processor time. */
function cost(read: () => unknown): number {
  const began = process.cpuUsage();
  read();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const part = (type: string) => [{ role: 'user', content: [{ type, text: 'hi' }] }];
const asked = (prompt: string) => () => promptMessages(prompt);
const documents = (...lines: string[]) => {
  const reader = new DocumentReader();
  return [...lines.flatMap((line, index) => [...reader.take(line, index + 1)]), ...reader.finish()];
};

describe('reading', () => {
  // each took a second to minutes when its pattern tried every run anew
  it.each<readonly [string, () => unknown]>([
    ['a type of 64 KB', () => recorder.record(anExchange({ messages: part('tool'.repeat(16_384)) }))],
    [
      'a type of 64 KB in a log',
      () =>
        new EntryReader('openai').read({
          id: '1',
          account: 'a',
          request: { model: 'm', messages: part('tool'.repeat(16_384)) },
          response: {},
        }),
    ],
    ['blank lines after Bot:', asked(`User: x${' '.repeat(19_980)}\nBot:${'\n'.repeat(200_000)}`)],
    ['blank lines after User:', asked(`User: x${'\n'.repeat(19_000)}`)],
    ['Human: without an answer', asked('\n\nHuman:'.repeat(100_000))],
    ['headers without an end', asked(`<|start_header_id|>${'a'.repeat(300_000)}`)],
    ['instructions within instructions', asked('[INST]'.repeat(10_000))],
    ['brackets before the end of a broken document', () => documents('{', `"a": "${']'.repeat(200_000)}"}}`)],
    ['line ends within a line', () => documents(`\0${'\r'.repeat(200_000)}x\r`)],
  ])('takes time in proportion to its length: %s', (_, read) => {
    expect(cost(read)).toBeLessThan(500);
  });
});

describe('a prompt in a template', () => {
  it.each([
    [
      '\n\nHuman: hi\n\nAssistant: yes\n\nHuman: more\n\nAssistant:',
      ['user hi', 'assistant yes', 'user more'],
    ],
    ['User: hi\nBot: yes\nUser: more\n Bot: \n', ['user hi', 'assistant yes', 'user more']],
    ['User: hi, I quote Bot:', ['user User: hi, I quote Bot:']],
    [
      '<|im_start|>system\nbe\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
      ['system be', 'user hi'],
    ],
    [
      '<s>[INST] <<SYS>>be<</SYS>> hi [/INST] yes </s><s>[INST] more [/INST]',
      ['system be', 'user hi', 'assistant yes', 'user more'],
    ],
    ['<｜User｜>hi<｜Assistant｜>yes<｜end▁of▁sentence｜>', ['user hi', 'assistant yes']],
    ['My Human: asks', ['user My Human: asks']],
  ])('is read in turns: %j', (prompt, turns) => {
    expect(promptMessages(prompt).map(({ role, content }) => `${role} ${content}`)).toEqual(turns);
  });
});
