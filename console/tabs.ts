import { useState } from 'preact/hooks';
import { html } from './html.ts';
import { go, linkTo } from './route.ts';

export interface Tab {
  readonly name: string;
  /** a number beside the name, and what it counts; absent: none */
  readonly badge?: { readonly count: number; readonly of: string; readonly warns: boolean };
}

/** Where an arrow key leads from a tab; undefined: nowhere. */
function reached(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowRight' || key === 'ArrowDown') return (at + 1) % count;
  if (key === 'ArrowLeft' || key === 'ArrowUp') return (at + count - 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

/**
 * The views as tabs (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/): one stop of the Tab key, arrows, Home and End go on and
 * open what they reach. Each is a link too, so that it can be opened beside and be copied.
 */
export function Tabs({ tabs, shown }: { tabs: readonly Tab[]; shown: string }) {
  const [held, setHeld] = useState('');
  const stop = tabs.some(({ name }) => name === held) ? held : shown;
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = tabs.findIndex(({ name }) => name === stop);
    const next = tabs[event.key === ' ' ? at : (reached(event.key, at, tabs.length) ?? -1)];
    if (next === undefined) return;
    event.preventDefault();
    setHeld(next.name);
    go(linkTo(next.name));
    document.getElementById(`nav-${next.name}`)?.focus();
  };
  return html`<nav aria-label="Views"><div class="tabs" role="tablist" aria-label="Views" onKeyDown=${onKey} onFocusOut=${() => setHeld('')}>${tabs.map(
    ({ name, badge }) =>
      html`<a id=${`nav-${name}`} role="tab" href=${linkTo(name)} aria-controls="panel" aria-selected=${name === shown ? 'true' : 'false'} tabindex=${name === stop ? 0 : -1} onFocus=${() => setHeld(name)}>${name}${badge === undefined || badge.count === 0 ? null : html` <span class=${badge.warns ? 'badge warn' : 'badge'}>${badge.count}<span class="hidden"> ${badge.of}</span></span>`}</a>`,
  )}</div></nav>`;
}
