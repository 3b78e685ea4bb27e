#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/agent/metrics.h"
#include "app/agent/pacer.h"
#include "app/agent/pod_isolation.h"
#include "app/agent/policy_cutter.h"
#include "base/clock.h"
#include "base/rng.h"
#include "core/rules/policy_audit.h"
#include "core/rules/policy_programmer.h"

namespace hitless::app {

/// From the news of the cluster to the rules of NetworkPolicies: watch -> book -> diff -> one
/// transaction -> connections that are not allowed any more are cut. Writes nothing until all
/// collections have been listed.
class PolicyPlane : public PodIsolation {
 public:
  struct Parts {
    boost::asio::io_context& io;
    nft::Dataplane& dataplane;  ///< Of the table `hitless-policy`.
    const Clock& clock;
    Rng& rng;
    FlowWorker& worker;
    departed::PacketSender* packets = nullptr;  ///< See PolicyCutter.
  };

  PolicyPlane(Parts parts, std::string node, rules::PolicyTableOptions options);

  void onPolicies(const watch::Update& update);
  void onNamespaces(const watch::Update& update);
  void onPods(const watch::Update& update);
  void onNodes(const watch::Update& update);
  /// Commits what has come, if anything has: what is to be reached is known before it is told of.
  void flush();
  /// A foreign hand touched the table: compares and restores everything.
  void resync();
  /// Compares the kernel with the plan, and with the evaluator on some connections, now and every
  /// so often; what differs is put right.
  Result<rules::PolicyAudit> audit();
  void start();
  void stop();
  /// After every audit that found something.
  std::function<void(const rules::PolicyAudit&)> onDrift = [](const auto&) {};

  void isolate(PodSandboxClaim claim, std::function<void(Status)> done) override;
  void release(const PodSandboxClaim& claim) override;
  Status check(const PodSandboxClaim& claim) override;

  bool synced() const { return synced_; }
  const PolicyMetrics& metrics() const { return metrics_; }
  const rules::PolicyProgrammer& programmer() const { return programmer_; }
  const policy::Book& book() const { return book_; }

 private:
  /// Who waits until a pod is isolated, and known.
  struct Waiting {
    std::function<void(Status)> done;
    MonoTime since{};
    bool isolated = false;  ///< A commit has come since.
  };

  void want();
  void arm();
  void sync();
  void committed(const rules::PolicyReceipt& receipt, MonoTime begin);
  void answerWaiting(const Status& status, const std::function<bool(const std::string&)>& which);
  void answerKnown();
  void awaitObjects();
  void auditLater();
  const policy::Evaluator& evaluator();
  bool denied(const conntrack::Flow& flow);

  Parts parts_;
  std::string node_;
  PolicyMetrics metrics_;
  policy::Book book_;
  rules::PolicyProgrammer programmer_;
  PolicyCutter cutter_;
  SyncPacer pacer_{nanoseconds{}};
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer patience_;
  boost::asio::steady_timer audit_;
  std::map<std::string, Waiting> waiting_;  ///< By "namespace/name".
  /// Of the book as it was; made when it is asked for.
  std::optional<policy::Evaluator> evaluator_;
  rules::PolicyTableOptions options_;
  std::optional<MonoTime> dirtySince_;
  bool armed_ = false;
  bool synced_ = false;
};

}  // namespace hitless::app
