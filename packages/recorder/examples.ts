import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An `@example` of a doc comment: the declaration it stands before, and its code. */
export interface DocExample {
  readonly name: string;
  readonly code: string;
}

const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:async )?(?:function|const|class) (\w+)/g;

/** The examples of all exported declarations below a folder. */
export function docExamples(folder: string): DocExample[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((file) => examplesIn(readFileSync(join(folder, file), 'utf8')));
}

function examplesIn(source: string): DocExample[] {
  return [...source.matchAll(DOCUMENTED)].flatMap(([, comment = '', name = '']) => {
    const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    const start = lines.findIndex((line) => line.trim() === '@example');
    if (start < 0) return [];
    const end = lines.findIndex((line, index) => index > start && line.startsWith('@'));
    return [
      {
        name,
        code: lines
          .slice(start + 1, end < 0 ? undefined : end)
          .join('\n')
          .trim(),
      },
    ];
  });
}

/** An example as a module that throws where a line `expression; // => value` does not hold. */
export function runnable(code: string): string {
  const lines = code
    .split('\n')
    .map((line) =>
      line.replace(/^(.+); \/\/ => (.+)$/, (_, expression, value) => `same(${expression}, ${value});`),
    );
  return `import { deepStrictEqual as same } from 'node:assert';\n${lines.join('\n')}\n`;
}

/** The code blocks of a Markdown text in a language. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, written]) => written === language)
    .map(([, , code = '']) => code);
}
