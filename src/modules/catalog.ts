/** The complete catalog: the core and every module. The checker, the compiler and the reference pages read it. */
import {
  coreFunctions,
  coreTransformations,
  coreVariables,
  formerSettings,
  type RuntimeCatalog,
  settingSpecs,
} from '../core/index.ts';
import { documentedNames } from './documented-names.ts';
import { modules } from './list.ts';
import { namesOfOwnModules, notPortable } from './not-portable.ts';

export const catalog: RuntimeCatalog = {
  settings: settingSpecs,
  formerSettings,
  notPortable: { ...notPortable, ...namesOfOwnModules(modules) },
  functions: coreFunctions,
  variables: coreVariables,
  transformations: coreTransformations,
  modules,
  documented: documentedNames,
  inertRouteKinds: [],
};
