/**
 * Lines of program code. Every repetition is bounded or ends at its line: a prompt of line breaks or of one endless
 * name costs no more than another.
 */
const CODE =
  /(?:^|\n)[^\S\n]{0,64}(?:def \w{1,64}\(|class \w{1,64}[:({]|import [\w.{*]|from [\w.]{1,128} import |#include\s?[<"]|function\s{0,4}\w{0,64}\s{0,4}\(|(?:const|let|var) \w{1,64}\s{0,4}=|public (?:static |class )|using [\w.]{1,128};|package \w|SELECT\s[^\n]{1,256}\sFROM\s|<\?php|<!DOCTYPE|<\/?(?:div|html|body|span|script|table)\b|@\w{1,64}\(|return\s[^\n]{1,256};|if\s{0,4}\([^\n]{1,256}\)\s{0,8}\{|for\s{0,4}\([^\n]{1,256}\)\s{0,8}\{)|\b(?:console\.log|System\.out|std::|printf?\()|=>\s{0,4}[{(]|(?<!\w)\w{1,64}\(\w{0,64}\)\s{0,8}\{/;

/** Code units in which code is looked for. */
const HEAD = 8192;

/** Whether a text contains what looks like program code. @param density share of its characters that code is full of */
export function looksLikeCode(text: string, density: number): boolean {
  if (text.includes('```')) return true;
  if (density > 0.08 && text.length > 40) return true;
  return density > 0.012 && CODE.test(text.length > HEAD ? text.slice(0, HEAD) : text);
}
