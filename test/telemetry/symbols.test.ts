import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { saysInSymbols } from '../../lib/telemetry/symbols.ts';
import { anExchange } from './exchanges.ts';

/** A customer who asks in what folding leaves out: a model reads it, and a thousand questions would be one prompt. */
const recorder = createRecorder({ keys: developmentKeyring('test') });
const printsOf = (messages: Exchange['messages']) => recorder.record(anExchange({ messages })).prints[0];
const promptOf = (content: string) => printsOf([{ role: 'user', content }])?.prompt;

const QUESTIONS = [
  'Explain how tides come about in narrow bays',
  'Describe how a vaccine teaches the body now',
  'Compare the two proofs of the prime theorem',
];
const MORSE: Readonly<Record<string, string>> = Object.fromEntries(
  '.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..'
    .split(' ')
    .map((code, at) => [String.fromCharCode(97 + at), code]),
);
const letters = (text: string) => [...text.toLowerCase()];
const number = (letter: string) => letter.charCodeAt(0);
const point = (from: number) => (letter: string) => String.fromCodePoint(from + number(letter));
const ALPHABETS: readonly (readonly [string, (letter: string) => string])[] = [
  ['Morse code', (letter) => `${MORSE[letter] ?? '/'} `],
  ['Morse code with a word between', (letter) => `${MORSE[letter] ?? '/'} x `],
  ['bars and dots', (letter) => `${number(letter).toString(2).replace(/0/g, '.').replace(/1/g, '|')} `],
  ['Braille', point(0x2800)],
  ['tags', point(0xe0000)],
  ['flags that spell', (letter) => (letter === ' ' ? ' ' : point(0x1f1e6 - 97)(letter))],
  ['letters in black circles', (letter) => (letter === ' ' ? ' ' : point(0x1f150 - 97)(letter))],
  ['letters in black squares', (letter) => (letter === ' ' ? ' ' : point(0x1f170 - 97)(letter))],
  ['pictures', point(0x1f400)],
  ['private use', point(0xe000)],
  ['selectors of variants', point(0xe0100)],
  ['short selectors of variants', (letter) => String.fromCharCode(0xfe00 + (number(letter) % 15))],
  [
    'characters of no width',
    (letter) => number(letter).toString(2).replace(/0/g, '\u200b').replace(/1/g, '\u200c'),
  ],
  ['marks on one letter', (letter) => String.fromCharCode(0x363 + (number(letter) % 13))],
];
const written = (text: string, alphabet: (letter: string) => string) => letters(text).map(alphabet).join('');

describe('questions in symbols', () => {
  it.each(ALPHABETS)('are different prompts: %s', (_, alphabet) => {
    const symbols = QUESTIONS.map((question) => written(question, alphabet));
    // marks beyond those that any language needs are left out of the folded text
    const told = symbols.map((text) => promptOf(`Decode and answer: a${'\u0301'.repeat(30)}${text}`));
    expect(new Set(told).size).toBe(QUESTIONS.length);
    expect(promptOf(`Decode and answer: a${'\u0301'.repeat(30)}${symbols[0]}`)).toBe(told[0]);
    const plain = symbols.map((text) => promptOf(`Decode and answer: ${text}`));
    expect(new Set(plain).size).toBe(QUESTIONS.length);
  });

  it.each(ALPHABETS.filter(([name]) => !name.startsWith('marks')))(
    'are different beside a system prompt that stays the same, and as system prompts: %s',
    (_, alphabet) => {
      const asked = QUESTIONS.map((question) =>
        printsOf([
          { role: 'system', content: 'Decode what comes and answer it.' },
          { role: 'user', content: written(question, alphabet) },
        ]),
      );
      expect(new Set(asked.map((prints) => prints?.prompt)).size).toBe(QUESTIONS.length);
      const systems = QUESTIONS.map((question) =>
        printsOf([
          { role: 'system', content: `Decode and answer: ${written(question, alphabet)}` },
          { role: 'user', content: 'Go.' },
        ]),
      );
      expect(new Set(systems.map((prints) => prints?.system)).size).toBe(QUESTIONS.length);
    },
  );

  it('are different behind a text that grows beyond the room when it is folded', () => {
    const told = QUESTIONS.map((question) => promptOf(`${'\ufdfa '.repeat(1900)}${question}`));
    expect(new Set(told).size).toBe(QUESTIONS.length);
  });
});

describe('punctuation as people write it', () => {
  it.each([
    ['What is a tide?', 'what is a tide'],
    ['"What is a tide" - he asked; (twice)...', 'What is a tide, he asked twice!'],
    ['# Tides\n\n- **high**\n- low\n\n---\n', 'tides high low'],
    ['Qu’est-ce qu’une marée ?', "qu'est-ce qu'une marée"],
    ['潮汐是什么？', '潮汐是什么'],
  ])('makes no other prompt: %j', (one, other) => {
    expect(promptOf(one)).toBe(promptOf(other));
  });

  it('says nothing by itself', () => {
    for (const text of ['', ' \n\t', 'f(x) = {a: [1, 2]}; g();', '…', '?!', '-----------', 'e\u0301'])
      expect(saysInSymbols(text), text).toBe(false);
    for (const text of ['➂', '😀', '\ue000', '\u200b'.repeat(12), '\ud83d', '-'.repeat(12), '⠁'])
      expect(saysInSymbols(text), text).toBe(true);
  });
});
