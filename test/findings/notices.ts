import type { Notice } from '../../lib/findings/finding.ts';

/** Notices as the score side writes them; docs/notifications.md shows their views. */
export const ACCOUNT = 'a_mzxw6ytboi2dkmrrgq4tsmjvgm';
export const NOW = Date.parse('2026-03-04T09:12:05.000Z');

export const opened: Notice = {
  v: 1,
  number: 1,
  transition: 'opened',
  finding: 'f-mzxw6ytboi2dkmrr-1',
  subject: { type: 'account', id: ACCOUNT, plan: 'payg', product: 'api', accountAgeDays: 53 },
  at: '2026-03-04T09:12:00.000Z',
  since: '2026-02-26T18:00:00.000Z',
  level: 'suspect',
  previous: 'watch',
  score: 14.21,
  log10E: 2.181,
  p: 0.00044,
  peers: { group: 'payg/api/older', accounts: 4210 },
  promise: 0.001,
  window: {
    hours: 168,
    from: '2026-02-25T12:00:00.000Z',
    to: '2026-03-04T12:00:00.000Z',
    events: 2318,
  },
  reasons: [
    {
      signal: 'reasoning-harvest',
      title: 'most requests ask for the reasoning to be written out, on prompts that do not repeat',
      value: 3.712,
      p: 0.0011,
      points: 8.1,
      evidence:
        '62 % of requests ask for the reasoning to be written out (1437 of 2318), in about 611 separate five-minute stretches',
    },
    {
      signal: 'uniform-generator',
      title: 'different tasks whose first lines have nearly one length',
      value: 0.402,
      p: 0.0038,
      points: 4.4,
      evidence: 'first lines vary by 0.7 half-octaves in length over different tasks',
    },
    {
      signal: 'tirelessness',
      title: 'active at every hour of the day',
      value: 0.81,
      p: 0.021,
      points: 1.2,
      evidence: 'active in 24 of 24 hours of the day and 25 of 28 six-hour slices',
    },
  ],
  explanations: [
    {
      id: 'evaluation-run',
      title: 'an evaluation run',
      fits: false,
      because: '2318 requests in 702 five-minute stretches (3.3 each); a run is short and dense',
    },
    {
      id: 'backfill',
      title: 'a backfill or batch job',
      fits: false,
      because:
        'active in 25 of 28 six-hour slices, about 31 layouts over 2318 requests, 702 active stretches',
    },
    {
      id: 'gateway',
      title: 'a gateway or reseller for many people',
      fits: true,
      because: 'about 7 credentials, 14 % of requests carry a conversation or a system prompt',
    },
    {
      id: 'application',
      title: 'one application with a template',
      fits: false,
      because: 'about 2201 different openings over 2318 requests; an application repeats its own',
    },
  ],
  links: [],
  stake: {
    requests: 2318,
    inputTokens: 412_880,
    outputTokens: 3_904_112,
    models: [
      { model: 'atlas-2', share: 0.97 },
      { model: 'atlas-2-mini', share: 0.03 },
    ],
    listPriceUsd: 61.2,
  },
  sampleEvents: ['x-20811', 'x-20834', 'x-20902'],
  versions: { policy: 'default-1', calibration: 'shipped-2026-03', code: '0.1.0' },
  shadow: false,
};

export const escalated: Notice = {
  ...opened,
  number: 2,
  transition: 'escalated',
  at: '2026-03-05T04:40:00.000Z',
  level: 'critical',
  previous: 'suspect',
  score: 19.8,
  log10E: 2.7,
  p: 0.000135,
  promise: 0.0002,
};

export const calmed: Notice = {
  ...opened,
  number: 3,
  transition: 'calmed',
  at: '2026-03-12T04:40:00.000Z',
  level: 'clear',
  previous: 'critical',
};

export const campaign: Notice = {
  ...opened,
  number: 1,
  transition: 'opened',
  finding: 'fc-5kq2hv7d-1',
  subject: {
    type: 'campaign',
    id: 'c_5kq2hv7d',
    plan: 'payg',
    product: 'api',
    memberCount: 117,
    bystanders: 3,
    members: Array.from({ length: 50 }, (_, i) => ({
      account: `a_${'abcdefghijklmnopqrstuvwxyz'.slice(i % 20)}${'234567'.repeat(5)}`.slice(0, 28),
      role: i < 38 ? 'core' : 'edge',
      firstSeen: '2026-02-20T08:00:00.000Z',
      lastSeen: '2026-03-04T08:55:00.000Z',
      events: 212 - 3 * i,
      outputTokens: 411_200 - 5000 * i,
      links: ['payment', 'synchrony'],
      plan: 'payg',
      ageDays: 40 + i,
      requestsPerDay: 30.3,
      trafficShare: 0.02,
      models: [{ model: 'atlas-2', share: 1 }],
      atRisk: { share: 0.37, requestsPerDay: 11.2, outputTokensPerDay: 21_400, listPriceUsdPerDay: 0.42 },
    })),
  },
  level: 'critical',
  previous: 'clear',
  score: 31.4,
  log10E: 4.12,
  p: 0.000005,
  promise: 0.01,
  oneByOne: { accounts: 120, log10E: 0.4914, found: 4 },
  peers: { group: '64-127', accounts: 400 },
  links: [
    {
      kind: 'payment',
      members: 112,
      others: 0,
      evidence: '112 of 117 members pay by 9 instruments that nobody else uses',
    },
    {
      kind: 'synchrony',
      members: 117,
      others: 3,
      evidence: 'active in the same five-minute stretches 41 times as often as chance',
    },
  ],
  stake: {
    ...opened.stake,
    requests: 21_044,
    inputTokens: 4_100_233,
    outputTokens: 38_401_777,
    trafficShare: 0.031,
  },
};
