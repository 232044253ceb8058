import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { FindingsAnswer } from './api.ts';
import { FindingPanel, toVerdict } from './finding.ts';
import { html } from './html.ts';
import { AGES, age, amount, LEVELS_SHOWN, type Listed, listed, SORTS, STATES } from './queue-rows.ts';
import { go, linkTo, type Route, withField } from './route.ts';

interface QueueProps {
  readonly answer: FindingsAnswer;
  readonly route: Route;
  readonly onChanged: () => void;
}

/** Rows that are drawn at first, more than a screen holds; more come when they are asked for. */
const PAGE = 30;
/** Pages that come when they are asked for. */
const MORE = 5;

/** The list of findings, and beside it the one that is open. */
export function Queue({ answer, route, onChanged }: QueueProps) {
  const { rows, now } = answer;
  const { query, open } = route;
  const shown = useMemo(() => listed(rows, query, now), [rows, query.toString(), now]);
  const [pages, setPages] = useState(1);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => setPages(1), [query.toString()]);
  const at = shown.findIndex(({ row }) => row.id === open);
  // a finding that got its verdict leaves the list of open ones: who goes on does so from where it stood
  const stood = useRef(0);
  if (at >= 0) stood.current = at;
  const after = open === '' || at >= 0 ? at + 1 : stood.current;
  const goTo = (index: number): void => {
    const next = shown[Math.min(shown.length - 1, Math.max(0, index))];
    if (next === undefined) return;
    go(linkTo('findings', next.row.id, query), true);
    document.getElementById(`row-${next.row.id}`)?.scrollIntoView({ block: 'nearest' });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement | null;
      if (target?.matches('input, select, textarea') === true || event.ctrlKey || event.metaKey) {
        if (event.key === 'Escape') target?.blur();
        return;
      }
      if (event.key === 'j') goTo(after);
      else if (event.key === 'k') goTo((at < 0 ? after : at) - 1);
      else if (event.key === 'v' && open !== '') toVerdict();
      else if (event.key === 'Escape' && open !== '') {
        go(linkTo('findings', '', query));
        document.querySelector<HTMLElement>(`#row-${CSS.escape(open)} a`)?.focus();
      } else if (event.key === '/') document.getElementById('find')?.focus();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [at, after, shown, open]);
  const next = shown[after];
  const opened = shown[at];
  // whoever goes down by key never runs out of rows
  const drawn = shown.slice(0, Math.max(pages, Math.ceil((at + 2) / PAGE)) * PAGE);
  return html`<div class=${open === '' ? 'desk' : 'desk has-open'}>
    <section class="queue" aria-label="Findings">
      <${Filters} answer=${answer} route=${route} count=${shown.length} />
      ${
        rows.length === 0
          ? html`<${Nothing} />`
          : shown.length === 0
            ? html`<div class="empty"><p>No finding fits these filters.</p><p><a href=${linkTo('findings', '', new URLSearchParams('state=all'))}>Show all ${rows.length}</a></p></div>`
            : html`<div class="list" ref=${list}><table class="findings"><caption class="hidden">Findings; j and k go down and up, v goes to the verdict of the open one, Escape closes it, / searches</caption><thead><tr><th scope="col">level</th><th scope="col">finding</th><th scope="col">why</th><th scope="col" class="num">tokens out</th><th scope="col" class="num">age</th><th scope="col">verdict</th><th scope="col">owner</th></tr></thead><tbody>
            ${drawn.map((held) => html`<${Row} key=${held.row.id} held=${held} open=${open} query=${query} now=${now} />`)}
            </tbody></table>${drawn.length < shown.length ? html`<p><button class="button" onClick=${() => setPages(Math.ceil(drawn.length / PAGE) + MORE)}>Show ${Math.min(MORE * PAGE, shown.length - drawn.length)} more of ${shown.length}</button></p>` : null}</div>`
      }
    </section>
    <p class="hidden" role="status">${opened === undefined ? '' : `Finding open: ${opened.row.level}, ${opened.row.type === 'campaign' ? `campaign of ${opened.row.members}` : opened.row.subject}, ${opened.row.reason}`}</p>
    ${open === '' ? (shown.length === 0 ? null : html`<aside class="hint muted"><p>Choose a finding to see how sure it is, why, and what speaks against it.</p><p class="small keys"><kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>/</kbd> search · <kbd>Esc</kbd> close</p></aside>`) : html`<${FindingPanel} id=${open} answer=${answer} query=${query} next=${next === undefined ? '' : linkTo('findings', next.row.id, query)} onChanged=${onChanged} />`}
  </div>`;
}

