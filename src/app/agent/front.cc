#include "app/agent/front.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "app/agent/waiting_room.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kFirstRetry = milliseconds(100);
constexpr nanoseconds kLongestRetry = seconds(5);

}  // namespace

void Front::open(const std::string& address) {
  if (!doors_.try_emplace(address, nullptr).second) {
    return;
  }
  if (const Status status = tryOpen(address); !status) {
    if (trouble_) {
      trouble_(address, status.error());
    } else {
      spdlog::warn("{}; trying again", status.error().text());
    }
    pause_ = kFirstRetry;
    retrySoon();
  }
}

void Front::listenOn(const std::set<std::string>& addresses) {
  std::erase_if(doors_, [&](const auto& door) { return !addresses.contains(door.first); });
  for (const std::string& address : addresses) {
    open(address);
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
  retry_.expires_after(pause_);
  pause_ = std::min(pause_ * 2, kLongestRetry);
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
  if (found == routes_.end() && !rest_) {
    return responder->send(404, "text/plain", fmt::format("there is nothing at {}\n", path));
  }
  if (found == routes_.end()) {
    return rest_(request, path, responder);
  }
  if (request.method != "GET") {
    return responder->send(405, "text/plain", "only GET is allowed here\n");
  }
  found->second(request, path.substr(found->first.size()), responder);
}

}  // namespace hitless::app
