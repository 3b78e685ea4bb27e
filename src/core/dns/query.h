#pragma once

#include <array>
#include <optional>

#include "core/dns/name.h"
#include "core/dns/types.h"

namespace hitless::dns {

/// What a client says by EDNS (RFC 6891).
struct Edns {
  std::uint16_t payload = kPlainUdpSize;  ///< The UDP message that the client can take, bytes.
  std::uint8_t version = 0;
  bool dnssecOk = false;
};

struct Question {
  /// The name as the client wrote it: it is echoed byte by byte (0x20 clients compare it).
  ByteView asked;
  Type type = Type::kA;
  Class klass = Class::kInternet;

  /// The name in lower case, wire form.
  std::string_view name() const { return {lower.data(), asked.size()}; }

  std::array<char, kMaxName> lower;  ///< Only the first asked.size() bytes are set.
};

/// A parsed query. Its views point into the packet that it was parsed from.
struct Query {
  std::uint16_t id = 0;
  std::uint16_t opcode = 0;  ///< As it stands in the flags.
  bool recursionDesired = false;
  bool authenticData = false;
  bool checkingDisabled = false;
  Question question;
  std::optional<Edns> edns;

  /// The bytes of the question section; empty if it could not be parsed.
  ByteView questionBytes;
  /// How large an answer may be: by UDP what the client can take, within our own limit.
  std::size_t limit(Transport transport) const;
};

enum class QueryFault {
  kNone,
  kIgnore,   ///< No query at all (too short, or a response): an answer could make a loop.
  kFormErr,  ///< Malformed behind the header; query.id is set.
  kNotImp,   ///< Another opcode.
  kBadVers,  ///< An EDNS version that is not ours (RFC 6891 6.1.3).
};

/// Parses one message. Reads nothing outside of `packet`, whatever it holds.
QueryFault parseQuery(ByteView packet, Query& query);

/// Copies the name at `at` in lower case to `lower` (at least kMaxName bytes) and gives its length
/// in bytes; nullopt if it is malformed or compressed.
std::optional<std::size_t> readPlainName(ByteView packet, std::size_t at, char* lower);
/// The offset after a name that may be compressed; nullopt if it leaves the packet.
std::optional<std::size_t> skipName(ByteView packet, std::size_t at);

}  // namespace hitless::dns
