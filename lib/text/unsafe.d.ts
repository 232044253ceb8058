/** One or more unsafe characters. */
export declare const UNSAFE_RUN: RegExp;
/** One line of text with every unsafe character written out (`\u202e`), for people who must see what is there. */
export declare function escapeUnsafe(text: string): string;
/** As {@link escapeUnsafe} for text of several lines of our own: line feeds stay. */
export declare function escapeUnsafeLines(text: string): string;
/** Text with every unsafe character but tab and line breaks replaced by U+FFFD, for documents. */
export declare function replaceUnsafe(text: string): string;
