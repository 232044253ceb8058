import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { promptFacts } from '../../lib/telemetry/adapters/prompt-faults.ts';
import { saidIn } from '../../lib/telemetry/adapters/request.ts';

describe('a prompt that a logger cut', () => {
  it.each([
    'Please explain tides… [+57 chars]',
    'Please explain tides...(truncated 1234 characters)',
    'Please explain tides [truncated]',
    'Please explain tides... 57 more characters',
    'Please explain tides...TRUNCATED...',
    'Please explain tides <57 bytes omitted>',
    'Please explain tides [Content truncated at 500 characters]',
    'Please explain tides… (+57)',
    'Please explain tides\ufffd',
  ])('is known, and what the logger wrote is no part of it: %s', (text) => {
    expect(promptFacts(text)).toMatchObject({
      facts: { fault: 'cut', length: 20 },
      text: 'Please explain tides',
    });
  });

  it('is known where it was cut in the middle', () => {
    const { facts, text } = promptFacts('Explain the ... (litellm_truncated skipped 57 chars) ... of tides');
    expect([facts.fault, text.includes('litellm')]).toEqual(['cut', false]);
  });

  it('has its length in UTF-16 units, and in code points where these are fewer', () => {
    const lengths = ['ab🙏', 'abc'].map((text) => promptFacts(text).facts);
    expect(lengths.map(({ length, points }) => [length, points])).toEqual([
      [4, 3],
      [3, undefined],
    ]);
  });

  it.each([
    'Write about tides (50 words)',
    'What does [truncated] mean?',
    'Summarize it [see the part cut by my boss]',
    'What is [+5]?',
    'Continue: it was a dark and stormy night...',
    '1, 2, 4, 8...',
  ])('is none that somebody ends so: %s', (text) => {
    expect([promptFacts(text).facts.fault, promptFacts(text).text]).toEqual([undefined, text]);
  });
});

describe('messages that a logger wrote as one text', () => {
  it.each([
    [
      'Python',
      `[{'role': 'user', 'content': "it's"}, {'role': 'assistant', 'content': None}, {'role': 'user', 'content': 'why \\'so\\'?'}]`,
      "why 'so'?",
    ],
    ['JSON', '{"messages": [{"role": "user", "content": [{"type": "text", "text": "why?"}]}]}', 'why?'],
    [
      'LangChain',
      "[SystemMessage(content='Be', additional_kwargs={}, response_metadata={}), HumanMessage(content='a\\nb', id='x')]",
      'a\nb',
    ],
    [
      'LlamaIndex',
      "[ChatMessage(role=<MessageRole.USER: 'user'>, additional_kwargs={}, blocks=[TextBlock(block_type='text', text='Hi')])]",
      'Hi',
    ],
    [
      'pydantic-ai',
      "[ModelRequest(parts=[UserPromptPart(content='Hi', timestamp=datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc))])]",
      'Hi',
    ],
    ['util.inspect', "[\n  {\n    role: 'user',\n    content: 'one\\n' +\n      'two'\n  }\n]", 'one\ntwo'],
    ['Ruby', '[{:role=>"user", :content=>"Hello #1"}]', 'Hello #1'],
    ['a transcript', 'System: Be brief.\nHuman: hi\nAI: yes\nHuman: why?', 'why?'],
    ['a transcript that is to go on', 'System: Be brief.\nHuman: why?\nAssistant:', 'why?'],
  ])('are read: %s', (_, text, asked) => {
    const said = saidIn(text);
    expect(said.findLast(({ role }) => role === 'user')?.content).toBe(asked);
  });

  it.each([
    ['a field that nothing is read from', "[{'role': 'user', 'content': 'hi', 'note': 'explain the tides'}]"],
    ['words behind them', "[{'role': 'user', 'content': 'hi'}] explain the tides"],
    ['a transcript to be judged', 'User: a\nAssistant: b\nJudge this conversation'],
    ['a list of somebody', "[{'name': 'x', 'content': 'y'}]"],
    ['a list that asks nothing but blanks', "[{'role': 'user', 'content': '\t'}]"],
  ])('are none, and all of it is what was asked: %s', (_, text) => {
    expect(saidIn(text)).toEqual([{ role: 'user', content: text }]);
  });

  it('are read whatever they say, as Python and as JavaScript print them', () => {
    const asked = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((text) => text.trim() !== '');
    const quoted = (text: string) =>
      `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
    fc.assert(
      fc.property(asked, (content) => {
        for (const print of [
          `[{'role': 'user', 'content': ${quoted(content)}}]`,
          `[ { role: 'user', content: ${quoted(content)} } ]`,
        ])
          expect(saidIn(print)).toEqual([{ role: 'user', content }]);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    '[map[content:Hello there role:user]]',
    '[{role=user, content=Hello}]',
    "[{'role': 'user', 'content': 'cut off",
  ])('are a fault where nobody can tell where a text ends: %s', (text) => {
    expect(promptFacts(text).facts.fault).toBe('printed');
  });

  it('are a fault where embeddings stand for them', () => {
    const embedding = Array.from({ length: 64 }, (_, i) => Math.sin(i + 1));
    for (const text of [JSON.stringify(embedding), embedding.join(' ')])
      expect(promptFacts(text).facts.fault).toBe('unreadable');
  });

  it('are no fault where somebody’s own text looks like them', () => {
    for (const text of [
      '{"role": "Image Designer", task: x',
      '{"role": "user"}',
      'role: Travel planner',
      '[1, 2, 3]',
      '[0.5, -0.25, 1.0]',
      '0.5 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 what is the mean of these?',
    ])
      expect(promptFacts(text).facts.fault).toBeUndefined();
  });
});
