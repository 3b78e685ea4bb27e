#include "app/proxy/admin_door.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "app/proxy/tcp_probe.h"
#include "core/proxy/sidecar.h"

namespace hitless::app {
namespace {

bool hasIpv6() {
  return ::access("/proc/net/if_inet6", F_OK) == 0;
}

/// Envoy's words for levels are spdlog's.
void setLogLevel(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace

AdminDoor::AdminDoor(Parts parts, const Door& admin, std::uint16_t statusPort)
    : parts_(std::move(parts)),
      where_(admin),
      admin_(parts_.io, admin.port),
      status_(parts_.io, statusPort),
      hasStatus_(statusPort != 0) {
  admin_.routeRest([this](const sys::HttpRequest& request, const std::string&,
                          const Responder& responder) { answer(request, responder); });
  const auto ready = [this](const sys::HttpRequest&, const std::string&,
                            const Responder& responder) {
    const ProcessFacts facts = parts_.facts();
    responder->send(facts.ready ? 200 : 503, "text/plain", std::string(name(facts.state)) + "\n");
  };
  status_.route("/ready", ready);
  status_.route(std::string(proxy::sidecar::kReadyPath), ready);
  addTcpProbe(parts_.io, status_);
}

void AdminDoor::open() {
  if (where_.port != 0) {
    admin_.open(where_.ip.value_or(IpAddress::v4(0)).text());
  }
  if (hasStatus_) {
    status_.open(hasIpv6() ? "::" : "0.0.0.0");  // the first takes IPv4 as well
  }
}

void AdminDoor::answer(const sys::HttpRequest& request, const Responder& responder) {
  const ProcessFacts facts = parts_.facts();
  parts_.host.ask<WorkerSnapshot>(
      [table = facts.table](sys::Worker& worker, WorkerLog& log) {
        return snapshotOf(worker, log, *table);
      },
      [this, facts, responder, method = request.method,
       target = request.target](std::vector<WorkerSnapshot> workers) {
        const ProxySnapshot snapshot(facts, std::move(workers));
        proxy::AdminAnswer answer = proxy::answerAdmin(method, target, snapshot);
        if (!answer.allow.empty()) {
          responder->addHeader("Allow", answer.allow);
        }
        responder->send(answer.status, answer.contentType, std::move(answer.body));
        act(answer.action);
      });
}

void AdminDoor::act(const proxy::AdminAction& action) {
  if (const auto* order = std::get_if<proxy::DrainOrder>(&action)) {
    parts_.drainer.order(*order);
  } else if (const auto* health = std::get_if<proxy::SetHealthy>(&action)) {
    parts_.drainer.setHealthy(health->healthy);
  } else if (std::holds_alternative<proxy::Quit>(action)) {
    parts_.drainer.quit();
  } else if (const auto* level = std::get_if<proxy::SetLogLevel>(&action)) {
    setLogLevel(level->level);
  }
}

}  // namespace hitless::app
