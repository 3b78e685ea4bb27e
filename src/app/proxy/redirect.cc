#include "app/proxy/redirect.h"

#include <unistd.h>

#include "app/agent/kernel.h"
#include "core/nft/diff.h"
#include "core/rules/names.h"
#include "sys/netlink/nft_dataplane.h"

namespace hitless::app {
namespace {

/// Linux shows this setting in its first network namespace only (net_core_table of
/// net/core/sysctl_net_core.c).
constexpr const char* kMachineOnly = "/proc/sys/net/core/netdev_max_backlog";

Status refuseOnMachine() {
  if (::access(kMachineOnly, F_OK) != 0) {
    return {};
  }
  return invalid("this is the machine's own network, whose connections no proxy takes",
                 "run it in a pod's network namespace, as its init container (hitless inject) or "
                 "by 'nsenter --net'");
}

Status apply(const rules::ProxyTableOptions& options) {
  auto plane = TRY(sys::NftDataplane::open(std::string(rules::names::kProxyTable)));
  const nft::Ruleset present = TRY(plane.read());
  const nft::Transaction transaction = nft::diff(present, rules::proxyTable(options));
  if (!transaction.empty()) {
    (void)TRY(nft::applyInTwo(plane, transaction));
  }
  return {};
}

}  // namespace

Status redirectToProxy(const rules::ProxyTableOptions& options) {
  TRY_VOID(refuseOnMachine());
  if (Status applied = apply(options); !applied) {
    return tl::unexpected(explainRefusal(std::move(applied).error()));
  }
  return {};
}

Status removeRedirection() {
  if (Status removed = removeTable(std::string(rules::names::kProxyTable)); !removed) {
    return tl::unexpected(explainRefusal(std::move(removed).error()));
  }
  return {};
}

}  // namespace hitless::app
