/** Transformations built into the language. */

import type { Run } from '../../runtime/index.ts';
import type { TransformationSpec } from '../../script/index.ts';
import { csvTransformations } from './csv.ts';
import { encodingTransformations } from './encodings.ts';
import { evaluation } from './evaluate.ts';
import { hashTransformations } from './hashes.ts';
import { ipTransformations } from './ip.ts';
import { nameAddrTransformations } from './name-addr.ts';
import { parameterTransformations } from './parameters.ts';
import { resolveTransformations } from './resolve.ts';
import { sdpTransformations } from './sdp.ts';
import { stringTransformations } from './strings.ts';
import { substitutionTransformations } from './substitution.ts';
import { uriTransformations } from './uri.ts';
import { withUrlSafety } from './url-safe.ts';
import { viaTransformations } from './via.ts';

export const coreTransformations: readonly TransformationSpec<Run>[] = withUrlSafety([
  ...stringTransformations,
  evaluation,
  ...hashTransformations,
  ...encodingTransformations,
  ...uriTransformations,
  ...viaTransformations,
  ...parameterTransformations,
  ...nameAddrTransformations,
  ...ipTransformations,
  ...resolveTransformations,
  ...csvTransformations,
  ...sdpTransformations,
  ...substitutionTransformations,
]);
