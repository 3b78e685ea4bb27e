#include "app/agent/departed_kernel.h"

#include <spdlog/spdlog.h>

#include "app/agent/kernel.h"
#include "core/nft/diff.h"
#include "core/rules/names.h"

namespace hitless::app {
namespace {

/// Whether the kernel takes such rules at all, in a table that goes again.
Status probe(const rules::DepartedTableOptions& options) {
  nft::Ruleset ruleset = rules::departedTable({}, options);
  ruleset.table->name += "-probe";
  auto dataplane = TRY(sys::NftDataplane::open(ruleset.table->name));
  (void)TRY(dataplane.apply(nft::diff({}, ruleset)));
  (void)TRY(dataplane.apply(nft::diff(ruleset, {})));
  return {};
}

template <class T>
std::optional<T> orWithout(Result<T> opened, std::string_view consequence) {
  if (opened) {
    return std::move(*opened);
  }
  spdlog::warn("{}: {}", opened.error().text(), consequence);
  return std::nullopt;
}

}  // namespace

Result<DepartedKernel> openDepartedKernel(rules::DepartedTableOptions options) {
  Status probed = probe(options);
  if (!probed && options.times.secondChance) {
    options.times.secondChance = false;
    if (const Status without = probe(options)) {
      spdlog::warn(
          "no second chance for connections that come too late, which takes "
          "CONFIG_NF_CONNTRACK_LABELS: {}",
          probed.error().text());
      probed = without;
    }
  }
  if (!probed) {
    Error error = std::move(probed).error();
    error.hint = "Linux needs CONFIG_NFT_LOG, CONFIG_NFT_REJECT_INET and CONFIG_NFT_MASQ for it";
    return tl::unexpected(std::move(error));
  }
  const std::string table(rules::names::kDepartedTable);
  sys::NftDataplane dataplane = TRY(sys::NftDataplane::open(table));
  sys::NftMonitor monitor = TRY(sys::NftMonitor::open({table, dataplane.port()}));
  auto packets =
      orWithout(sys::RawPackets::open(options.untrackedMark),
                "connections to a pod that is gone end when their client next sends something");
  auto log = orWithout(sys::PacketLog::open(options.logGroup),
                       "connections that wait for a pod are made when their client repeats itself");
  return DepartedKernel{std::move(dataplane), std::move(monitor), std::move(packets),
                        std::move(log), options};
}

Status removeDepartedTable() {
  return removeTable(std::string(rules::names::kDepartedTable));
}

}  // namespace hitless::app
