#pragma once

#include <array>
#include <set>
#include <span>
#include <vector>

#include "core/conntrack/flow.h"

/// Which connections are to be judged again when policies, or the pods that they are about, have
/// changed. Rules judge a connection once and label it (conntrack::kJudgedLabel); without the label
/// its next packet is judged.
namespace hitless::policy {

/// Whose connections may be judged otherwise than they were.
struct Doubt {
  bool all = false;
  std::set<IpAddress> addresses;  ///< Where connections begin, or really end.

  bool none() const { return !all && addresses.empty(); }
  bool about(const conntrack::Flow& flow) const {
    return all || addresses.contains(flow.original.source) || addresses.contains(flow.reply.source);
  }
  void add(const Doubt& other);
};

struct Rejudgement {
  std::vector<conntrack::Flow> labelled;  ///< The label is to be taken from these.
  /// TCP, labelled or not, of which an end may wait for a packet that never comes if it is
  /// forbidden now: the other end is, as long as neither says anything.
  std::vector<conntrack::Flow> waiting;
};
Rejudgement rejudge(std::span<const conntrack::Flow> flows, const Doubt& doubt);

/// For departed::askForNumbers(): a segment to each end of a forbidden connection, as from its
/// peer. What the end answers runs into the rules, and the reset that they give is one that the end
/// believes. Of a connection that another node translates, that node's end does not know the
/// sender; its own node knows what to ask it with.
std::array<conntrack::Tuple, 2> endsOf(const conntrack::Flow& flow);

}  // namespace hitless::policy
