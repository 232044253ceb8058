import type { Mail } from '../../emulator/services/inbox.ts';
import type { Finding } from '../../findings/finding.ts';
import { email } from '../../findings/views/email.ts';
import type { DemoReport } from './demo-report.ts';
import type { Taken } from './demo-traffic.ts';

/**
 * The mail about a finding; where it came in a list of many, what the mail of its own would say.
 * @param mailed findings that have a mail of their own
 */
export function notificationOf(
  mails: readonly Mail[],
  mailed: readonly Finding[],
  finding: Finding | undefined,
): DemoReport['notification'] {
  const mail =
    finding === undefined
      ? mails.at(0)
      : mails.findLast((one) => mailed.includes(finding) && isAbout(one, finding));
  if (mail !== undefined) return { subject: mail.subject, text: mail.text, sent: true };
  return finding && { ...email(finding.notice, Date.now()), sent: false };
}

/** Findings that a mail of their own was sent about. */
export function mailedFindings(mails: readonly Mail[], findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => mails.some((mail) => isAbout(mail, finding)));
}

function isAbout(mail: Mail, { notice }: Finding): boolean {
  return noticeOf(mail)?.subject === notice.subject.id;
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
