#include "core/dns/query.h"

#include <algorithm>

#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

constexpr std::uint32_t kDnssecOk = 0x8000;

/// The fixed part of a record after its name: type, class, TTL, length of the data.
constexpr std::size_t kRecordHead = 10;

/// Goes over one record and takes in an OPT. False if it is malformed, or a second OPT.
bool readRecord(ByteView packet, std::size_t& at, Query& query) {
  const auto afterName = skipName(packet, at);
  if (!afterName || *afterName + kRecordHead > packet.size()) {
    return false;
  }
  const std::size_t head = *afterName;
  const std::size_t end = head + kRecordHead + readU16(packet, head + 8);
  if (end > packet.size()) {
    return false;
  }
  if (static_cast<Type>(readU16(packet, head)) == Type::kOpt) {
    if (query.edns || packet[at] != 0) {
      return false;
    }
    const std::uint32_t flags = readU32(packet, head + 4);
    query.edns = Edns{readU16(packet, head + 2), static_cast<std::uint8_t>(flags >> 16),
                      (flags & kDnssecOk) != 0};
  }
  at = end;
  return true;
}

}  // namespace

std::size_t Query::limit(Transport transport) const {
  if (transport == Transport::kTcp) {
    return kMaxMessage;
  }
  return edns ? std::clamp<std::size_t>(edns->payload, kPlainUdpSize, kMaxUdpSize) : kPlainUdpSize;
}

std::optional<std::size_t> readPlainName(ByteView packet, std::size_t at, char* lower) {
  const std::size_t begin = at;
  while (at < packet.size()) {
    const std::size_t label = packet[at];
    const std::size_t size = at - begin + label + 1;
    if (label > kMaxLabel || size > kMaxName || at + label >= packet.size()) {
      return std::nullopt;
    }
    lower[at - begin] = static_cast<char>(label);
    for (std::size_t i = 1; i <= label; ++i) {
      lower[at - begin + i] = lowerAscii(static_cast<char>(packet[at + i]));
    }
    at += label + 1;
    if (label == 0) {
      return size;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> skipName(ByteView packet, std::size_t at) {
  while (at < packet.size()) {
    const std::size_t label = packet[at];
    if (label == 0) {
      return at + 1;
    }
    if (label >= 0xc0) {  // A pointer ends the name.
      return at + 2 <= packet.size() ? std::optional(at + 2) : std::nullopt;
    }
    if (label > kMaxLabel) {
      return std::nullopt;
    }
    at += label + 1;
  }
  return std::nullopt;
}

QueryFault parseQuery(ByteView packet, Query& query) {
  query.edns.reset();
  query.questionBytes = {};
  query.question.asked = {};
  if (packet.size() < kHeaderSize) {
    return QueryFault::kIgnore;
  }
  const std::uint16_t flags = readU16(packet, kFlagsAt);
  if ((flags & kFlagResponse) != 0) {
    return QueryFault::kIgnore;
  }
  query.id = readU16(packet, 0);
  query.opcode = flags & kFlagOpcode;
  query.recursionDesired = (flags & kFlagRecursionDesired) != 0;
  query.authenticData = (flags & kFlagAuthenticData) != 0;
  query.checkingDisabled = (flags & kFlagCheckingDisabled) != 0;
  if (query.opcode != 0) {
    return QueryFault::kNotImp;
  }
  const unsigned records = readU16(packet, 6) + readU16(packet, 8) + readU16(packet, 10);
  constexpr unsigned kMostRecords = 4;  // An IXFR's SOA, an OPT, a TSIG: nobody sends more.
  if (readU16(packet, 4) != 1 || records > kMostRecords) {
    return QueryFault::kFormErr;
  }
  const auto length = readPlainName(packet, kHeaderSize, query.question.lower.data());
  if (!length || kHeaderSize + *length + 4 > packet.size()) {
    return QueryFault::kFormErr;
  }
  std::size_t at = kHeaderSize + *length;
  query.question.asked = packet.subspan(kHeaderSize, *length);
  query.question.type = static_cast<Type>(readU16(packet, at));
  query.question.klass = static_cast<Class>(readU16(packet, at + 2));
  at += 4;
  query.questionBytes = packet.subspan(kHeaderSize, at - kHeaderSize);
  for (unsigned i = 0; i < records; ++i) {
    if (!readRecord(packet, at, query)) {
      return QueryFault::kFormErr;
    }
  }
  return query.edns && query.edns->version != 0 ? QueryFault::kBadVers : QueryFault::kNone;
}

}  // namespace hitless::dns
