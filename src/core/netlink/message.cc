#include "core/netlink/message.h"

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace hitless::netlink {
namespace {

std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

template <class Number>
std::optional<Number> numberOf(ByteView payload, bool networkOrder) {
  if (payload.size() != sizeof(Number)) {
    return std::nullopt;
  }
  Number value = 0;
  if (!networkOrder) {
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  for (const std::uint8_t byte : payload) {
    value = static_cast<Number>((value << 8) | byte);
  }
  return value;
}

template <>
std::optional<std::uint8_t> numberOf(ByteView payload, bool) {
  return payload.size() == 1 ? std::optional(payload[0]) : std::nullopt;
}

template <class Number>
std::array<std::uint8_t, sizeof(Number)> networkOrder(Number value) {
  std::array<std::uint8_t, sizeof(Number)> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * (bytes.size() - 1 - i)));
  }
  return bytes;
}

}  // namespace

void Writer::raw(ByteView bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  out_.resize(padded(out_.size()));
}

void Writer::begin(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence) {
  start_ = out_.size();
  nlmsghdr head{};
  head.nlmsg_type = type;
  head.nlmsg_flags = flags;
  head.nlmsg_seq = sequence;
  header(head);
}

void Writer::end() {
  const auto length = static_cast<std::uint32_t>(out_.size() - start_);
  std::memcpy(out_.data() + start_, &length, sizeof length);
}

void Writer::put(std::uint16_t type, ByteView payload) {
  nlattr attribute{static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()), type};
  header(attribute);
  raw(payload);
}

void Writer::putU8(std::uint16_t type, std::uint8_t value) {
  put(type, {&value, 1});
}

void Writer::putU32(std::uint16_t type, std::uint32_t value) {
  put(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

void Writer::putBe16(std::uint16_t type, std::uint16_t value) {
  put(type, networkOrder(value));
}
void Writer::putBe32(std::uint16_t type, std::uint32_t value) {
  put(type, networkOrder(value));
}
void Writer::putBe64(std::uint16_t type, std::uint64_t value) {
  put(type, networkOrder(value));
}

void Writer::putString(std::uint16_t type, std::string_view text) {
  nlattr attribute{static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1), type};
  header(attribute);
  out_.insert(out_.end(), text.begin(), text.end());
  out_.push_back(0);
  out_.resize(padded(out_.size()));
}

std::size_t Writer::openNest(std::uint16_t type) {
  const std::size_t mark = out_.size();
  header(nlattr{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)});
  return mark;
}

void Writer::closeNest(std::size_t mark) {
  const auto length = static_cast<std::uint16_t>(out_.size() - mark);
  std::memcpy(out_.data() + mark, &length, sizeof length);
}

std::optional<std::uint8_t> Attribute::u8() const {
  return numberOf<std::uint8_t>(payload, false);
}
std::optional<std::uint32_t> Attribute::u32() const {
  return numberOf<std::uint32_t>(payload, false);
}
std::optional<std::uint16_t> Attribute::be16() const {
  return numberOf<std::uint16_t>(payload, true);
}
std::optional<std::uint32_t> Attribute::be32() const {
  return numberOf<std::uint32_t>(payload, true);
}
std::optional<std::uint64_t> Attribute::be64() const {
  return numberOf<std::uint64_t>(payload, true);
}

std::string_view Attribute::text() const {
  const auto end = std::find(payload.begin(), payload.end(), 0);
  return {reinterpret_cast<const char*>(payload.data()),
          static_cast<std::size_t>(end - payload.begin())};
}

Attributes::Attributes(ByteView payload) {
  while (payload.size() >= NLA_HDRLEN) {
    nlattr head;
    std::memcpy(&head, payload.data(), sizeof head);
    if (head.nla_len < NLA_HDRLEN || head.nla_len > payload.size()) {
      return;
    }
    const auto type = static_cast<std::uint16_t>(head.nla_type & NLA_TYPE_MASK);
    list_.push_back({type, payload.subspan(NLA_HDRLEN, head.nla_len - std::size_t{NLA_HDRLEN})});
    payload = payload.subspan(std::min(padded(head.nla_len), payload.size()));
  }
}

const Attribute* Attributes::find(std::uint16_t type) const {
  const auto it = std::find_if(list_.begin(), list_.end(),
                               [type](const Attribute& entry) { return entry.type == type; });
  return it == list_.end() ? nullptr : &*it;
}

Attributes Attributes::nested(std::uint16_t type) const {
  return Attributes(payload(type));
}

ByteView Attributes::payload(std::uint16_t type) const {
  const Attribute* entry = find(type);
  return entry == nullptr ? ByteView{} : entry->payload;
}

std::optional<std::uint8_t> Attributes::u8(std::uint16_t type) const {
  return numberOf<std::uint8_t>(payload(type), false);
}
std::optional<std::uint32_t> Attributes::u32(std::uint16_t type) const {
  return numberOf<std::uint32_t>(payload(type), false);
}
std::optional<std::uint16_t> Attributes::be16(std::uint16_t type) const {
  return numberOf<std::uint16_t>(payload(type), true);
}
std::optional<std::uint32_t> Attributes::be32(std::uint16_t type) const {
  return numberOf<std::uint32_t>(payload(type), true);
}
std::optional<std::uint64_t> Attributes::be64(std::uint16_t type) const {
  return numberOf<std::uint64_t>(payload(type), true);
}

std::string_view Attributes::text(std::uint16_t type) const {
  const Attribute* entry = find(type);
  return entry == nullptr ? std::string_view{} : entry->text();
}

Attributes Message::attributes(std::size_t headerSize) const {
  headerSize = padded(headerSize);
  return payload.size() < headerSize ? Attributes{} : Attributes(payload.subspan(headerSize));
}

std::vector<Message> parseMessages(ByteView datagram) {
  std::vector<Message> messages;
  while (datagram.size() >= NLMSG_HDRLEN) {
    nlmsghdr head;
    std::memcpy(&head, datagram.data(), sizeof head);
    if (head.nlmsg_len < NLMSG_HDRLEN || head.nlmsg_len > datagram.size()) {
      break;
    }
    messages.push_back({head.nlmsg_type, head.nlmsg_flags, head.nlmsg_seq,
                        datagram.subspan(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN),
                        head.nlmsg_pid});
    datagram = datagram.subspan(std::min(padded(head.nlmsg_len), datagram.size()));
  }
  return messages;
}

std::optional<Ack> parseAck(const Message& message) {
  const auto error = message.header<nlmsgerr>();
  if (message.type != NLMSG_ERROR || !error) {
    return std::nullopt;
  }
  Ack ack;
  ack.code = error->error == INT32_MIN ? EIO : std::abs(error->error);
  if ((message.flags & NLM_F_ACK_TLVS) != 0) {
    // The request's own bytes come back in front of the attributes unless it was capped.
    const bool capped = (message.flags & NLM_F_CAPPED) != 0 || error->msg.nlmsg_len < NLMSG_HDRLEN;
    const std::size_t echoed = capped ? 0 : error->msg.nlmsg_len - std::size_t{NLMSG_HDRLEN};
    const Attributes attributes = message.attributes(sizeof(nlmsgerr) + echoed);
    ack.text = attributes.text(NLMSGERR_ATTR_MSG);
    ack.offset = attributes.u32(NLMSGERR_ATTR_OFFS).value_or(0);
  }
  return ack;
}

}  // namespace hitless::netlink
