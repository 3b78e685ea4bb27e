#include "core/proxy/replay/failure.h"

#include <fmt/format.h>

namespace hitless::proxy {
namespace {

struct Row {
  FailureCause cause;
  std::string_view name;
  int status;
  Flag flag;
  /// Envoy's StreamResetReason; empty: not a reset, `details` and `body` are all there is.
  std::string_view reset;
  std::string_view details;
  std::string_view body;
};

using enum FailureCause;
using enum Flag;

// Envoy: source/common/http/utility.cc (resetReasonToString), source/common/router/router.cc
// (streamResetReasonToResponseFlag), envoy/stream_info/stream_info.h (ResponseCodeDetails).
constexpr Row kRows[] = {
    {kConnectRefused,
     "connect-refused",
     503,
     kUpstreamConnectionFailure,
     "remote connection failure",
     {},
     {}},
    {kConnectTimeout,
     "connect-timeout",
     503,
     kUpstreamConnectionFailure,
     "connection timeout",
     {},
     {}},
    {kConnectionEnded,
     "connection-ended",
     503,
     kUpstreamConnectionTermination,
     "connection termination",
     {},
     {}},
    {kConnectionReset,
     "connection-reset",
     503,
     kUpstreamConnectionTermination,
     "connection termination",
     {},
     {}},
    {kStreamReset, "stream-reset", 503, kUpstreamRemoteReset, "remote reset", {}, {}},
    {kRefusedStream,
     "refused-stream",
     503,
     kUpstreamRemoteReset,
     "remote refused stream reset",
     {},
     {}},
    {kAboveGoaway, "goaway", 503, kUpstreamRemoteReset, "remote refused stream reset", {}, {}},
    {kNotDelivered,
     "not-delivered",
     503,
     kUpstreamConnectionTermination,
     "connection termination",
     {},
     {}},
    {kAttemptTimeout,
     "attempt-timeout",
     504,
     kUpstreamRequestTimeout,
     {},
     "upstream_per_try_timeout",
     "upstream request timeout"},
    {kRequestTimeout,
     "request-timeout",
     504,
     kUpstreamRequestTimeout,
     {},
     "response_timeout",
     "upstream request timeout"},
    {kIdleTimeout,
     "idle-timeout",
     504,
     kStreamIdleTimeout,
     {},
     "stream_idle_timeout",
     "stream timeout"},
    {kProtocolError, "protocol-error", 502, kUpstreamProtocolError, "protocol error", {}, {}},
    {kStatus, "status", 503, Flag{0}, {}, "via_upstream", {}},
};

const Row& rowOf(FailureCause cause) {
  return kRows[static_cast<std::size_t>(cause)];
}

/// Blanks would end the word that a log's reader takes the details for.
std::string asWord(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    c = c == ' ' ? '_' : c;
  }
  return word;
}

}  // namespace

LocalAnswer localAnswer(FailureCause cause, std::string_view transportFailure, bool responseBegun) {
  const Row& row = rowOf(cause);
  LocalAnswer answer{row.status, static_cast<Flags>(row.flag), std::string(row.details),
                     std::string(row.body)};
  if (row.reset.empty()) {
    return answer;
  }
  const std::string failure =
      transportFailure.empty() ? "" : fmt::format("|{}", asWord(transportFailure));
  answer.details = fmt::format("upstream_reset_{}_response_started{{{}{}}}",
                               responseBegun ? "after" : "before", asWord(row.reset), failure);
  answer.body = fmt::format(
      "upstream connect error or disconnect/reset before headers. reset reason: {}", row.reset);
  if (!transportFailure.empty()) {
    answer.body += fmt::format(", transport failure reason: {}", transportFailure);
  }
  return answer;
}

std::string_view name(FailureCause cause) {
  return rowOf(cause).name;
}

}  // namespace hitless::proxy
