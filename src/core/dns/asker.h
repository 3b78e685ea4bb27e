#pragma once

#include "core/dns/query.h"

namespace hitless::dns {

/// What a reply takes over from the query that it answers.
struct Asker {
  std::uint16_t id = 0;
  bool recursionDesired = false;
  bool checkingDisabled = false;
  bool authenticData = false;
  bool edns = false;
  bool dnssecOk = false;
  std::size_t limit = kPlainUdpSize;  ///< The largest message that may be sent, bytes.
  ByteView question;                  ///< Bytes of the question section, in the asker's case.
};

Asker askerOf(const Query& query, Transport transport);

/// A reply without records. Its size; 0 if it does not fit into `out`, which never happens if that
/// has kPlainUdpSize bytes.
std::size_t writeError(const Asker& asker, Rcode rcode, ExtendedError why,
                       std::span<std::uint8_t> out);

/// The bytes of the OPT record that goes to the asker; 0 if it sent none.
std::size_t optSize(const Asker& asker, ExtendedError why);
/// Writes that record to the begin of `out`, which must have room for it. An extended error that
/// is not kNone is told (RFC 8914). `upperRcode`: the bits of the rcode that the header cannot
/// hold.
void writeOpt(const Asker& asker, ExtendedError why, std::span<std::uint8_t> out,
              std::uint8_t upperRcode = 0);

}  // namespace hitless::dns
