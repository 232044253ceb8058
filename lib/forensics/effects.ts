/**
 * Smallest excess of interest, in kappa: about what continued training leaves of a base model (public Mistral fine-tunes
 * show 0.015 to 0.04).
 */
export const SMALLEST_EFFECT = 0.02;
/** Excess of a documented distillation (Gemini 1.5 Flash from Pro on MMLU-Pro, residual kappa). */
export const DOCUMENTED_EFFECT = 0.047;
