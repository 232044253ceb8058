/** A message as adapters hand it on: the provider's shapes are gone. */
export interface ReadMessage {
  readonly role: string;
  readonly content: string;
}
