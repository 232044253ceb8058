import picocolors from 'picocolors';

/**
 * Colours for standard output, on a terminal only. The library by itself also colours where `CI` is set, and then escape
 * codes stand in files.
 */
export const colours = picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);
