/** How a request is answered. */
export interface Reply {
  send(status: number, json: unknown): true;
  fail(status: number, type: string, message: string, more?: object): true;
}
