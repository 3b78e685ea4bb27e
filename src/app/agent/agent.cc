#include "app/agent/agent.h"

#include <fmt/format.h>
#include <malloc.h>

#include "app/agent/unread.h"
#include "core/drain/gate_hook.h"

namespace hitless::app {
Agent::Agent(Parts parts, AgentOptions options)
    : parts_(parts),
      options_(std::move(options)),
      events_(parts.client, parts.clock, parts.rng, options_.nodeName),
      ungated_(events_),
      flows_(parts.io, parts.flowWorker, parts.clock, metrics_),
      waitingRoom_(parts.io, options_.nodeName),
      gate_({parts.io, parts.clock, parts.timeline, metrics_, events_, parts.untaken, parts.flows},
            options_.nodeName, options_.port, options_.gate),
      loop_(
          {parts.io, parts.plane, parts.clock, parts.timeline, metrics_, flows_,
           [this] {
             if (parts_.policy != nullptr) {
               parts_.policy->flush();  // Endpoints are known to policies before they get traffic.
             }
           }},
          options_.nodeName, options_.minSyncPeriod,
          [this](std::uint64_t watermark) { onAcknowledged(watermark); }),
      guard_({parts.io, parts.clock, metrics_, "the service rules", [this] { loop_.resync(); }}),
      policyGuard_({parts.io, parts.clock, metrics_, "the NetworkPolicies",
                    [this] { parts_.policy->resync(); }}),
      health_(loop_, parts.clock, metrics_, 2 * options_.syncPeriod),
      serviceHealth_({parts.io, parts.plane, health_, events_, metrics_, options_.nodeName}),
      front_(parts.io, options_.port),
      healthzFront_(parts.io, options_.healthz.port),
      metricsFront_(parts.io, options_.metrics.port),
      dnsHealthFront_(parts.io, options_.dnsHealth.port),
      dnsReadyFront_(parts.io, options_.dnsReady.port),
      trim_(parts.io) {
  metrics_.started = parts_.clock.mono();
}

void Agent::start() {
  record(timeline::What::kAgentStarted);

  if (parts_.monitor != nullptr) {
    parts_.monitor->start(parts_.io, [this](const auto& change) { guard_.onChange(change); });
  }
  startDeparted();
  if (parts_.addresses != nullptr) {
    parts_.addresses->start(parts_.io, [this](auto list) { onAddresses(std::move(list)); });
  }
  addRoutes();
  front_.open("127.0.0.1");
  for (const std::string& address : options_.bind) {
    front_.open(address);
  }
  if (!options_.podSocket.empty()) {
    podDoor_.emplace(parts_.io, policies(), options_.podSocket);
    podDoor_->open();
  }
  open(healthzFront_, options_.healthz);
  open(metricsFront_, options_.metrics);
  watch(kube::res::kServices, "", [this](const watch::Update& update) {
    loop_.onServices(update);
    gate_.onServices(update);
  });
  watch(kube::res::kEndpointSlices, "", [this](const watch::Update& update) {
    loop_.onSlices(update);
    gate_.onSlices(update);
  });
  watch(kube::res::kNodes, "", [this](const watch::Update& update) { onNodes(update); });
  watch(kube::res::kServiceCidrs, "",
        [this](const watch::Update& update) { loop_.onServiceCidrs(update); });
  watch(kube::res::kPods, "spec.nodeName=" + options_.nodeName,
        [this](const watch::Update& update) {
          gate_.onPods(update);
          ungated_.apply(update);
          loop_.onPods(update);
          if (parts_.dns != nullptr) {
            parts_.dns->applyPods(update);
          }
        });
  watchForDns();
  watchForPolicies();
}

void Agent::watchForDns() {
  if (parts_.dns == nullptr) {
    return;
  }
  parts_.dns->onWithdrawn = [this](const dns::Zone::TakenBack& taken) {
    timeline::Event event = eventNow(timeline::What::kNamesWithdrawn);
    event.pod = taken.service.text();
    event.ip = taken.address.text();
    event.revision = parts_.plane.snapshot().revision();
    parts_.timeline.record(event);
  };
  open(dnsHealthFront_, options_.dnsHealth);
  open(dnsReadyFront_, options_.dnsReady);
}

void Agent::stop() {
  watchers_.clear();
  guard_.stop();
  policyGuard_.stop();
  trim_.cancel();
  if (parts_.monitor != nullptr) {
    parts_.monitor->stop();
  }
  if (parts_.departedMonitor != nullptr) {
    parts_.departedMonitor->stop();
  }
  if (parts_.departed != nullptr) {
    parts_.departed->stop();
  }
  if (parts_.policyMonitor != nullptr) {
    parts_.policyMonitor->stop();
  }
  if (parts_.policy != nullptr) {
    parts_.policy->stop();
  }
  if (parts_.addresses != nullptr) {
    parts_.addresses->stop();
  }
  serviceHealth_.close();
  if (podDoor_) {
    podDoor_->close();
  }
  for (Front* front :
       {&front_, &healthzFront_, &metricsFront_, &dnsHealthFront_, &dnsReadyFront_}) {
    front->close();
  }
  if (parts_.dns != nullptr) {
    parts_.dns->stop();
  }
}

void Agent::open(Front& front, const BindAddress& address) {
  if (address.port != 0) {
    front.open(address.host);
  }
}

void Agent::onAcknowledged(std::uint64_t watermark) {
  waitingRoom_.advance(watermark);
  gate_.onWatermark(watermark);
  serviceHealth_.publish(parts_.plane.takeApplied());
  if (std::exchange(fullSince_, false)) {
    trimLater();
  }
}

void Agent::trimLater() {
  // What a whole state took until it was in the kernel is free once the connections have been
  // cleaned. The C library would keep it, because it lies among what stays.
  trim_.expires_after(2 * FlowCleaner::kDelay);
  trim_.async_wait([](const boost::system::error_code& error) {
    if (!error) {
      ::malloc_trim(0);
    }
  });
}

void Agent::watch(const kube::Resource& resource, const std::string& fieldSelector,
                  std::function<void(const watch::Update&)> deliver) {
  sys::WatchTarget target;
  target.resource = &resource;
  target.fieldSelector = fieldSelector;
  target.unread = unreadFields(resource);
  target.optional = &resource == &kube::res::kServiceCidrs;  // Served from Kubernetes 1.31 on.
  watch(std::move(target), std::move(deliver));
}

void Agent::watch(sys::WatchTarget target, std::function<void(const watch::Update&)> deliver) {
  const auto delivered = [this, name = std::string(target.resource->plural),
                          deliver = std::move(deliver)](const watch::Update& update) {
    metrics_.lastNews[name] = parts_.clock.mono();
    if (parts_.dns != nullptr) {
      parts_.dns->heard();
    }
    deliver(update);
    fullSince_ = fullSince_ || update.kind == watch::Update::Kind::kFull;
  };
  watchers_.push_back(sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng,
                                      std::move(target), delivered));
}

