import { useState } from 'preact/hooks';
import { html } from './html.ts';

/** A command, and a button that copies it. */
export function Command({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('copied');
    } catch {
      setSaid('select it and copy');
    }
    setTimeout(() => setSaid(''), 2000);
  };
  // a remark where no command would work is nothing to run
  if (text.startsWith('#')) return html`<p class="small muted">${text.replace(/^#\s*/, '')}</p>`;
  return html`<div class="command"><code tabindex="0">${text}</code><button class="button small" type="button" onClick=${copy} aria-label=${`copy: ${text}`}>${said === '' ? 'copy' : said}</button></div>`;
}
