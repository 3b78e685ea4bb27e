#include "core/rules/resolver_table.h"

#include <netinet/in.h>

#include "core/rules/match.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using nft::FieldType;
using nft::HookPoint;
using nft::HookType;

/// nft's "raw", before connection tracking's -200.
constexpr std::int32_t kPriorityRaw = -300;

/// The packet's mark with the bit, and the others as they were.
Exprs mark(std::uint32_t bit) {
  const nft::Register reg{0};
  return {nft::Meta{nft::MetaKey::kMark, reg},
          nft::Mask{reg, reg, Datum().number(~bit), Datum().number(bit)}, nft::SetMark{reg}};
}

class Builder {
 public:
  Builder(const ResolverOptions& options, std::uint32_t owner) : options_(options) {
    out_.table = nft::TableSpec{std::string(names::kResolverTable),
                                "DNS by hitless; goes with the agent that made it", owner};
  }

  void add(const IpAddress& address) {
    nft::Set& set = setOf(address.family());
    for (const auto protocol : {service::Protocol::kUdp, service::Protocol::kTcp}) {
      set.elements[addressKey(address, protocol, options_.port)] = {};
    }
  }

  nft::Ruleset finish() {
    if (out_.sets.empty()) {
      return std::move(out_);
    }
    auto& prerouting = chain(names::kRawPrerouting, HookType::kFilter, HookPoint::kPrerouting);
    auto& output = chain(names::kRawOutput, HookType::kRoute, HookPoint::kOutput);
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const std::string set = names::suffixed(names::kResolvers, family);
      if (!out_.sets.contains(set)) {
        continue;
      }
      prerouting.push_back(query(set, family));
      output.push_back(query(set, family));
      output.push_back({isFamily(family) + sourceKey(family).load + Exprs{in(set), nft::NoTrack{}},
                        "answer of this node's name server"});
    }
    return std::move(out_);
  }

 private:
  nft::Set& setOf(IpFamily family) {
    const FieldType ip = family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
    const std::string name = names::suffixed(names::kResolvers, family);
    const auto it = out_.sets.find(name);
    return it != out_.sets.end()
               ? it->second
               : out_.addSet({name,
                              nft::SetSpec::Kind::kSet,
                              {ip, FieldType::kInetProto, FieldType::kInetService},
                              {},
                              "where this node's name server answers"});
  }

  std::vector<nft::Rule>& chain(std::string_view name, HookType type, HookPoint point) {
    return out_.addChain({std::string(name), nft::Hook{type, point, kPriorityRaw}, {}}).rules;
  }

  nft::Rule query(const std::string& set, IpFamily family) const {
    return {isFamily(family) + packetKey(PortKind::kAddress, family).load + Exprs{in(set)} +
                mark(options_.mark) + Exprs{nft::NoTrack{}},
            "query to this node's name server"};
  }

  const ResolverOptions& options_;
  nft::Ruleset out_;
};

}  // namespace

nft::Ruleset resolverTable(const std::vector<IpAddress>& addresses, const ResolverOptions& options,
                           std::uint32_t owner) {
  Builder builder(options, owner);
  for (const IpAddress& address : addresses) {
    builder.add(address);
  }
  return builder.finish();
}

}  // namespace hitless::rules
