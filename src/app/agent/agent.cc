#include "app/agent/agent.h"

#include <fmt/format.h>

#include "core/drain/gate_hook.h"

namespace hitless::app {
namespace {

/// kube-proxy: unhealthy when a change has been waiting for two sync periods of 30 s.
constexpr nanoseconds kUnhealthyBacklog = seconds(60);

}  // namespace

Agent::Agent(Parts parts, AgentOptions options)
    : parts_(parts),
      options_(std::move(options)),
      events_(parts.client, parts.clock, parts.rng, options_.nodeName),
      flows_(parts.io, parts.flows, metrics_),
      waitingRoom_(parts.io, options_.nodeName),
      gate_({parts.io, parts.clock, parts.timeline, metrics_, events_, parts.untaken},
            options_.nodeName, options_.port, options_.gate),
      loop_({parts.io, parts.plane, parts.clock, parts.timeline, metrics_, flows_},
            options_.nodeName, options_.minSyncPeriod,
            [this](std::uint64_t watermark) {
              waitingRoom_.advance(watermark);
              gate_.onWatermark(watermark);
            }),
      front_(parts.io, options_.port) {}

void Agent::start() {
  timeline::Event event;
  event.time = parts_.clock.wall();
  event.what = timeline::What::kAgentStarted;
  event.node = options_.nodeName;
  parts_.timeline.record(event);

  addRoutes();
  front_.open("127.0.0.1");
  for (const std::string& address : options_.bind) {
    front_.open(address);
  }
  watch(kube::res::kServices, "", [this](const watch::Update& update) {
    loop_.onServices(update);
    gate_.onServices(update);
  });
  watch(kube::res::kEndpointSlices, "", [this](const watch::Update& update) {
    loop_.onSlices(update);
    gate_.onSlices(update);
  });
  watch(kube::res::kNodes, "", [this](const watch::Update& update) { onNodes(update); });
  watch(kube::res::kPods, "spec.nodeName=" + options_.nodeName,
        [this](const watch::Update& update) { gate_.onPods(update); });
}

void Agent::stop() {
  watchers_.clear();
  front_.close();
}

void Agent::watch(const kube::Resource& resource, const std::string& fieldSelector,
                  std::function<void(const watch::Update&)> deliver) {
  sys::WatchTarget target;
  target.resource = &resource;
  target.fieldSelector = fieldSelector;
  watchers_.push_back(sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng,
                                      std::move(target), std::move(deliver)));
}

void Agent::onNodes(const watch::Update& update) {
  loop_.onNodes(update);
  gate_.onNodes(update);
  if (!options_.bind.empty()) {
    return;
  }
  for (const watch::Change& change : update.changes) {
    if (kube::text(*change.object, {"metadata", "name"}) == options_.nodeName) {
      for (const std::string& address : kube::nodeOf(*change.object).internalIPs) {
        front_.open(address);
      }
    }
  }
}

void Agent::addRoutes() {
  using Responder = std::shared_ptr<sys::HttpResponder>;
  front_.route(std::string(drain::kGatePath),
               [this](const sys::HttpRequest&, const std::string& id, const Responder& responder) {
                 gate_.answer(id, responder);
               });
  front_.route(
      std::string(drain::kWatermarkPath),
      [this](const sys::HttpRequest& request, const std::string&, const Responder& responder) {
        waitingRoom_.answer(request.target, responder);
      });
  front_.route("/healthz", [this](const sys::HttpRequest&, const std::string&,
                                  const Responder& responder) { health(false, *responder); });
  front_.route("/livez", [this](const sys::HttpRequest&, const std::string&,
                                const Responder& responder) { health(true, *responder); });
  front_.route("/metrics",
               [this](const sys::HttpRequest&, const std::string&, const Responder& responder) {
                 responder->send(200, "text/plain; version=0.0.4", metrics_.render());
               });
}

void Agent::health(bool livenessOnly, sys::HttpResponder& responder) const {
  // A restart does not bring an API server back, so /livez minds commits only.
  const bool stuck = loop_.synced() && loop_.backlog() > kUnhealthyBacklog;
  const bool healthy = !stuck && (livenessOnly || loop_.synced());
  const kube::json::object body{
      {"healthy", healthy},
      {"synced", loop_.synced()},
      {"watermark", loop_.watermark()},
      {"backlogSeconds", static_cast<double>(loop_.backlog().count()) / 1e9}};
  responder.send(healthy ? 200 : 503, "application/json", kube::json::serialize(body) + "\n");
}

}  // namespace hitless::app
