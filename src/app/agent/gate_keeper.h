#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/agent/metrics.h"
#include "core/conntrack/stale.h"
#include "core/drain/gate.h"
#include "core/drain/untaken.h"
#include "core/timeline/event.h"
#include "sys/http/server.h"

namespace hitless::app {

class EventWriter;

/// Carries out what drain::Gate decides: holds and answers hooks, asks peers, tells people.
class GateKeeper {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const Clock& clock;
    timeline::Sink& timeline;
    AgentMetrics& metrics;
    EventWriter& events;
    drain::UntakenConnections& untaken;
    conntrack::FlowTable& flows;
  };

  GateKeeper(Parts parts, std::string node, std::uint16_t peerPort,
             const drain::GateOptions& options);

  /// Called before a pod's hooks are answered, that is, before its SIGTERM.
  std::function<void(const kube::Pod&)> onPassing = [](const kube::Pod&) {};

  /// Answers GET /v1/gate/<id> when the pod may get its SIGTERM; with the id "self" that is the pod
  /// from whose address `peer` ("10.244.1.7:40312") the request comes.
  void answer(const std::string& gateId, const std::string& peer,
              const std::shared_ptr<sys::HttpResponder>& responder);

  void onPods(const watch::Update& update);
  void onServices(const watch::Update& update);
  void onSlices(const watch::Update& update);
  void onNodes(const watch::Update& update);
  void onWatermark(std::uint64_t watermark);

 private:
  void perform();
  void ask(const drain::Ask& ask);
  bool inspect(const std::vector<kube::Pod>& pods);
  void count(const std::vector<kube::Pod>& pods);
  void tell(const drain::Gate::Notice& notice);
  void sleepUntil(MonoTime time);

  Parts parts_;
  std::string node_;
  std::uint16_t peerPort_;
  drain::Gate gate_;
  boost::asio::steady_timer timer_;
  std::map<drain::Gate::Ticket, std::shared_ptr<sys::HttpResponder>> responders_;
};

}  // namespace hitless::app
