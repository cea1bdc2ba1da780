/** The things that an engine line can or cannot do, each with what it means. */

export const capabilities = {
  udp: "SIP over UDP",
  tcp: "SIP over TCP with peers of known address",
  tcp_public: "SIP over TCP open to any source address",
  tls: "SIP over TLS",
  tls_client_certificate: "TLS clients known by their certificate",
  digest_inbound: "peers that prove themselves by digest",
  sha256_digest: "SHA-256 in our digest challenges",
  sha256_digest_outbound: "SHA-256 in our answers to a provider's challenge",
  outbound_digest: "answers to a provider's digest challenge",
  outbound_registration: "registration with a provider",
  registration_reload: "changed provider registrations without a restart",
  ip_allowlist: "peers known by their source address",
  dynamic_peers: "peers without a fixed address (digest, registration, NAT)",
  delayed_offer: "INVITE without SDP",
  fixed_media: "media with peers whose RTP address is the one they signal",
  learned_media: "media with peers behind NAT, address learned from the packets",
  srtp: "SRTP with SDES keys",
  srtp_recrypt: "SRTP of the same key on both sides decrypted all the same (recrypt)",
  dtls: "DTLS-SRTP",
  webrtc: "WebRTC endpoints",
  codec_order: "the order in which codecs are offered",
  transcoding: "transcoding between G.711, G.722 and G.729",
  transcode_opus: "transcoding to and from Opus",
  opus_sample_rate: "an Opus sample rate that the encoder follows",
  opus_dtmf_8000: "DTMF at 8 kHz beside Opus (asymmetric codecs)",
  measured_jitter: "jitter measured by the relay itself",
  kernel_forwarding: "media forwarding in the kernel through nftables",
  sdp_parsing: "SDP parsed by Kamailio itself instead of rtpengine",
  multipart_bodies: "multipart bodies taken apart by Kamailio",
  tcp_limits: "limits per source on TCP connections and message size",
  live_tables: "tables that reload under calls",
  ipv6: "IPv6",
} as const;

export type CapabilityName = keyof typeof capabilities;
export const capabilityNames = Object.keys(capabilities) as readonly CapabilityName[];
