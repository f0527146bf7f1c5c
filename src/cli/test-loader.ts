/** Lets tests be TypeScript, and import siprest wherever it is installed: preloaded by `siprest test`. */
import { register } from 'node:module';

register('../loading/loader-hooks.js', import.meta.url);
