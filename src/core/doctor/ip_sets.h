#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kIpSets: the headers of the node's IP sets, without members.
namespace hitless::doctor {

struct IpSet {
  std::string name;
  std::string type;  ///< "hash:ip"
  std::uint8_t revision = 0;
  std::uint8_t family = 0;        ///< NFPROTO_*: 2 IPv4, 10 IPv6, 0 neither.
  std::uint32_t references = 0;   ///< Of rules and of list:set sets.
  std::uint32_t elements = 0;     ///< 0 where the kernel does not tell (before 4.9).
  std::uint32_t maxElements = 0;  ///< 0: the type has no such bound.
  std::uint32_t memory = 0;       ///< Bytes.
  bool operator==(const IpSet&) const = default;
};

std::string renderIpSets(const std::vector<IpSet>& sets);
Result<std::vector<IpSet>> parseIpSets(std::string_view json);

}  // namespace hitless::doctor
