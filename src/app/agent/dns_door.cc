#include "app/agent/dns_door.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/agent/kernel.h"
#include "core/nft/diff.h"
#include "core/rules/names.h"

namespace hitless::app {
namespace {

constexpr std::array<IpFamily, 2> kFamilies = {IpFamily::kV4, IpFamily::kV6};

/// What a refusal to change the table means.
Error explain(Error error, const std::optional<nft::TableSpec>& present, std::uint32_t port) {
  if (present && present->owner != 0 && present->owner != port) {
    error.kind = ErrorKind::kConflict;
    error.message = fmt::format("the nftables table inet {} belongs to another process: {}",
                                rules::names::kResolverTable, error.message);
    error.hint = "one agent serves a node; try again when the other one has ended";
  } else if (error.kind == ErrorKind::kPermission) {
    error.hint = "CAP_NET_ADMIN is needed";
  } else if (error.kind == ErrorKind::kInvalid || error.kind == ErrorKind::kUnsupported) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = "tables that go with their owner need nftables and Linux 5.12";
  }
  return error;
}

Error explainRouting(Error error) {
  if (error.kind == ErrorKind::kUnsupported) {
    error.hint =
        "routing by mark needs CONFIG_IP_MULTIPLE_TABLES, for IPv6 "
        "CONFIG_IPV6_MULTIPLE_TABLES";
  }
  return error;
}

netlink::MarkRule ruleOf(const DnsDoorOptions& options, IpFamily family) {
  return {family, options.rules.mark, options.routeTable, options.rulePriority};
}

bool contains(const std::vector<IpAddress>& list, const IpAddress& address) {
  return std::find(list.begin(), list.end(), address) != list.end();
}

/// Removes the local routes of a family but those to `kept`.
Status prune(sys::PolicyRoutes& routes, const DnsDoorOptions& options, IpFamily family,
             const std::vector<IpAddress>& kept) {
  for (const IpAddress& address : TRY(routes.localRoutes(family, options.routeTable))) {
    if (!contains(kept, address)) {
      TRY_VOID(routes.removeLocalRoute({address, options.routeTable}));
    }
  }
  return {};
}

}  // namespace

Result<DnsDoor> DnsDoor::open(const DnsDoorOptions& options) {
  DnsDoor door(options, TRY(sys::NftDataplane::open(std::string(rules::names::kResolverTable))),
               TRY(sys::PolicyRoutes::open()));
  TRY_VOID(door.programTable({}));
  return door;
}

Status DnsDoor::serve(std::vector<IpAddress> addresses) {
  static const Cidr kLinkLocal = *Cidr::parse("fe80::/10");
  for (const IpAddress& address : addresses) {
    if (kLinkLocal.contains(address)) {
      return invalid(fmt::format("{} means nothing without an interface", address.text()),
                     "for IPv6 use a unique local address (fd00::/8)");
    }
  }
  // Routes first and last: a query that is marked must find its way.
  if (Status added = addRoutes(addresses); !added) {
    return tl::unexpected(explainRouting(std::move(added).error()));
  }
  TRY_VOID(programTable(addresses));
  for (const IpFamily family : kFamilies) {
    (void)prune(routes_, options_, family, addresses);  // What is left over is in nobody's way.
  }
  return {};
}

Status DnsDoor::addRoutes(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    TRY_VOID(routes_.addRule(ruleOf(options_, address.family())));
    TRY_VOID(routes_.addLocalRoute({address, options_.routeTable}));
  }
  return {};
}

Status DnsDoor::programTable(const std::vector<IpAddress>& addresses) {
  const auto present = dataplane_.read();
  if (!present) {
    return tl::unexpected(explainRefusal(present.error()));
  }
  const nft::Ruleset wanted = rules::resolverTable(addresses, options_.rules, dataplane_.port());
  const auto applied = dataplane_.apply(nft::diff(*present, wanted));
  if (!applied) {
    return tl::unexpected(explain(applied.error(), present->table, dataplane_.port()));
  }
  return {};
}

Status removeDnsDoor(const DnsDoorOptions& options) {
  sys::PolicyRoutes routes = TRY(sys::PolicyRoutes::open());
  for (const IpFamily family : kFamilies) {
    Status removed = routes.removeRule(ruleOf(options, family));
    if (removed) {
      removed = prune(routes, options, family, {});
    }
    // A kernel without the family has nothing of it either.
    if (!removed && removed.error().kind != ErrorKind::kUnsupported) {
      return removed;
    }
  }
  return {};
}

}  // namespace hitless::app
