#pragma once

#include <cstddef>
#include <cstdint>

namespace hitless::proxy {

/// Limits of one HTTP/2 connection, either side. What a peer can make us keep is bounded by
/// connectionWindow (bodies), maxConcurrentStreams * headerListBytes (heads) and the queues below.
struct Http2Options {
  /// Server: announced, and enforced once the client has acknowledged it. Client: as many are
  /// opened at most, whatever the upstream allows.
  std::uint32_t maxConcurrentStreams = 256;
  /// Of one head or of trailers, counted as RFC 9113 6.5.2 does; announced. A request above it is
  /// answered 431; one above four times as much, and any other block, is reset.
  std::uint32_t headerListBytes = 64 * 1024;
  /// How much of one stream's body may be on its way or not consumed.
  std::uint32_t streamWindow = 256 * 1024;
  /// The same for all streams of the connection together.
  std::uint32_t connectionWindow = 1024 * 1024;
  /// Answers to PING and SETTINGS that the peer has not taken yet; more is a flood.
  std::size_t maxQueuedAcks = 1000;
  /// Frames of any kind but DATA that the peer has not taken yet; more is a flood.
  std::size_t maxQueuedFrames = 4000;
  /// Entries of one SETTINGS frame.
  std::size_t maxSettings = 32;
  /// CONTINUATION frames of one header block (CVE-2024-28182).
  std::size_t maxContinuations = 8;
  /// RST_STREAM that a server takes at once, and a second from then on (CVE-2023-44487).
  std::uint64_t resetBurst = 1000;
  std::uint64_t resetsPerSecond = 33;
  /// A server's count of requests that were given up before any answer, less those that came to
  /// their end. At this number the client is asked to connect anew (notice()), which costs an
  /// honest one nothing; at twice as many the connection is ended.
  std::size_t maxUnansweredResets = 500;
  /// Whether a server takes RFC 8441's extended CONNECT.
  bool extendedConnect = true;
  /// What a client assumes as the upstream's limit of streams before its SETTINGS have come (RFC
  /// 9113 6.5.2 recommends that it be no smaller than 100).
  std::uint32_t assumedStreams = 100;
};

}  // namespace hitless::proxy
