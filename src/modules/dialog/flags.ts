import { dialogOptions, optionNames } from '../../dialog/index.ts';
import { defineFlags } from '../flags.ts';

/** The flags of create_dialog(). */
export const createFlags = defineFlags({ names: optionNames, letters: dialogOptions });
