#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/netlink/message.h"

/// IP sets (linux/netfilter/ipset/ip_set.h) as bytes. The kernel speaks protocol 7 since 4.20 and
/// still takes 6.
namespace hitless::netlink {

inline constexpr std::uint8_t kIpsetProtocol = 6;

/// A set in one answer of a list. Attributes that it was made with and its members stay as the
/// kernel wrote them, which is how the kernel takes them back.
struct ListedSet {
  std::string name;
  std::string type;  ///< Empty in an answer that only goes on with members.
  std::uint8_t revision = 0;
  std::uint8_t family = 0;
  std::uint32_t references = 0;
  std::uint32_t elements = 0;
  std::uint32_t maxElements = 0;
  std::uint32_t memory = 0;
  Bytes made;                  ///< The attributes inside IPSET_ATTR_DATA, without the above four.
  std::vector<Bytes> members;  ///< The attributes inside each member's IPSET_ATTR_DATA.
  bool operator==(const ListedSet&) const = default;
};

/// All sets, or the one that is named; with their members or without.
Bytes listSets(std::string_view name, bool members, std::uint32_t sequence);
std::optional<ListedSet> listedSet(const Message& message);

/// Makes a set with name, type, revision, family and `made`; members are put in by addMembers().
Bytes createSet(const ListedSet& set, std::uint32_t sequence);
/// As many members from `from` on as fit into one message; `next` is the first that did not.
Bytes addMembers(const ListedSet& set, std::size_t from, std::size_t& next, std::uint32_t sequence);
Bytes destroySet(std::string_view name, std::uint32_t sequence);

/// hash:ip for IPv4, for tests and those who make sets themselves.
ListedSet hashOfAddresses(std::string_view name, std::uint32_t maxElements);
/// The attributes of a member that is one IPv4 address.
Bytes addressMember(std::uint32_t hostOrder);

}  // namespace hitless::netlink
