#include "app/agent/waiting_room.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/json.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kLongestWait = seconds(60);

}  // namespace

std::string pathOfTarget(const std::string& target) {
  return target.substr(0, target.find('?'));
}

std::string queryValue(const std::string& target, const std::string& key) {
  const auto mark = target.find('?');
  if (mark == std::string::npos) {
    return {};
  }
  for (const std::string_view pair : split(std::string_view(target).substr(mark + 1), '&')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == key) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

void WaitingRoom::answer(const std::string& target,
                         const std::shared_ptr<sys::HttpResponder>& responder) {
  const std::string atLeastText = queryValue(target, "at-least");
  const std::string waitText = queryValue(target, "wait");
  const auto atLeast = atLeastText.empty() ? std::uint64_t{0} : parseUint(atLeastText);
  const auto wait = waitText.empty() ? nanoseconds{} : parseDuration(waitText);
  if (!atLeast || !wait) {
    return responder->send(400, "text/plain",
                           "at-least must be a resourceVersion and wait a duration such as 5s\n");
  }
  if ((synced_ && watermark_ >= *atLeast) || *wait <= nanoseconds{}) {
    return send(*responder);
  }
  auto guest = std::make_shared<Guest>(Guest{*atLeast, responder, boost::asio::steady_timer(io_)});
  guests_.push_back(guest);
  const std::weak_ptr<Guest> weak = guest;
  responder->onClosed([this, weak] {
    if (const auto gone = weak.lock()) {
      guests_.remove(gone);
    }
  });
  guest->timer.expires_after(std::min(*wait, kLongestWait));
  guest->timer.async_wait([this, weak](const boost::system::error_code& error) {
    const auto late = weak.lock();
    if (!error && late) {
      guests_.remove(late);
      send(*late->responder);
    }
  });
}

void WaitingRoom::advance(std::uint64_t watermark) {
  watermark_ = watermark;
  synced_ = true;
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    if ((*guest)->atLeast > watermark_) {
      ++guest;
      continue;
    }
    const std::shared_ptr<Guest> served = *guest;
    guest = guests_.erase(guest);
    send(*served->responder);
  }
}

void WaitingRoom::send(sys::HttpResponder& responder) const {
  const kube::json::object body{{"node", node_}, {"watermark", watermark_}, {"synced", synced_}};
  responder.send(200, "application/json", kube::json::serialize(body) + "\n");
}

}  // namespace hitless::app
