#pragma once

#include "core/dns/types.h"
#include "core/dns/upstreams.h"

namespace hitless::dns {

/// One try at one upstream: a message sent, and at most one reply or failure.
enum class ExchangeId : std::uint64_t {};

/// The way to the upstreams, for a forwarder. No call may call the forwarder back before it
/// returns: what fails at once is reported soon after. Views are valid during the call only.
class UpstreamLink {
 public:
  virtual ~UpstreamLink() = default;
  /// Sends by UDP from a port that is random and used for this exchange only (RFC 5452 9.2), and
  /// takes replies from that upstream's address and port alone.
  virtual void sendUdp(ExchangeId exchange, const UpstreamAddress& to, ByteView message) = 0;
  /// Sends by TCP, if possible over a connection that is there already (RFC 7766 6.2.1).
  virtual void sendTcp(ExchangeId exchange, const UpstreamAddress& to, ByteView message) = 0;
  /// Nothing more is to be reported of it.
  virtual void cancel(ExchangeId exchange) = 0;
};

/// Who asked: a number that only the host of a forwarder understands.
enum class AskToken : std::uint64_t {};

/// Whom a forwarder gives its answers to.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  /// Called once for each question, perhaps before Forwarder::ask() returns. `message` is within
  /// the asker's limit, and valid until the forwarder is called again.
  virtual void answer(AskToken token, ByteView message) = 0;
};

}  // namespace hitless::dns
