#include "core/departed/waiting_syns.h"

#include <algorithm>

namespace hitless::departed {

bool WaitingSyns::add(std::span<const std::uint8_t> packet) {
  const auto tuple = parseSyn(packet);
  if (!tuple) {
    return false;
  }
  auto kept = waiting_.find(*tuple);
  if (kept == waiting_.end()) {
    std::size_t& ofClient = perClient_[tuple->source];
    if (waiting_.size() >= kMost || ofClient >= kMostOfClient) {
      if (ofClient == 0) {
        perClient_.erase(tuple->source);
      }
      return false;
    }
    ++ofClient;
    kept = waiting_.try_emplace(*tuple).first;
  }
  kept->second = {Bytes(packet.begin(), packet.end()), ++arrivals_};
  return true;
}

std::vector<WaitingSyns::Syn> WaitingSyns::takeAllBut(const std::set<IpAddress>& parked) {
  std::vector<std::pair<std::uint64_t, Syn>> taken;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (parked.contains(it->first.destination)) {
      ++it;
      continue;
    }
    taken.push_back({it->second.arrival, {it->first, std::move(it->second.packet)}});
    const auto client = perClient_.find(it->first.source);
    if (--client->second == 0) {
      perClient_.erase(client);
    }
    it = waiting_.erase(it);
  }
  std::sort(taken.begin(), taken.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Syn> syns;
  for (auto& [arrival, syn] : taken) {
    syns.push_back(std::move(syn));
  }
  return syns;
}

Resend resend(const std::optional<conntrack::Flow>& tracked, const IpAddress& backend) {
  using conntrack::TcpState;
  if (!tracked) {
    return Resend::kYes;
  }
  if (tracked->reply.source != backend) {
    return Resend::kAfterForgetting;
  }
  const bool answered =
      tracked->tcpState == TcpState::kSynRecv || tracked->tcpState == TcpState::kEstablished;
  return answered ? Resend::kNo : Resend::kYes;
}

}  // namespace hitless::departed
