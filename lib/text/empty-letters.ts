/**
 * Letters by their category that nobody sees: Hangul's fillers and the half-width one, for a character class of a regular expression.
 * Source: https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point, those of category Lo).
 */
export const EMPTY_LETTERS = '\\u115f\\u1160\\u3164\\uffa0';
