/** Preact elements from a template: escaping is the DOM's, no string of an adversary ever becomes markup. */
export { html } from 'htm/preact';
