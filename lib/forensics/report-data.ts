import type { ForensicsReport } from './report.ts';

/**
 * The document of `--json` inside the page of `--report`, in a comment: whoever holds the page can have it verified, and no
 * reader is shown a screen of numbers.
 */

const BEGINS = '<!--siphonwatch-forensics ';
const ENDS = '-->';

/** JSON in ASCII: what base64 of the platform takes. */
function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The comment that holds the report and when its page was made. */
export function reportData(report: ForensicsReport, madeAt: string): string {
  return `${BEGINS}${btoa(ascii(JSON.stringify({ madeAt, report })))}${ENDS}`;
}

/** The one form of the time of making: whoever could write words there could put them on a page that verifies. */
const MADE_AT = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC$/;

/** The report that a page holds, and when the page was made; undefined where it is no page of a report. */
export function reportOfPage(
  page: string,
): { readonly madeAt: string; readonly report: unknown } | undefined {
  const from = page.indexOf(BEGINS);
  const to = page.indexOf(ENDS, from);
  if (from < 0 || to < 0) return undefined;
  try {
    const data = JSON.parse(atob(page.slice(from + BEGINS.length, to))) as {
      madeAt?: unknown;
      report?: unknown;
    };
    return typeof data.madeAt === 'string' && MADE_AT.test(data.madeAt)
      ? { madeAt: data.madeAt, report: data.report }
      : undefined;
  } catch {
    return undefined;
  }
}
