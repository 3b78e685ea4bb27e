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

}  // namespace

GateKeeper::GateKeeper(Parts parts, std::string node, std::uint16_t peerPort,
                       const drain::GateOptions& options)
    : parts_(parts),
      node_(std::move(node)),
      peerPort_(peerPort),
      gate_(node_, options, parts.clock),
      timer_(parts.io) {}

void GateKeeper::answer(const std::string& gateId,
                        const std::shared_ptr<sys::HttpResponder>& responder) {
  const auto ticket = gate_.hold(gateId);
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
  if (inspect(effects.inspect)) {
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
  timeline::Event event;
  event.time = parts_.clock.wall();
  event.what = notice.verdict ? timeline::What::kGatePassed : timeline::What::kGateHeld;
  event.node = node_;
  event.pod = pod.meta.key();
  event.ip = pod.podIPs.empty() ? std::string() : pod.podIPs.front();
  event.revision = notice.revision;
  event.detail = notice.verdict ? notice.verdict->text() : std::string();
  parts_.timeline.record(event);
  if (!notice.verdict) {
    return;
  }
  const bool late = notice.verdict->timedOut();
  spdlog::log(late ? spdlog::level::warn : spdlog::level::info, "pod {}: {}", pod.meta.key(),
              event.detail);
  parts_.events.write(pod, late ? "Warning" : "Normal", late ? "GateTimedOut" : "GatePassed",
                      event.detail);
}

}  // namespace hitless::app
