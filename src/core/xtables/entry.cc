#include "core/xtables/entry.h"

#include <fmt/format.h>
#include <netinet/in.h>
// After netinet/in.h, whose structures they use.
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <cstddef>
#include <cstring>

namespace hitless::xtables {
namespace {

constexpr Layout kLayout4{sizeof(ipt_entry),
                          offsetof(ipt_entry, nfcache),
                          offsetof(ipt_entry, target_offset),
                          offsetof(ipt_entry, next_offset),
                          offsetof(ipt_entry, comefrom),
                          offsetof(ipt_entry, counters)};
constexpr Layout kLayout6{sizeof(ip6t_entry),
                          offsetof(ip6t_entry, nfcache),
                          offsetof(ip6t_entry, target_offset),
                          offsetof(ip6t_entry, next_offset),
                          offsetof(ip6t_entry, comefrom),
                          offsetof(ip6t_entry, counters)};
static_assert(sizeof(xt_entry_match) == kExtensionHeader);
static_assert(sizeof(xt_entry_target) == kExtensionHeader);
static_assert(XT_EXTENSION_MAXNAMELEN == kExtensionName);

template <class Number>
Number load(const std::uint8_t* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

template <class Number>
void store(std::uint8_t* to, Number number) {
  std::memcpy(to, &number, sizeof number);
}

Extension extensionAt(const std::uint8_t* at, std::size_t size) {
  const auto* name = reinterpret_cast<const char*>(at + 2);
  return {{name, ::strnlen(name, kExtensionName)},
          at[kExtensionHeader - 1],
          {at + kExtensionHeader, size - kExtensionHeader}};
}

/// Matches from the header's end to the target, each at least as long as its own head.
bool matchesFit(const std::uint8_t* entry, std::size_t from, std::size_t end) {
  while (from < end) {
    if (end - from < kExtensionHeader) {
      return false;
    }
    const std::size_t size = load<std::uint16_t>(entry + from);
    if (size < kExtensionHeader || size > end - from) {
      return false;
    }
    from += size;
  }
  return from == end;
}

IpAddress address4(const in_addr& address) {
  return IpAddress::v4(ntohl(address.s_addr));
}
IpAddress address6(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v6(bytes);
}

template <class Ip>
void readCommon(const Ip& ip, Selector& selector) {
  std::memcpy(selector.in.data(), ip.iniface, sizeof ip.iniface);
  std::memcpy(selector.out.data(), ip.outiface, sizeof ip.outiface);
  std::memcpy(selector.inMask.data(), ip.iniface_mask, sizeof ip.iniface_mask);
  std::memcpy(selector.outMask.data(), ip.outiface_mask, sizeof ip.outiface_mask);
  selector.protocol = ip.proto;
  selector.inverted = ip.invflags;
}

template <class Ip>
void writeCommon(const Selector& selector, Ip& ip) {
  std::memcpy(ip.iniface, selector.in.data(), sizeof ip.iniface);
  std::memcpy(ip.outiface, selector.out.data(), sizeof ip.outiface);
  std::memcpy(ip.iniface_mask, selector.inMask.data(), sizeof ip.iniface_mask);
  std::memcpy(ip.outiface_mask, selector.outMask.data(), sizeof ip.outiface_mask);
  ip.proto = selector.protocol;
  ip.invflags = selector.inverted;
}

void put(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes headerOf(const Selector& selector) {
  const bool v4 = selector.source.isV4();
  Bytes bytes(layoutOf(selector.source.family()).header);
  const auto copy = [](auto& to, const IpAddress& from) {
    std::memcpy(&to, from.bytes().data(), sizeof to);
  };
  if (v4) {
    ipt_ip ip{};
    copy(ip.src, selector.source);
    copy(ip.dst, selector.destination);
    copy(ip.smsk, selector.sourceMask);
    copy(ip.dmsk, selector.destinationMask);
    writeCommon(selector, ip);
    ip.flags = static_cast<std::uint8_t>((selector.goes ? IPT_F_GOTO : 0) |
                                         (selector.fragment ? IPT_F_FRAG : 0));
    std::memcpy(bytes.data(), &ip, sizeof ip);
  } else {
    ip6t_ip6 ip{};
    copy(ip.src, selector.source);
    copy(ip.dst, selector.destination);
    copy(ip.smsk, selector.sourceMask);
    copy(ip.dmsk, selector.destinationMask);
    writeCommon(selector, ip);
    ip.flags = static_cast<std::uint8_t>((selector.goes ? IP6T_F_GOTO : 0) |
                                         (selector.protocol != 0 ? IP6T_F_PROTO : 0));
    std::memcpy(bytes.data(), &ip, sizeof ip);
  }
  return bytes;
}

void close(Bytes& entry, IpFamily family, std::size_t targetAt) {
  const Layout& layout = layoutOf(family);
  store(entry.data() + layout.target, static_cast<std::uint16_t>(targetAt));
  store(entry.data() + layout.next, static_cast<std::uint16_t>(entry.size()));
}

}  // namespace

const Layout& layoutOf(IpFamily family) {
  return family == IpFamily::kV4 ? kLayout4 : kLayout6;
}

Result<Entry> Entry::checked(ByteView rest, IpFamily family) {
  const Layout& layout = layoutOf(family);
  if (rest.size() < layout.header + kExtensionHeader) {
    return invalid("the table ends within an entry");
  }
  const std::size_t target = load<std::uint16_t>(rest.data() + layout.target);
  const std::size_t size = load<std::uint16_t>(rest.data() + layout.next);
  if (size > rest.size() || target < layout.header || target + kExtensionHeader > size ||
      !matchesFit(rest.data(), layout.header, target)) {
    return invalid("an entry's parts do not fit into it");
  }
  const std::size_t targetSize = load<std::uint16_t>(rest.data() + target);
  if (targetSize < kExtensionHeader || target + targetSize > size) {
    return invalid("an entry's target reaches out of it");
  }
  return Entry(rest.data(), family);
}

std::uint32_t Entry::size() const {
  return load<std::uint16_t>(bytes_ + layoutOf(family_).next);
}

EntryCounters Entry::counters() const {
  const std::uint8_t* at = bytes_ + layoutOf(family_).counters;
  return {load<std::uint64_t>(at), load<std::uint64_t>(at + 8)};
}

Selector Entry::selector() const {
  Selector selector;
  if (family_ == IpFamily::kV4) {
    const auto ip = load<ipt_ip>(bytes_);
    readCommon(ip, selector);
    selector.source = address4(ip.src);
    selector.destination = address4(ip.dst);
    selector.sourceMask = address4(ip.smsk);
    selector.destinationMask = address4(ip.dmsk);
    selector.fragment = (ip.flags & IPT_F_FRAG) != 0;
    selector.goes = (ip.flags & IPT_F_GOTO) != 0;
  } else {
    const auto ip = load<ip6t_ip6>(bytes_);
    readCommon(ip, selector);
    selector.source = address6(ip.src);
    selector.destination = address6(ip.dst);
    selector.sourceMask = address6(ip.smsk);
    selector.destinationMask = address6(ip.dmsk);
    selector.goes = (ip.flags & IP6T_F_GOTO) != 0;
  }
  return selector;
}

std::vector<Extension> Entry::matches() const {
  const Layout& layout = layoutOf(family_);
  const std::size_t end = load<std::uint16_t>(bytes_ + layout.target);
  std::vector<Extension> matches;
  for (std::size_t at = layout.header; at < end;) {
    const std::size_t matchSize = load<std::uint16_t>(bytes_ + at);
    matches.push_back(extensionAt(bytes_ + at, matchSize));
    at += matchSize;
  }
  return matches;
}

// Without a list of matches: it is asked of a million entries.
void Entry::addSetNumbers(std::vector<std::uint16_t>& numbers) const {
  const Layout& layout = layoutOf(family_);
  const std::size_t end = load<std::uint16_t>(bytes_ + layout.target);
  for (std::size_t at = layout.header; at < end; at += load<std::uint16_t>(bytes_ + at)) {
    if (std::memcmp(bytes_ + at + 2, "set", 4) == 0 && at + kExtensionHeader + 2 <= end) {
      numbers.push_back(load<std::uint16_t>(bytes_ + at + kExtensionHeader));
    }
  }
}

Extension Entry::target() const {
  const std::uint8_t* at = bytes_ + load<std::uint16_t>(bytes_ + layoutOf(family_).target);
  return extensionAt(at, load<std::uint16_t>(at));
}

std::optional<std::int32_t> Entry::verdict() const {
  const Extension extension = target();
  if (!extension.name.empty() || extension.data.size() < sizeof(std::int32_t)) {
    return std::nullopt;
  }
  return load<std::int32_t>(extension.data.data());
}

std::optional<std::string_view> Entry::errorName() const {
  const Extension extension = target();
  if (extension.name != "ERROR") {
    return std::nullopt;
  }
  const auto* text = reinterpret_cast<const char*>(extension.data.data());
  return std::string_view(text, ::strnlen(text, extension.data.size()));
}

Bytes Entry::canonical() const {
  const Layout& layout = layoutOf(family_);
  Bytes result(bytes_, bytes_ + size());
  std::memset(result.data() + layout.nfcache, 0, 4);
  std::memset(result.data() + layout.comefrom, 0, 4 + sizeof(xt_counters));
  return result;
}

Bytes standardEntry(const Selector& selector, const std::vector<Bytes>& matches,
                    std::int32_t verdict) {
  Bytes entry = headerOf(selector);
  for (const Bytes& match : matches) {
    put(entry, match);
  }
  const std::size_t target = entry.size();
  std::int32_t data[2] = {verdict, 0};
  put(entry, matchBytes("", 0, {reinterpret_cast<const std::uint8_t*>(data), sizeof data}));
  close(entry, selector.source.family(), target);
  return entry;
}

Bytes errorEntry(IpFamily family, std::string_view name) {
  Bytes entry(layoutOf(family).header);
  const std::size_t target = entry.size();
  Bytes data(aligned(XT_FUNCTION_MAXNAMELEN));
  std::memcpy(data.data(), name.data(), std::min<std::size_t>(name.size(), kExtensionName));
  put(entry, matchBytes("ERROR", 0, data));
  close(entry, family, target);
  return entry;
}

Bytes matchBytes(std::string_view name, std::uint8_t revision, ByteView data) {
  Bytes bytes(kExtensionHeader + aligned(data.size()));
  store(bytes.data(), static_cast<std::uint16_t>(bytes.size()));
  std::memcpy(bytes.data() + 2, name.data(), std::min(name.size(), kExtensionName - 1));
  bytes[kExtensionHeader - 1] = revision;
  if (!data.empty()) {
    std::memcpy(bytes.data() + kExtensionHeader, data.data(), data.size());
  }
  return bytes;
}

}  // namespace hitless::xtables
