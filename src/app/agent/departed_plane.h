#pragma once

#include <functional>

#include "app/agent/address_keeper.h"
#include "app/agent/flow_resetter.h"
#include "core/departed/ledger.h"
#include "core/departed/waiting_syns.h"
#include "core/nft/dataplane.h"
#include "core/rules/departed_table.h"
#include "sys/netlink/packet_log.h"

namespace hitless::app {

/// Keeps the table for the addresses of pods that go, sends on the attempts to connect that have
/// waited, and has connections to the dead reset (docs/termination.md).
class DepartedPlane : public AddressKeeper {
 public:
  struct Parts {
    boost::asio::io_context& io;
    nft::Dataplane& dataplane;                  ///< Of the table `hitless-departed`.
    conntrack::FlowTable& flows;                ///< For single connections.
    FlowWorker& worker;                         ///< For all of them.
    departed::PacketSender* packets = nullptr;  ///< Without it nothing is sent on or asked.
    sys::PacketLog* log = nullptr;              ///< Without it what waits is left to repeat itself.
    /// The machine's own addresses.
    std::function<std::vector<IpAddress>()> machine;
  };

  DepartedPlane(Parts parts, std::string node, rules::DepartedTableOptions options);

  bool applyPods(const watch::Update& own) override;
  void applyNodes(const watch::Update& nodes) override { ledger_.applyNodes(nodes); }
  void update(const service::Snapshot& before, const service::Snapshot& after,
              const service::Changes& changes) override;
  Result<nft::Receipt> commit(MonoTime now) override;
  std::optional<MonoTime> deadline() const override;
  void distrust() override { trusted_ = false; }

  /// A pod of this node is about to get its SIGTERM.
  void ending(const std::string& podUid, MonoTime now);
  void start();
  void stop();
  /// What has become of addresses, and what that did to connections: see departed::Happening.
  std::function<void(const departed::Happening&)> onHappening = [](const auto&) {};
  std::function<void(std::size_t syns)> onReleased = [](std::size_t) {};
  std::function<void(std::size_t reset, std::size_t forgotten)> onReset = [](auto, auto) {};

 private:
  Result<nft::Receipt> apply(const departed::Directions& wanted, bool renew);
  Result<nft::Receipt> applyTo(const nft::Ruleset& present, nft::Ruleset wanted, bool renew);
  void release(const departed::Directions& now);
  bool sendOn(departed::WaitingSyns::Syn& syn, const IpAddress& backend);
  std::set<IpAddress> ours() const;

  Parts parts_;
  rules::DepartedTableOptions options_;
  departed::Ledger ledger_;
  departed::Directions applied_;
  bool adopted_ = false;  ///< What a predecessor has left in the kernel.
  bool trusted_ = false;
  std::uint64_t generation_ = 0;  ///< The ledger's, of what is applied.
  nft::Ruleset table_;            ///< As applied.
  /// When second chances are to be given anew, before the kernel ends them; nullopt: there is none.
  std::optional<MonoTime> renewAt_;
  departed::WaitingSyns waiting_;
  FlowResetter resetter_;
};

}  // namespace hitless::app
