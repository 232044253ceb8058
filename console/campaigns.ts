import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/console/console-data.ts';
import type { Notice } from '../lib/findings/finding.ts';
import { type AccountsProps, levelOf } from './accounts.ts';
import { LABEL_CLASS } from './distribution.ts';
import { Graph, type GraphMember } from './graph.ts';
import { html } from './html.ts';
import { linkTo, type Route } from './route.ts';
import { Timeline } from './timeline.ts';

interface CampaignsProps extends Omit<AccountsProps, 'route'> {
  readonly notices: readonly Notice[];
  readonly route: Route;
  readonly command: string;
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly notice: Notice | undefined;
  /** codes of accounts */
  readonly members: readonly number[];
}

/** Campaigns that were found, each once; in labelled traffic also those that were not. */
function entriesOf(data: ConsoleData, notices: readonly Notice[]): Entry[] {
  const index = new Map(data.id.map((id, i) => [id, i]));
  const found: Entry[] = notices.map((notice) => ({
    id: notice.finding,
    title: notice.subject.id,
    notice,
    members: (notice.subject.members ?? []).flatMap(({ account }) => index.get(account) ?? []),
  }));
  if (data.labelled !== 'labels') return found;
  const known: Entry[] = [];
  const named = new Set(found.flatMap(({ members }) => members));
  const labelled = new Map<number, number[]>();
  data.campaign.forEach((code, i) => {
    if (code < 0) return;
    const list = labelled.get(code);
    if (list === undefined) labelled.set(code, [i]);
    else list.push(i);
  });
  for (const [code, members] of labelled)
    if (members.length > 1 && !members.some((member) => named.has(member)))
      known.push({
        id: `label-${code}`,
        title: data.campaigns[code] as string,
        notice: undefined,
        members,
      });
  return [...found, ...known.sort((a, b) => b.members.length - a.members.length)];
}

export function Campaigns(props: CampaignsProps) {
  const { data, notices, route } = props;
  const entries = useMemo(() => entriesOf(data, notices), [data, notices]);
  const entry = entries.find(({ id }) => id === route.open) ?? entries[0];
  if (entries.length === 0)
    return html`<div class="empty"><p><strong>No campaign was found.</strong></p><p class="muted">Accounts are joined where they share what honest accounts do not share. A calibration without groups of the past links accounts and judges none of the groups: <code>${props.command} calibrate</code> learns them.</p></div>`;
  return html`<div class="columns">
  <section aria-label="Campaigns"><h2>Campaigns</h2><div class="scroll" tabindex="0" role="region" aria-label="Table of campaigns"><table><thead><tr><th scope="col">campaign</th><th scope="col" class="num">accounts</th><th scope="col" class="num">flagged</th></tr></thead><tbody>
  ${entries.map(({ id, title, notice, members }) => html`<tr key=${id} aria-selected=${id === entry?.id}><td><a class="id" href=${linkTo('campaigns', id)}>${title}</a>${notice === undefined ? html` <span class="tag t-benign" title="no campaign finding was opened for it">from the labels</span>` : null}</td><td class="num">${notice?.subject.memberCount ?? members.length}</td><td class="num">${members.filter((i) => !['clear', 'watch'].includes(levelOf(i, props))).length}</td></tr>`)}
  </tbody></table></div></section>
  <section aria-label="The campaign" aria-live="polite">${entry === undefined ? null : html`<${CampaignDetail} ...${props} key=${entry.id} entry=${entry} />`}</section></div>`;
}

function CampaignDetail(props: CampaignsProps & { entry: Entry }) {
  const { entry } = props;
  const { notice } = entry;
  return html`<h2>${entry.title}</h2>
  ${
    notice === undefined
      ? html`<p class="muted">Known from the labels. Its accounts are judged one by one: no campaign finding was opened for it, so no links are recorded.</p>`
      : html`<p><span class=${`level l-${notice.level}`}>${notice.level}</span> <a href=${linkTo('findings', notice.finding)}>Its finding: how sure, why, verdict</a></p>
      <h3>What links them</h3><ul class="plain">${notice.links.map((link) => html`<li><strong>${link.kind}</strong>: ${link.members} members, ${link.others} others. ${link.evidence}</li>`)}</ul>
      <${Timeline} notice=${notice} />`
  }
  <${Members} ...${props} />`;
}

/** The graph and the list say the same, and point at each other. */
function Members(props: CampaignsProps & { entry: Entry }) {
  const { entry, data, accounts, onOpen } = props;
  const { notice } = entry;
  const hubs = useMemo(() => {
    const kinds = [...new Set(notice?.links.map((link) => link.kind) ?? [])];
    return kinds.length === 0 ? ['label'] : kinds;
  }, [notice]);
  const [kinds, setKinds] = useState<ReadonlySet<string>>(new Set(hubs));
  const [hot, setHot] = useState('');
  useEffect(() => setKinds(new Set(hubs)), [hubs]);
  const index = useMemo(() => new Map(data.id.map((id, i) => [id, i])), [data]);
  const linked = new Map((notice?.subject.members ?? []).map(({ account, links }) => [account, links]));
  const members = entry.members.map((i): GraphMember => {
    const account = data.id[i] as string;
    return {
      account,
      level: levelOf(i, props),
      events: data.events[i] as number,
      links: linked.get(account) ?? hubs,
      tone: `f-${LABEL_CLASS[accounts.label[i] as number]}`,
    };
  });
  const visible = members.filter(({ links }) => links.some((kind) => kinds.has(kind)));
  const toggle = (kind: string): void => {
    const next = new Set(kinds);
    if (!next.delete(kind)) next.add(kind);
    setKinds(next);
  };
  const open = (account: string): void => {
    const at = index.get(account);
    if (at !== undefined) onOpen(at);
  };
  return html`<h3>Members</h3>
  ${hubs.length < 2 ? null : html`<fieldset class="chips"><legend class="small muted">Linked by</legend>${hubs.map((kind) => html`<label class=${`choice${kinds.has(kind) ? ' on' : ''}`}><input type="checkbox" checked=${kinds.has(kind)} onChange=${() => toggle(kind)} />${kind}</label>`)}</fieldset>`}
  <div class=${notice === undefined ? '' : 'side-by-side'}>${notice === undefined ? null : html`<${Graph} members=${visible} hubs=${hubs} kinds=${kinds} hot=${hot} onHot=${setHot} onOpen=${open} />`}
  <div class="scroll" tabindex="0" role="region" aria-label="Members"><table><thead><tr><th scope="col">account</th><th scope="col">level</th>${notice === undefined ? null : html`<th scope="col">links</th>`}<th scope="col" class="num">events</th></tr></thead><tbody>
  ${visible.slice(0, 200).map(({ account, links, events, level }) => html`<tr key=${account} aria-selected=${hot === account} onMouseEnter=${() => setHot(account)} onMouseLeave=${() => setHot('')}><td><button class="row" onClick=${() => open(account)} onFocus=${() => setHot(account)} onBlur=${() => setHot('')}>${account}</button></td><td>${level}</td>${notice === undefined ? null : html`<td class="small whole">${links.join(', ')}</td>`}<td class="num">${events.toLocaleString('en-US')}</td></tr>`)}
  </tbody></table></div></div>
  <p class="small muted">${notice === undefined ? 'Open an account to see it among all' : 'Point at an account to see its links; open it to see it among all'}.</p>`;
}
