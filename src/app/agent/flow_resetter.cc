#include "app/agent/flow_resetter.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <iterator>

#include "core/departed/segment.h"

namespace hitless::app {
namespace {

/// Two at which clients are asked, because a question or its answer may be lost and may by chance
/// lie inside a window, and one to forget what is left.
constexpr int kLooks = 3;
/// How many connections are forgotten before the loop may do something else.
constexpr std::size_t kAtATime = 64;
constexpr nanoseconds kBetween = milliseconds(250);
/// So that no two questions that follow each other carry nearly the same number.
constexpr std::uint32_t kStride = 0x55555555;

}  // namespace

void FlowResetter::reset(const std::set<IpAddress>& gone) {
  if (gone.empty()) {
    return;
  }
  for (const IpAddress& ip : gone) {
    pending_[ip] = kLooks;
  }
  lookIn(nanoseconds{});
}

void FlowResetter::lookIn(nanoseconds delay) {
  if (armed_ && delay > nanoseconds{}) {
    return;
  }
  armed_ = true;
  timer_.expires_after(delay);  // Ends a wait that is there already.
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      armed_ = false;
      look();
    }
  });
}

void FlowResetter::look() {
  std::set<IpAddress> gone;
  std::set<IpAddress> last;
  for (auto it = pending_.begin(); it != pending_.end();) {
    const bool more = --it->second > 0;
    (more ? gone : last).insert(it->first);
    it = more ? std::next(it) : pending_.erase(it);
  }
  const auto flows = parts_.table.dump();
  if (!flows) {
    spdlog::warn("cannot look for connections to pods that are gone: {}", flows.error().text());
    pending_.clear();
    return;
  }
  work(gone, *flows, departed::Look::kNotLast);
  work(last, *flows, departed::Look::kLast);
  if (!pending_.empty()) {
    lookIn(kBetween);
  }
}

void FlowResetter::forgetSome() {
  for (std::size_t i = 0; i < kAtATime && !forget_.empty(); ++i) {
    (void)parts_.table.remove(forget_.back());
    forget_.pop_back();
  }
  if (!forget_.empty()) {
    boost::asio::post(parts_.io, [this] { forgetSome(); });
  }
}

void FlowResetter::work(const std::set<IpAddress>& gone, const std::vector<conntrack::Flow>& flows,
                        departed::Look look) {
  if (gone.empty()) {
    return;
  }
  const departed::PinnedFlows pinned = departed::pinnedFlows(flows, gone, parts_.ours(), look);
  for (const conntrack::Tuple& tuple : pinned.reset) {
    if (parts_.packets == nullptr || look == departed::Look::kLast) {
      break;
    }
    ++asked_;
    const Status sent = parts_.packets->sendUntracked(
        departed::askForNumbers(tuple, asked_ * kStride), tuple.source);
    if (!sent) {
      spdlog::debug("cannot ask a client of a pod that is gone: {}", sent.error().text());
    }
  }
  const bool idle = forget_.empty();
  forget_.insert(forget_.end(), pinned.forget.begin(), pinned.forget.end());
  if (idle) {
    forgetSome();
  }
  const std::size_t reset = look == departed::Look::kLast ? 0 : pinned.reset.size();
  if (reset > 0 || !pinned.forget.empty()) {
    parts_.found(reset, pinned.forget.size());
  }
}

}  // namespace hitless::app
