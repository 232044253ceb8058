/** Value of a base64url character, 0 to 63: prints are read without decoding them whole. */
export function digit(text: string, at: number): number {
  return DIGITS[text.charCodeAt(at) & 127] as number;
}

const DIGITS: Uint8Array = (() => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const table = new Uint8Array(128);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
})();
