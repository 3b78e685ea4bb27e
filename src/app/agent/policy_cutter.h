#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>

#include "app/agent/flow_worker.h"
#include "app/agent/number_asker.h"
#include "core/policy/rejudge.h"

namespace hitless::app {

/// Has connections judged again when the rules of NetworkPolicies have become tighter: takes the
/// label that lets them pass at once, and has both ends of those that are forbidden now reset,
/// although they may be idle. Nothing is ever deleted from the connection table: the next packet
/// would be picked up as a connection of its own (nf_conntrack_proto_tcp.c,
/// nf_conntrack_tcp_loose), begun by whoever sent it.
///
/// The rules: an established connection passes if it has conntrack::kJudgedLabel, and is judged by
/// its tuples otherwise; a forbidden TCP packet is answered with a reset, but for resets. What
/// NumberAsker sends is not tracked (`meta mark … notrack` at the output hook) and passes.
class PolicyCutter {
 public:
  struct Parts {
    boost::asio::io_context& io;
    FlowWorker& worker;
    departed::PacketSender* packets = nullptr;  ///< Without it, forbidden ends learn it when they
                                                ///< next send something.
    /// Whether policies forbid the connection now, those for pods of other nodes included: between
    /// two nodes it may be only the client's that can ask the client, and the other that refuses.
    /// Connections are known by original.source and reply.source with its port: what a Service's
    /// address was translated to.
    std::function<bool(const conntrack::Flow&)> denied;
    /// After each look: how many connections lost their label, and how many were found forbidden
    /// for the first time.
    std::function<void(std::size_t rejudged, std::size_t cut)> looked = [](auto, auto) {};
  };

  explicit PolicyCutter(Parts parts);

  /// The rules in the kernel are tighter for these: looks now, and once more for what was on its
  /// way meanwhile, and for whoever has not heard the question.
  void rejudge(const policy::Doubt& doubt);
  /// Addresses that pods have left: within a second, together with others.
  void rejudgeSoon(const std::set<IpAddress>& left);
  void stop();

 private:
  struct Found {
    std::vector<conntrack::Flow> waiting;
    std::size_t cleared = 0;
    Status status;  ///< An error: some may still have their label.
  };
  static Found takeLabels(conntrack::FlowTable& table, const policy::Doubt& doubt);

  void look(const policy::Doubt& doubt, bool once);
  void act(const policy::Doubt& doubt, bool once, const Found& found);
  std::size_t cut(const std::vector<conntrack::Flow>& waiting);
  void lookAgain(const policy::Doubt& doubt);

  Parts parts_;
  NumberAsker asker_;
  boost::asio::steady_timer again_;
  boost::asio::steady_timer soon_;
  policy::Doubt doubtedAgain_;
  policy::Doubt doubtedSoon_;
  std::set<conntrack::Tuple> cut_;  ///< Counted already; until there is nothing more to look at.
  std::size_t looking_ = 0;
};

}  // namespace hitless::app
