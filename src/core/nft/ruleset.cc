#include "core/nft/ruleset.h"

#include <array>

namespace hitless::nft {
namespace {

constexpr std::array<FieldInfo, 5> kFields = {{
    {"ipv4_addr", 7, 4},
    {"ipv6_addr", 8, 16},
    {"inet_proto", 12, 1},
    {"inet_service", 13, 2},
    {"mark", 19, 4},
}};

}  // namespace

const FieldInfo& info(FieldType type) {
  return kFields[static_cast<std::size_t>(type)];
}

std::size_t sizeOf(const std::vector<FieldType>& fields) {
  std::size_t size = 0;
  for (const FieldType field : fields) {
    size += (info(field).size + 3U) & ~std::size_t{3};
  }
  return size;
}

std::size_t paddingOf(const std::vector<FieldType>& fields) {
  return fields.size() == 1 ? sizeOf(fields) - info(fields.front()).size : 0;
}

Chain& Ruleset::addChain(ChainSpec spec) {
  Chain& chain = chains[spec.name];
  chain.spec = std::move(spec);
  return chain;
}

Set& Ruleset::addSet(SetSpec spec) {
  Set& set = sets[spec.name];
  set.spec = std::move(spec);
  return set;
}

}  // namespace hitless::nft