void Agent::onNodes(const watch::Update& update) {
  loop_.onNodes(update);
  gate_.onNodes(update);
  if (parts_.policy != nullptr) {
    parts_.policy->onNodes(update);
  }
  for (const watch::Change& change : update.changes) {
    if (kube::text(*change.object, {"metadata", "name"}) == options_.nodeName) {
      onOwnNode(kube::nodeOf(*change.object));
    }
  }
}

void Agent::onOwnNode(const kube::Node& node) {
  health_.onNode(node);
  serviceHealth_.setAddresses(nodePortAddresses());
  if (options_.bind.empty()) {
    for (const std::string& address : node.internalIPs) {
      front_.open(address);
    }
  }
}

void Agent::onAddresses(std::vector<IpAddress> addresses) {
  loop_.onAddresses(std::move(addresses));
  serviceHealth_.setAddresses(nodePortAddresses());
}

std::set<std::string> Agent::nodePortAddresses() const {
  std::set<std::string> texts;
  for (const IpAddress& address : parts_.plane.nodePortAddresses()) {
    texts.insert(address.text());
  }
  return texts;
}

void Agent::addRoutes() {
  using Responder = std::shared_ptr<sys::HttpResponder>;
  front_.route(std::string(drain::kGatePath),
               [this](const sys::HttpRequest& request, const std::string& id,
                      const Responder& responder) { gate_.answer(id, request.peer, responder); });
  front_.route(
      std::string(drain::kWatermarkPath),
      [this](const sys::HttpRequest& request, const std::string&, const Responder& responder) {
        waitingRoom_.answer(request.target, responder);
      });
  addHealthRoutes(front_);
  addHealthRoutes(healthzFront_);
  addMetricsRoute(front_);
  addMetricsRoute(metricsFront_);
  addAuditRoute();
  if (parts_.dns != nullptr) {
    for (Front* front : {&front_, &dnsHealthFront_, &dnsReadyFront_}) {
      addDnsRoutes(*front);
    }
  }
}

void Agent::addDnsRoutes(Front& front) {
  using Responder = std::shared_ptr<sys::HttpResponder>;
  front.route("/health",
              [](const sys::HttpRequest&, const std::string&, const Responder& responder) {
                responder->send(200, "text/plain", "OK");
              });
  front.route("/ready",
              [this](const sys::HttpRequest&, const std::string&, const Responder& responder) {
                const bool ready = parts_.dns->ready();
                responder->send(ready ? 200 : 503, "text/plain", ready ? "OK" : "kubernetes");
              });
}

void Agent::addHealthRoutes(Front& front) {
  using Responder = std::shared_ptr<sys::HttpResponder>;
  front.route("/healthz", [this](const sys::HttpRequest&, const std::string&,
                                 const Responder& responder) { health_.healthz(*responder); });
  front.route("/livez", [this](const sys::HttpRequest&, const std::string&,
                               const Responder& responder) { health_.livez(*responder); });
  front.route("/readyz", [this](const sys::HttpRequest&, const std::string&,
                                const Responder& responder) { health_.readyz(*responder); });
}

void Agent::addMetricsRoute(Front& front) {
  front.route("/metrics", [this](const sys::HttpRequest&, const std::string&,
                                 const std::shared_ptr<sys::HttpResponder>& responder) {
    const auto send = [this, responder](const sys::NameServerStats* dns) {
      responder->send(200, "text/plain; version=0.0.4",
                      render({metrics_, parts_.clock.mono(), sys::selfStats(), dns,
                              parts_.policy == nullptr ? nullptr : &parts_.policy->metrics()}));
    };
    if (parts_.dns == nullptr) {
      return send(nullptr);
    }
    parts_.dns->stats([send](const sys::NameServerStats& stats) { send(&stats); });
  });
}

}  // namespace hitless::app
