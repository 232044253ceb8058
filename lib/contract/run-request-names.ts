/** Names that the stack and the stores share: where in the campaign table a run of `link` is asked for. */

/** Partition of the campaign table that runs are asked for in; campaigns' ids begin with `c_`. */
export const RUN_PARTITION = 'link-run';
/** Sort key of the item whose change wakes `link`. */
export const ASKED_ITEM = 'asked';
/** Sort key of what came of the last comparison of contents. */
export const COMPARISON_ITEM = 'contents';
