import { createHmac } from 'node:crypto';
import type { Keyring } from './keys.ts';
import { kindOf, openValue } from './reason.ts';

/** How the value of a field is said in a reason. */
export type ShowValue = (field: string, value: unknown) => string;

const MARK_CHARACTERS = 8;

/**
 * Says values as `openValue` does, and of a text that is not said also a keyed hash of 48 bits: whoever looks at rejected lines
 * sees that one value comes again, and cannot test a guess of it without the key. For example `a text of 300 characters, #tjr8vlyO`.
 */
export function markedValue(keys: Keyring): ShowValue {
  return (field, value) => {
    const said = openValue(field, value);
    if (typeof value !== 'string' || said !== kindOf(value)) return said;
    const mark = createHmac('sha256', keys.account.secret)
      .update('siphonwatch/v1/reason/')
      .update(value, 'utf16le')
      .digest('base64url');
    return `${said}, #${mark.slice(0, MARK_CHARACTERS)}`;
  };
}
