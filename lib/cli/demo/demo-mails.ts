import type { Mail } from '../../emulator/services/inbox.ts';
import type { DemoReport } from './demo-report.ts';
import type { Taken } from './demo-traffic.ts';

/** The mail about a finding, else the first that came. */
export function mailOf(mails: readonly Mail[], finding: string | undefined): DemoReport['notification'] {
  const about = finding === undefined ? undefined : mails.find((mail) => mail.text.includes(finding));
  const mail = about ?? mails.at(0);
  return mail && { subject: mail.subject, text: mail.text };
}

/** Milliseconds from the event that decided a notice to its publication, for the notices whose event is known. */
export function latencies(mails: readonly Mail[], taken: Taken): number[] {
  return mails.flatMap((mail) => {
    const notice = noticeOf(mail);
    const at = notice && taken.get(notice.subject)?.get(notice.at);
    return at === undefined ? [] : [mail.publishedAt - at];
  });
}

function noticeOf(mail: Mail): { readonly subject: string; readonly at: number } | undefined {
  try {
    const { notice } = JSON.parse(mail.document) as { notice?: { subject: { id: string }; at: string } };
    return notice && { subject: notice.subject.id, at: Date.parse(notice.at) };
  } catch {
    return undefined; // a mail that is no notice: a digest, an alarm
  }
}
