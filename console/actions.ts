import { useEffect, useState } from 'preact/hooks';
import type { FindingView } from '../lib/console/finding-view.ts';
import { lastQuietDay } from '../lib/findings/next-steps.ts';
import { api, words } from './api.ts';
import { html } from './html.ts';

interface ActionsProps {
  readonly view: FindingView;
  /** who decides; empty where nothing can be changed */
  readonly author: string;
  /** where to go on; empty: nowhere */
  readonly next: string;
  readonly onMade: (view: FindingView) => void;
}

const MEANING: Readonly<Record<string, string>> = {
  confirmed: 'closes it; the next calibration does not learn from this account',
  benign:
    'closes it and suppresses notifications on the subject until the date; by one person for thirty days at most',
  unsure: 'leaves it open',
};

/** Verdict, note, owner and undo: the same rules and audit trail as `siphonwatch triage`. */
export function Actions({ view, author, next, onMade }: ActionsProps) {
  const { finding } = view;
  const [verdict, setVerdict] = useState('');
  const [until, setUntil] = useState(() => lastQuietDay(Date.now()));
  const [note, setNote] = useState('');
  const [owner, setOwner] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [done, setDone] = useState('');
  useEffect(() => {
    setVerdict('');
    setNote('');
    setFault('');
    setDone('');
  }, [finding.id]);
  useEffect(() => setOwner(finding.owner ?? ''), [finding.id, finding.owner]);
  if (author === '')
    return html`<p class="muted small">A saved backtest takes no verdicts. On a deployment or a running demo they are recorded here.</p>`;
  const send = async (asked: Record<string, unknown>, what: string): Promise<void> => {
    setBusy(true);
    setFault('');
    setDone('');
    try {
      onMade(await api.decide(finding.id, asked));
      setVerdict('');
      setNote('');
      setDone(what);
    } catch (error) {
      setFault(words(error));
    } finally {
      setBusy(false);
    }
  };
  const withNote = note.trim() === '' ? {} : { note: note.trim() };
  const standing = finding.verdict;
  return html`<form class="verdict" aria-label="Verdict" onSubmit=${(event: Event) => {
    event.preventDefault();
    if (verdict === '') send({ action: 'note', note: note.trim() }, 'Note kept');
    else
      send(
        { action: 'triage', verdict, ...(verdict === 'benign' ? { until } : {}), ...withNote },
        `Verdict ${verdict} recorded`,
      );
  }}>
    <fieldset disabled=${busy}><legend>Verdict</legend>
      <div class="choices">${Object.keys(MEANING).map((name) => html`<label class=${`choice${verdict === name ? ' on' : ''}`}><input type="radio" name="verdict" value=${name} checked=${verdict === name} onChange=${() => setVerdict(name)} />${name}</label>`)}</div>
      <p class="small muted">${verdict === '' ? (standing === undefined ? 'Nobody has judged it.' : `${standing.verdict} by ${standing.by}${standing.until === undefined ? '' : ` until ${standing.until.slice(0, 10)}`}${standing.note === undefined ? '' : `: ${standing.note}`}`) : MEANING[verdict]}</p>
      ${verdict === 'benign' ? html`<label>until the end of (UTC)<input id="until" type="date" value=${until} onInput=${(event: Event) => setUntil((event.currentTarget as HTMLInputElement).value)} /></label>` : null}
      <label>note<textarea id="note" rows="2" maxlength="4000" placeholder="why, for whoever reads it next year" value=${note} onInput=${(event: Event) => setNote((event.currentTarget as HTMLTextAreaElement).value)}></textarea></label>
      <div class="actions"><button class="button primary" disabled=${verdict === '' && note.trim() === ''}>${verdict === '' ? 'Keep the note' : `Record ${verdict}`}</button>
      <button class="button" type="button" disabled=${standing === undefined} onClick=${() => send({ action: 'undo', ...withNote }, 'Verdict taken back')}>Undo the verdict</button></div>
      <div class="inline"><label>owner<input id="owner" type="text" maxlength="200" placeholder="nobody" value=${owner} onInput=${(event: Event) => setOwner((event.currentTarget as HTMLInputElement).value)} /></label>
      <button class="button" type="button" disabled=${owner.trim() === (finding.owner ?? '')} onClick=${() => (owner.trim() === '' ? send({ action: 'assign' }, 'Assigned to nobody') : send({ action: 'assign', owner: owner.trim() }, `Assigned to ${owner.trim()}`))}>${owner.trim() === '' && finding.owner !== undefined ? 'Assign to nobody' : 'Assign'}</button>
      <button class="button" type="button" disabled=${finding.owner !== undefined && finding.owner === author} onClick=${() => send({ action: 'assign', owner: author }, `Assigned to ${author}`)}>Take it</button></div>
    </fieldset>
    <p class=${done === '' ? 'small muted' : 'done'} role="status">${busy ? 'Writing …' : done === '' ? `What you do is recorded as ${author}, in the audit trail.` : `✓ ${done}, as ${author}, in the audit trail.`}${done !== '' && next !== '' ? html` <a class="button small" href=${next} aria-keyshortcuts="j" title="or press j">Next finding</a>` : null}</p>
    ${fault === '' ? null : html`<p class="error" role="alert">${fault}</p>`}
  </form>`;
}
