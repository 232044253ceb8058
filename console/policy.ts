import { useEffect, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/backtest/console-data.ts';
import type { PolicyChange } from '../lib/policy/diff.ts';
import type { Budget, Overrides } from './effect.ts';
import { html } from './html.ts';

export interface Proposal {
  readonly ok: boolean;
  readonly faults: readonly string[];
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly string[];
  readonly yaml: string;
}

export interface PolicyProps {
  readonly data: ConsoleData;
  readonly budget: Budget;
  readonly overrides: Overrides;
}

/** The candidate that the sliders make: what changes, and the file to export. */
export function PolicyView({ data, budget, overrides }: PolicyProps) {
  const [id, setId] = useState(`${data.policy.id}-candidate`);
  const [proposal, setProposal] = useState<Proposal | undefined>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let current = true;
    fetch('policy', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...data.policy,
        id,
        budget,
        peerGroups: overrides,
      }),
    })
      .then(async (response) => {
        if (!response.ok) throw new Error(await response.text());
        const made = (await response.json()) as Proposal;
        if (!current) return;
        setProposal(made);
        setFault('');
      })
      .catch((error: unknown) => current && setFault(String(error)));
    return () => {
      current = false;
    };
  }, [data, id, budget, overrides]);
  if (fault !== '') return html`<p class="error">${fault}</p>`;
  if (proposal === undefined) return html`<p class="muted">Comparing …</p>`;
  const file = `${id}.yaml`;
  return html`<div class="columns"><section class="panel" aria-label="Candidate">
    <h2>Candidate</h2>
    <div class="field"><label for="policy-id">Id</label><input id="policy-id" type="search" value=${id} onInput=${(event: Event) => setId((event.currentTarget as HTMLInputElement).value)} /><small>named on every finding and log line</small></div>
    <div class="actions"><button class="button" disabled=${!proposal.ok} onClick=${() => save(file, proposal.yaml)}>Export ${file}</button></div>
    <p class="small muted">Then try it and roll it out:</p>
    <pre>${steps(file)}</pre></section>
  <section aria-label="What changes" aria-live="polite">
    <h2>What changes against ${data.policy.id}</h2>
    ${proposal.faults.map((line) => html`<p class="error">${line}</p>`)}
    ${proposal.ok && proposal.changes.length === 0 ? html`<p class="muted">Nothing yet: move a threshold.</p>` : null}
    ${proposal.changes.length === 0 ? null : html`<table><thead><tr><th scope="col">field</th><th scope="col" class="num">now</th><th scope="col" class="num">candidate</th><th scope="col">effect</th></tr></thead><tbody>${proposal.changes.map((held) => html`<tr><td><code>${held.field}</code></td><td class="num">${held.before}</td><td class="num">${held.after}</td><td>${held.effect}</td></tr>`)}</tbody></table>`}
    ${proposal.warnings.map((line) => html`<p class="small muted">${line}</p>`)}
    ${proposal.ok ? html`<h3>The file</h3><pre tabindex="0" aria-label="policy file">${proposal.yaml}</pre>` : null}
  </section></div>`;
}

/** What is left to do with the file. */
function steps(file: string): string {
  return `siphonwatch policy shadow ${file}\nsiphonwatch policy promote`;
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
