#include "core/nft/field_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace hitless::nft::text {
namespace {

constexpr std::array<std::string_view, 5> kVerdictNames = {"accept", "drop", "return", "jump",
                                                           "goto"};

/// A header field as nft names it.
struct HeaderField {
  PayloadBase base;
  std::uint32_t offset;
  std::uint32_t length;
  std::string_view name;
};
constexpr std::array<HeaderField, 8> kHeaderFields = {{
    {PayloadBase::kNetwork, 12, 4, "ip saddr"},
    {PayloadBase::kNetwork, 16, 4, "ip daddr"},
    {PayloadBase::kNetwork, 8, 16, "ip6 saddr"},
    {PayloadBase::kNetwork, 24, 16, "ip6 daddr"},
    {PayloadBase::kTransport, 0, 2, "th sport"},
    {PayloadBase::kTransport, 2, 2, "th dport"},
    {PayloadBase::kTransport, 13, 1, "tcp flags"},
    {PayloadBase::kTransport, 18, 2, "tcp urgptr"},
}};

}  // namespace

std::string quotedComment(const std::string& comment) {
  return comment.empty() ? std::string{} : fmt::format(" comment \"{}\"", comment);
}

std::string verdict(const Verdict& value) {
  const std::string_view name = kVerdictNames[static_cast<std::size_t>(value.kind)];
  return value.chain.empty() ? std::string(name) : fmt::format("{} {}", name, value.chain);
}

std::uint32_t hostNumber(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

std::string address(int family, std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, 16> padded{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), padded.size()), padded.begin());
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family, padded.data(), text, sizeof text);
  return text;
}

namespace {

std::string fieldText(FieldType type, std::span<const std::uint8_t> bytes) {
  static const std::map<std::uint8_t, std::string_view> kProtocols = {
      {1, "icmp"}, {6, "tcp"}, {17, "udp"}, {58, "ipv6-icmp"}, {132, "sctp"}};
  switch (type) {
    case FieldType::kIpv4Addr:
      return address(AF_INET, bytes);
    case FieldType::kIpv6Addr:
      return address(AF_INET6, bytes);
    case FieldType::kInetProto: {
      const auto it = kProtocols.find(bytes[0]);
      return it != kProtocols.end() ? std::string(it->second) : std::to_string(bytes[0]);
    }
    case FieldType::kInetService:
      return std::to_string(bytes[0] << 8 | bytes[1]);
    case FieldType::kMark:
      return fmt::format("0x{:08x}", hostNumber(bytes));
  }
  return {};
}

}  // namespace

std::string datum(const std::vector<FieldType>& fields, const Datum& value) {
  std::vector<std::string> parts;
  auto rest = value.bytes();
  for (const FieldType field : fields) {
    const std::size_t size = (info(field).size + 3U) & ~std::size_t{3};
    if (rest.size() < size) {
      break;
    }
    parts.push_back(fieldText(field, rest.first(size)));
    rest = rest.subspan(size);
  }
  return join(parts, " . ");
}

namespace {

/// The length of the prefix that the keys first ... last are all of; nullopt if there is none.
std::optional<unsigned> prefixOf(const Datum& first, const Datum& last) {
  unsigned length = 0;
  bool differ = false;
  for (std::size_t i = 0; i < std::min(first.size(), last.size()) * 8; ++i) {
    const unsigned bit = 7 - i % 8;
    const unsigned low = first.bytes()[i / 8] >> bit & 1U;
    const unsigned high = last.bytes()[i / 8] >> bit & 1U;
    differ = differ || low != high;
    if (differ && (low != 0 || high != 1)) {
      return std::nullopt;
    }
    length += differ ? 0 : 1;
  }
  return length;
}

}  // namespace

std::string interval(const std::vector<FieldType>& fields, const Datum& first, const Datum& last) {
  const bool network = !fields.empty() && (fields.front() == FieldType::kIpv4Addr ||
                                           fields.front() == FieldType::kIpv6Addr);
  if (first == last) {
    return datum(fields, first);
  }
  if (const auto length = network ? prefixOf(first, last) : std::nullopt) {
    return fmt::format("{}/{}", datum(fields, first), *length);
  }
  return fmt::format("{}-{}", datum(fields, first), datum(fields, last));
}

std::string types(const std::vector<FieldType>& fields) {
  std::vector<std::string> names;
  for (const FieldType field : fields) {
    names.emplace_back(info(field).name);
  }
  return join(names, " . ");
}

std::string headerField(PayloadBase base, std::uint32_t offset, std::uint32_t length) {
  for (const HeaderField& field : kHeaderFields) {
    // A prefix of an address is how a network of whole bytes is matched.
    const bool fits =
        base == PayloadBase::kNetwork ? length <= field.length : length == field.length;
    if (field.base == base && field.offset == offset && fits) {
      return std::string(field.name);
    }
  }
  return fmt::format("@{},{},{}", base == PayloadBase::kNetwork ? "nh" : "th", offset * 8,
                     length * 8);
}

std::string interface(std::span<const std::uint8_t> bytes) {
  const std::string name(bytes.begin(), bytes.end());
  const std::size_t end = name.find('\0');
  return fmt::format("\"{}{}\"", name.substr(0, end), end == std::string::npos ? "*" : "");
}

std::string labels(const Datum& bits) {
  std::vector<std::string> numbers;
  for (unsigned i = 0; i < bits.size() * 8; ++i) {
    const Datum one = Datum().labels({i});
    bool has = false;
    for (std::size_t byte = 0; byte < std::min(one.size(), bits.size()); ++byte) {
      has = has || (one.bytes()[byte] & bits.bytes()[byte]) != 0;
    }
    if (has) {
      numbers.push_back(std::to_string(i));
    }
  }
  return join(numbers, ",");
}

}  // namespace hitless::nft::text
