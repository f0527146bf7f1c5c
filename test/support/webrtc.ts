/** Session descriptions of a phone that speaks to browsers, as far as signalling goes: no media follow. */

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i + 16).toString(16).toUpperCase()).join(':');

/** An offer or an answer of audio by Opus. */
export const webrtcAudio = (role: 'offer' | 'answer'): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP4 127.0.0.1',
    'a=mid:0',
    'a=sendrecv',
    'a=rtcp-mux',
    'a=rtpmap:111 opus/48000/2',
    'a=ice-ufrag:phone',
    'a=ice-pwd:phonephonephonephonephone',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    `a=setup:${role === 'offer' ? 'actpass' : 'active'}`,
    '',
  ].join('\r\n');
