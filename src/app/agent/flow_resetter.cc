#include "app/agent/flow_resetter.h"

#include <spdlog/spdlog.h>

#include <iterator>
#include <utility>
#include <vector>

namespace hitless::app {
namespace {

/// Two at which clients are asked, because a question or its answer may be lost and may by chance
/// lie inside a window, and one to forget what is left.
constexpr int kLooks = 3;
/// A dump of what one address answers ships little, but walks the whole table; so for more than
/// this many the whole table is asked for at once.
constexpr std::size_t kFewAddresses = 4;
constexpr nanoseconds kBetween = milliseconds(250);

Result<std::vector<conntrack::Flow>> flowsOf(conntrack::FlowTable& table,
                                             const std::set<IpAddress>& addresses) {
  if (addresses.size() > kFewAddresses) {
    return table.dump();
  }
  std::vector<conntrack::Flow> all;
  for (const IpAddress& address : addresses) {
    std::vector<conntrack::Flow> flows = TRY(table.dumpAnsweredBy(address));
    all.insert(all.end(), std::make_move_iterator(flows.begin()),
               std::make_move_iterator(flows.end()));
  }
  return all;
}

/// Forgets what is to be forgotten of the connections to `gone`; gives all that was found.
Result<departed::PinnedFlows> forgetPinned(conntrack::FlowTable& table,
                                           const std::set<IpAddress>& gone,
                                           const std::set<IpAddress>& ours, departed::Look look) {
  const std::vector<conntrack::Flow> flows = TRY(flowsOf(table, gone));
  departed::PinnedFlows pinned = departed::pinnedFlows(flows, gone, ours, look);
  for (const conntrack::Flow& flow : pinned.forget) {
    (void)table.remove(flow);
  }
  return pinned;
}

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
    if (parts_.isGone(it->first)) {
      (more ? gone : last).insert(it->first);
    }
    it = more ? std::next(it) : pending_.erase(it);
  }
  for (auto& [addresses, look] :
       {std::pair{gone, departed::Look::kNotLast}, std::pair{last, departed::Look::kLast}}) {
    if (!addresses.empty()) {
      parts_.worker.run(
          [addresses, look, ours = parts_.ours()](conntrack::FlowTable& table) {
            return forgetPinned(table, addresses, ours, look);
          },
          [this, look](const Result<departed::PinnedFlows>& found) { act(found, look); });
    }
  }
  if (!pending_.empty()) {
    lookIn(kBetween);
  }
}

void FlowResetter::act(const Result<departed::PinnedFlows>& found, departed::Look look) {
  if (!found) {
    spdlog::warn("cannot look for connections to pods that are gone: {}", found.error().text());
    return;
  }
  const bool ask = look != departed::Look::kLast;
  if (ask) {
    asker_.ask(found->reset);
  }
  const std::size_t reset = ask ? found->reset.size() : 0;
  if (reset > 0 || !found->forget.empty()) {
    parts_.found(reset, found->forget.size());
  }
}

}  // namespace hitless::app
