import { replaceUnsafe } from '../text/unsafe.ts';

/** Text made safe for HTML content and quoted attributes; control characters are shown, not sent to the browser. */
export function escapeHtml(text: string): string {
  return replaceUnsafe(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** HTML that is already safe: only {@link html} and {@link raw} make it, so that strings cannot slip in unescaped. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Marks trusted markup (a chart's SVG, another template's output). Never call it with text from outside. */
export function raw(markup: string): Html {
  return new Html(markup);
}

type Value = string | number | Html | undefined | null | false | readonly Value[];

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}

/** Template tag: everything that is put in is escaped unless it is {@link Html}. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let out = strings[0] ?? '';
  values.forEach((value, i) => {
    out += render(value) + (strings[i + 1] ?? '');
  });
  return new Html(out);
}

/**
 * A table; cells are escaped unless they are {@link Html}. Columns listed in `numeric` are set flush right. On a phone a row
 * becomes a card: every cell brings the name of its column.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly Value[])[],
  numeric: readonly number[] = [],
): Html {
  const cls = (i: number) => (numeric.includes(i) ? raw(' class="num"') : '');
  return html`<div class="scroll"><table><thead><tr>${head.map((h, i) => html`<th scope="col"${cls(i)}>${h}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${cls(i)} data-h="${head[i] ?? ''}"><div>${cell}</div></td>`)}</tr>\n`)}</tbody></table></div>`;
}

/** Sentences one below the other, so that no one runs into the next. */
export function sentences(list: readonly string[]): Html {
  return list.length < 2
    ? html`${list[0] ?? ''}`
    : html`<ul class="tight">${list.map((line) => html`<li>${line}</li>`)}</ul>`;
}

const style = `
:root{color-scheme:light dark;--paper:#fff;--panel:#f6f7f9;--ink:#1a1f26;--muted:#5b6672;--rule:#dfe3e8;--accent:#1f6feb;
--null:#9aa7b5;--alarm:#c2255c;--calm:#2b8a3e;--unsure:#b7791f;--band:#1f6feb22}
@media (prefers-color-scheme:dark){:root{--paper:#12161b;--panel:#1a2027;--ink:#e6eaef;--muted:#98a4b1;--rule:#2d3640;
--accent:#79b8ff;--null:#5f6d7b;--alarm:#ff7aa2;--calm:#69db7c;--unsure:#ffc971;--band:#79b8ff26}}
@media screen{.paper-only{display:none}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}
h2{font-size:1.3rem;margin:2.6rem 0 .6rem;line-height:1.3;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.5rem 0;max-width:50rem}
.muted,figcaption,footer{color:var(--muted);font-size:.9rem}
.card{background:var(--panel);border:1px solid var(--rule);border-left:4px solid var(--null);border-radius:6px;padding:.9rem 1.1rem;margin:.8rem 0}
.card.alarm{border-left-color:var(--alarm)}.card.calm{border-left-color:var(--calm)}.card.unsure{border-left-color:var(--unsure)}
.card p{max-width:none}
.tag{display:inline-block;font-weight:600;font-size:.85rem;padding:.05rem .55rem;border-radius:999px;border:1px solid currentColor;white-space:nowrap}
.tag.alarm{color:var(--alarm)}.tag.calm{color:var(--calm)}.tag.unsure{color:var(--unsure)}.tag.plain{color:var(--muted)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.7rem;margin:1rem 0}
.facts>div{border-top:2px solid var(--rule);padding-top:.35rem}
.facts dt,.facts .k{color:var(--muted);font-size:.82rem}
.facts .v{font-size:1.15rem;font-variant-numeric:tabular-nums;font-weight:600}
.facts .d{color:var(--muted);font-size:.8rem;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}.narrow{max-width:28rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
td code{display:inline-block;min-width:9rem;max-width:18rem;overflow-wrap:anywhere}
.tight{padding-left:1rem;margin:0}.tight li{margin:0 0 .2rem}
.words{display:grid;grid-template-columns:minmax(7rem,auto) minmax(0,1fr);gap:.3rem 1rem;font-size:.9rem;max-width:50rem}.words dt{font-weight:600}.words dd{margin:0}
th{color:var(--muted);font-weight:600;font-size:.82rem}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th.num{white-space:normal}
figure{margin:1rem 0}
figure svg{max-width:100%;height:auto;display:block}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.2rem}
ul{padding-left:1.2rem;max-width:50rem}li{margin:.25rem 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--panel);padding:.05em .3em;border-radius:3px}
footer{margin-top:3rem;border-top:1px solid var(--rule);padding-top:.8rem}
@media screen and (max-width:34rem){figure.wide{overflow-x:auto}figure.wide::before{content:"goes on to the right \\2192";position:sticky;left:0;display:block;font-size:.85rem;color:var(--muted)}figure.wide svg{max-width:none;width:44rem}.pair{grid-template-columns:minmax(0,1fr)}main{padding:1.2rem .9rem 3rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td{display:block}tr{border-bottom:2px solid var(--rule);padding:.5rem 0}
td{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.2rem .8rem;border:0;padding:.15rem 0;overflow-wrap:anywhere}
td::before{content:attr(data-h);color:var(--muted);font-size:.82rem}td[data-h=""]{grid-template-columns:minmax(0,1fr)}
.num{text-align:left;white-space:normal}td code{min-width:0}.words{grid-template-columns:minmax(0,1fr)}.words dd{margin:0 0 .5rem}}
.people{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:.9rem 2rem;margin:.6rem 0}
.people>div{border-top:1px solid var(--rule);padding-top:.4rem;font-size:.9rem;break-inside:avoid}.people p{margin:0 0 .2rem}
@media print{:root{color-scheme:light;--paper:#fff;--panel:#fff;--ink:#000;--muted:#444;--rule:#bbb;--accent:#134a9e;--null:#999;--alarm:#a0103f;--calm:#1c6b2d;--unsure:#8a5a10;--band:#00000012}
body{font-size:10pt}main{max-width:none;padding:0}figure,.card,.facts,tr{break-inside:avoid}thead{display:table-header-group}table{font-size:8.5pt}.scroll{overflow:visible}h2,h3{break-after:avoid}details.rest{display:none}details:not(.rest){display:block}details:not(.rest)>*{display:block}.pair,.people{grid-template-columns:1fr 1fr}}
`;

/**
 * A complete page that stands alone: no script, no link, no font or image from elsewhere, light and dark, fit to print.
 * Its content policy forbids all loading, so that even a flaw in escaping could not fetch or run anything.
 */
export function page({ title, body }: { title: string; body: Html }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body.markup}
</main>
</body>
</html>
`;
}
