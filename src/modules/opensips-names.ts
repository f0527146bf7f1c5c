/**
 * Names in the documentation of OpenSIPS 1.8 to 4.0, by module: `f()`, `$variable`, `{transformation}`, `E_EVENT`. Generated
 * by scripts/opensips-names.ts; includes names that siprest also has.
 */
export const opensipsNames = `
core: $Au $TS $T_branch_idx $Tf $Ts $Tsm $aU $ad $adu $ai $an $ar $argv $au $auth.alg $auth.cnonce
  $auth.nc $auth.nonce $auth.opaque $auth.qop $auth.resp $cT $cfg_line $challenge.algorithm
  $challenge.ck $challenge.ik $challenge.nonce $challenge.opaque $challenge.qop $challenge.realm $ci
  $cl $cs $ct $ct.fields $dP $dd $di $dip $dir $dp $ds $du $err.class $err.info $err.level $err.rcode
  $err.rreason $fU $fd $fn $ft $fu $hdr $log_level $mb $mf $mi $ml $msg.branch $msg.branch.attr
  $msg.branch.duri $msg.branch.flag $msg.branch.flags $msg.branch.last_idx $msg.branch.path
  $msg.branch.q $msg.branch.socket $msg.branch.uri $msg.flag $msg.is_request $msg.type $oP $oU $od $op
  $ou $pU $param $path $pd $pn $pp $proxy_protocol $pu $rP $rU $rb $rc $rd $re $return $rm $route
  $route.name $route.type $rp $rr $rs $rt $ru $ru_q $sdp $sdp.line $sdp.session $sdp.stream
  $sdp.stream.idx $si $socket_in $socket_out $sp $tU $td $time $tn $tt $tu $ua $xlog_level
  add_blacklist_rule() add_local_rport() append_branch_old() append_msg_branch() avp_print()
  cache_add() cache_counter_fetch() cache_fetch() cache_raw_query() cache_remove() cache_store()
  cache_sub() check_blacklist_rule() construct_uri() del_blacklist_rule() force_rport()
  force_send_socket() force_tcp_alias() forward() get_timestamp() is_myself() isbflagset()
  isdsturiset() isflagset() log() move_msg_branch() next_branches() prefix() pv_printf() raise_event()
  remove_msg_branch() resetbflag() resetdsturi() resetflag() revert_uri() script_trace() send()
  serialize_branches() set_advertised_address() set_advertised_port() set_via_handling() setbflag()
  setdsturi() setflag() sethost() sethostport() setport() seturi() setuser() setuserpass()
  socket_belongs_to_bond() sr_check_status() strip() strip_tail() subscribe_event()
  swap_msg_branches() tcp_close_conn() unuse_blacklist() use_blacklist() xlog() {csv.count}
  {csv.value} {ip.family} {ip.isip4} {ip.isip6} {ip.isip} {ip.isprivate} {ip.matches} {ip.ntop}
  {ip.pton} {ip.resolve4} {ip.resolve6} {ip.resolve} {nameaddr.len} {nameaddr.name} {nameaddr.params}
  {nameaddr.param} {nameaddr.uri} {param.count} {param.exist} {param.name} {param.valueat}
  {param.value} {re.subst} {s.b64decode} {s.b64encode} {s.crc32} {s.date2unix} {s.dec2hex}
  {s.decode.hexa} {s.encode.hexa} {s.escape.common} {s.escape.param} {s.escape.user} {s.eval}
  {s.fill.left} {s.fill.right} {s.hex2dec} {s.index} {s.int} {s.len} {s.md5} {s.reverse} {s.rindex}
  {s.select} {s.sha1_hmac} {s.sha1} {s.sha224_hmac} {s.sha224} {s.sha256_hmac} {s.sha256}
  {s.sha384_hmac} {s.sha384} {s.sha512_hmac} {s.sha512} {s.substr} {s.tolower} {s.toupper} {s.triml}
  {s.trimr} {s.trim} {s.unescape.common} {s.unescape.param} {s.unescape.user} {s.width} {s.xor}
  {sdp.line} {sdp.stream-delete} {sdp.stream} {uri.headers} {uri.host} {uri.lr} {uri.maddr}
  {uri.method} {uri.params} {uri.param} {uri.passwd} {uri.port} {uri.r2} {uri.schema} {uri.transport}
  {uri.ttl} {uri.uparam} {uri.user} {via.branch} {via.comment} {via.host} {via.name} {via.params}
  {via.param} {via.port} {via.received} {via.rport} {via.transport} {via.version}
aaa_diameter: E_DM_REQUEST dm_send_answer() dm_send_request()
aaa_radius: radius_send_acct() radius_send_auth()
acc: $acc_current_leg $acc_extra $acc_leg E_ACC_CDR E_ACC_EVENT E_ACC_MISSED_EVENT acc_aaa_request()
  acc_db_request() acc_diam_request() acc_evi_request() acc_load_ctx_from_dlg() acc_log_request()
  acc_new_leg() acc_unload_ctx_from_dlg() do_accounting() drop_accounting()
aka_av_diameter:
alias_db: alias_db_find() alias_db_lookup()
auth: append_rpid_hf() consume_credentials() is_rpid_user_e164() proxy_challenge()
  pv_proxy_authorize() pv_www_authorize() www_challenge()
auth_aaa: aaa_does_uri_exist() aaa_does_uri_user_exist() aaa_proxy_authorize() aaa_www_authorize()
auth_aka: aka_av_add() aka_av_drop() aka_av_drop_all() aka_av_fail() aka_proxy_authorize()
  aka_proxy_challenge() aka_www_authorize() aka_www_challenge()
auth_db: db_does_uri_exist() db_get_auth_id() db_is_from_authorized() db_is_to_authorized()
  proxy_authorize() www_authorize()
auth_diameter: diameter_is_user_in() diameter_proxy_authorize() diameter_www_authorize()
auth_jwt: extract_pub_key_from_cert() extract_pub_key_from_exp_mod() jwt_authorize()
  jwt_db_authorize() jwt_script_authorize()
auth_web3:
avpops: avp_check() avp_copy() avp_db_delete() avp_db_load() avp_db_query() avp_db_store()
  avp_delete() avp_insert() avp_op() avp_print() avp_printf() avp_pushto() avp_shuffle() avp_subst()
  is_avp_set()
b2b_entities: E_UA_SESSION ua_session_reply() ua_session_server_init() ua_session_terminate()
  ua_session_update()
b2b_logic: $b2b_logic.ctx $b2b_logic.entity $b2b_logic.key $b2b_logic.peer $b2b_logic.scenario
  b2b_bridge() b2b_bridge_request() b2b_bridge_retry() b2b_client_new() b2b_delete_entity()
  b2b_end_dlg_leg() b2b_handle_reply() b2b_init_request() b2b_pass_request() b2b_send_reply()
  b2b_server_new() b2b_trigger_scenario()
b2b_logic_xml: $b2b_logic.ctx $b2b_logic.entity $b2b_logic.key b2b_bridge_request()
  b2b_init_request()
b2b_sca: sca_bridge_request() sca_init_request()
b2b_sdp_demux: b2b_sdp_demux()
benchmark: $BM_time_diff bm_log_timer() bm_start_timer()
cachedb_cassandra:
cachedb_couchbase:
cachedb_dynamodb:
cachedb_local: cache_remove_chunk()
cachedb_memcached:
cachedb_mongodb:
cachedb_redis:
cachedb_sql:
call_center: E_CALLCENTER_AGENT_REPORT cc_agent_login() cc_handle_call()
call_control: call_control()
callops: E_CALL_HOLD E_CALL_TRANSFER call_blind_replace() call_transfer() call_transfer_notify()
carrierroute: cr_next_domain() cr_prime_route() cr_route() cr_user_carrier()
cfgutils: $RANDOM $ctime $env $shv abort() check_time_rec() get_accurate_time() get_dynamic_lock()
  get_static_lock() pkg_status() rand_event() rand_get_prob() rand_reset_prob() rand_set_prob()
  release_dynamic_lock() release_static_lock() set_count() set_select_weight() shm_status()
  shuffle_avps() sleep() strings_share_lock() ts_usec_delta() usleep()
cgrates: $cgr $cgr_opt $cgr_ret cgrates_acc() cgrates_auth() cgrates_cmd()
closeddial: cd_lookup()
clusterer: $cluster.sh_tag E_CLUSTERER_NODE_STATE_CHANGED E_CLUSTERER_REQ_RECEIVED
  E_CLUSTERER_RPL_RECEIVED E_CLUSTERER_SHARING_TAG_CHANGED cluster_broadcast_req()
  cluster_check_addr() cluster_send_req() cluster_send_rpl()
compression: mc_compact() mc_compress() mc_decompress()
config: $config $config.description
cpl-c:
cpl_c: cpl_process_register() cpl_process_register_norpl() cpl_run_script()
db_berkeley:
db_cachedb:
db_flatstore:
db_http:
db_mysql: E_MYSQL_CONNECTION
db_oracle:
db_perlvdb:
db_postgres:
db_sqlite:
db_text:
db_unixodbc:
db_virtual:
dialog: $DLG_count $DLG_ctx_json $DLG_del_delay $DLG_did $DLG_dir $DLG_end_reason $DLG_flags
  $DLG_json $DLG_lifetime $DLG_status $DLG_timeout $dlg_val E_DLG_STATE_CHANGED create_dialog()
  dlg_inc_cseq() dlg_on_answer() dlg_on_hangup() dlg_on_timeout() dlg_send_sequential()
  fetch_dlg_value() fix_route_dialog() get_dialog_info() get_dialog_vals() get_dialogs_by_profile()
  get_dialogs_by_val() get_profile_size() is_dlg_flag_set() is_in_profile() load_dialog_ctx()
  match_dialog() reset_dlg_flag() set_dlg_flag() set_dlg_profile() set_dlg_sharing_tag()
  store_dlg_value() test_and_set_dlg_flag() unload_dialog_ctx() unset_dlg_profile() validate_dialog()
dialplan: dp_translate()
dispatcher: E_DISPATCHER_STATUS ds_count() ds_get_script_attrs() ds_is_in_list() ds_mark_dst()
  ds_next_domain() ds_next_dst() ds_push_script_attrs() ds_select_domain() ds_select_dst()
diversion: add_diversion()
dns_cache:
domain: is_domain_local() is_from_local() is_uri_host_local()
domainpolicy: dp_apply_policy() dp_can_connect()
drouting: E_DROUTING_STATUS do_routing() dr_disable() dr_is_gw() dr_match() goes_to_gw()
  is_from_gw() next_routing() route_to_carrier() route_to_gw() use_next_gw()
emergency: emergency_call() failure()
enum: enum_pv_query() enum_query() i_enum_query() is_from_user_enum() isn_query()
event_datagram:
event_flatstore: E_FLATSTORE_ROTATION
event_jsonrpc:
event_kafka: kafka_publish()
event_rabbitmq: rabbitmq_publish()
event_route: fetch_event_params()
event_routing: notify_on_event() wait_for_event()
event_sqs: sqs_publish_message()
event_stream:
event_virtual:
event_xmlrpc:
example: example() example_int() example_str()
exec: exec() exec_avp() exec_dset() exec_getenv() exec_msg()
fraud_detection: E_FRD_CRITICAL E_FRD_WARNING check_fraud()
freeswitch:
freeswitch_scripting: E_FREESWITCH freeswitch_esl()
gflags: is_gflag() reset_gflag() set_gflag()
group: aaa_is_user_in() db_get_user_group() db_is_user_in()
h350: h350_auth_lookup() h350_result_call_preferences() h350_result_service_level()
  h350_sipuri_lookup()
http2d: E_HTTP2_REQUEST http2_send_response()
httpd:
identity: authservice() verifier()
imc: imc_manager()
jabber: jab_exit_jconf() jab_go_offline() jab_go_online() jab_join_jconf() jab_send_message()
janus: janus_send_requeest()
json: $json $json_compact $json_compact_noescape $json_pretty json_merge()
jsonrpc: jsonrpc_notification() jsonrpc_request()
launch_darkly: ld_feature_enabled()
ldap: ldap_filter_url_encode() ldap_result() ldap_result_check() ldap_result_next() ldap_search()
load_balancer: E_LOAD_BALANCER_STATUS lb_count_call() lb_disable() lb_disable_dst()
  lb_is_destination() lb_is_started() lb_next() lb_reset() lb_start() lb_start_or_next()
  load_balance()
lua: lua_exec() lua_meminfo()
mangler: decode_contact() decode_contact_header() encode_contact() sdp_mangle_ip() sdp_mangle_port()
mathops: math_ceil() math_compare() math_eval() math_floor() math_round() math_round_sf() math_rpn()
  math_trunc()
maxfwd: is_maxfwd_lt() mf_process_maxfwd_header()
media_exchange: media_exchange_from_uri() media_exchange_to_call() media_fork_from_call()
  media_fork_pause() media_fork_resume() media_fork_to_uri() media_handle_indialog() media_terminate()
mediaproxy: end_media_session() engage_media_proxy() use_media_proxy()
mi_datagram:
mi_fifo:
mi_html:
mi_http:
mi_json:
mi_script: mi()
mi_xmlrpc:
mi_xmlrpc_ng:
mid_registrar: mid_registrar_lookup() mid_registrar_save() pn_process_purr()
mmgeoip: mmg_lookup()
mqueue: $mq_size $mqk $mqv mq_add() mq_fetch() mq_pv_free() mq_size()
msilo: m_dump() m_store()
msrp_gateway: E_MSRP_GW_SETUP_FAILED msg_to_msrp() msrp_gw_answer()
msrp_relay:
msrp_ua: E_MSRP_MSG_RECEIVED E_MSRP_REPORT_RECEIVED E_MSRP_SESSION_END E_MSRP_SESSION_NEW
  msrp_ua_answer()
nat_traversal: $keepalive.socket $nat_traversal.track_dialog $source_uri client_nat_test()
  fix_contact() nat_keepalive()
nathelper: add_rcv_param() fix_nated_contact() fix_nated_register() fix_nated_sdp() nat_uac_test()
  restore_nated_ruri()
opentelemetry:
options: options_reply()
osp: checkcallingtranslation() checkospheader() checkosproute() getlocaladdress()
  prepareallosproutes() prepareospresponse() prepareosproute() prepareredirectosproutes()
  processsubscribe() reportospusage() requestosprouting() setrequestdate() validateospheader()
path: add_path() add_path_received()
pdt: prefix2domain()
peering: verify_destination() verify_source()
perl: perl_exec() perl_exec_simple()
perlvdb:
permissions: allow_register() allow_routing() allow_uri() check_address() check_source_address()
  get_source_group()
pi_http:
pike: E_PIKE_BLOCKED pike_check_req()
presence: E_PRESENCE_EXPOSED E_PRESENCE_PUBLISH handle_publish() handle_subscribe()
presence_callinfo: sca_set_called_line() sca_set_calling_line()
presence_dfks: $dfks
presence_dialoginfo:
presence_mwi:
presence_reginfo:
presence_xcapdiff:
presence_xml:
prometheus: prometheus_declare_stat() prometheus_push_stat()
proto_bin:
proto_bins:
proto_hep: correlate()
proto_ipsec: $ipsec $ipsec_ue ipsec_create()
proto_msrp:
proto_sctp:
proto_smpp: send_smpp_message()
proto_tls:
proto_ws:
proto_wss:
pua: pua_update_contact()
pua_bla: bla_handle_notify() bla_set_flag()
pua_dialoginfo: dialoginfo_mute_branch() dialoginfo_set() dialoginfo_set_branch_callee()
pua_mi:
pua_reginfo: reginfo_handle_notify() reginfo_subscribe() reginfo_update()
pua_usrloc: pua_set_publish()
pua_xmpp: pua_xmpp_notify() pua_xmpp_req_winfo()
python: python_exec()
qos:
qrouting: E_QROUTING_BAD_DST qr_disable_dst() qr_enable_dst() qr_set_xstat()
rabbitmq: rabbitmq_publish()
rabbitmq_consumer:
rate_cacher: cost_based_filtering() cost_based_ordering() get_client_price() get_vendor_price()
ratelimit: $rl_count rl_check() rl_dec_count() rl_reset_count() rl_values()
regex: pcre_match() pcre_match_group()
registrar: add_sock_hdr() is_contact_registered() is_ip_registered() is_other_contact()
  is_registered() lookup() pn_process_purr() registered() remove() remove_ip_port() save()
rest_client: rest_append_hf() rest_get() rest_init_client_tls() rest_post() rest_put() {rest.escape}
  {rest.unescape}
rls: rls_handle_notify() rls_handle_subscribe()
rr: add_rr_param() check_route_param() is_direction() loose_route() record_route()
  record_route_preset()
rtp_relay: $rtp_relay $rtp_relay_ctx $rtp_relay_peer rtp_relay_engage()
rtpengine: $rtpquery $rtpstat E_RTPENGINE_NOTIFICATION E_RTPENGINE_STATUS rtpengine_answer()
  rtpengine_block_dtmf() rtpengine_block_media() rtpengine_delete() rtpengine_manage()
  rtpengine_offer() rtpengine_pause_recording() rtpengine_play_dtmf() rtpengine_play_media()
  rtpengine_start_forwarding() rtpengine_start_recording() rtpengine_stop_forwarding()
  rtpengine_stop_media() rtpengine_stop_recording() rtpengine_unblock_dtmf() rtpengine_unblock_media()
  rtpengine_use_set()
rtpproxy: E_RTPPROXY_DTMF E_RTPPROXY_STATUS engage_rtp_proxy() rtpproxy_all_stats()
  rtpproxy_answer() rtpproxy_engage() rtpproxy_offer() rtpproxy_start_recording() rtpproxy_stats()
  rtpproxy_stop_stream2uac() rtpproxy_stop_stream2uas() rtpproxy_stream2uac() rtpproxy_stream2uas()
  rtpproxy_unforce() set_rtp_proxy_set() start_recording() unforce_rtp_proxy()
script_helper:
seas: as_relay_t()
signaling: $sig_local_totag send_reply()
sip_i: $isup_msg_type $isup_param $isup_param_str add_isup_part() {isup.param.str} {isup.param}
sipcapture: $hep_net HEPVERSION() hep_del() hep_get() hep_relay() hep_resume_sip() hep_set()
  report_capture() sip_capture()
sipmsgops: add_body() add_body_part() append_body_to_reply() append_hf() append_time()
  append_to_reply() append_urihf() change_reply_status() codec_delete() codec_delete_except_re()
  codec_delete_re() codec_exists() codec_exists_re() codec_move_down() codec_move_down_re()
  codec_move_up() codec_move_up_re() filter_body() get_glob_headers_values() get_updated_body_part()
  has_body() has_body_part() has_totag() insert_hf() is_audio_on_hold() is_method() is_present_hf()
  is_privacy() is_uri_user_e164() list_hdr_add_option() list_hdr_has_option() list_hdr_remove_option()
  remove_body_part() remove_hf() remove_hf_glob() remove_hf_re() ruri_add_param() ruri_del_param()
  ruri_has_param() ruri_tel2sip() sip_to_json() sipmsg_validate() stream_delete() stream_exists()
  strip_body()
siprec: $siprec E_SIPREC_START E_SIPREC_STOP siprec_pause_recording() siprec_resume_recording()
  siprec_send_indialog() siprec_start_recording() siprec_stop_recording()
siptrace: sip_trace()
sl: sl_reply_error() sl_send_reply()
sms: sms_send_msg() sms_send_msg_to_net()
sngtc: sngtc_callee_answer() sngtc_caller_answer() sngtc_offer()
snmpstats:
sockets_mgm:
speeddial: sd_lookup()
sql_cacher: $sql_cached_value sql_cache_dump()
sqlops: sql_avp_delete() sql_avp_load() sql_avp_store() sql_delete() sql_insert() sql_query()
  sql_query_one() sql_replace() sql_select() sql_select_one() sql_update()
sst: sstCheckMin()
statistics: $stat reset_stat() stat_iter_init() stat_iter_next() update_stat() update_stat_series()
status_report: sr_add_report() sr_set_status()
stir_shaken: $identity stir_shaken_auth() stir_shaken_check() stir_shaken_check_cert()
  stir_shaken_disengagement() stir_shaken_verify()
stun:
tcp_mgm:
textops: replace() replace_all() replace_body() replace_body_all() replace_body_atonce() search()
  search_append() search_append_body() search_body() subst() subst_body() subst_uri() subst_user()
tls_mgm: $tls_cipher_bits $tls_cipher_info $tls_description $tls_my_issuer $tls_my_issuer_cn
  $tls_my_issuer_country $tls_my_issuer_locality $tls_my_issuer_organization $tls_my_issuer_state
  $tls_my_issuer_unit $tls_my_san_email $tls_my_san_hostname $tls_my_san_ip $tls_my_san_uri
  $tls_my_serial $tls_my_subject $tls_my_subject_cn $tls_my_subject_country $tls_my_subject_locality
  $tls_my_subject_organization $tls_my_subject_state $tls_my_subject_unit $tls_my_version
  $tls_peer_expired $tls_peer_issuer $tls_peer_issuer_cn $tls_peer_issuer_country
  $tls_peer_issuer_locality $tls_peer_issuer_organization $tls_peer_issuer_state $tls_peer_issuer_unit
  $tls_peer_notAfter $tls_peer_notBefore $tls_peer_revoked $tls_peer_san_email $tls_peer_san_hostname
  $tls_peer_san_ip $tls_peer_san_uri $tls_peer_selfsigned $tls_peer_serial $tls_peer_subject
  $tls_peer_subject_cn $tls_peer_subject_country $tls_peer_subject_locality
  $tls_peer_subject_organization $tls_peer_subject_state $tls_peer_subject_unit $tls_peer_verified
  $tls_peer_version $tls_version
tls_openssl:
tls_wolfssl:
tlsops:
tm: $T_branch_idx $T_branch_last_reply_code $T_fr_inv_timeout $T_fr_timeout $T_id $T_reply_code
  $T_ruri $bavp $tm.branch.attr $tm.branch.duri $tm.branch.flag $tm.branch.flags
  $tm.branch.last_received $tm.branch.path $tm.branch.q $tm.branch.socket $tm.branch.type
  $tm.branch.uri t_add_cancel_reason() t_add_hdrs() t_anycast_replicate() t_cancel_branch()
  t_check_status() t_check_trans() t_flush_flags() t_get_branch_idx_by_attr() t_inject_branches()
  t_local_replied() t_new_request() t_newtran() t_on_branch() t_on_failure() t_on_reply() t_relay()
  t_replicate() t_reply() t_reply_by_callid() t_reply_with_body() t_wait_for_new_branches()
  t_wait_no_more_branches() t_was_cancelled() t_write_req() t_write_unix()
topology_hiding: $TH_callee_callid topology_hiding() topology_hiding_match()
tracer: trace()
trie: trie_search()
uac: uac_auth() uac_inc_cseq() uac_replace_from() uac_replace_to() uac_restore_from()
  uac_restore_to()
uac_auth:
uac_redirect: get_redirects() set_accept_filter() set_deny_filter()
uac_registrant: E_REGISTRANT_AUTHENTICATING E_REGISTRANT_AUTHENTICATING_UNREGISTER
  E_REGISTRANT_INTERNAL_ERROR E_REGISTRANT_REGISTERED E_REGISTRANT_REGISTERING
  E_REGISTRANT_REGISTER_TIMEOUT E_REGISTRANT_REGISTRAR_ERROR E_REGISTRANT_UNREGISTERING
  E_REGISTRANT_WRONG_CREDENTIALS
uri: aaa_does_uri_exist() aaa_does_uri_user_exist() add_uri_param() db_check_from() db_check_to()
  db_does_uri_exist() db_get_auth_id() del_uri_param() has_totag() is_uri_user_e164() is_user()
  tel2sip() uri_param()
userblacklist: check_blacklist() check_user_blacklist()
usrloc: E_UL_AOR_DELETE E_UL_AOR_INSERT E_UL_CONTACT_DELETE E_UL_CONTACT_INSERT E_UL_CONTACT_REFRESH
  E_UL_CONTACT_UPDATE E_UL_LATENCY_UPDATE ul_add_key() ul_del_key() ul_get_key()
uuid: $uuid uuid()
xcap:
xcap_client:
xml: $xml
xmpp: xmpp_send_message()
`;
