#include "app/agent/front.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "app/agent/waiting_room.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kRetry = milliseconds(100);

}  // namespace

void Front::open(const std::string& address) {
  if (!doors_.try_emplace(address, nullptr).second) {
    return;
  }
  if (const Status status = tryOpen(address); !status) {
    spdlog::warn("cannot listen on {} port {}: {}; trying again", address, port_,
                 status.error().text());
    retrySoon();
  }
}

Status Front::tryOpen(const std::string& address) {
  const int fd = TRY(sys::listenTcp(address, port_));
  doors_[address] = TRY(sys::HttpServer::start(
      io_, fd, {},
      [this](const sys::HttpRequest& request,
             const std::shared_ptr<sys::HttpResponder>& responder) { serve(request, responder); }));
  return {};
}

void Front::retrySoon() {
  retry_.expires_after(kRetry);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    bool missing = false;
    for (const auto& [address, door] : doors_) {
      missing = (door == nullptr && !tryOpen(address)) || missing;
    }
    if (missing) {
      retrySoon();
    }
  });
}

void Front::close() {
  retry_.cancel();
  for (auto& [address, door] : doors_) {
    if (door != nullptr) {
      door->stop();
    }
  }
}

void Front::serve(const sys::HttpRequest& request,
                  const std::shared_ptr<sys::HttpResponder>& responder) {
  const std::string path = pathOfTarget(request.target);
  const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const auto& entry) {
    const std::string& prefix = entry.first;
    return prefix.back() == '/' ? path.size() > prefix.size() && path.starts_with(prefix)
                                : path == prefix;
  });
  if (found == routes_.end()) {
    return responder->send(404, "text/plain", fmt::format("there is nothing at {}\n", path));
  }
  if (request.method != "GET") {
    return responder->send(405, "text/plain", "only GET is allowed here\n");
  }
  found->second(request, path.substr(found->first.size()), responder);
}

}  // namespace hitless::app
