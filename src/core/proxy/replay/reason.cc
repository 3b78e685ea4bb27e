#include "core/proxy/replay/reason.h"

#include <array>
#include <cstddef>

namespace hitless::proxy {
namespace {

struct Row {
  std::string_view name;
  std::string_view meaning;
};

constexpr Row kRows[] = {
    {"never-sent", "there was no connection to the upstream, or nothing was written to it"},
    {"refused", "the upstream refused the stream (REFUSED_STREAM)"},
    {"above-goaway", "the upstream's GOAWAY names an earlier stream as its last"},
    {"not-delivered", "the upstream's own sidecar says that the application got none of it"},
    {"never-acknowledged", "the upstream closed before its kernel had received a byte of it"},
    {"idempotent-method",
     "the method is idempotent (RFC 9110 9.2.2) and the route's policy "
     "allows it"},
    {"idempotency-key", "the request has an Idempotency-Key and the route's policy allows it"},
    {"status", "the route's policy names the status, and processing it twice does no harm"},
    {"response-begun", "the client has some of the response already"},
    {"upgrade-begun", "the connection speaks another protocol already"},
    {"out-of-time", "the request's time-out is over"},
    {"body-not-kept", "the request's body is larger than what is kept of one"},
    {"maybe-processed", "the upstream may have processed it, and twice might do harm"},
    {"attempts-used-up", "the route's number of tries is used up"},
    {"budget-used-up", "too many requests are being replayed"},
};
static_assert(std::size(kRows) == kReplayReasons);

}  // namespace

std::string_view name(ReplayReason reason) {
  return kRows[static_cast<std::size_t>(reason)].name;
}

std::string_view meaning(ReplayReason reason) {
  return kRows[static_cast<std::size_t>(reason)].meaning;
}

}  // namespace hitless::proxy
