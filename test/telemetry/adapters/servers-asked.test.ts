import { describe, expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import { askedOf } from '../../../lib/telemetry/asked.ts';

/**
 * Servers that ask by fields of their own, and leave out or refuse what they do not know: whoever puts the field of another API beside
 * them hides nothing.
 */
type Json = Readonly<Record<string, unknown>>;

const QUESTION = 'How do tides work in the north sea?';
const DECOY = 'DECOY';
const told = { id: '1', time: '2026-03-01T08:00:00Z', account: 'a', model: 'm' };
const usage = { input_tokens: 7, output_tokens: 9 };
const pair = (request: Json, response: unknown) => ({ ...told, request, response, usage });
const said = [{ role: 'user', content: QUESTION }];
const captured = (request: Json, response: unknown) => ({
  captureData: {
    endpointInput: { data: JSON.stringify(request), encoding: 'JSON' },
    endpointOutput: { data: JSON.stringify(response), encoding: 'JSON' },
  },
  eventMetadata: { eventId: '1', inferenceTime: told.time, customAttributes: ['account=a'] },
  model: 'm',
});
const meta = { id: '1', finish_reason: { type: 'stop' }, prompt_tokens: 7, completion_tokens: 9 };

/** By what each is asked, and an entry of a body. */
const SERVERS: readonly (readonly [name: string, own: Json, entry: (body: Json) => Json])[] = [
  // https://docs.sglang.io/basic_usage/sampling_params.html
  [
    'SGLang',
    { text: QUESTION },
    (body) => pair({ model: 'm', sampling_params: {}, ...body }, { text: 'By the moon.', meta_info: meta }),
  ],
  [
    'SGLang’s dump',
    { text: QUESTION },
    (obj) => ({ ...told, rid: '1', obj, out: { text: 'x', meta_info: meta } }),
  ],
  // https://platform.openai.com/docs/api-reference/runs
  [
    'Assistants: a thread and its run',
    { thread: { messages: said } },
    (body) =>
      pair({ assistant_id: 'asst_1', ...body }, { id: 'run_1', object: 'thread.run', status: 'queued' }),
  ],
  [
    'Assistants: a run of a thread, streamed',
    { additional_messages: said },
    (body) =>
      pair(
        { assistant_id: 'asst_1', ...body },
        'event: thread.run.created\ndata: {"id":"run_1","object":"thread.run","status":"queued"}\n\n',
      ),
  ],
  [
    'Triton',
    { text_input: QUESTION },
    (body) => pair(body, { model_name: 'm', model_version: '1', text_output: 'By the moon.' }),
  ],
  [
    'Triton’s stream',
    { text_input: QUESTION },
    (body) => pair(body, 'data: {"model_name":"m","text_output":"By"}\n\n'),
  ],
  // https://github.com/aws/amazon-sagemaker-examples (JumpStart: inputs, generation)
  [
    'JumpStart: a list',
    { inputs: [said] },
    (body) => pair(body, [{ generation: { role: 'assistant', content: 'x' } }]),
  ],
  ['JumpStart: two texts', { inputs: [QUESTION, DECOY] }, (body) => pair(body, [[{ generated_text: 'x' }]])],
  ['JumpStart: a text', { inputs: QUESTION }, (body) => pair(body, [{ generation: 'By the moon.' }])],
  ['JumpStart: one text', { inputs: QUESTION }, (body) => pair(body, { generation: 'By the moon.' })],
  [
    'JumpStart: generated text',
    { inputs: QUESTION },
    (body) => pair(body, [{ generated_text: 'By the moon.' }]),
  ],
  [
    'JumpStart: lists of them',
    { inputs: QUESTION },
    (body) => pair(body, [[{ generated_text: 'By the moon.' }]]),
  ],
  ['JumpStart: Flan', { text_inputs: QUESTION }, (body) => pair(body, { generated_texts: ['By the moon.'] })],
  [
    'captured by SageMaker',
    { inputs: QUESTION },
    (body) => captured(body, [{ generated_text: 'By the moon.' }]),
  ],
  ...(['prompt', 'messages'] as const).map(
    (name) =>
      [
        `Replicate: ${name}`,
        { [name]: name === 'messages' ? said : QUESTION },
        (input: Json) => ({ ...told, created_at: told.time, status: 'succeeded', input, output: ['By'] }),
      ] as const,
  ),
  [
    'Replicate’s API',
    { prompt: QUESTION },
    (input) =>
      pair({ version: 'm', input }, { id: '1', status: 'succeeded', input, output: ['By'], urls: {} }),
  ],
];

const others = [{ role: 'user', content: DECOY }];
const DECOYS: Json = {
  ...{ messages: others, contents: [{ role: 'user', parts: [{ text: DECOY }] }], message: DECOY },
  ...{ prompt: DECOY, input: DECOY, inputs: DECOY, inputText: DECOY, text_input: DECOY, text: DECOY },
  ...{ instances: [{ prompt: DECOY }], chatRequest: { message: DECOY }, inputPrompt: DECOY },
  ...{ context: DECOY, promptVariables: { a: DECOY }, Messages: [{ Role: 'user', Content: DECOY }] },
};

describe('a name in other letters', () => {
  const [asking, decoy] = [
    { role: 'user', content: QUESTION },
    { role: 'user', content: DECOY },
  ];
  it.each<readonly [string, Json]>([
    ['capitals', { messages: [decoy], MESSAGES: [asking] }],
    ['one capital', { messages: [decoy], Messages: [asking] }],
    ['a long s', { messages: [decoy], 'me\u017f\u017fages': [asking] }],
    ['of a message', { messages: [{ ...decoy, Content: QUESTION }] }],
    ['of parts', { messages: [{ ...decoy, Content: [{ type: 'text', text: QUESTION }] }] }],
    ['of a prompt', { prompt: DECOY, Prompt: QUESTION }],
    ['the documented one', { messages: [asking], Messages: [decoy] }],
  ])('hides nothing: %s', (_, body) => {
    const answered = body.prompt === undefined ? { message: { content: 'x' } } : { text: 'x' };
    const entry = pair({ model: 'm', ...body }, { choices: [answered] });
    const [exchange, ...more] = new EntryReader('auto').read(entry).exchanges;
    expect(more).toEqual([]);
    expect(askedOf(exchange?.messages ?? []).prompt).toContain(QUESTION);
  });
});

describe('a field of another API', () => {
  it.each(SERVERS)('hides nothing that is asked of %s', (_, own, entry) => {
    const asked = (body: Json) =>
      new EntryReader('auto').read(entry(body)).exchanges.map((held) => askedOf(held.messages).prompt);
    expect(asked(own)).toEqual([QUESTION]);
    for (const [name, decoy] of Object.entries(DECOYS)) {
      if (name in own) continue;
      for (const body of [
        { ...own, [name]: decoy },
        { [name]: decoy, ...own },
      ]) {
        const [prompt = '', ...more] = asked(body);
        expect([prompt.includes(QUESTION), more.length], name).toEqual([true, 0]);
      }
    }
    const all = asked({ ...DECOYS, ...own });
    expect([all.length, all[0]?.includes(QUESTION)]).toEqual([1, true]);
  });
});
