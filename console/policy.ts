import { useEffect, useState } from 'preact/hooks';
import type { ConsoleData } from '../lib/backtest/console-data.ts';
import type { PolicyChange } from '../lib/policy/diff.ts';
import type { Budget, Overrides } from './effect.ts';
import { html } from './html.ts';
import type { Weights } from './weights.ts';

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
  /** in the order of data.signals */
  readonly weights: Weights;
}

/** The policy's own weights, with those that were moved. */
function weightsOf(data: ConsoleData, weights: Weights): Record<string, number> {
  const moved = data.signals.flatMap(({ id, weight }, i) =>
    weights[i] === weight ? [] : [[id, weights[i] as number] as const],
  );
  return { ...data.policy.weights, ...Object.fromEntries(moved) };
}

/** The candidate that the sliders make: what changes, and the file to export. */
export function PolicyView({ data, budget, overrides, weights }: PolicyProps) {
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
        weights: weightsOf(data, weights),
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
  }, [data, id, budget, overrides, weights]);
  if (fault !== '') return html`<p class="error">${fault}</p>`;
  if (proposal === undefined) return html`<p class="muted">Comparing …</p>`;
  const file = `${id}.yaml`;
  return html`<div class="columns"><section class="panel" aria-label="Candidate">
    <h2>Candidate</h2>
    <div class="field"><label for="policy-id">Id</label><input id="policy-id" type="search" value=${id} onInput=${(event: Event) => setId((event.currentTarget as HTMLInputElement).value)} /><small>named on every finding and log line</small></div>
    <div class="actions"><button class="button" disabled=${!proposal.ok} onClick=${() => save(file, proposal.yaml)}>Export ${file}</button></div>
    <p class="small muted">Then try it and roll it out:</p>
    <pre>${steps(file, data, weights)}</pre></section>
  <section aria-label="What changes" aria-live="polite">
    <h2>What changes against ${data.policy.id}</h2>
    ${proposal.faults.map((line) => html`<p class="error">${line}</p>`)}
    ${proposal.ok && proposal.changes.length === 0 ? html`<p class="muted">Nothing yet: move a threshold or a weight.</p>` : null}
    ${proposal.changes.length === 0 ? null : html`<table><thead><tr><th scope="col">field</th><th scope="col" class="num">now</th><th scope="col" class="num">candidate</th><th scope="col">effect</th></tr></thead><tbody>${proposal.changes.map((held) => html`<tr><td><code>${held.field}</code></td><td class="num">${held.before}</td><td class="num">${held.after}</td><td>${held.effect}</td></tr>`)}</tbody></table>`}
    ${proposal.warnings.map((line) => html`<p class="small muted">${line}</p>`)}
    ${proposal.ok ? html`<h3>The file</h3><pre tabindex="0" aria-label="policy file">${proposal.yaml}</pre>` : null}
  </section></div>`;
}

/** What is left to do with the file. Scores under other weights need nulls that were learnt under them. */
function steps(file: string, data: ConsoleData, weights: Weights): string {
  if (data.signals.every(({ weight }, i) => weights[i] === weight))
    return `siphonwatch policy shadow ${file}\nsiphonwatch policy promote`;
  return `# other weights need their own null distributions\nsiphonwatch calibrate EVENTS \\\n  --policy ${file} --id ID --out cal.json\n# write calibration: ID into the file\nsiphonwatch policy shadow ${file} \\\n  --calibration cal.json\nsiphonwatch policy promote`;
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
