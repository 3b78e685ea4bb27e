#include "core/load/failure.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace hitless::load {
namespace {

constexpr CauseInfo kCauses[] = {
    {Cause::kConnectionRefused, "connection-refused", "connection refused",
     "The backend's kernel answered the connection attempt with a reset: nobody listens there."},
    {Cause::kNoEndpoint, "no-endpoint", "no endpoint",
     "The network refused the connection attempt: the address has no backend or no route."},
    {Cause::kConnectTimeout, "connect-timeout", "connect timed out",
     "The connection attempt got no answer at all: the packets went into a black hole."},
    {Cause::kResetBeforeRequestWritten, "reset-before-request-written", "reset before the request",
     "The connection was reset before the whole request was written: it was not processed."},
    {Cause::kResetAfterRequestWritten, "reset-after-request-written", "reset after the request",
     "The connection was reset after the request was written: it may have been processed."},
    {Cause::kClosedBeforeResponse, "closed-before-response", "closed before the response",
     "The server closed the connection without answering the request."},
    {Cause::kClosedMidResponse, "closed-mid-response", "closed in mid-response",
     "The connection ended in the middle of the response."},
    {Cause::kResponseTimeout, "response-timeout", "response timed out",
     "The request was sent and its answer did not come, or not all of it, in time."},
    {Cause::kHttp5xx, "http-5xx", "HTTP 5xx", "The server answered with a server error."},
    {Cause::kHttp4xx, "http-4xx", "HTTP 4xx", "The server answered with a client error."},
    {Cause::kMalformedResponse, "malformed-response", "malformed response",
     "What came back is not a valid HTTP response."},
    {Cause::kLocalError, "local-error", "local error",
     "The client's own machine could not send: out of ports, descriptors or permission."},
    {Cause::kNameNotResolved, "name-not-resolved", "name not resolved",
     "The name server gave no address for the host, or no answer."},
    {Cause::kBackoff, "rpc-unavailable-backoff", "waiting to reconnect",
     "Nothing was sent: the last attempt to connect had failed, and none since had succeeded."},
    {Cause::kGoawayUnprocessed, "goaway-unprocessed", "GOAWAY, not processed",
     "The server's GOAWAY said that it did not and will not process the request."},
    {Cause::kStreamRefused, "stream-refused", "stream refused",
     "The server refused the stream before it processed anything of it (REFUSED_STREAM)."},
    {Cause::kStreamReset, "stream-reset", "stream reset",
     "The server reset the request's stream; the connection went on."},
    {Cause::kRpcStatus, "rpc-status", "RPC failed with a status",
     "The server answered the RPC with a gRPC status that is not OK."},
    {Cause::kNotDenied, "not-denied", "not denied",
     "The connection was established although it is one that must not be."},
};

Cause classifyConnect(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Cause::kConnectionRefused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case ENOPROTOOPT:
      return Cause::kNoEndpoint;
    case ETIMEDOUT:
      return Cause::kConnectTimeout;
    case ECONNRESET:  // established, and reset before the connect was noticed
    case EPIPE:
      return Cause::kResetBeforeRequestWritten;
    default:
      return Cause::kLocalError;
  }
}

Cause timeOutIn(Phase phase) {
  return phase == Phase::kConnecting ? Cause::kConnectTimeout : Cause::kResponseTimeout;
}

}  // namespace

std::span<const CauseInfo> causes() {
  return kCauses;
}

const CauseInfo& info(Cause cause) {
  return kCauses[static_cast<std::size_t>(cause)];
}

std::optional<Cause> causeOf(std::string_view id) {
  for (const CauseInfo& row : kCauses) {
    if (row.id == id) {
      return row.cause;
    }
  }
  return std::nullopt;
}

Cause classify(const Symptom& symptom) {
  if (symptom.timedOut) {
    return timeOutIn(symptom.phase);
  }
  if (symptom.phase == Phase::kConnecting) {
    return symptom.icmp ? Cause::kNoEndpoint : classifyConnect(symptom.error);
  }
  if (symptom.error == ETIMEDOUT) {
    return Cause::kResponseTimeout;
  }
  if (symptom.phase == Phase::kReadingResponse) {
    return Cause::kClosedMidResponse;
  }
  if (symptom.error == 0) {
    return Cause::kClosedBeforeResponse;
  }
  return symptom.phase == Phase::kWriting ? Cause::kResetBeforeRequestWritten
                                          : Cause::kResetAfterRequestWritten;
}

std::optional<Cause> causeOfStatus(int status) {
  if (status >= 500) {
    return Cause::kHttp5xx;
  }
  return status >= 400 ? std::optional(Cause::kHttp4xx) : std::nullopt;
}

bool mayRetry(Cause cause, bool reusedConnection, std::string_view method, int attempt) {
  constexpr std::array<std::string_view, 6> kIdempotent = {"GET",    "HEAD", "OPTIONS",
                                                           "DELETE", "PUT",  "TRACE"};
  const bool diedUnanswered = cause == Cause::kResetBeforeRequestWritten ||
                              cause == Cause::kResetAfterRequestWritten ||
                              cause == Cause::kClosedBeforeResponse;
  return attempt == 1 && reusedConnection && diedUnanswered &&
         std::find(kIdempotent.begin(), kIdempotent.end(), method) != kIdempotent.end();
}

}  // namespace hitless::load
