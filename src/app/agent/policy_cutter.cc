#include "app/agent/policy_cutter.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/clock.h"
#include "core/conntrack/labels.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kAgain = milliseconds(250);
constexpr nanoseconds kSoon = seconds(1);

/// Adds to what a timer waits for; it is armed by the first.
template <class Look>
void gather(policy::Doubt& gathered, const policy::Doubt& doubt, boost::asio::steady_timer& timer,
            nanoseconds delay, Look look) {
  const bool first = gathered.none();
  gathered.add(doubt);
  if (!first || gathered.none()) {
    return;
  }
  timer.expires_after(delay);
  timer.async_wait([&gathered, look](const boost::system::error_code& error) {
    if (!error) {
      look(std::exchange(gathered, {}));
    }
  });
}

}  // namespace

PolicyCutter::PolicyCutter(Parts parts)
    : parts_(std::move(parts)),
      asker_(parts_.io, parts_.packets),
      again_(parts_.io),
      soon_(parts_.io) {}

void PolicyCutter::rejudge(const policy::Doubt& doubt) {
  if (!doubt.none()) {
    look(doubt, false);
  }
}

void PolicyCutter::rejudgeSoon(const std::set<IpAddress>& left) {
  gather(doubtedSoon_, {false, left}, soon_, kSoon,
         [this](const policy::Doubt& doubt) { look(doubt, true); });
}

void PolicyCutter::lookAgain(const policy::Doubt& doubt) {
  gather(doubtedAgain_, doubt, again_, kAgain,
         [this](const policy::Doubt& later) { look(later, true); });
}

void PolicyCutter::stop() {
  again_.cancel();
  soon_.cancel();
  asker_.stop();
}

PolicyCutter::Found PolicyCutter::takeLabels(conntrack::FlowTable& table,
                                             const policy::Doubt& doubt) {
  Found found;
  const auto flows = table.dump();
  if (!flows) {
    found.status = tl::unexpected(flows.error());
    return found;
  }
  policy::Rejudgement again = policy::rejudge(*flows, doubt);
  for (const conntrack::Flow& flow : again.labelled) {
    if (Status cleared = table.clearLabel(flow, conntrack::kJudgedLabel); !cleared) {
      found.status = std::move(cleared);
    } else {
      ++found.cleared;
    }
  }
  found.waiting = std::move(again.waiting);
  return found;
}

void PolicyCutter::look(const policy::Doubt& doubt, bool once) {
  ++looking_;
  parts_.worker.run([doubt](conntrack::FlowTable& table) { return takeLabels(table, doubt); },
                    [this, doubt, once](const Found& found) { act(doubt, once, found); });
}

void PolicyCutter::act(const policy::Doubt& doubt, bool once, const Found& found) {
  --looking_;
  if (!found.status) {
    spdlog::warn(
        "connections that NetworkPolicies forbid by now may go on, to be looked at again: {}",
        found.status.error().text());
  }
  const std::size_t cutNow = cut(found.waiting);
  if (!found.status) {
    gather(doubtedSoon_, doubt, soon_, kSoon,
           [this](const policy::Doubt& later) { look(later, true); });
  } else if (!once) {
    lookAgain(doubt);
  }
  if (looking_ == 0 && doubtedAgain_.none() && doubtedSoon_.none()) {
    cut_.clear();
  }
  parts_.looked(found.cleared, cutNow);
}

std::size_t PolicyCutter::cut(const std::vector<conntrack::Flow>& waiting) {
  std::size_t fresh = 0;
  std::vector<conntrack::Tuple> ends;
  for (const conntrack::Flow& flow : waiting) {
    if (!parts_.denied(flow)) {
      continue;
    }
    const bool open = flow.tcpState != conntrack::TcpState::kClose;
    fresh += open && cut_.insert(flow.original).second ? 1 : 0;
    for (const conntrack::Tuple& end : policy::endsOf(flow)) {
      ends.push_back(end);
    }
  }
  asker_.ask(ends);
  return fresh;
}

}  // namespace hitless::app
