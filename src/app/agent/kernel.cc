#include "app/agent/kernel.h"

#include <fmt/format.h>

#include <cerrno>

#include "app/agent/departed_kernel.h"
#include "app/agent/dns_door.h"
#include "app/agent/service_plane.h"
#include "core/nft/diff.h"
#include "core/rules/names.h"

namespace hitless::app {
namespace {

std::string table() {
  return std::string(rules::names::kTable);
}

std::string lockName() {
  return "hitless-agent/" + table();
}

/// Lists tables, which takes the same privilege and the same kernel as everything else.
Status probe() {
  sys::NftDataplane nothing = TRY(sys::NftDataplane::open("hitless-probe"));
  (void)TRY(nothing.read());
  return {};
}

}  // namespace

Error explainRefusal(Error error) {
  if (error.kind == ErrorKind::kPermission) {
    error.message = "may not work with packet rules: " + error.message;
    error.hint =
        "CAP_NET_ADMIN is needed: run as root, or add NET_ADMIN to the container's "
        "securityContext.capabilities";
  } else if (error.osError == EINVAL || error.osError == EPROTONOSUPPORT ||
             error.osError == EOPNOTSUPP || error.osError == EAFNOSUPPORT) {
    error.kind = ErrorKind::kUnsupported;
    error.message = "this kernel has no nftables: " + error.message;
    error.hint =
        "load it with 'modprobe nf_tables', or use a kernel with CONFIG_NF_TABLES, "
        "CONFIG_NF_TABLES_INET and CONFIG_NFT_NAT (5.13 or newer)";
  }
  return error;
}

Result<Kernel> openKernel() {
  auto lock = sys::InstanceLock::take(lockName());
  if (!lock) {
    Error error = std::move(lock).error();
    error.hint = "one agent serves a node: stop the other one first";
    return tl::unexpected(std::move(error));
  }
  if (Status probed = probe(); !probed) {
    return tl::unexpected(explainRefusal(std::move(probed).error()));
  }
  sys::NftDataplane dataplane = TRY(sys::NftDataplane::open(table()));
  sys::NftMonitor monitor = TRY(sys::NftMonitor::open({table(), dataplane.port()}));
  return Kernel{std::move(*lock), std::move(dataplane), std::move(monitor)};
}

Status removeTable(const std::string& table) {
  auto dataplane = TRY(sys::NftDataplane::open(table));
  const nft::Ruleset present = TRY(dataplane.read());
  const auto transaction = nft::diff(present, {});
  if (!transaction.empty()) {
    TRY_VOID(dataplane.apply(transaction));
  }
  return {};
}

Result<PolicyKernel> openPolicyKernel(const rules::PolicyTableOptions& options) {
  // Whether the kernel takes such rules at all, in a table that goes again.
  nft::Ruleset ruleset = rules::policyFrame({}, {}, options);
  ruleset.table->name += "-probe";
  auto trial = TRY(sys::NftDataplane::open(ruleset.table->name));
  if (const auto taken = trial.apply(nft::diff({}, ruleset)); !taken) {
    Error error = taken.error();
    error.hint =
        "Linux needs CONFIG_NF_CONNTRACK_LABELS, CONFIG_NFT_CT and CONFIG_NFT_REJECT_INET for it";
    return tl::unexpected(std::move(error));
  }
  (void)TRY(trial.apply(nft::diff(ruleset, {})));
  const std::string name(rules::names::kPolicyTable);
  sys::NftDataplane dataplane = TRY(sys::NftDataplane::open(name));
  sys::NftMonitor monitor = TRY(sys::NftMonitor::open({name, dataplane.port()}));
  return PolicyKernel{std::move(dataplane), std::move(monitor)};
}

Status removePolicyTable() {
  return removeTable(std::string(rules::names::kPolicyTable));
}

Status removeRules(bool force) {
  const auto holder = TRY(sys::InstanceLock::holderOf(lockName()));
  if (holder && !force) {
    return fail(ErrorKind::kConflict,
                fmt::format("{} runs here and would put the rules back", describe(*holder)),
                "stop it first, or use --force");
  }
  if (Status probed = probe(); !probed) {
    return tl::unexpected(explainRefusal(std::move(probed).error()));
  }
  sys::NftDataplane dataplane = TRY(sys::NftDataplane::open(table()));
  ServicePlane plane(dataplane, {});
  TRY_VOID(plane.cleanup());
  TRY_VOID(removeDepartedTable());
  TRY_VOID(removePolicyTable());
  return removeDnsDoor();
}

}  // namespace hitless::app
