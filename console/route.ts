import { useEffect, useState } from 'preact/hooks';

/** Where the page is, in its address, so that a ticket can link to it: `#/findings/f-...?state=open&level=critical`. */
export interface Route {
  readonly view: string;
  /** finding, campaign or account that is open; empty: none */
  readonly open: string;
  readonly query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view = '', ...open] = path.split('/');
  return { view, open: open.map(decoded).join('/'), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // half an escape in a link that somebody cut
  }
}

export function linkTo(view: string, open = '', query: URLSearchParams = new URLSearchParams()): string {
  const asked = query.toString();
  return `#/${view}${open === '' ? '' : `/${encodeURIComponent(open)}`}${asked === '' ? '' : `?${asked}`}`;
}

/** Goes there; `replace` keeps the history short, for filters that change letter by letter. */
export function go(link: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', link);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = link;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

/** The query with a field set, or without it where the value is empty. */
export function withField(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  if (value === '') next.delete(name);
  else next.set(name, value);
  return next;
}
