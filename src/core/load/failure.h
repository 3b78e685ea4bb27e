#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Why a request was lost, as seen at the client's socket.
namespace hitless::load {

enum class Cause : std::uint8_t {
  kConnectionRefused,
  kNoEndpoint,
  kConnectTimeout,
  kResetBeforeRequestWritten,
  kResetAfterRequestWritten,
  kClosedBeforeResponse,
  kClosedMidResponse,
  kResponseTimeout,
  kHttp5xx,
  kHttp4xx,
  kMalformedResponse,
  kLocalError,
  kNameNotResolved,
  kBackoff,
  kGoawayUnprocessed,
  kStreamRefused,
  kStreamReset,
  kRpcStatus,
  kNotDenied,
};

struct CauseInfo {
  Cause cause;
  std::string_view id;           ///< Stable, for files and JSON: "connection-refused".
  std::string_view title;        ///< For tables, at most 30 characters.
  std::string_view explanation;  ///< One sentence for people.
};

/// Every cause, in the order of the enumeration.
std::span<const CauseInfo> causes();
const CauseInfo& info(Cause cause);
std::optional<Cause> causeOf(std::string_view id);

/// How far a request had come when its connection failed.
enum class Phase : std::uint8_t {
  kConnecting,
  kWriting,           ///< Connected; the kernel has not taken the whole request.
  kAwaitingResponse,  ///< The kernel has the whole request, no byte of a response has come.
  kReadingResponse,
};

/// What the socket said.
struct Symptom {
  Phase phase = Phase::kConnecting;
  int error = 0;          ///< errno; 0 means the peer closed in order (FIN).
  bool timedOut = false;  ///< The request's own time was over.
  bool icmp = false;      ///< The error came as an ICMP message, not as a TCP reset.
};

Cause classify(const Symptom& symptom);

/// 4xx and 5xx are failures; nullopt for every other status.
std::optional<Cause> causeOfStatus(int status);

/// Whether RFC 9112 section 9.3.1 lets a client send the request once more by itself: the
/// connection had carried a request before (so it may have been closed as idle), no byte of a
/// response came, the method is idempotent (RFC 9110 section 9.2.2), and it is the first attempt.
bool mayRetry(Cause cause, bool reusedConnection, std::string_view method, int attempt);

}  // namespace hitless::load
