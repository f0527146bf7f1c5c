/** Methods as the sum of their bits, as usrloc:add takes them and usrloc:dump shows them. */
const bits: Readonly<Record<string, number>> = {
  INVITE: 1,
  CANCEL: 2,
  ACK: 4,
  BYE: 8,
  INFO: 16,
  OPTIONS: 32,
  UPDATE: 64,
  REGISTER: 128,
  MESSAGE: 256,
  SUBSCRIBE: 512,
  NOTIFY: 1024,
  PRACK: 2048,
  REFER: 4096,
  PUBLISH: 8192,
};
const others = 16_384;
const every = 32_767;
/** Of a contact whose registration did not name its methods. */
const unknown = 4_294_967_295;

/** @param methods null: all */
export const methodBits = (methods: readonly string[] | null): number =>
  methods?.reduce((sum, method) => sum | (bits[method] ?? others), 0) ?? unknown;

export const methodsOf = (sum: number): readonly string[] | null =>
  (sum & every) === every ? null : Object.keys(bits).filter((method) => (sum & (bits[method] ?? 0)) !== 0);
