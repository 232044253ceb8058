import type { Mail } from '../../emulator/services/inbox.ts';
import type { Finding } from '../../findings/finding.ts';
import type { DemoReport } from './demo-report.ts';
import type { Taken } from './demo-traffic.ts';

/** The mail about a finding, else the first that came. */
export function mailOf(mails: readonly Mail[], finding: Finding | undefined): DemoReport['notification'] {
  const about = finding === undefined ? undefined : mails.findLast((mail) => isAbout(mail, finding));
  const mail = about ?? mails.at(0);
  return mail && { subject: mail.subject, text: mail.text };
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
