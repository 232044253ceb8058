import type { Notice } from '../finding.ts';
import { amount } from '../format.ts';
import { headline } from '../headline.ts';
import { ascii, defanged, shellWord } from '../sanitize.ts';

/** One segment of GSM 7-bit text. */
export const SMS_MAX = 160;

/** A notice in one text message. GSM has no `|^{}[]~\` in its basic table, so nothing here uses them. */
export function sms(notice: Notice): string {
  const id = shellWord(notice.finding) ?? '';
  const rest = `${amount(notice.stake.outputTokens)} tokens out. findings show ${id}`;
  const head = ascii(defanged(headline(notice), 120), SMS_MAX - 24 - rest.length);
  return `Siphonwatch ${notice.level}: ${head}. ${rest}`.replace(/[|^{}~\\`[\]]/g, '-').slice(0, SMS_MAX);
}
