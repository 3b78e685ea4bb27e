#include "core/dns/message_writer.h"

#include <algorithm>
#include <cstring>

#include "core/dns/asker.h"

namespace hitless::dns {
namespace {

constexpr std::uint16_t kPointer = 0xc000;
/// Type, class, TTL and length of the data.
constexpr std::size_t kRecordHead = 10;
ByteView bytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

MessageWriter::MessageWriter(std::span<std::uint8_t> out, std::size_t limit, const Query& query)
    : out_(out), limit_(std::min(limit, out.size())), query_(query) {
  const std::size_t reserved = optSize(askerOf(query, Transport::kUdp), ExtendedError::kNone);
  limit_ -= std::min(reserved, limit_);
  std::memset(out_.data(), 0, kHeaderSize);
  writeU16(out_, 0, query.id);
  std::copy(query.questionBytes.begin(), query.questionBytes.end(), out_.begin() + kHeaderSize);
  writeU16(out_, 4, query.questionBytes.empty() ? 0 : 1);
  at_ = kHeaderSize + query.questionBytes.size();
}

void MessageWriter::put8(std::uint8_t value) {
  put({&value, 1});
}

void MessageWriter::put16(std::uint16_t value) {
  const std::span<std::uint8_t> room = claim(sizeof value);
  if (!room.empty()) {
    writeU16(room, 0, value);
  }
}

void MessageWriter::put32(std::uint32_t value) {
  put16(static_cast<std::uint16_t>(value >> 16));
  put16(static_cast<std::uint16_t>(value));
}

std::span<std::uint8_t> MessageWriter::claim(std::size_t size) {
  if (overflow_ || size > limit_ - std::min(at_, limit_)) {
    overflow_ = true;
    return {};
  }
  at_ += size;
  return out_.subspan(at_ - size, size);
}

void MessageWriter::put(ByteView bytes) {
  const std::span<std::uint8_t> room = claim(bytes.size());
  if (!room.empty()) {
    std::memcpy(room.data(), bytes.data(), bytes.size());
  }
}

void MessageWriter::putPlainName(std::string_view wire) {
  put(bytesOf(wire));
}

void MessageWriter::putName(std::string_view wire) {
  const std::string_view asked = query_.question.name();
  std::size_t skipped = 0;  // Of the question's name, in bytes.
  while (asked.size() - skipped > wire.size()) {
    skipped += 1 + static_cast<std::uint8_t>(asked[skipped]);
  }
  std::string_view rest = wire;
  while (rest.size() > 1) {
    if (asked.substr(skipped) == rest) {
      put(bytesOf(wire.substr(0, wire.size() - rest.size())));
      return put16(static_cast<std::uint16_t>(kPointer | (kHeaderSize + skipped)));
    }
    // Both are walked label by label; whichever is longer loses its first.
    if (asked.size() - skipped >= rest.size()) {
      skipped += 1 + static_cast<std::uint8_t>(asked[skipped]);
    } else {
      rest = parentOf(rest);
    }
  }
  putPlainName(wire);
}

template <class Data>
bool MessageWriter::record(Section section, std::string_view owner, Type type, Class klass,
                           std::uint32_t ttl, Data data) {
  const std::size_t mark = at_;
  if (owner.data() == query_.question.name().data()) {
    put16(kPointer | kHeaderSize);
  } else {
    putName(owner);
  }
  // In one piece: of a record with an address this is nearly all.
  const std::span<std::uint8_t> head = claim(kRecordHead);
  if (!head.empty()) {
    writeU16(head, 0, static_cast<std::uint16_t>(type));
    writeU16(head, 2, static_cast<std::uint16_t>(klass));
    writeU32(head, 4, ttl);
  }
  const std::size_t length = at_ - 2;
  data();
  if (overflow_) {
    overflow_ = false;
    at_ = mark;
    return false;
  }
  writeU16(out_, length, static_cast<std::uint16_t>(at_ - length - 2));
  ++counts_[static_cast<std::size_t>(section)];
  return true;
}

bool MessageWriter::address(Section section, std::string_view owner, std::uint32_t ttl,
                            const IpAddress& ip) {
  return record(section, owner, ip.isV4() ? Type::kA : Type::kAaaa, Class::kInternet, ttl,
                [&] { put(ip.bytes()); });
}

bool MessageWriter::name(Section section, std::string_view owner, Type type, std::uint32_t ttl,
                         std::string_view target) {
  return record(section, owner, type, Class::kInternet, ttl, [&] { putName(target); });
}

bool MessageWriter::srv(Section section, std::string_view owner, std::uint32_t ttl,
                        std::uint16_t weight, std::uint16_t port, std::string_view target) {
  return record(section, owner, Type::kSrv, Class::kInternet, ttl, [&] {
    put16(0);  // Priority.
    put16(weight);
    put16(port);
    putPlainName(target);  // RFC 2782: not compressed.
  });
}

bool MessageWriter::soa(Section section, std::string_view owner, std::uint32_t ttl,
                        std::string_view server, std::string_view mailbox, std::uint32_t serial,
                        std::uint32_t minimum) {
  constexpr std::uint32_t kRefresh = 7200;
  constexpr std::uint32_t kRetry = 1800;
  constexpr std::uint32_t kExpire = 86400;
  return record(section, owner, Type::kSoa, Class::kInternet, ttl, [&] {
    putName(server);
    putName(mailbox);
    for (const std::uint32_t value : {serial, kRefresh, kRetry, kExpire, minimum}) {
      put32(value);
    }
  });
}

bool MessageWriter::txt(Section section, std::string_view owner, std::uint32_t ttl,
                        std::span<const std::string_view> texts) {
  return record(section, owner, Type::kTxt, Class::kInternet, ttl, [&] {
    for (const std::string_view text : texts) {
      put8(static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 255)));
      put(bytesOf(text.substr(0, 255)));
    }
  });
}

bool MessageWriter::raw(Section section, std::string_view owner, Type type, Class klass,
                        std::uint32_t ttl, ByteView data) {
  return record(section, owner, type, klass, ttl, [&] { put(data); });
}

std::size_t MessageWriter::finish(const Ending& ending) {
  const auto rcode = static_cast<std::uint16_t>(ending.rcode);
  std::uint16_t flags = kFlagResponse | query_.opcode | (rcode & kRcodeMask);
  flags |= ending.authoritative ? kFlagAuthoritative : 0;
  flags |= ending.truncated ? kFlagTruncated : 0;
  flags |= query_.recursionDesired ? kFlagRecursionDesired : 0;
  flags |= ending.recursionAvailable ? kFlagRecursionAvailable : 0;
  flags |= query_.checkingDisabled ? kFlagCheckingDisabled : 0;
  writeU16(out_, kFlagsAt, flags);
  if (query_.edns) {  // Its room was kept free.
    const Asker asker = askerOf(query_, Transport::kUdp);
    const bool told = at_ + optSize(asker, ending.extendedError) <= out_.size();
    const ExtendedError why = told ? ending.extendedError : ExtendedError::kNone;
    writeOpt(asker, why, out_.subspan(at_), static_cast<std::uint8_t>(rcode >> 4));
    at_ += optSize(asker, why);
    counts_[2] += 1;
  }
  for (std::size_t section = 0; section < 3; ++section) {
    writeU16(out_, kAnswerCountAt + 2 * section, counts_[section]);
  }
  return at_;
}

}  // namespace hitless::dns