function Row(props: { held: Listed; open: string; query: URLSearchParams; now: number }) {
  const { held, open, query, now } = props;
  const { row, below } = held;
  return html`<tr id=${`row-${row.id}`} aria-selected=${row.id === open} class=${below ? 'below' : ''}>
    <td data-name="level"><span class=${`level l-${row.level}`}>${row.level}</span></td>
    <td data-name="finding"><a class="id" title=${row.subject} href=${linkTo('findings', row.id, query)}>${row.type === 'campaign' ? `campaign of ${row.members}` : row.subject}</a><span class="sub">${[row.product, row.plan].filter((text) => text !== '').join(' · ')}${row.state === 'open' ? '' : ` · ${row.state}`}</span></td>
    <td data-name="why">${row.reason}${row.reason2 === '' ? null : html`<span class="sub">${row.reason2}</span>`}</td>
    <td data-name="tokens out" class="num">${amount(row.outputTokens)}</td>
    <td data-name="age" class="num" title=${`opened ${new Date(row.opened).toISOString().slice(0, 16)}`}>${age(now - row.opened)}</td>
    <td data-name="verdict">${row.verdict === '' ? html`<span class="muted">–</span>` : html`<span class=${`tag v-${row.verdict}`}>${row.verdict}</span>`}</td>
    <td data-name="owner">${row.owner === '' ? html`<span class="muted">–</span>` : row.owner}</td></tr>`;
}

function Filters({ answer, route, count }: { answer: FindingsAnswer; route: Route; count: number }) {
  const { query, open } = route;
  const reason = query.get('reason') ?? '';
  const owners = useMemo(
    () => [...new Set(answer.rows.map(({ owner }) => owner).filter((owner) => owner !== ''))].sort(),
    [answer.rows],
  );
  const set = (name: string, value: string): void =>
    go(linkTo('findings', open, withField(query, name, value)), true);
  const choice = (name: string, label: string, options: readonly string[], none: string) =>
    html`<label>${label}<select id=${`filter-${name}`} value=${query.get(name) ?? ''} onChange=${(event: Event) => set(name, (event.currentTarget as HTMLSelectElement).value)}><option value="">${none}</option>${options.map((option) => html`<option value=${option} selected=${query.get(name) === option}>${option}</option>`)}</select></label>`;
  return html`<form class="filters" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
    <label class="wide">Search<input id="find" type="search" placeholder="finding, account, plan, reason" value=${query.get('find') ?? ''} onInput=${(event: Event) => set('find', (event.currentTarget as HTMLInputElement).value)} /></label>
    ${choice('state', 'State', [...STATES.filter((state) => state !== 'open'), 'all'], 'open')}
    ${choice('level', 'Level', LEVELS_SHOWN, 'any')}
    ${choice('verdict', 'Verdict', ['none', 'confirmed', 'benign', 'unsure'], 'any')}
    ${choice('owner', 'Owner', ['nobody', ...owners], 'anybody')}
    ${choice('age', 'Opened within', Object.keys(AGES), 'ever')}
    ${choice('sort', 'Order', SORTS.slice(1), 'urgency')}
    ${reason === '' ? null : html`<p class="chip small">Only with the reason “${answer.reasons.find(({ signal }) => signal === reason)?.title ?? reason}” <button type="button" class="button small" onClick=${() => set('reason', '')}>Show all</button></p>`}
    <p class="count muted small" aria-live="polite">${count.toLocaleString('en-US')} of ${answer.rows.length.toLocaleString('en-US')} findings</p>
  </form>`;
}

function Nothing() {
  return html`<div class="empty"><p><strong>No findings.</strong> Nobody has reached the level suspect.</p><p class="muted">That is only reassuring while telemetry arrives: <a href="#/health">Health</a> says when the last event came, and what the calibration supports.</p></div>`;
}
