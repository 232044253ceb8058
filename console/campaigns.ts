import { useMemo, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/backtest/console-data.ts';
import type { Notice } from '../lib/findings/finding.ts';
import { LABEL_CLASS } from './distribution.ts';
import type { Accounts } from './effect.ts';
import { html } from './html.ts';
import { levelOf, type SuspectsProps } from './suspects.ts';
import { Timeline } from './timeline.ts';

interface CampaignsProps
  extends Pick<SuspectsProps, 'data' | 'accounts' | 'budget' | 'overrides' | 'onOpen'> {
  readonly notices: readonly Notice[];
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly notice: Notice | undefined;
  /** codes of accounts */
  readonly members: readonly number[];
}

function entriesOf(data: ConsoleData, notices: readonly Notice[]): Entry[] {
  const index = new Map(data.id.map((id, i) => [id, i]));
  const found: Entry[] = notices.map((notice) => ({
    id: notice.finding,
    title: notice.subject.id,
    notice,
    members: (notice.subject.members ?? []).flatMap(({ account }) => index.get(account) ?? []),
  }));
  const labelled = new Map<number, number[]>();
  data.campaign.forEach((code, i) => {
    if (code < 0) return;
    const list = labelled.get(code);
    if (list === undefined) labelled.set(code, [i]);
    else list.push(i);
  });
  for (const [code, members] of labelled)
    if (members.length > 1)
      found.push({
        id: `label ${code}`,
        title: data.campaigns[code] as string,
        notice: undefined,
        members,
      });
  return found;
}

export function Campaigns(props: CampaignsProps) {
  const { data, notices } = props;
  const entries = useMemo(() => entriesOf(data, notices), [data, notices]);
  const [chosen, setChosen] = useState<string | undefined>(entries[0]?.id);
  const entry = entries.find(({ id }) => id === chosen);
  if (entries.length === 0) return html`<p class="muted">No campaign was found, and none is labelled.</p>`;
  return html`<div class="columns">
  <section aria-label="Campaigns"><h2>Campaigns</h2><div class="scroll" tabindex="0" role="region" aria-label="Campaigns"><table><thead><tr><th scope="col">campaign</th><th scope="col" class="num">accounts</th><th scope="col" class="num">flagged</th></tr></thead><tbody>
  ${entries.map(({ id, title, notice, members }) => html`<tr key=${id} aria-selected=${id === chosen}><td><button class="row" onClick=${() => setChosen(id)}>${title}</button>${notice === undefined ? html` <span class="tag t-benign">label</span>` : null}</td><td class="num">${notice?.subject.memberCount ?? members.length}</td><td class="num">${members.filter((i) => !['clear', 'watch'].includes(levelOf(i, props))).length}</td></tr>`)}
  </tbody></table></div></section>
  <section aria-label="The campaign" aria-live="polite">${entry === undefined ? null : html`<${CampaignDetail} ...${props} entry=${entry} />`}</section></div>`;
}

function CampaignDetail(props: CampaignsProps & { entry: Entry }) {
  const { entry, accounts, data, onOpen } = props;
  const { notice } = entry;
  return html`<h2>${entry.title}</h2>
  ${
    notice === undefined
      ? html`<p class="muted">Known from the labels; no campaign finding was opened for it, so no links are recorded.</p>`
      : html`<p>${notice.level}, p-value ${notice.p.toPrecision(2)} among benign groups of that size; ${notice.subject.memberCount ?? entry.members.length} accounts.</p>
      <h3>What links them</h3><ul class="plain">${notice.links.map((link) => html`<li><strong>${link.kind}</strong>: ${link.members} members, ${link.others} others. ${link.evidence}</li>`)}</ul>
      <h3>Why it is suspicious</h3><ul class="plain">${notice.reasons.map((reason) => html`<li><strong>${reason.title}</strong>: ${reason.evidence}</li>`)}</ul>`
  }
  ${notice === undefined ? null : html`<${Timeline} notice=${notice} />`}
  <${Graph} entry=${entry} accounts=${accounts} data=${data} onOpen=${onOpen} />
  <h3>Members</h3><div class="scroll" style="max-height:16rem" tabindex="0" role="region" aria-label="Members"><table><thead><tr><th scope="col">account</th><th scope="col">level</th><th scope="col" class="num">events</th><th scope="col" class="num">chance</th></tr></thead><tbody>
  ${entry.members.slice(0, 200).map((i) => html`<tr key=${i}><td><button class="row" onClick=${() => onOpen(i)}>${data.id[i]}</button></td><td>${levelOf(i, props)}</td><td class="num">${data.events[i]}</td><td class="num">${(10 ** (accounts.logP[i] as number)).toPrecision(2)}</td></tr>`)}
  </tbody></table></div>`;
}

const SIZE = 520;

/** Members on a ring around what links them; where no links are recorded, around the campaign itself. */
function Graph({
  entry,
  accounts,
  data,
  onOpen,
}: {
  entry: Entry;
  accounts: Accounts;
  data: ConsoleData;
  onOpen: (account: number) => void;
}) {
  const { notice, members } = entry;
  const kinds = notice?.links.map((link) => link.kind) ?? [];
  const hubs = kinds.length === 0 ? ['campaign'] : kinds;
  const index = new Map(data.id.map((id, i) => [id, i]));
  const linked = new Map(
    (notice?.subject.members ?? []).flatMap(({ account, links }) => {
      const i = index.get(account);
      return i === undefined ? [] : [[i, links] as const];
    }),
  );
  const centre = SIZE / 2;
  const at = (turn: number, radius: number): readonly [number, number] => [
    centre + Math.cos(turn * 2 * Math.PI - Math.PI / 2) * radius,
    centre + Math.sin(turn * 2 * Math.PI - Math.PI / 2) * radius,
  ];
  const hubAt = hubs.map((_, k) =>
    hubs.length === 1 ? ([centre, centre] as const) : at(k / hubs.length, 80),
  );
  const shown = members.slice(0, 120);
  return html`<h3>Graph</h3><svg viewBox=${`0 0 ${SIZE} ${SIZE}`} style="max-width:34rem" role="group" aria-label=${`${members.length} members, linked by ${hubs.join(', ')}`}>
    ${shown.map((account, k) => {
      const [x, y] = at(k / shown.length, 215);
      const links = linked.get(account);
      return hubs.map((hub, j) => {
        if (links !== undefined && !links.includes(hub)) return null;
        const [hx, hy] = hubAt[j] as readonly [number, number];
        return html`<line x1=${x} y1=${y} x2=${hx} y2=${hy} stroke="var(--rule)" />`;
      });
    })}
    ${shown.map((account, k) => {
      const [x, y] = at(k / shown.length, 215);
      const radius = 4 + Math.min(8, Math.log10(1 + (data.events[account] as number)) * 2);
      return html`<circle cx=${x} cy=${y} r=${radius} class=${`f-${LABEL_CLASS[accounts.label[account] as number]}`} style="cursor:pointer" role="button" tabindex="0" aria-label=${`open ${data.id[account]}`}
        onClick=${() => onOpen(account)} onKeyDown=${(event: KeyboardEvent) => (event.key === 'Enter' || event.key === ' ') && onOpen(account)}><title>${`${data.id[account]}, ${data.events[account]} events`}</title></circle>`;
    })}
    ${hubs.map((hub, j) => {
      const [x, y] = hubAt[j] as readonly [number, number];
      return html`<g><rect x=${x - 46} y=${y - 13} width="92" height="26" rx="6" fill="var(--panel)" stroke="var(--muted)" /><text x=${x} y=${y + 4} text-anchor="middle" style="fill:var(--ink);font-weight:600">${hub}</text></g>`;
    })}</svg>
    ${members.length > shown.length ? html`<p class="small muted">The first ${shown.length} of ${members.length} members.</p>` : null}`;
}
