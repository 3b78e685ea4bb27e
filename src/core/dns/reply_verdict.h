#pragma once

#include <optional>

#include "core/dns/flight_table.h"
#include "core/dns/forward_options.h"

namespace hitless::dns {

/// What is to be done about a message that came as an upstream's reply.
enum class Verdict {
  kIgnore,     ///< It belongs to another question, or is forged: the try goes on.
  kAskPlain,   ///< The upstream knows no EDNS (RFC 6891 7): once more without.
  kAskByTcp,   ///< It is truncated (RFC 7766 5).
  kBroken,     ///< From the upstream, but unreadable: as if it had failed.
  kTryOthers,  ///< An error that another upstream may not have.
  kAnswer,
};

struct Judgement {
  Verdict verdict = Verdict::kIgnore;
  /// Of a reply that can be passed on (kAskByTcp, kTryOthers, kAnswer).
  std::optional<ReplySummary> summary;
};

/// A reply must have the try's ID and the question exactly as it was sent, case included (RFC 5452
/// 9.1); only an error from a server too old for EDNS may come as a mere header.
Judgement judge(ByteView reply, const Flight& flight, const ForwardOptions& options);

}  // namespace hitless::dns
