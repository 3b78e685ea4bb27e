#include "app/agent/dry_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>

#include "core/nft/dry_run_dataplane.h"
#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "sys/kube/watcher.h"
#include "sys/netlink/address_monitor.h"
#include "sys/netlink/nft_dataplane.h"

namespace hitless::app {
namespace {

/// The kernel's table, or an empty one if it may not be read.
std::unique_ptr<nft::Dataplane> readableTable() {
  const std::string table(rules::names::kTable);
  auto kernel = sys::NftDataplane::open(table);
  Status readable;
  if (!kernel) {
    readable = tl::unexpected(kernel.error());
  } else if (const auto read = kernel->read(); !read) {
    readable = tl::unexpected(read.error());
  }
  if (readable) {
    return std::make_unique<sys::NftDataplane>(std::move(*kernel));
  }
  spdlog::warn("{}; showing the rules as if the kernel had none", readable.error().text());
  return std::make_unique<nft::MemoryDataplane>(table);
}

}  // namespace

Result<std::string> DryRun::run(nanoseconds patience) {
  const auto real = readableTable();
  std::string commands;
  nft::DryRunDataplane shown(*real, [&](const std::string& text) { commands += text; });
  ServicePlane plane(shown, options_);
  if (!options_.nodePortNetworks.empty()) {
    auto addresses = TRY(sys::AddressMonitor::open());
    std::vector<IpAddress> now = TRY(addresses.read());
    plane.applyAddresses(std::move(now));
  }
  std::set<std::string_view> missing;
  std::vector<std::unique_ptr<sys::Watcher>> watchers;
  const auto take = [&](const kube::Resource& resource, auto apply) {
    missing.insert(resource.plural);
    sys::WatchTarget target;
    target.resource = &resource;
    target.optional = &resource == &kube::res::kServiceCidrs;
    watchers.push_back(sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng,
                                       std::move(target),
                                       [&, apply, name = resource.plural](const auto& update) {
                                         apply(update);
                                         missing.erase(name);
                                         if (missing.empty()) {
                                           parts_.io.stop();
                                         }
                                       }));
  };
  take(kube::res::kServices, [&](const auto& update) { plane.applyServices(update); });
  take(kube::res::kEndpointSlices, [&](const auto& update) { plane.applySlices(update); });
  take(kube::res::kServiceCidrs, [&](const auto& update) { plane.applyServiceCidrs(update); });
  take(kube::res::kNodes, [&](const auto& update) { plane.applyNodes(update); });
  boost::asio::steady_timer limit(parts_.io, patience);
  limit.async_wait([&](const boost::system::error_code&) { parts_.io.stop(); });
  parts_.io.run();
  if (!missing.empty()) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("the API server did not tell its {} in time", *missing.begin()),
                "see the kubeconfig's server, and the permissions of its user");
  }
  (void)TRY(plane.sync(parts_.clock.mono()));
  return commands;
}

}  // namespace hitless::app
