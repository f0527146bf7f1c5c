/** All that a script may name: the core and every module. The checker, the compiler and the reference pages read this. */
import { coreFunctions, coreVariables } from '../runtime/core.ts';
import type { RuntimeCatalog } from '../runtime/load.ts';
import { formerSettings, settingSpecs } from '../runtime/settings.ts';
import { coreTransformations } from '../runtime/transformations/index.ts';
import { documentedNames } from './documented-names.ts';
import { modules } from './index.ts';
import { notPortable } from './not-portable.ts';

export const catalog: RuntimeCatalog = {
  settings: settingSpecs,
  formerSettings,
  notPortable,
  functions: coreFunctions,
  variables: coreVariables,
  transformations: coreTransformations,
  modules,
  documented: documentedNames,
  inertRouteKinds: [],
};
