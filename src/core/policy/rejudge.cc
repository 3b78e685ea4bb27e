#include "core/policy/rejudge.h"

#include "core/conntrack/labels.h"

namespace hitless::policy {
namespace {

using conntrack::Flow;
using conntrack::TcpState;

/// A SYN that is not answered is repeated, and judged then; what both have closed waits for
/// nothing.
bool mayWait(const Flow& flow) {
  switch (flow.tcpState.value_or(TcpState::kNone)) {
    case TcpState::kSynRecv:
    case TcpState::kEstablished:
    case TcpState::kFinWait:
    case TcpState::kCloseWait:
    case TcpState::kLastAck:
    // Also when rules have reset one end (nf_reject_ipv4.c, nf_ct_set_closing): the other may not
    // know.
    case TcpState::kClose:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Doubt::add(const Doubt& other) {
  all = all || other.all;
  addresses.insert(other.addresses.begin(), other.addresses.end());
}

Rejudgement rejudge(std::span<const Flow> flows, const Doubt& doubt) {
  Rejudgement found;
  for (const Flow& flow : flows) {
    if (!doubt.about(flow)) {
      continue;
    }
    if (flow.labelled(conntrack::kJudgedLabel)) {
      found.labelled.push_back(flow);
    }
    if (mayWait(flow)) {
      found.waiting.push_back(flow);
    }
  }
  return found;
}

std::array<conntrack::Tuple, 2> endsOf(const Flow& flow) {
  return {flow.original, flow.reply};
}

}  // namespace hitless::policy
