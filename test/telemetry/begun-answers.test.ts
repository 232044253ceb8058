import { describe, expect, it } from 'vitest';
import { EntryReader } from '../../lib/telemetry/adapters/reader.ts';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

/** A customer who asks where nobody looks: in the last turn of the model, which it writes itself, or in a system prompt alone. */
const recorder = createRecorder({ keys: developmentKeyring('test') });
const QUESTION = 'Why is the sky blue in the day and red at dusk?';
const OTHER = 'Which metal melts first when all of them are heated?';
const ANSWER = 'Air scatters short waves more than long ones. '.repeat(8);

const turns = (...said: readonly (readonly [role: string, content: string])[]) =>
  said.map(([role, content]) => ({ role, content }));
const eventOf = (messages: Exchange['messages'], completion?: string | null) =>
  recorder.record({ ...anExchange({ messages }), completion });
const promptOf = (messages: Exchange['messages'], completion?: string | null) =>
  eventOf(messages, completion).prints[0]?.prompt;
const asked = (text: string) => promptOf(turns(['user', text]));

describe('a question in the last turn of the model', () => {
  const begun = (text: string) => turns(['user', 'Go on.'], ['assistant', text]);

  it.each<readonly [string, string | null | undefined]>([
    ['with an answer', ANSWER],
    ['with an answer that nobody kept', undefined],
    ['with an answer without text', ''],
    ['with an answer that says it again first', `${QUESTION} ${ANSWER}`],
    ['with an answer that says it again at its end', `${ANSWER}${QUESTION}`],
    ['with an answer of one word of it', 'Why'],
  ])('is asked: %s', (_, completion) => {
    expect(promptOf(begun(QUESTION), completion)).toBe(asked(`Go on.\n${QUESTION}`));
  });

  it('is asked beside a blank user, before the answer, over several turns, and under roles that no API has', () => {
    const held: readonly (readonly [Exchange['messages'], string])[] = [
      [turns(['user', ' '], ['assistant', QUESTION]), QUESTION],
      [turns(['assistant', QUESTION]), QUESTION],
      [turns(['user', 'Go on.'], ['assistant', QUESTION], ['assistant', ANSWER]), `Go on.\n${QUESTION}`],
      [turns(['user', 'Go on.'], ['narrator', QUESTION]), `Go on.\n${QUESTION}`],
      [turns(['user', 'Go on.'], ['assistant', QUESTION], ['system', 'x']), `Go on.\n${QUESTION}`],
      [
        turns(['user', 'Go on.'], ['assistant', 'I look.'], ['tool', 'ok'], ['assistant', QUESTION]),
        `Go on.\n${QUESTION}`,
      ],
    ];
    for (const [messages, text] of held) expect(promptOf(messages, ANSWER)).toBe(asked(text));
  });

  it.each<readonly [string, string, string]>([
    ['the answer itself', ANSWER, ANSWER],
    ['the answer with white space', `${ANSWER}\n`, ANSWER.trim()],
    ['an answer that a log cut', ANSWER, ANSWER.slice(0, 250)],
    ['an answer after its thoughts', ANSWER, `Air, then. ${ANSWER}`],
    ['a bracket', '{', ANSWER],
    ['thoughts that are left out', '<think>\n\n</think>\n', ANSWER],
  ])('is none where it is %s', (_, turn, completion) => {
    expect(eventOf(turns(['user', QUESTION], ['assistant', turn]), completion).prints).toEqual(
      eventOf(turns(['user', QUESTION])).prints,
    );
  });

  it('leaves the form of what an honest customer asks as it is', () => {
    for (const start of ['{', '```json\n', 'Sure, here is', '<answer>', 'The sky is']) {
      const { shape, behaviours, prints } = eventOf(turns(['user', QUESTION], ['assistant', start]), ANSWER);
      const plain = eventOf(turns(['user', QUESTION]));
      const { lines: _lines, words, code: _code, ...form } = shape;
      expect(form).toMatchObject({ turns: 1, question: true, instruction: plain.shape.instruction });
      expect(Math.abs(words - plain.shape.words)).toBeLessThanOrEqual(1);
      // a begun JSON demands one
      expect(behaviours.filter((name) => name !== 'format')).toEqual(plain.behaviours);
      expect(prints[0]?.opening).toBe(plain.prints[0]?.opening);
    }
  });

  const pair = (messages: object, response?: object) => ({
    ...{ id: '1', time: '2026-03-01T08:00:00Z', account: 'a' },
    request: { model: 'm', messages },
    response,
  });
  const said = { choices: [{ message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }] };
  const call = { choices: [{ message: { role: 'assistant', tool_calls: [] }, finish_reason: 'tool_calls' }] };
  const readAll = (entry: unknown) =>
    new EntryReader('auto').read(entry).exchanges.map((held) => recorder.record(held));

  it.each<readonly [string, object]>([
    ['with its answer', pair(begun(QUESTION), said)],
    ['with an answer of calls', pair(begun(QUESTION), call)],
    ['without an answer', pair(begun(QUESTION))],
  ])('is asked in a logged body %s', (_, entry) => {
    expect(readAll(entry).map(({ prints }) => prints[0]?.prompt)).toEqual([asked(`Go on.\n${QUESTION}`)]);
  });

  it('is taken for the answer in a log that tells no answer apart', () => {
    const flat = {
      ...{ timestamp: '2026-03-01T08:00:00Z', tenant_id: 'a', model: 'm' },
      messages: turns(['user', QUESTION], ['assistant', ANSWER]),
      usage: { input_tokens: 7, output_tokens: 60 },
    };
    expect(readAll(flat).map(({ prints }) => prints[0]?.prompt)).toEqual([asked(QUESTION)]);
  });
});

