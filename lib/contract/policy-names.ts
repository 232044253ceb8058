/** Names of policies in AppConfig: one application a stack, one environment, two configurations. Imports nothing. */
export const POLICY_ENVIRONMENT = 'live';
export const POLICY_PROFILES = { active: 'policy', shadow: 'shadow' } as const;
export type PolicySlot = keyof typeof POLICY_PROFILES;
/** A shadow policy of this id is none: a configuration cannot be un-deployed. */
export const NO_SHADOW = 'off';
