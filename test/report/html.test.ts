import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../lib/report/chart.ts';
import { GLOSSARY_WORDS, glossary } from '../../lib/report/glossary.ts';
import { escapeHtml, html, page, raw, table } from '../../lib/report/html.ts';
import { textOf } from '../docs/documents.ts';

describe('report pages', () => {
  it('escapes everything that is put in, unless it is markup', () => {
    expect(html`<p title="${'"x\''}">${'<b>'}${raw('<i>ok</i>')}${[1, '&']}${false}</p>`.markup).toBe(
      '<p title="&quot;x&#39;">&lt;b&gt;<i>ok</i>1&amp;</p>',
    );
    expect(escapeHtml('a\u202eb\u0000c')).toBe('a\ufffdb\ufffdc');
    expect(table(['<h>'], [['<c>']]).markup).not.toMatch(/<h>|<c>/);
  });
  it('brings the name of its column with every cell, for readers on a phone', () => {
    expect(table(['account', 'p'], [['a', 1]]).markup).toContain('<td data-h="account"><div>a</div></td>');
  });
  it('explains only words that the glossary of the documents has', () => {
    const documented = textOf('docs/glossary.md');
    for (const word of GLOSSARY_WORDS) expect(documented, word).toMatch(new RegExp(`^\\| ${word}[ ,]`, 'm'));
    expect(glossary(['recall']).markup).toContain('<dt>recall</dt>');
  });
  it('stands alone and forbids loading', () => {
    const text = page({ title: '</title><script>', body: html`<p>x</p>` });
    expect(text).toContain("default-src 'none'");
    expect(text).not.toContain('<script');
  });
  it('draws charts without a browser', async () => {
    const svg = await chartSvg({
      data: { values: [{ a: 1, b: 2 }] },
      mark: 'bar',
      encoding: { x: { field: 'a', type: 'ordinal' }, y: { field: 'b', type: 'quantitative' } },
    });
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain('var(--muted)');
  });
});
