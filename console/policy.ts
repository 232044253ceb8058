import { useEffect, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/console/console-data.ts';
import type { PolicyChange } from '../lib/policy/diff.ts';
import { api, words } from './api.ts';
import { Command } from './copy.ts';
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
  /** how commands begin that work as printed */
  readonly command: string;
}

/** The candidate that the sliders make: what changes, and the file to export. */
export function PolicyView({ data, budget, overrides, command }: PolicyProps) {
  const [id, setId] = useState(`${data.policy.id}-candidate`);
  const [proposal, setProposal] = useState<Proposal | undefined>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let current = true;
    api
      .policy<Proposal>({ ...data.policy, id, budget, peerGroups: overrides })
      .then((made) => {
        if (!current) return;
        setProposal(made);
        setFault('');
      })
      .catch((error: unknown) => current && setFault(words(error)));
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
    ${steps(command, file).map((line) => html`<${Command} text=${line} />`)}</section>
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
function steps(command: string, file: string): readonly string[] {
  return [`${command} policy shadow ${file}`, `${command} policy shadow`, `${command} policy promote`];
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
