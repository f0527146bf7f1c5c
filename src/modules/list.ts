/** All script modules, in the order of the reference. */
import type { Module } from '../runtime/index.ts';
import { acc } from './acc/index.ts';
import { aliasDb } from './alias-db.ts';
import { auth } from './auth/index.ts';
import { authDb } from './auth-db/index.ts';
import { avpops } from './avpops.ts';
import { cachedbLocal } from './cachedb-local.ts';
import { cachedbRedis } from './cachedb-redis/index.ts';
import { cfgutils } from './cfgutils/index.ts';
import { dbText } from './db-text.ts';
import { dialog } from './dialog/index.ts';
import { dialplan } from './dialplan/index.ts';
import { dispatcher } from './dispatcher/index.ts';
import { diversion } from './diversion.ts';
import { domain } from './domain/index.ts';
import { drouting } from './drouting/index.ts';
import { eventDatagram } from './event-datagram.ts';
import { eventRoute } from './event-route.ts';
import { eventRouting } from './event-routing.ts';
import { exec } from './exec.ts';
import { inertModules } from './inert.ts';
import { jsonModule } from './json.ts';
import { loadBalancer } from './load-balancer/index.ts';
import { mathops } from './mathops/index.ts';
import { maxfwd } from './maxfwd.ts';
import { miDatagram, miFifo, miHttp } from './mi.ts';
import { natTraversal } from './nat-traversal/index.ts';
import { nathelper } from './nathelper/index.ts';
import { opentelemetry } from './opentelemetry.ts';
import { options } from './options.ts';
import { path } from './path.ts';
import { permissions } from './permissions/index.ts';
import { pike } from './pike/index.ts';
import { prometheus } from './prometheus/index.ts';
import { protoHep } from './proto-hep.ts';
import { protoTls } from './proto-tls.ts';
import { protoWs, protoWss } from './proto-ws.ts';
import { ratelimit } from './ratelimit/index.ts';
import { regex } from './regex.ts';
import { registrar } from './registrar/index.ts';
import { restClient } from './rest-client/index.ts';
import { restPolicy } from './rest-policy/index.ts';
import { restQueue } from './rest-queue/index.ts';
import { rr } from './rr.ts';
import { rtpengine } from './rtpengine/index.ts';
import { signaling } from './signaling.ts';
import { sipmsgops } from './sipmsgops/index.ts';
import { sl } from './sl.ts';
import { statistics } from './statistics/index.ts';
import { textops } from './textops.ts';
import { tlsMgm } from './tls-mgm/index.ts';
import { tm } from './tm/index.ts';
import { topologyHiding } from './topology-hiding/index.ts';
import { siptrace, tracer } from './tracer/index.ts';
import { uac } from './uac/index.ts';
import { uacAuth } from './uac-auth/index.ts';
import { uacRedirect } from './uac-redirect.ts';
import { uacRegistrant } from './uac-registrant/index.ts';
import { uri } from './uri.ts';
import { usrloc } from './usrloc/index.ts';

export const modules: readonly Module[] = [
  restClient,
  restPolicy,
  restQueue,
  tlsMgm,
  signaling,
  sl,
  tm,
  rr,
  sipmsgops,
  textops,
  maxfwd,
  cfgutils,
  jsonModule,
  cachedbLocal,
  cachedbRedis,
  statistics,
  dialog,
  avpops,
  uri,
  miFifo,
  miDatagram,
  miHttp,
  prometheus,
  exec,
  usrloc,
  registrar,
  nathelper,
  natTraversal,
  rtpengine,
  auth,
  authDb,
  aliasDb,
  domain,
  acc,
  topologyHiding,
  uacAuth,
  uac,
  uacRegistrant,
  uacRedirect,
  options,
  mathops,
  regex,
  path,
  diversion,
  permissions,
  dispatcher,
  loadBalancer,
  dbText,
  dialplan,
  drouting,
  pike,
  ratelimit,
  eventDatagram,
  eventRoute,
  eventRouting,
  tracer,
  siptrace,
  protoHep,
  opentelemetry,
  protoTls,
  protoWs,
  protoWss,
  ...inertModules,
];
