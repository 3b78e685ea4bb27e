#include "core/dns/splice.h"

#include <cstring>
#include <optional>
#include <string>

#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

/// The name at `at` written out, in the spelling that it has; nullopt if it is malformed. Pointers
/// must lead back, so that there is no loop.
std::optional<std::string> expandName(ByteView packet, std::size_t at) {
  std::string wire;
  std::size_t bound = at + 1;
  while (at < packet.size()) {
    const std::size_t label = packet[at];
    if (label >= 0xc0) {
      if (at + 2 > packet.size()) {
        return std::nullopt;
      }
      const std::size_t target = readU16(packet, at) & 0x3fff;
      if (target >= bound - 1) {
        return std::nullopt;
      }
      at = target;
      bound = target + 1;
      continue;
    }
    if (label > kMaxLabel || at + 1 + label > packet.size() || wire.size() + label + 1 > kMaxName) {
      return std::nullopt;
    }
    wire.append(reinterpret_cast<const char*>(packet.data()) + at, label + 1);
    if (label == 0) {
      return wire;
    }
    at += label + 1;
  }
  return std::nullopt;
}

/// Where names lie in the data of the types that may hold compressed ones (RFC 3597 section 4).
struct NamesIn {
  Type type;
  std::size_t before;  ///< Bytes ahead of the first name.
  int names;
};
constexpr NamesIn kNamesIn[] = {
    {Type::kNs, 0, 1},  {Type::kCname, 0, 1}, {Type::kPtr, 0, 1}, {Type::kMx, 2, 1},
    {Type::kSoa, 0, 2}, {Type::kSrv, 6, 1},  // SRV: some servers compress it all the same.
};

struct Record {
  std::string owner;
  Type type = Type::kA;
  Class klass = Class::kInternet;
  std::uint32_t ttl = 0;
  std::string data;
};

std::optional<std::string> expandData(ByteView packet, std::size_t begin, std::size_t end,
                                      Type type) {
  std::string data;
  std::size_t at = begin;
  const auto copy = [&](std::size_t until) {
    data.append(reinterpret_cast<const char*>(packet.data()) + at, until - at);
    at = until;
  };
  for (const NamesIn& known : kNamesIn) {
    if (known.type != type) {
      continue;
    }
    if (begin + known.before > end) {
      return std::nullopt;
    }
    copy(begin + known.before);
    for (int i = 0; i < known.names; ++i) {
      const auto name = expandName(packet, at);
      const auto after = skipName(packet, at);
      if (!name || !after || *after > end) {
        return std::nullopt;
      }
      data += *name;
      at = *after;
    }
  }
  copy(end);
  return data;
}

std::optional<Record> expand(ByteView packet, const RecordPlace& place) {
  auto owner = expandName(packet, place.begin);
  auto data = expandData(packet, place.dataAt(), place.end, place.type);
  if (!owner || !data) {
    return std::nullopt;
  }
  return Record{std::move(*owner), place.type, static_cast<Class>(place.klass), place.ttl,
                std::move(*data)};
}

/// False if the reply is malformed or visit() gives false.
template <class Visit>
bool forEachRecord(ByteView reply, Visit visit) {
  RecordWalk walk(reply);
  while (const auto place = walk.next()) {
    if (place->section == Section::kAdditional) {
      break;
    }
    const auto record = expand(reply, *place);
    if (!record || !visit(place->section, *record)) {
      return false;
    }
  }
  return !walk.broken();
}

}  // namespace

Splice inspect(ByteView reply) {
  Splice found;
  if (reply.size() < kHeaderSize) {
    return found;
  }
  found.rcode = static_cast<Rcode>(readU16(reply, kFlagsAt) & kRcodeMask);
  found.truncated = (readU16(reply, kFlagsAt) & kFlagTruncated) != 0;
  found.usable = (found.rcode == Rcode::kNoError || found.rcode == Rcode::kNxDomain) &&
                 forEachRecord(reply, [](Section, const Record&) { return true; });
  return found;
}

bool splice(ByteView reply, MessageWriter& writer) {
  return forEachRecord(reply, [&](Section section, const Record& record) {
    const ByteView data{reinterpret_cast<const std::uint8_t*>(record.data.data()),
                        record.data.size()};
    const bool written =
        writer.raw(section, record.owner, record.type, record.klass, record.ttl, data);
    return written || section != Section::kAnswer;
  });
}

}  // namespace hitless::dns
