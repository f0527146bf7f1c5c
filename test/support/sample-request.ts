/** What the examples of the reference are about; see scripts/reference.ts. */

/** A call with a body, in which most things that scripts look at are set. */
export const sampleRequest = `INVITE sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK77;rport
Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK76
From: "Alice A." <sip:alice@atlanta.example>;tag=f1
To: Bob <sip:bob@biloxi.example>
Call-ID: c1@atlanta.example
CSeq: 17 INVITE
Max-Forwards: 70
Contact: "A" <sip:alice@192.0.2.7:5062>;q=0.5;expires=60, <sip:a2@192.0.2.9>
Subject: lunch
User-Agent: phone/1.0
Supported: 100rel, timer
X-Price: 10
X-Plan: gold
P-Asserted-Identity: <sip:+1555@gw.example>
P-Preferred-Identity: "Al" <sip:al@atlanta.example>
Diversion: <sip:carol@biloxi.example>;privacy=full;reason=busy
Remote-Party-ID: <sip:rp@biloxi.example>;party=calling
Refer-To: <sip:dave@biloxi.example>
Path: <sip:edge.example;lr>
Privacy: id;critical
Authorization: Digest username="alice@realm.example", realm="atlanta.example", nonce="n0nce", uri="sip:biloxi.example", response="r3sponse", algorithm=MD5, cnonce="cn", opaque="op", qop=auth, nc=00000001
Content-Type: application/sdp
Content-Length: 157

v=0
o=- 1 1 IN IP4 192.0.2.7
s=-
c=IN IP4 192.0.2.7
t=0 0
m=audio 4000 RTP/AVP 0 8 101
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
`;
