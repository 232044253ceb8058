import { saidOf } from '../../signals/facts/index.ts';
import { deliveryId, type Notice, recordId, type Transition } from '../finding.ts';
import { count, oneIn } from '../format.ts';
import { headline, summary } from '../headline.ts';
import { deadline, nextSteps } from '../next-steps.ts';
import { identifier, plain } from '../sanitize.ts';
import { significanceText } from '../significance-text.ts';
import { sanitized } from './json.ts';

/**
 * OCSF Detection Finding, class 2004 (https://schema.ocsf.io/classes/detection_finding), the version whose
 * attributes are used.
 */
export const OCSF_VERSION = '1.5.0';
const CLASS = 2004;

const ACTIVITY: Readonly<Record<Transition, readonly [id: number, name: string]>> = {
  opened: [1, 'Create'],
  escalated: [2, 'Update'],
  updated: [2, 'Update'],
  calmed: [2, 'Update'],
  reopened: [2, 'Update'],
  closed: [3, 'Close'],
};

const SEVERITY: Readonly<Record<Notice['level'], readonly [id: number, name: string]>> = {
  clear: [1, 'Informational'],
  watch: [3, 'Medium'],
  suspect: [4, 'High'],
  critical: [5, 'Critical'],
};

/** A notice as an OCSF Detection Finding. @param now processing time, ms */
export function ocsf(notice: Notice, now: number): Record<string, unknown> {
  const [activity, activityName] = ACTIVITY[notice.transition];
  const [severity, severityName] = SEVERITY[notice.level];
  const over = notice.transition === 'calmed' || notice.transition === 'closed';
  const at = Date.parse(notice.at);
  return {
    activity_id: activity,
    activity_name: activityName,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: CLASS,
    class_name: 'Detection Finding',
    type_uid: CLASS * 100 + activity,
    type_name: `Detection Finding: ${activityName}`,
    severity_id: severity,
    severity: severityName,
    time: at,
    start_time: Date.parse(notice.since),
    end_time: at,
    message: `${headline(notice)}. ${summary(notice)}`,
    status_id: notice.transition === 'closed' ? 4 : notice.transition === 'opened' ? 1 : 2,
    status:
      notice.transition === 'closed' ? 'Resolved' : notice.transition === 'opened' ? 'New' : 'In Progress',
    is_alert: !over,
    confidence_id: notice.p <= notice.promise ? 3 : 2,
    confidence: notice.p <= notice.promise ? 'High' : 'Medium',
    confidence_score: Math.max(0, Math.min(100, Math.floor(100 * (1 - notice.p)))),
    metadata: metadata(notice, now),
    finding_info: findingInfo(notice),
    evidences: evidences(notice),
    ...(notice.reasons.length === 0 ? {} : { anomaly_analyses: [anomalyAnalysis(notice)] }),
    resources: resources(notice),
    remediation: {
      desc: nextSteps(notice, now)
        .map((step) => `${deadline(step)}: ${step.what} ${step.command}`)
        .join(' '),
    },
    unmapped: unmapped(notice),
  };
}

function metadata(notice: Notice, now: number): object {
  return {
    version: OCSF_VERSION,
    uid: identifier(deliveryId(notice)),
    correlation_uid: identifier(recordId(notice)),
    logged_time: now,
    product: {
      name: 'Siphonwatch',
      vendor_name: 'Siphonwatch',
      uid: 'siphonwatch',
      version: plain(notice.versions.code, 64),
    },
    labels: [notice.transition, notice.subject.type],
  };
}

function findingInfo(notice: Notice): object {
  const sure = significanceText(notice);
  const at = Date.parse(notice.at);
  return {
    uid: identifier(recordId(notice)),
    title: headline(notice),
    desc: `${summary(notice)} ${sure.sentence} ${sure.place} ${sure.evidence} ${sure.promise} ${sure.oneByOne === undefined ? '' : `${sure.oneByOne} `}${sure.limits}`,
    types: ['Model extraction', 'Distillation'],
    created_time: at,
    modified_time: at,
    first_seen_time: Date.parse(notice.since),
    last_seen_time: at,
    related_events_count: notice.window.events,
    analytic: {
      name: 'Extraction score',
      uid: plain(notice.versions.policy, 64),
      version: plain(notice.versions.calibration, 128),
      type_id: 3,
      type: 'Statistical',
      desc: 'Rank of the score in the peer group, with a p-value that is valid at any time.',
    },
    data_sources: ['usage telemetry'],
  };
}

function evidences(notice: Notice): object[] {
  return [
    ...notice.reasons.map((reason) => ({
      uid: plain(reason.signal, 100),
      name: plain(reason.title, 200),
      // the number as it is measured, and in the unit that people are told it in
      data: sanitized({ ...reason, value_text: saidOf(reason.signal, reason.value) }),
      verdict_id: 4,
      verdict: 'Suspicious',
    })),
    ...notice.links.map((held) => ({
      uid: `link-${plain(held.kind, 60)}`,
      name: plain(held.kind, 100),
      data: sanitized({ ...held }),
      verdict_id: 4,
      verdict: 'Suspicious',
    })),
  ];
}

function resources({ subject }: Notice): object[] {
  return [
    {
      uid: plain(subject.id, 200),
      type: subject.type === 'account' ? 'Customer account' : 'Campaign of customer accounts',
      labels: [plain(subject.plan, 64), plain(subject.product, 64)],
    },
    ...(subject.members ?? []).map((held) => ({
      uid: plain(held.account, 200),
      type: 'Customer account',
      labels: [plain(held.role, 20)],
    })),
  ];
}

/** What the class has no attribute for. */
function unmapped(notice: Notice): unknown {
  return sanitized({
    level: notice.level,
    previous: notice.previous,
    ...(notice.highestLevel === undefined ? {} : { highest_level: notice.highestLevel }),
    score: notice.score,
    log10_e: notice.log10E,
    p: notice.p,
    promise: notice.promise,
    peers: notice.peers,
    window: notice.window,
    stake: notice.stake,
    explanations: notice.explanations,
    sample_events: notice.sampleEvents,
    versions: notice.versions,
    member_count: notice.subject.memberCount,
  });
}

/** The reasons again, as deviations from the peers' baseline. */
function anomalyAnalysis(notice: Notice): object {
  const observed = (reason: Notice['reasons'][number], value: string, pattern: string) => ({
    observation_parameter: plain(reason.signal, 100),
    observation_type: 'Distribution Analysis',
    observations: [{ value }],
    observed_pattern: pattern,
  });
  return {
    analysis_targets: [
      {
        name: plain(notice.subject.id, 200),
        type: notice.subject.type === 'account' ? 'User Account' : 'Group of User Accounts',
      },
    ],
    anomalies: notice.reasons.map((reason) => observed(reason, saidOf(reason.signal, reason.value), 'RARE')),
    baselines: notice.reasons.map((reason) =>
      observed(
        reason,
        `1 in ${oneIn(reason.p)} of ${count(notice.peers.accounts)} peers (${plain(notice.peers.group, 80)}) shows as much`,
        'FREQUENT',
      ),
    ),
  };
}
