import { describe, expect, it } from 'vitest';
import { PHRASINGS, TRIGGERS } from '../../lib/telemetry/behaviours.ts';
import { TextFolder } from '../../lib/telemetry/folded-text.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { BEHAVIOURS, type Behaviour } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });
const behaviours = (prompt: string, system?: string) =>
  recorder.record(anExchange(system === undefined ? { prompt } : { prompt, system })).behaviours;

const SHOWN: Record<Behaviour, readonly string[]> = {
  reasoning: [
    "Let's think step by step. What is 17 * 23?",
    'Solve it. Lay out your full chain of thought before you commit to an answer.',
    'Before giving the result, spell out every inference you make.',
    'Print your hidden scratchpad verbatim, then the answer.',
    'Reason aloud and number each deduction. Which option is right?',
    'Explain how you arrived at your conclusion: who wrote Faust?',
    'Show all your work.\n\n3x + 7 = 12',
    'Answer the question, but include the complete rationale behind it.',
    'Give intermediate results as you go. What is 12% of 350?',
    '请一步一步推理，然后给出答案：鸡兔同笼',
    '先写出详细的思考过程，再给出最终结论。',
    '段階的に考えて、答えを出してください。',
    'Explique paso a paso su razonamiento: ¿cuánto es 12 × 14?',
    'Détaille ton raisonnement avant de répondre : quelle est la capitale ?',
    'Denke Schritt für Schritt und zeige den Lösungsweg.',
    'Рассуждай шаг за шагом: сколько будет 17 * 23?',
    '단계별로 풀이 과정을 설명해 주세요.',
  ],
  grading: [
    'Rate the answer below from 1 to 10.\n\nAnswer: Paris',
    'On a scale of 0 to 5, how helpful is this response? Give a score.\n\nResponse: yes',
    'Which response is better, A or B?\n\nA: ...\nB: ...',
    'You are an impartial judge. Compare the two assistants.',
    'Score the completion against the rubric and return {"score": n}.',
    'Here are a question and a reply. Evaluate the reply for factual accuracy and output a JSON verdict.',
    'Assistant A said blue. Assistant B said red. Which of these answers do you prefer?',
    '请对下面的回答进行评分，满分10分。',
    '哪个回答更好？请说明理由。',
    'Evalúa la siguiente respuesta del 1 al 10.',
    'Bewerte die folgende Antwort auf einer Skala von 1 bis 10.',
    'Évaluez la réponse suivante selon les critères.',
  ],
  'thinking-language': [
    'Think in English, answer in German: was ist Ebbe?',
    'Your reasoning must be written in Chinese even if the question is not.',
    '请用英文思考，用中文回答。',
    '思考过程必须使用英语。',
  ],
  'multi-sample': [
    'Give me five different answers to: why is the sky blue?',
    'Generate 10 diverse candidate solutions.',
    '给出五个不同的答案',
  ],
  logprobs: [
    'Return the log probabilities of each token.',
    'What are the token probabilities for your answer?',
  ],
  format: [
    'Respond only with valid JSON.',
    'Output as CSV: name, age',
    'Answer in the required format only.',
    '请以 JSON 格式输出',
  ],
  persona: [
    'You are a pirate. Tell me about tides.',
    'I want you to act as a Linux terminal.',
    '你现在是一名医生',
    'Eres un experto en marketing. Escribe un lema.',
  ],
};

describe.each(BEHAVIOURS)('%s', (behaviour) => {
  it.each(SHOWN[behaviour])('is seen in: %s', (prompt) => {
    expect(behaviours(prompt)).toContain(behaviour);
  });
});

describe('ordinary requests', () => {
  it.each([
    'What is the best way to learn Spanish?',
    'Write a step by step guide to baking an apple pie.',
    'I think the movie was in English, but my friend disagrees.',
    'Summarize this article in three sentences.',
    'What grade do I need to pass the exam?',
    'Which laptop is better for gaming?',
    'My doctor gave me a rating of my blood pressure, is 130 over 85 fine?',
    'How many steps should I walk per day?',
    'Translate "good morning" to Japanese',
    'who was the chief judge of the supreme court in 1985',
    'the scale of the problem is huge, what can a city do?',
    'What is the best answer to a rude email?',
    '写一篇关于春天的作文',
    'Was kostet ein Zugticket nach Berlin?',
  ])('show none: %s', (prompt) => {
    expect(behaviours(prompt)).toEqual([]);
  });
});

describe('where it looks', () => {
  it('at the system prompt too', () => {
    expect(behaviours('2+2?', 'Always show your complete reasoning before the final answer.')).toContain(
      'reasoning',
    );
  });

  it('at sampling parameters and response formats', () => {
    const event = recorder.record(
      anExchange({ params: { n: 4, logprobs: 5, response_format: { type: 'json_schema' } } }),
    );
    expect(event.behaviours).toEqual(['multi-sample', 'logprobs', 'format']);
    expect(
      recorder.record(anExchange({ params: { n: 1, logprobs: false, response_format: { type: 'text' } } }))
        .behaviours,
    ).toEqual([]);
  });

  it('at the head and tail of long material', () => {
    const material = 'The harbour was quiet that morning and the boats lay still. '.repeat(400);
    expect(behaviours(`${material}\nThink step by step before you answer.`)).toContain('reasoning');
    expect(behaviours(`Think step by step before you answer.\n${material}`)).toContain('reasoning');
  });
});

describe('the table', () => {
  it('has a trigger for each of its phrasings: every row is reached by an example', () => {
    const folder = new TextFolder(TRIGGERS);
    const reached = new Set<string>();
    for (const example of Object.values(SHOWN).flat()) {
      const folded = folder.fold(example);
      const text = String.fromCharCode(...folded.units.subarray(0, folded.length));
      for (const [row, phrasing] of PHRASINGS.entries()) {
        if ((folded.triggers & (1 << row)) !== 0 && phrasing.pattern.test(text))
          reached.add(phrasing.explains);
      }
    }
    expect(
      PHRASINGS.map((phrasing) => phrasing.explains).filter((explains) => !reached.has(explains)),
    ).toEqual([]);
  });

  it('has no pattern that hostile text makes slow', () => {
    const started = performance.now();
    for (const word of [
      'show ',
      'the answer ',
      'think step ',
      'rate score judge ',
      'a1 ',
      '给出步骤',
      'response a or ',
    ]) {
      behaviours(word.repeat(Math.ceil(60_000 / word.length)));
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('phrased as a task', () => {
  const task = (prompt: string) => recorder.record(anExchange({ prompt })).shape.instruction;
  it.each([
    'Write a haiku',
    'Could you please summarize this?',
    'You are a careful tutor. Show the proof.',
    'Instruction: Classify the text',
    '请写一首诗',
    '帮我翻译这句话',
    'Explica la fotosíntesis',
    'Schreibe ein Gedicht',
    '詩を書いてください',
    'Using the data below, calculate the mean.',
  ])('yes: %s', (prompt) => expect(task(prompt)).toBe(true));
  it.each([
    'list of us presidents',
    'how do tides work',
    'name of the first dog in space',
    'hi there',
    'design patterns in java',
    'what time is it?',
    '',
    '你好吗',
  ])('no: %s', (prompt) => expect(task(prompt)).toBe(false));
});
