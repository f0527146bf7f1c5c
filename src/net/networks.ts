/** Lists of addresses and networks. */
import { BlockList } from 'node:net';
import { isIP } from './ip-address.ts';

const LENGTH = /^\d{1,3}$/;

/** Addresses (`192.0.2.1`, `2001:db8::1`) and networks (`10.0.0.0/8`). */
export class Networks {
  // each family has its own: to a BlockList, ::/0 is all of IPv4 as well
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  /** False: it is neither an address nor a network. */
  add(text: string): boolean {
    const slash = text.indexOf('/');
    const address = slash < 0 ? text : text.slice(0, slash);
    const version = isIP(address);
    if (version === 0) return false;
    const longest = version === 6 ? 128 : 32;
    const length = slash < 0 ? `${longest}` : text.slice(slash + 1);
    if (!LENGTH.test(length) || Number(length) > longest) return false;
    if (version === 6) this.#ipv6.addSubnet(address, Number(length), 'ipv6');
    else this.#ipv4.addSubnet(address, Number(length), 'ipv4');
    return true;
  }

  /** False as well for a text that is not an address. */
  has(address: string): boolean {
    switch (isIP(address)) {
      case 4:
        return this.#ipv4.check(address, 'ipv4');
      case 6:
        return this.#ipv6.check(address, 'ipv6');
      default:
        return false;
    }
  }
}
