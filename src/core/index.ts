/** The language's vocabulary: settings, core functions, variables, transformations. */
export { type CacheStore, cacheStores } from './cache.ts';
export { branchFlagNames } from './flag-names.ts';
export { type LoadResult, loadProgram, type RuntimeCatalog } from './load.ts';
export { formerSettings, settingSpecs } from './settings.ts';
export { coreFunctions, coreVariables } from './tables.ts';
export { coreTransformations } from './transformations/index.ts';
export { initialSlots, slot } from './variables/script-store.ts';
export { subnameOf } from './variables/subname.ts';
