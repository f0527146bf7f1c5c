/** The language's vocabulary: settings, core functions, variables, transformations. */
export { type CacheStore, cacheStores } from './cache.ts';
export { compileProgram, type ProgramResult, type RuntimeCatalog, readSettings } from './compile-program.ts';
export { branchFlagNames } from './flag-names.ts';
export { listenAddress } from './listen-addresses.ts';
export { formerSettings, settingSpecs } from './settings.ts';
export { coreFunctions, coreVariables } from './tables.ts';
export { coreTransformations } from './transformations/index.ts';
export { substituting } from './transformations/substitution.ts';
export { digestParameter } from './variables/auth.ts';
export { indexed } from './variables/headers.ts';
export { initialSlots, slot } from './variables/script-store.ts';
export { subnameOf } from './variables/subname.ts';
