/** Sends packets by one transport. */
export interface PacketSender {
  /**
   * Never waits and never throws. `done` is called once: whether the packet was handed to the system; one that would have to
   * wait too long is lost.
   */
  send(packet: Buffer, address: string, port: number, done: (isSent: boolean) => void): void;
  close(): void;
}
