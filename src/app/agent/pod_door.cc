#include "app/agent/pod_door.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace hitless::app {
namespace {

constexpr nanoseconds kFirstPause = milliseconds(100);
constexpr nanoseconds kLongestPause = seconds(5);
constexpr std::size_t kMaxBody = 64 * 1024;

void answer(sys::HttpResponder& responder, const Status& status) {
  const DoorAnswer answer = doorAnswerOf(status);
  responder.send(answer.status, "application/json", answer.body);
}

Status needAddresses(const PodRequest& request) {
  return request.claim.addresses.empty()
             ? Status(invalid("\"addresses\" must name what the pod's network has given it"))
             : Status();
}

}  // namespace

PodDoor::PodDoor(boost::asio::io_context& io, PodIsolation& isolation, std::string path)
    : io_(io), isolation_(isolation), path_(std::move(path)), retry_(io), claims_(path_) {}

void PodDoor::open() {
  const Status opened = tryOpen();
  if (opened) {
    return;
  }
  if (pause_ == nanoseconds{}) {
    spdlog::warn("pods cannot be claimed: {}; trying again", opened.error().text());
  }
  pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  retry_.expires_after(pause_);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      open();
    }
  });
}

Status PodDoor::tryOpen() {
  const int fd = TRY(sys::listenUnix(path_));
  restore();
  server_ = TRY(sys::HttpServer::start(
      io_, fd, {.maxBodyBytes = kMaxBody, .tooLargeBody = {}, .certificatePem = {}, .keyPem = {}},
      [this](const sys::HttpRequest& request, const Responder& responder) {
        serve(request, responder);
      }));
  return {};
}

void PodDoor::close() {
  retry_.cancel();
  if (server_) {
    server_->stop();
  }
}

void PodDoor::serve(const sys::HttpRequest& request, const Responder& responder) {
  const std::string& path = request.target;
  if (path == kPodDoorHealth) {
    return responder->send(200, "text/plain", "ok");
  }
  if (path != kPodsAdd && path != kPodsDel && path != kPodsCheck && path != kPodsCollect) {
    return answer(*responder,
                  fail(ErrorKind::kNotFound, fmt::format("there is nothing at {}", path),
                       fmt::format("POST to {}, {}, {} or {}", kPodsAdd, kPodsDel, kPodsCheck,
                                   kPodsCollect)));
  }
  if (request.method != "POST") {
    return responder->send(405, "application/json", R"({"error":"only POST is allowed here"})");
  }
  if (path == kPodsCollect) {
    return answer(*responder, collect(request.body));
  }
  const auto asked = podRequestOf(request.body);
  if (!asked) {
    return answer(*responder, tl::unexpected(asked.error()));
  }
  if (path == kPodsAdd) {
    return add(*asked, responder);
  }
  answer(*responder, path == kPodsDel ? del(*asked) : check(*asked));
}

void PodDoor::add(const PodRequest& request, const Responder& responder) {
  if (const Status able = needAddresses(request); !able) {
    return answer(*responder, able);
  }
  claims_.put(request);
  isolation_.isolate(request.claim, [pod = request.claim.podKey(), responder](Status done) {
    if (!done) {
      spdlog::warn("pod {} is kept from its network: {}", pod, done.error().text());
    }
    answer(*responder, done);
  });
}

Status PodDoor::del(const PodRequest& request) {
  if (claims_.drop(request)) {
    isolation_.release(request.claim);
  }
  return {};
}

Status PodDoor::collect(const std::string& body) {
  const ValidSandboxes valid = TRY(validSandboxesOf(body));
  for (const PodRequest& gone : claims_.collect(valid.network, valid.sandboxes)) {
    isolation_.release(gone.claim);
  }
  return {};
}

/// Objects tell a pod's addresses only some time after it has begun.
void PodDoor::restore() {
  claims_.load();
  for (const auto& [pod, request] : claims_.all()) {
    isolation_.isolate(request.claim, [pod = pod](const Status& done) {
      if (!done) {
        spdlog::warn("pod {} has begun already: {}", pod, done.error().text());
      }
    });
  }
}

Status PodDoor::check(const PodRequest& request) {
  TRY_VOID(needAddresses(request));
  return isolation_.check(request.claim);
}

}  // namespace hitless::app
