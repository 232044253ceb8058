/** One message in every form that a subscriber may want it in. */
export interface Publication {
  readonly subject: string;
  /** by SNS protocol; `default` for all others */
  readonly texts: {
    readonly default: string;
    readonly email: string;
    readonly sms: string;
    readonly https: string;
  };
  /** at most ten: what filter policies see */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** The topic of the security team. */
export interface NotificationTopic {
  /** @throws where SNS did not take it: nothing is known to be told */
  publish(publication: Publication): Promise<void>;
}

export class MemoryTopic implements NotificationTopic {
  readonly published: Publication[] = [];
  async publish(publication: Publication): Promise<void> {
    this.published.push(publication);
  }
}
