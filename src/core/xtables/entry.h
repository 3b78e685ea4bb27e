#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "core/netlink/message.h"

/// The legacy tables' own form: ipt_entry and ip6t_entry (linux/netfilter_ipv4/ip_tables.h,
/// linux/netfilter_ipv6/ip6_tables.h), one behind the other in a table.
namespace hitless::xtables {

using netlink::Bytes;
using netlink::ByteView;

/// What a packet must be before its matches are asked, the same of both families.
struct Selector {
  IpAddress source, destination;
  IpAddress sourceMask, destinationMask;
  std::array<char, 16> in{}, out{};
  std::array<std::uint8_t, 16> inMask{}, outMask{};
  std::uint16_t protocol = 0;
  bool fragment = false;      ///< IPv4's -f.
  bool goes = false;          ///< -g
  std::uint8_t inverted = 0;  ///< IPT_INV_...
};

struct EntryCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

struct Extension {
  std::string_view name;
  std::uint8_t revision = 0;
  ByteView data;
};

/// Verdicts of a standard target below 0; from 0 on it is an offset in the table.
enum Verdict : std::int32_t { kDrop = -1, kAccept = -2, kQueue = -4, kReturn = -5 };

/// A view of one entry. Only of bytes that checked() has seen.
class Entry {
 public:
  Entry(const std::uint8_t* bytes, IpFamily family) : bytes_(bytes), family_(family) {}

  /// The entry at the beginning of `rest`. An error if it, a match or its target reaches out of it.
  static Result<Entry> checked(ByteView rest, IpFamily family);

  std::uint32_t size() const;
  ByteView bytes() const { return {bytes_, size()}; }
  EntryCounters counters() const;
  Selector selector() const;
  std::vector<Extension> matches() const;
  /// Adds the numbers of the IP sets that `set` matches ask: the first two bytes of each.
  void addSetNumbers(std::vector<std::uint16_t>& numbers) const;
  Extension target() const;
  /// Of a standard target (which has no name); nullopt of others.
  std::optional<std::int32_t> verdict() const;
  /// The name in an ERROR target, by which a chain begins; nullopt of others.
  std::optional<std::string_view> errorName() const;
  /// The entry as it matches and acts: without counters and the kernel's own fields.
  Bytes canonical() const;

 private:
  const std::uint8_t* bytes_;
  IpFamily family_;
};

/// Where things are in an entry of a family.
struct Layout {
  std::size_t header;    ///< sizeof(ipt_entry)
  std::size_t nfcache;   ///< Not used by the kernel.
  std::size_t target;    ///< u16: offset of the target.
  std::size_t next;      ///< u16: size of the entry.
  std::size_t comefrom;  ///< The kernel's own.
  std::size_t counters;
};
const Layout& layoutOf(IpFamily family);

/// xt_entry_match and xt_entry_target without their data.
constexpr std::size_t kExtensionHeader = 32;
constexpr std::size_t kExtensionName = 29;
/// XT_ALIGN
constexpr std::size_t aligned(std::size_t size) {
  return (size + 7) / 8 * 8;
}

/// An entry without matches: a standard target with a verdict.
Bytes standardEntry(const Selector& selector, const std::vector<Bytes>& matches,
                    std::int32_t verdict);
/// The head of a chain, or the table's end ("ERROR").
Bytes errorEntry(IpFamily family, std::string_view name);
/// xt_entry_match with its data.
Bytes matchBytes(std::string_view name, std::uint8_t revision, ByteView data);

}  // namespace hitless::xtables
