import { DELIVERY } from '../../lib/findings/delivery.ts';
import { renderShadowDigest, shadowDigest } from '../../lib/findings/shadow-digest.ts';
import { openReview } from '../../lib/stores/reviews.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Delivery } from './deliver.ts';

/** Findings of either policy that a digest compares; the verb takes more. */
const MAX_FINDINGS = 2000;
const STATE = 'shadow-digest';

/**
 * Tells once a day what the shadow policy did beside the active one, where it has findings. A digest is no finding: it
 * has a kind of its own that subscribers can filter by.
 */
export async function sendShadowDigest(delivery: Delivery): Promise<void> {
  const today = Math.floor((delivery.now() - DELIVERY.settle) / DAY_MS) * DAY_MS;
  const state = await delivery.findings.state(STATE);
  if (state !== undefined && Number(state.body) >= today) return;
  const shadow = await delivery.findings.list(MAX_FINDINGS, true);
  if (shadow.findings.length > 0) {
    const active = await delivery.findings.list(MAX_FINDINGS);
    const digest = shadowDigest({
      active: active.findings,
      shadow: shadow.findings,
      period: DAY_MS,
      review: await openReview(delivery.findings),
    });
    // an old candidate's findings that nothing was added to
    if (digest.counts.shadow > 0) {
      const deliveryId = `shadow/${new Date(today).toISOString().slice(0, 10)}`;
      await delivery.topic.publish(renderShadowDigest(digest, deliveryId));
      delivery.report({ what: 'bulletin', deliveryId, total: digest.counts.shadow });
    }
  }
  // Somebody else was first: it has told the same under the same id.
  await delivery.findings.writeState(STATE, String(today), state?.version);
}
