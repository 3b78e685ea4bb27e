#include "app/agent/gate_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/agent/event_writer.h"
#include "base/text.h"
#include "core/drain/gate_hook.h"
#include "sys/http/client.h"

namespace hitless::app {
namespace {

/// How long a peer may keep a question open, and what a dead one costs on top.
constexpr int kPollSeconds = 5;
constexpr nanoseconds kPollTimeout = seconds(kPollSeconds + 2);

/// The watermark in a peer's answer; nothing if it is no answer of that node.
std::optional<std::uint64_t> watermarkOf(const Result<sys::HttpResponse>& response,
                                         const std::string& node) {
  const auto body = response && response->status == 200
                        ? kube::parseJson(response->body)
                        : Result<kube::json::value>(fail(ErrorKind::kUnavailable, ""));
  const kube::json::object* object = body ? body->if_object() : nullptr;
  if (object == nullptr || kube::text(*object, {"node"}) != node ||
      !kube::boolean(*object, {"synced"})) {
    return std::nullopt;
  }
  const std::int64_t watermark = kube::integer(*object, {"watermark"});
  return watermark < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(watermark));
}

drain::PodRef podOf(const std::string& gateId, const std::string& peer) {
  using By = drain::PodRef::By;
  return gateId == drain::kGateSelf ? drain::PodRef{By::kAddress, peer.substr(0, peer.rfind(':'))}
                                    : drain::PodRef{By::kGateId, gateId};
}

std::optional<timeline::What> timelineKind(drain::Gate::Notice::Kind kind) {
  using Kind = drain::Gate::Notice::Kind;
  switch (kind) {
    case Kind::kHeld:
      return timeline::What::kGateHeld;
    case Kind::kConnected:
      return timeline::What::kGateConnected;
    case Kind::kReleased:
      return timeline::What::kGatePassed;
    case Kind::kSlow:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

GateKeeper::GateKeeper(Parts parts, std::string node, std::uint16_t peerPort,
                       const drain::GateOptions& options)
    : parts_(parts),
      node_(std::move(node)),
      peerPort_(peerPort),
      gate_(node_, options, parts.clock),
      timer_(parts.io) {}

void GateKeeper::answer(const std::string& gateId, const std::string& peer,
                        const std::shared_ptr<sys::HttpResponder>& responder) {
  const auto ticket = gate_.hold(podOf(gateId, peer));
  responders_.emplace(ticket, responder);
  responder->onClosed([this, ticket] {
    gate_.drop(ticket);
    responders_.erase(ticket);
  });
  perform();
}

void GateKeeper::onPods(const watch::Update& update) {
  gate_.applyPods(update);
  perform();
}

void GateKeeper::onServices(const watch::Update& update) {
  gate_.applyServices(update);
  perform();
}

void GateKeeper::onSlices(const watch::Update& update) {
  gate_.applySlices(update);
  perform();
}

void GateKeeper::onNodes(const watch::Update& update) {
  gate_.applyNodes(update);
  perform();
}

void GateKeeper::onWatermark(std::uint64_t watermark) {
  gate_.setOwnWatermark(watermark);
  perform();
}

void GateKeeper::perform() {
  const drain::Gate::Effects effects = gate_.step();
  for (const drain::Gate::Notice& notice : effects.notices) {
    if (notice.verdict) {
      onPassing(notice.pod);
    }
    tell(notice);
  }
  for (const drain::Gate::Answer& answer : effects.answers) {
    parts_.metrics.observeGate(std::string(drain::name(answer.verdict.reason)),
                               answer.verdict.waited);
    const auto responder = responders_.extract(answer.ticket);
    if (!responder.empty()) {
      responder.mapped()->send(200, "text/plain", answer.verdict.text() + "\n");
    }
  }
  for (const drain::Ask& question : effects.asks) {
    ask(question);
  }
  parts_.metrics.gatesHeld = gate_.held();
  effects.next ? sleepUntil(*effects.next) : static_cast<void>(timer_.cancel());
  count(effects.count);
  if (inspect(effects.inspect) || !effects.count.empty()) {
    perform();
  }
}

/// True if something was learnt that lets a pod go.
bool GateKeeper::inspect(const std::vector<kube::Pod>& pods) {
  bool taken = false;
  for (const kube::Pod& pod : pods) {
    const auto ip = pod.podIPs.empty() ? std::nullopt : IpAddress::parse(pod.podIPs.front());
    const auto count = ip && !pod.hostNetwork ? parts_.untaken.count(*ip) : std::nullopt;
    gate_.untaken(pod.meta.uid, count);
    taken = taken || count.value_or(0) == 0;
  }
  return taken;
}

void GateKeeper::count(const std::vector<kube::Pod>& pods) {
  for (const kube::Pod& pod : pods) {
    std::optional<drain::OpenConnections> open = drain::OpenConnections{};
    for (const std::string& text : pod.podIPs) {
      const auto address = IpAddress::parse(text);
      if (!address) {
        continue;
      }
      const auto flows = parts_.flows.dumpAnsweredBy(*address);
      if (!flows) {
        spdlog::warn("pod {}: cannot wait for its connections: {}", pod.meta.key(),
                     flows.error().text());
        open = std::nullopt;
        break;
      }
      open->clients.merge(drain::openTo(*flows, *address).clients);
    }
    gate_.connections(pod.meta.uid, std::move(open));
  }
}

void GateKeeper::sleepUntil(MonoTime time) {
  timer_.expires_after(std::max(nanoseconds{}, time - parts_.clock.mono()));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      perform();
    }
  });
}

void GateKeeper::ask(const drain::Ask& ask) {
  sys::PlainRequest request;
  request.host = ask.address;
  request.port = peerPort_;
  request.target =
      fmt::format("{}?at-least={}&wait={}s", drain::kWatermarkPath, ask.atLeast, kPollSeconds);
  request.timeout = kPollTimeout;
  sys::sendPlain(parts_.io, std::move(request),
                 [this, node = ask.node](Result<sys::HttpResponse> response) {
                   if (const auto watermark = watermarkOf(response, node)) {
                     gate_.peerAnswered(node, *watermark);
                   } else {
                     gate_.peerFailed(node);
                   }
                   perform();
                 });
}

void GateKeeper::tell(const drain::Gate::Notice& notice) {
  const kube::Pod& pod = notice.pod;
  if (const auto what = timelineKind(notice.kind)) {
    timeline::Event event;
    event.time = parts_.clock.wall();
    event.what = *what;
    event.node = node_;
    event.pod = pod.meta.key();
    event.ip = pod.podIPs.empty() ? std::string() : pod.podIPs.front();
    event.revision = notice.revision;
    event.detail = notice.text;
    parts_.timeline.record(event);
  }
  const bool late = notice.verdict && notice.verdict->timedOut();
  if (!notice.text.empty()) {
    spdlog::log(late ? spdlog::level::warn : spdlog::level::info, "pod {}: {}", pod.meta.key(),
                notice.text);
  }
  if (notice.kind == drain::Gate::Notice::Kind::kSlow) {
    parts_.events.write(pod, "Normal", "GateHeld", notice.text);
  } else if (notice.verdict) {
    parts_.events.write(pod, late ? "Warning" : "Normal", late ? "GateTimedOut" : "GatePassed",
                        notice.text);
  }
}

}  // namespace hitless::app
