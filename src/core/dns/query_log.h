#pragma once

#include <string>

#include "base/clock.h"
#include "base/ip.h"
#include "core/dns/query.h"

namespace hitless::dns {

/// Which answers are logged; the classes of CoreDNS's `log`.
struct LogClasses {
  bool success = false;
  bool denial = false;  ///< NXDOMAIN and NODATA.
  bool error = false;   ///< SERVFAIL, NOTIMP, REFUSED, ...

  /// A list of success, denial, error and all; kInvalid for another word.
  static Result<LogClasses> parse(std::string_view text);
  bool any() const { return success || denial || error; }
};

struct LogEntry {
  IpAddress client;
  std::uint16_t port = 0;
  Transport transport = Transport::kUdp;
  std::size_t requestSize = 0;
  nanoseconds duration{};
};

/// What an answer's bytes say about it.
bool wanted(const LogClasses& classes, ByteView answer);
/// CoreDNS's common format:
/// {remote}:{port} - {id} "{type} {class} {name} {proto} {size} {do} {bufsize}" {rcode} {flags}
/// {rsize} {duration}
std::string logLine(const LogEntry& entry, const Query& query, ByteView answer);

}  // namespace hitless::dns