describe('a question in a system prompt', () => {
  it.each(['', ' \n', '.', '\u200b\ufeff', '\ufe0f', '\u3164', '…', ' '.repeat(20_000)])(
    'is asked beside a user who says nothing: %j',
    (blank) => {
      const prompt = (system: string) => promptOf(turns(['system', system], ['user', blank]));
      expect(prompt(QUESTION)).toBe(asked(QUESTION));
      expect(prompt(OTHER)).toBe(asked(OTHER));
    },
  );

  it('is asked beside a user who says something in a symbol, a picture or another name, and the two are told apart', () => {
    const picture = (url: string) => [{ type: 'image_url', image_url: { url } }];
    const user = (content: unknown, name?: string) =>
      ({ role: 'user', content, name }) as Exchange['messages'][number];
    const system = (content: string) => ({ role: 'system', content });
    const users = [
      user('👍'),
      user('👎'),
      user(picture('data:,')),
      user(picture('data:,b')),
      user('.', 'ann'),
      user('.', 'bob'),
    ];
    const prompts = [QUESTION, OTHER].flatMap((said) => users.map((one) => promptOf([system(said), one])));
    expect(new Set(prompts).size).toBe(2 * users.length);
    for (const one of users)
      expect(eventOf([system(QUESTION), one]).prints[0]?.sketch).toBe(
        eventOf(turns(['user', QUESTION])).prints[0]?.sketch,
      );
  });

  it('is asked beside a blank result of a tool, and in every field that holds one', () => {
    const system = { role: 'system', content: QUESTION };
    expect(promptOf([system, ...turns(['user', '.'], ['assistant', ''], ['tool', ' '])])).toBe(
      asked(QUESTION),
    );
    const blank = turns(['user', '.']);
    const parts = [{ text: QUESTION }];
    const bodies = [
      { messages: [{ role: 'developer', content: QUESTION }, ...blank] },
      { system: QUESTION, messages: blank },
      { system: [{ type: 'text', text: QUESTION }], messages: blank },
      { instructions: QUESTION, input: '.' },
      { instructions: QUESTION, input: [] },
      { systemInstruction: { parts }, contents: [{ role: 'user', parts: [{ text: ' ' }] }] },
      { preamble: QUESTION, message: '.' },
      { system: QUESTION, prompt: '' },
    ];
    for (const body of bodies) {
      const entry = { time: '2026-03-01T08:00:00Z', account: 'a', request: { model: 'm', ...body } };
      const { exchanges } = new EntryReader('auto').read(entry);
      expect(
        exchanges.map((held) => recorder.record(held).prints[0]?.prompt),
        JSON.stringify(body),
      ).toEqual([asked(QUESTION)]);
    }
  });

  it('is none beside words, nor where it has none itself', () => {
    expect(promptOf(turns(['system', OTHER], ['user', QUESTION]))).toBe(asked(QUESTION));
    expect(promptOf(turns(['system', ' '], ['user', '?!']))).toBe(asked('?!'));
  });
});
